"""Change fields of the item (spec 3.3 `edit_item`)."""

from __future__ import annotations

from automation.catalogue import Entry, Params
from automation.envelope import STAGED
from automation.errors import ChangeRefusedError
from automation.items.events import FieldsChanged
from automation.items.fields import checked
from automation.items.parts import FieldChange
from automation.params import Assignments, Flag, UserRef
from automation.people import one_of
from automation.plan import Completed, Context, Failed, Plan
from automation.values import Value, is_empty


class EditItem(Params):
    """The fields with their new values; `append_multiple` adds to multiple fields instead of replacing them."""

    fields: Assignments
    append_multiple: Flag = False
    on_behalf_of: UserRef = ""


def _wanted(context: Context, params: EditItem) -> dict[str, Value]:
    defined, old, wanted = context.tenant.fields(context.key.item_type), context.item.fields, dict[str, Value]()
    for code, value in ((row.field, row.value) for row in params.fields):
        field = defined.get(code)
        if params.append_multiple and field is not None and field.multiple:
            value = _joined(wanted.get(code, old.get(code)), value)  # noqa: PLW2901 - joined to what is there
        wanted[code] = None if is_empty(value) else value
    return wanted


def _joined(old: Value, more: Value) -> Value:
    """Return the values of a multiple field with more behind them, each once."""
    parts = (part for value in (old, more) if isinstance(value, tuple) for part in value)
    return tuple(dict.fromkeys(parts))


def plan(context: Context, params: EditItem) -> Plan:
    """Change the fields whose value differs, in one step; an empty value clears a field."""
    old = context.item.fields
    try:
        new = checked(context.tenant.fields(context.key.item_type), _wanted(context, params))
    except ChangeRefusedError:
        return Failed("invalid_value:fields")
    rows = tuple(FieldChange(code, old.get(code), value) for code, value in new.items() if old.get(code) != value)
    author = one_of(params.on_behalf_of, context.tenant.directory, context.item_roles)
    return Completed(events=(FieldsChanged(rows),) if rows else (), on_behalf_of=author)


ENTRY = Entry(
    id="edit_item",
    kind="rule",
    group="item",
    title="Edit item",
    description="Changes fields of the item, for example to keep a result for a later stage.",
    spec="3.3",
    types=STAGED,
    params=EditItem,
    plan=plan,
)
