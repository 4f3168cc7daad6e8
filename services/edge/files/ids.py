"""Ids of files, and where their bytes lie."""

from __future__ import annotations

import hashlib
import re

from automation.envelope import stable_id
from automation.values import Moment

_ID = re.compile(r"[0-9a-f]{32}", re.ASCII)
_UNSAFE = re.compile(r"[^a-z0-9_-]")
_LONGEST_FOLDER = 200
_LAST = 0xFFFF_FFFF_FFFF
_TIME_DIGITS = 12


def file_id(made_at: Moment, *parts: object) -> str:
    """Return 32 hex digits: the moment, so that files are listed by age, and 80 bits that depend on `parts` alone."""
    return f"{made_at & _LAST:012x}{stable_id('file', *parts)[:20]}"


def is_file_id(text: str) -> bool:
    """Say whether a text has the form of a file's id: nothing else is ever made part of a path."""
    return _ID.fullmatch(text) is not None


def folder_of(tenant: str) -> str:
    """Return a tenant's folder: other signs than lower-case letters, digits, `-` and `_` become `%xx`."""
    name = _UNSAFE.sub(lambda found: "".join(f"%{byte:02x}" for byte in found[0].encode()), tenant)
    if len(name) <= _LONGEST_FOLDER:
        return name
    return f"%{hashlib.sha256(tenant.encode()).hexdigest()}"  # no sign becomes `%` and 64 digits


def place_of(made: str) -> str:
    """Return the name under which a file is listed: the newest first in ascending order."""
    return f"{_LAST - int(made[:_TIME_DIGITS], 16):012x}{made[_TIME_DIGITS:]}"
