"""The JSON Schema of templates as people write them, for editors: drawn from the models and the catalogue."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, get_args

from automation.catalogue import Entry
from automation.conditions.model import OPERATORS
from automation.definitions.process_models import PROCESSED, ActionStep, Template
from automation.described import Parameter, parameters
from automation.scope import Kind

ID = "https://stagewire.invalid/schemas/process-template.schema.json"
"""A name, not an address: nothing is fetched from there."""
_INSERTED = {"type": "string", "pattern": r"\{\{.*\}\}", "description": "A text with inserted values."}
_NUMBERS = {"int": "integer", "number": "number"}
_MONEY = {
    "type": "object",
    "properties": {"minor": {"type": "integer"}, "currency": {"type": "string", "pattern": "^[A-Z]{3}$"}},
    "required": ["minor", "currency"],
    "additionalProperties": False,
}
_STEPS = {"type": "array", "items": {"$ref": "#/$defs/Step"}}


def text_of(catalogue: Mapping[str, Entry]) -> str:
    """Return the schema as it is kept in `schemas/`."""
    return json.dumps(schema(catalogue), indent=1, ensure_ascii=False) + "\n"


def schema(catalogue: Mapping[str, Entry]) -> dict[str, Any]:
    """Return the schema of `kind: template`."""
    made = Template.model_json_schema()
    kinds = made["$defs"]
    actions = {f"Action_{e.id}": _action(e, kinds["ActionStep"]) for _, e in sorted(catalogue.items()) if e.step_types}
    constructs = sorted(name for name in kinds if name.endswith("Step") and name != ActionStep.__name__)
    every = [{"$ref": f"#/$defs/{name}"} for name in (*constructs, *actions)]
    own = {name: one for name, one in kinds.items() if name != ActionStep.__name__}
    made["$defs"] = {**own, **actions, "Step": {"anyOf": every}, "Condition": _condition()}
    made["properties"] = {"kind": {"const": "template"}, **made["properties"]}
    made["properties"]["item_type"]["examples"] = list(PROCESSED)
    made["required"] = ["kind", *made["required"]]
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": ID, "title": "Business-process template"}
    return {**head, **{name: part for name, part in _tidy(made).items() if name not in head}}


def _tidy(value: Any) -> Any:
    """Say each list of steps and each condition by its name, and drop the titles that only repeat names."""
    if isinstance(value, list):
        return [_tidy(part) for part in value]
    if not isinstance(value, dict):
        return value
    if "oneOf" in value.get("items", {}):
        return {**{name: part for name, part in value.items() if name not in ("items", "title")}, **_STEPS}
    found = {name: _tidy(part) for name, part in value.items() if not (name == "title" and isinstance(part, str))}
    for name in ("when", "condition"):
        if isinstance(found.get("properties"), dict) and name in found["properties"]:
            found["properties"][name] = {**found["properties"][name], "$ref": "#/$defs/Condition"}
    return found


def _action(entry: Entry, general: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of a step that runs this entry."""
    known = parameters(entry)
    params = {
        "type": "object",
        "properties": {one.name: _parameter(one) for one in known},
        "required": [one.name for one in known if one.required],
        "additionalProperties": False,
    }
    own = {"type": {"const": entry.id}, "params": params}
    needed = ["params"] if params["required"] else []
    return {
        **general,
        "description": f"{entry.title}: {entry.description}",
        "properties": {**general["properties"], **own},
        "required": [*general["required"], *needed],
    }


def _parameter(one: Parameter) -> dict[str, Any]:
    """Return what may be written for a parameter: its values, or a text that inserts them."""
    if one.type == "enum":
        found: dict[str, Any] = {"enum": list(one.allowed)}
    elif one.type == "condition":
        found = {}  # over the fields of other items: `definitions validate` knows them
    elif one.many or one.type in ("people", "field codes"):
        found = {"anyOf": [{"type": "array"}, {"type": "string"}]}
    else:
        found = _single(one.type)
    facts = {"default": one.default, "description": one.limits}
    return found | {name: fact for name, fact in facts.items() if fact not in (None, "")}


def _single(type_: str) -> dict[str, Any]:
    if type_.startswith("rows of"):
        return {"type": "array", "items": _row(type_.removeprefix("rows of ").partition(" and ")[0].split()[-1])}
    if type_ in _NUMBERS:
        return {"anyOf": [{"type": _NUMBERS[type_]}, _INSERTED]}
    if type_ == "bool":
        return {"anyOf": [{"type": "boolean"}, _INSERTED]}
    if type_ == "money":
        return {"anyOf": [_MONEY, _INSERTED]}
    return {"type": "string"} if type_ in ("string", "text", "user", "field code", "details template") else {}


def _row(name: str) -> dict[str, Any]:
    """Return a row: a field by its code, or the definition of a new one, with its value."""
    named = {"type": "string"} if name == "field" else {"type": "object"}
    return {
        "type": "object",
        "properties": {name: named, "value": {}},
        "required": [name],
        "additionalProperties": False,
    }


def _condition() -> dict[str, Any]:
    """Return the schema of a condition (spec 1.6): its shape; types of fields are for `definitions validate`."""
    inner = {"$ref": "#/$defs/Condition"}
    names = list(get_args(Kind))
    comparison = {
        "type": "object",
        "properties": {
            **{name: {"type": "string"} for name in names},
            "op": {"enum": sorted(frozenset().union(*OPERATORS.values()))},
            "value": {},
        },
        "required": ["op"],
        "additionalProperties": False,
    }
    groups = [
        {"type": "object", "properties": {mode: {"type": "array", "items": inner}}, "required": [mode],
         "additionalProperties": False}
        for mode in ("all", "any")
    ]  # fmt: skip
    changed = {"type": "object", "properties": {"changed": {"type": "string"}}, "required": ["changed"],
               "additionalProperties": False}  # fmt: skip
    flat = {"type": "array", "items": {"anyOf": [inner, {"enum": ["AND", "OR"]}]}}
    nothing = {"type": "object", "maxProperties": 0}
    why = "One comparison, `all` or `any` of several, or a list with AND and OR between them; nothing holds always."
    return {"description": why, "anyOf": [comparison, *groups, flat, changed, nothing, {"type": "null"}]}
