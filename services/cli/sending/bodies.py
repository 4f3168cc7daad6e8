"""From options or JSON to the body that the HTTP API takes, so that both say the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import orjson

from automation.definitions.models import FieldDef
from automation.definitions.process_models import PROCESSED
from automation.definitions.tenant_view import TenantView
from automation.envelope import Key
from automation.values import Money, Value
from services.cli.values import Style, from_text, several


class Asked(NamedTuple):
    """A change that somebody asks for: the item and the body (`services/gateway/bodies.py`)."""

    key: Key
    body: Mapping[str, Any]


def from_json(text: bytes, tenant: str) -> list[Asked]:
    """Read one object, or one on each line; `item` is `tenant/type/id` or `type/id`. Raises `ValueError`."""
    try:
        found = [orjson.loads(text)]
    except orjson.JSONDecodeError:
        found = [_line(number + 1, line) for number, line in enumerate(text.splitlines()) if line.strip()]
    return [_asked(one, tenant) for one in found]


def _line(number: int, line: bytes) -> Any:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise ValueError(f"line {number}: not JSON: {error}") from None


def _asked(found: Any, tenant: str) -> Asked:
    if not isinstance(found, dict) or not isinstance(found.get("item"), str):
        raise ValueError(  # noqa: TRY004 - what a person wrote is wrong, not the program
            'a change is an object such as {"item": "acme/deal/1", "kind": "save", "stage": "won"}'
        )
    return Asked(key_of(found["item"], tenant), {name: value for name, value in found.items() if name != "item"})


def key_of(text: str, tenant: str) -> Key:
    """Read `tenant/type/id`, or `type/id` of the given tenant; raises `ValueError`."""
    key = Key.parse(text if text.count("/") > 1 else f"{tenant}/{text}")
    if key.item_type.partition(".")[0] not in PROCESSED:
        raise ValueError(f"no items are of type {key.item_type[:60]!r}: there are {', '.join(PROCESSED)}")
    return key


class Options(NamedTuple):
    """What can be said with options."""

    kind: str
    fields: Sequence[str] = ()
    """`code=value` each; an empty value empties the field."""
    pipeline: str | None = None
    stage: str | None = None
    responsible: str | None = None
    comment: str | None = None
    activity_id: str | None = None
    user: str = ""
    change_key: str = ""


def from_options(key: Key, options: Options, view: TenantView) -> Asked:
    """Return the change that options describe; texts are read in the types of their fields. Raises `ValueError`."""
    body: dict[str, Any] = {"kind": options.kind, "source": "manual"}
    if options.kind == "comment":
        body["text"] = options.comment
    elif options.fields:
        body["fields"] = dict(_field(pair, view.fields(key.item_type), view) for pair in options.fields)
    named = ("pipeline", "stage", "responsible", "activity_id", "user", "change_key")
    return Asked(key, body | {name: value for name in named if (value := getattr(options, name))})


def _field(pair: str, defined: Mapping[str, FieldDef], view: TenantView) -> tuple[str, Any]:
    code, equals, text = pair.partition("=")
    if not equals:
        raise ValueError(f"--field {pair[:40]}: write code=value")
    field = defined.get(code)
    if field is None:
        raise ValueError(f"--field {code[:40]}: no such field; there are {', '.join(sorted(defined))}")
    try:
        read = several if field.multiple else from_text
        return code, _as_json(read(text, field.type, Style(zone=view.zone)))
    except ValueError as error:
        raise ValueError(f"--field {code}: {error}") from None


def _as_json(value: Value) -> Any:
    if isinstance(value, Money):
        return {"minor": value.minor, "currency": value.currency}
    return list(value) if isinstance(value, tuple) else value
