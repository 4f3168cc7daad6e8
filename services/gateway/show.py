"""How answers are written: money as `{"minor", "currency"}`, texts about people as texts, tuples as arrays."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import orjson
from starlette.responses import Response

from automation.values import Money, Personal
from services.gateway.problems import Problem

_OPTIONS = orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_NON_STR_KEYS


def to_bytes(value: Any) -> bytes:
    """Write any value of the core as JSON."""
    return orjson.dumps(value, default=_plain, option=_OPTIONS)


def answer(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return a JSON answer."""
    return Response(to_bytes(value), status, headers, media_type="application/json")


def _plain(value: Any) -> Any:
    if isinstance(value, Personal):
        return value.text
    if isinstance(value, Money):
        return {"minor": value.minor, "currency": value.currency}
    if hasattr(value, "_asdict"):
        return value._asdict()
    if dataclasses.is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, bytes):
        return value.hex()
    raise TypeError(f"{type(value).__name__} cannot be shown")


def page_place(text: str) -> tuple[int, str]:
    """Read `next` of a page, `<moment>:<id>`; raises `Problem` (422)."""
    moment, _, effect_id = text.partition(":")
    if not (moment.isascii() and moment.isdigit() and len(moment) < 19):
        raise Problem(422, "invalid", "before: take `next` of the page before")
    return int(moment), effect_id
