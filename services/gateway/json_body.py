"""JSON bodies from outside: limited in size and depth, no key twice, no `NaN`, no broken text (design section 3)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError

from services.gateway.problems import Problem, faults_of
from services.payment_tracker.strict_json import read_object

Model = TypeVar("Model", bound=BaseModel)


async def read_json(request: Request) -> Mapping[str, Any]:
    """Return the JSON object of the body; raises `Problem` (413, 415, 400)."""
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media != "application/json":
        raise Problem(415, "media_type", "the body has to be application/json")
    return parse_json(await request.body())


def parse_json(body: bytes) -> Mapping[str, Any]:
    """Parse a JSON object; raises `Problem` saying what is wrong, never repeating the body."""
    try:
        found = read_object(body)
    except ValueError as error:
        raise Problem(400, "malformed", f"the body is no JSON object that is taken here: {_why(error)}") from None
    for leaf in _leaves(found):
        _check_leaf(leaf)
    return found


def _why(error: ValueError) -> str:
    return type(error).__name__ if isinstance(error, UnicodeDecodeError) else str(error)[:200]


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from value
        for inner in value.values():
            yield from _leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner)
    else:
        yield value


def _check_leaf(value: Any) -> None:
    if isinstance(value, float) and not math.isfinite(value):
        raise Problem(400, "malformed", "a number is too large")
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise Problem(400, "malformed", "an integer has more than 64 bits")
    if isinstance(value, str) and not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise Problem(400, "malformed", "a text holds half of a surrogate pair") from None


def checked_as(model: type[Model], value: Any) -> Model:
    """Return a value as a model; raises `Problem` (422) naming every path at fault."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise Problem(422, "invalid", "the body breaks the rules of its schema", errors=faults_of(error)) from None
