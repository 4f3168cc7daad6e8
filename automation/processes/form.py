"""The form that a person fills in to start a process, as a JSON schema (spec 1.8)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from automation.definitions import process_models as pm
from automation.values import FieldType

_TEXT = {"type": "string"}
_TYPES: Mapping[FieldType, Mapping[str, Any]] = {
    "string": _TEXT,
    "text": _TEXT,
    "int": {"type": "integer", "minimum": -(2**63), "maximum": 2**63 - 1},
    "number": {"type": "number"},
    "money": {
        "type": "object", "required": ["minor", "currency"], "additionalProperties": False,
        "properties": {"minor": {"type": "integer"}, "currency": {"type": "string", "pattern": "^[A-Z]{3}$"}},
    },
    "bool": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
    "datetime": {"type": "integer", "description": "Milliseconds since the epoch."},
    "user": {**_TEXT, "maxLength": 200},
    "list": _TEXT,
    "file": _TEXT,
    "item": {**_TEXT, "maxLength": 200},
}  # fmt: skip


def start_form(template: pm.Template) -> dict[str, Any]:
    """Return the schema of a template's start parameters; `x-type` is their type of spec 1.8."""
    required = [one.code for one in template.params if one.required and one.default is None]
    properties = {one.code: _property(one) for one in template.params}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema", "title": template.name or template.id,
        "description": template.description, "type": "object", "properties": properties, "required": required,
        "additionalProperties": False,
    }  # fmt: skip


def _property(one: pm.Parameter) -> dict[str, Any]:
    schema: dict[str, Any] = dict(_TYPES[one.type])
    if one.multiple:
        schema = {"type": "array", "items": schema}
    shown: dict[str, Any] = {**schema, "title": one.title or one.code, "x-type": one.type}
    return shown if one.default is None else {**shown, "default": one.default}
