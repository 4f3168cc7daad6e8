"""Where the bytes of files lie."""

from __future__ import annotations

import hashlib
import re

_UNSAFE = re.compile(r"[^a-z0-9_-]")
_LONGEST_FOLDER = 200
_LAST = 0xFFFF_FFFF_FFFF
_TIME_DIGITS = 12


def folder_of(tenant: str) -> str:
    """Return a tenant's folder: other signs than lower-case letters, digits, `-` and `_` become `%xx`."""
    name = _UNSAFE.sub(lambda found: "".join(f"%{byte:02x}" for byte in found[0].encode()), tenant)
    if len(name) <= _LONGEST_FOLDER:
        return name
    return f"%{hashlib.sha256(tenant.encode()).hexdigest()}"  # no sign becomes `%` and 64 digits


def place_of(made: str) -> str:
    """Return the name under which a file is listed: the newest first in ascending order."""
    return f"{_LAST - int(made[:_TIME_DIGITS], 16):012x}{made[_TIME_DIGITS:]}"
