"""Bodies for what callers may do with records, drawn from the change classes of their types."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields
from dataclasses import Field as DataField
from types import UnionType
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin, get_type_hints

from pydantic import Field, create_model

from automation.items.changes import SIGNED
from automation.records.loading import record_types
from automation.values import Money, Personal, Value
from services.gateway import bodies as b

_TEXT = Annotated[str, Field(max_length=65_536)]
_ANY_VALUE = bool | int | float | _TEXT | b.MoneyBody | Annotated[list[_TEXT], Field(max_length=500)] | None
_TYPES: Mapping[Any, Any] = {
    str: Annotated[str, Field(max_length=1_000)],
    Personal: Annotated[str, Field(max_length=65_536)],
    bool: bool,
    int: Annotated[int, Field(ge=-(2**62), lt=2**62)],
    Money: b.MoneyBody,
    tuple[str, ...]: Annotated[list[b.Id], Field(max_length=500)],
    Mapping[str, Value]: Annotated[dict[Annotated[str, Field(max_length=200)], _ANY_VALUE], Field(max_length=500)],
}
"""How the types of changes are written in JSON."""
_OWN = frozenset(b.ChangeBase.model_fields) | {"kind"}


class Taken(NamedTuple):
    """A change that callers may send: the type of record, its class, and its body."""

    record_type: str
    change: type
    body: type[b.ChangeBase]


def kind_of(change: type) -> str:
    """Return the `kind` by which callers name a change: its class in snake case."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", change.__name__).lower()


def _fields(change: type) -> dict[str, Any]:
    """Return the fields of a change as JSON has them; raises `TypeError` for one that has no form here."""
    hints, made = get_type_hints(change), dict[str, Any]()
    for field in fields(change):
        known = _json_type(hints[field.name])
        if known is None or field.name in _OWN:
            raise TypeError(f"{change.__name__}.{field.name} cannot be taken as JSON")
        made[field.name] = (known, _default(field))
    return made


def _json_type(hint: Any) -> Any:
    """Return the type in JSON, `None` for one that has none."""
    if get_origin(hint) is Literal:
        return hint
    inner = [part for part in get_args(hint) if part is not type(None)]
    if get_origin(hint) in (Union, UnionType) and len(inner) == 1:
        known = _json_type(inner[0])
        return known and Union[known, None]  # noqa: UP007 - made at run time
    return _TYPES.get(hint)


def _default(field: DataField[Any]) -> Any:
    value = field.default if field.default_factory is MISSING else field.default_factory()
    if value is MISSING:
        return ...
    if isinstance(value, Personal):
        return value.text
    return list(value) if isinstance(value, tuple) else value


def body_of(change: type, name: str, **more: Any) -> type[b.ChangeBase]:
    """Return the body of a change, under a name of its own in the OpenAPI document."""
    made: Any = {**more, **_fields(change)}
    return create_model(name, __base__=b.ChangeBase, __doc__=(change.__doc__ or "").strip(), **made)


def _taken() -> Iterator[Taken]:
    for name, record in record_types().items():
        for change in record.changes:
            if change not in SIGNED:
                kind: Any = (Literal[kind_of(change)], ...)
                yield Taken(name, change, body_of(change, f"{change.__name__}Body", kind=kind))


CHANGES: Mapping[str, Taken] = {kind_of(found.change): found for found in _taken()}
"""By kind."""
_ANY: Any = Union[tuple(found.body for found in CHANGES.values())]  # noqa: UP007 - made at run time
_FRAME: Any = {"change": (Annotated[_ANY, Field(discriminator="kind")], ...)}
OneRecordChange: type[b.Body] = create_model("OneRecordChange", __base__=b.Body, **_FRAME)
"""A change alone: a frame, so that errors have a path."""


def change_of(body: Any) -> Any:
    """Return the change that a body stands for."""
    return change_as(CHANGES[body.kind].change, body)


def change_as(change: type, body: Any) -> Any:
    """Return the change of a class whose fields are in a body."""
    hints = get_type_hints(change)
    return change(**{field.name: _value(hints[field.name], getattr(body, field.name)) for field in fields(change)})


def _value(hint: Any, found: Any) -> Any:
    if isinstance(found, str) and Personal in (hint, *get_args(hint)):
        return Personal(found)
    if isinstance(found, b.MoneyBody):
        return Money(found.minor, found.currency)
    if isinstance(found, dict):
        return {name: _value(None, one) for name, one in found.items()}
    return tuple(found) if isinstance(found, list) else found
