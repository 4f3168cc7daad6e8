"""Ids of files: opaque, made by whoever makes the file (spec 1.15)."""

from __future__ import annotations

import re

from automation.envelope import stable_id
from automation.values import Moment

_ID = re.compile(r"[0-9a-f]{32}", re.ASCII)
_LAST = 0xFFFF_FFFF_FFFF


def file_id(made_at: Moment, *parts: object) -> str:
    """Return 32 hex digits: the moment, so that files are listed by age, and 80 bits that depend on `parts` alone."""
    return f"{made_at & _LAST:012x}{stable_id('file', *parts)[:20]}"


def is_file_id(text: str) -> bool:
    """Say whether a text has the form of a file's id: nothing else is ever made part of a path."""
    return _ID.fullmatch(text) is not None
