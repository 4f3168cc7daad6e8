"""What all models of definitions are made of."""

from __future__ import annotations

import re
from typing import Annotated, TypeAlias

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

_DURATION = re.compile(r"(\d{1,6})\s*(s|m|h|d|w)")
_WRITTEN_DURATION = {
    "anyOf": [
        {"type": "string", "pattern": r"^\s*(\d{1,6}\s*[smhdw]\s*)+$"},
        {"type": "integer", "minimum": 0, "description": "Milliseconds."},
    ],
    "examples": ["90s", "5m", "2h", "1d 12h"],
}
_UNIT_MS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}


def duration_ms(text: object) -> int:
    """Read `90s`, `5m`, `2h`, `1d 12h` as milliseconds; raises `ValueError` for anything else."""
    if isinstance(text, bool) or not isinstance(text, int | str):
        raise ValueError("a duration is a text such as 90s, 5m, 2h or 1d 12h")  # noqa: TRY004 - pydantic wants ValueError
    if isinstance(text, int):
        return text
    if not text.strip() or _DURATION.sub("", text).strip():
        raise ValueError(f"duration {text[:40]!r} is not of the form 90s, 5m, 2h or 1d 12h")
    return sum(int(count) * _UNIT_MS[unit] for count, unit in _DURATION.findall(text))


def _no_slash(text: str) -> str:
    if "/" in text or any(ord(c) < 32 for c in text):
        raise ValueError("an id holds no '/' and no control characters")
    return text


Id: TypeAlias = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_no_slash)]
Code: TypeAlias = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Duration: TypeAlias = Annotated[
    int, BeforeValidator(duration_ms), Field(ge=0, le=366 * 86_400_000), WithJsonSchema(_WRITTEN_DURATION)
]


class Definition(BaseModel):
    """The common ground: strict types, no unknown fields, never changed after reading."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)
