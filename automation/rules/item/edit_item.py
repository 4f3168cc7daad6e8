"""Change fields of the item (spec 3.3 `edit_item`)."""

from __future__ import annotations

from automation.catalogue import Entry, Params
from automation.envelope import STAGED
from automation.errors import ChangeRefusedError
from automation.items.events import FieldsChanged
from automation.items.fields import assigned, checked
from automation.items.parts import FieldChange
from automation.params import Assignments, Flag, UserRef
from automation.people import one_of
from automation.plan import Completed, Context, Failed, Plan


class EditItem(Params):
    """The fields with their new values; `append_multiple` adds to multiple fields instead of replacing them."""

    fields: Assignments
    append_multiple: Flag = False
    on_behalf_of: UserRef = ""


def plan(context: Context, params: EditItem) -> Plan:
    """Change the fields whose value differs, in one step; an empty value clears a field."""
    defined, old = context.tenant.fields(context.key.item_type), context.item.fields
    rows_given = ((row.field, row.value) for row in params.fields)
    try:
        new = checked(defined, assigned(defined, old, rows_given, append=params.append_multiple))
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
