"""Forms that people fill in: their fields are as start parameters are (spec 1.8)."""

from __future__ import annotations

import json
from dataclasses import dataclass

from pydantic import Field, TypeAdapter, ValidationError, model_validator

from automation.definitions.process_models import Parameter as Written
from automation.insertion import InvalidTemplateError, InvalidValue, Parameter, parse_parameter
from automation.scope import Schema, Scope
from automation.values import FieldType, Value

MOST_FIELDS = 100
_TEXTS = ("string", "text", "date", "user", "list", "file", "item")
"""Types of which a field may hold several: multiple values are texts."""


@dataclass(frozen=True, slots=True)
class FormField:
    """One field of a form."""

    code: str
    title: str
    type: str
    """A type of spec 1.8."""
    required: bool
    multiple: bool
    options: tuple[str, ...]
    """The texts that may be chosen; empty for any."""
    default: Value
    """What counts as the answer where nothing is filled in."""


class InvalidFormError(Exception):
    """The text describes no form; each error is a path and a sentence."""

    def __init__(self, errors: tuple[tuple[str, str], ...]) -> None:
        super().__init__("; ".join(f"{path}: {message}" for path, message in errors))
        self.errors = errors


class _WrittenField(Written):
    options: tuple[str, ...] = Field(default=(), max_length=500)

    @model_validator(mode="after")
    def _check(self) -> _WrittenField:
        if self.multiple and self.type not in _TEXTS:
            raise ValueError(f"multiple: only of {', '.join(_TEXTS)}")
        if self.type == "list" and not self.options:
            raise ValueError("options: is required for a list")
        return self


_FORM = TypeAdapter(tuple[_WrittenField, ...])


def read_form(text: str) -> tuple[FormField, ...]:
    """Read a form that is written as a JSON array of fields; raises `InvalidFormError`."""
    try:
        written = _FORM.validate_json(text)
    except ValidationError as error:
        raise InvalidFormError(tuple((_path(one["loc"]), str(one["msg"])) for one in error.errors())) from None
    codes = [field.code for field in written]
    if not 0 < len(codes) <= MOST_FIELDS or len(set(codes)) < len(codes):
        raise InvalidFormError((("", f"a form has 1 to {MOST_FIELDS} fields, each with a code of its own"),))
    return tuple(_field(at, field) for at, field in enumerate(written))


def form_text(raw: object) -> str:
    """Return what somebody wrote of a form as text; raises `InvalidFormError` for what JSON cannot hold."""
    try:
        return json.dumps(raw, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError):
        raise InvalidFormError((("", "a list of fields is expected"),)) from None


def field_types(raw: object) -> dict[str, FieldType]:
    """Return the type of each field of a form as it was written; nothing of one that is none."""
    try:
        return {field.code: field.type for field in _FORM.validate_json(form_text(raw))}
    except (ValidationError, InvalidFormError):
        return {}


def _path(loc: tuple[int | str, ...]) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc)


def _field(at: int, one: _WrittenField) -> FormField:
    taken = Parameter(one.code, one.type, one.multiple, choices=frozenset(one.options))
    try:
        default = parse_parameter(taken, one.default, Schema({})).resolve(Scope({}))
    except InvalidTemplateError as error:
        raise InvalidFormError(tuple((f"[{at}].default", str(e.message)) for e in error.errors)) from None
    if isinstance(default, InvalidValue):
        raise InvalidFormError(((f"[{at}].default", f"is no {one.type} of this field"),))
    return FormField(one.code, one.title or one.code, one.type, one.required, one.multiple, one.options, default)
