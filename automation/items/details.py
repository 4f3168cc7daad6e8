"""Details records of a contact or company: saved, deleted, read and edited (spec 1.14, 3.1.3, 3.1.4)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from automation.addresses import ADDRESS_PARTS, PART_PREFIX, is_place, one_line, place_of
from automation.definitions.models import FieldDef
from automation.errors import ChangeRefusedError
from automation.items import changes as c
from automation.items import events as e
from automation.items.fields import checked
from automation.items.parts import FieldChange
from automation.items.state import Details
from automation.items.turn import Turn
from automation.plan import Answer
from automation.values import Personal, Value, is_empty

OWNERS = ("contact", "company")
VALUE_PREFIX = "value."
"""How the new values are named among the arguments of `edit_details`."""
LONGEST_PART = 500
"""Characters of one part of an address."""


def save(turn: Turn, change: c.SaveDetails) -> None:
    """Make or change a record; raises `ChangeRefusedError` for what its template does not allow."""
    old = turn.state.details.get(change.record_id)
    template = _template(turn, change, old)
    changes = _changes(old.values if old else {}, _checked(turn, template, change.values))
    if changes or old is None:
        turn.emit(e.DetailsSaved(change.record_id, template, changes))
    else:
        turn.emit(e.ChangeSeen("no_change"))


def delete(turn: Turn, change: c.DeleteDetails) -> None:
    """Delete a record; one that is not there is left alone."""
    old = turn.state.details.get(change.record_id)
    if old is None:
        turn.emit(e.ChangeSeen("no_change"))
    else:
        turn.emit(e.DetailsDeleted(change.record_id, old.template, old.values))


def _template(turn: Turn, change: c.SaveDetails, old: Details | None) -> str:
    if turn.key.item_type not in OWNERS:
        raise ChangeRefusedError("invalid_key", f"key: a {turn.key.item_type} has no details records")
    template = change.template or (old.template if old else "")
    if turn.view.details_template(template) is None:
        raise ChangeRefusedError("unknown_template", f"template: there is no details template {template!r}")
    if old is not None and template != old.template:
        raise ChangeRefusedError("invalid_value", f"template: the record follows {old.template!r}")
    return template


def _checked(turn: Turn, template: str, values: Mapping[str, Value]) -> Mapping[str, Value]:
    found = turn.view.details_template(template)
    return check(found.fields if found else (), values)


def check(fields: Iterable[FieldDef], values: Mapping[str, Value]) -> Mapping[str, Value]:
    """Return values of a record with personal ones marked; raises `ChangeRefusedError` naming the field at fault."""
    places = {name: value for name, value in values.items() if is_place(name)}
    own = {code: value for code, value in values.items() if code not in places}
    return {**checked({f.code: f for f in fields}, own), **{name: _part(name, v) for name, v in places.items()}}


def _part(name: str, value: Value) -> Value:
    text = value.text if isinstance(value, Personal) else value
    if text is None:
        return None
    if not isinstance(text, str) or len(text) > LONGEST_PART:
        raise ChangeRefusedError("invalid_field", f"addresses.{name}: not a text of at most {LONGEST_PART} characters")
    return Personal(text)


def _changes(old: Mapping[str, Value], new: Mapping[str, Value]) -> tuple[FieldChange, ...]:
    wanted = {code: None if is_empty(value) else value for code, value in new.items()}
    return tuple(FieldChange(code, old.get(code), v) for code, v in wanted.items() if old.get(code) != v)


def record_of(records: Mapping[str, Details], template: str, chosen: str) -> str:
    """Return the id of the record meant (spec 1.14): the chosen one if its template matches, else the lowest."""
    fitting = [name for name, record in records.items() if record.template == template]
    return chosen if chosen in fitting else min(fitting, key=_by_id, default="")


def _by_id(name: str) -> tuple[bool, int, str]:
    """Order ids: numeric ones first, as numbers (spec 1.1)."""
    numeric = name.isascii() and name.isdigit()
    return not numeric, int(name) if numeric else 0, name


def answer_values(turn: Turn, asked: c.AskItem) -> Answer:
    """Read the record of a template: its fields by code, and the address of the type asked for."""
    record = turn.state.details.get(_meant(turn, asked))
    if record is None:
        return Answer("completed", "", {})
    own = {code: value for code, value in record.values.items() if not is_place(code)}
    address_type = str(asked.args.get("address_type") or "")
    return Answer("completed", "", {**own, **(_address(record.values, address_type) if address_type else {})})


def _meant(turn: Turn, asked: c.AskItem) -> str:
    template, chosen = (str(asked.args.get(name) or "") for name in ("template", "chosen"))
    return record_of(turn.state.details, template, chosen)


def _address(values: Mapping[str, Value], address_type: str) -> Mapping[str, Value]:
    parts = {f"{PART_PREFIX}{part}": values.get(place_of(address_type, part)) for part in ADDRESS_PARTS}
    return {name: value for name, value in {"address": one_line(values, address_type), **parts}.items() if value}


def edit(turn: Turn, asked: c.AskItem) -> Answer:
    """Change the fields that are filled in already; a new value that is empty clears its field (spec 3.1.3)."""
    name = _meant(turn, asked)
    record = turn.state.details.get(name)
    if record is None:
        return Answer("skipped", "no_details", {})
    given = {k.removeprefix(VALUE_PREFIX): v for k, v in asked.args.items() if k.startswith(VALUE_PREFIX)}
    filled = {code: value for code, value in given.items() if code in record.values}
    if not filled:
        return Answer("skipped", "no_filled_fields", {})
    try:
        changes = _changes(record.values, _checked(turn, record.template, filled))
    except ChangeRefusedError:
        return Answer("failed", "invalid_value:fields", {})
    if changes:
        turn.emit(e.DetailsSaved(name, record.template, changes))
    return Answer("completed", "", {"changed_fields": tuple(change.code for change in changes)})
