"""The types that parameters of the catalogue may have, and how each takes inserted values (spec 1.8, 1.9)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, TypeAlias

from pydantic import Field

from automation.insertion.printable import Target
from automation.values import FieldType, Personal, Value


@dataclass(frozen=True, slots=True)
class Takes:
    """What a parameter takes: a field type, the escaping of inserted values, and whether it is about people."""

    type: FieldType
    target: Target = "plain"
    target_from: str = ""
    """Name of the parameter that gives the target (`text_type` of an e-mail)."""
    people: bool = False


AnyText: TypeAlias = str | Personal
"""A rendered text; personal if a personal value went into it."""

Line = Annotated[AnyText, Takes("string", "single_line"), Field(max_length=1_000)]
PlainText = Annotated[AnyText, Takes("text")]
BBCode = Annotated[AnyText, Takes("text", "bbcode")]
Typed = Annotated[AnyText, Takes("text", target_from="text_type")]
UserRef = Annotated[str, Takes("user", people=True)]
"""One user id, or a single-valued role such as `role:responsible`."""
Principals = Annotated[tuple[str, ...], Takes("user", people=True)]
"""Users (`user:<id>`), roles (`role:<name>`) and departments (`department:<id>`), in listed order."""
Flag = Annotated[bool, Takes("bool")]
OrderRef = Annotated[str, Takes("string", "single_line")]
Address = Annotated[str, Takes("string", "single_line"), Field(max_length=320)]


@dataclass(frozen=True, slots=True)
class Assignment:
    """One row of `fields`: a field and its new value, in its native type."""

    field: str
    value: Value


Assignments = Annotated[tuple[Assignment, ...], Takes("text"), Field(min_length=1, max_length=100)]
