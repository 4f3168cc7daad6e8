"""Change fields of the item (spec 3.3 `edit_item`)."""

from __future__ import annotations

from automation.catalogue import Entry, Params
from automation.envelope import STAGED
from automation.errors import ChangeRefusedError
from automation.items.events import FieldsChanged
from automation.items.fields import checked
from automation.items.parts import FieldChange
from automation.params import Assignments, Flag, UserRef
from automation.plan import Completed, Context, Failed, Plan
from automation.values import Value, is_empty


class EditItem(Params):
    """The fields with their new values; `append_multiple` adds to multiple fields instead of replacing them."""

    fields: Assignments
    append_multiple: Flag = False
    on_behalf_of: UserRef = ""


def _wanted(context: Context, params: EditItem) -> dict[str, Value]:
    defined, wanted = context.tenant.fields(context.key.item_type), dict[str, Value]()
    for row in params.fields:
        field, value = defined.get(row.field), row.value
        if field is not None and field.multiple and isinstance(value, str):
            value = (value,) if value else ()
        old = context.item.fields.get(row.field)
        if params.append_multiple and isinstance(value, tuple) and isinstance(old, tuple):
            value = tuple(dict.fromkeys((*old, *value)))
        wanted[row.field] = None if is_empty(value) else value
    return wanted


def plan(context: Context, params: EditItem) -> Plan:
    """Change the fields whose value differs."""
    old = context.item.fields
    try:
        new = checked(context.tenant.fields(context.key.item_type), _wanted(context, params))
    except ChangeRefusedError:
        return Failed("invalid_value:fields")
    rows = tuple(FieldChange(code, old.get(code), value) for code, value in new.items() if old.get(code) != value)
    return Completed(events=(FieldsChanged(rows),) if rows else ())


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
