"""Change data of the linked contact (spec 4.11)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from automation.actions.people._client import ChangeClient, change
from automation.catalogue import Entry
from automation.envelope import CRM_ALL
from automation.params import Assignment, Takes
from automation.plan import Context, Plan


class ChangeContact(ChangeClient):
    """Fields of the contact."""

    fields: Annotated[tuple[Assignment, ...], Takes("text", rows_in="contact"), Field(min_length=1, max_length=100)]
    new_fields: Annotated[tuple[Assignment, ...], Takes("text", new_in="contact"), Field(max_length=100)] = ()


def plan(context: Context, params: ChangeContact) -> Plan:
    """Change the primary contact."""
    return change(context, "contact", params)


ENTRY = Entry(
    id="bp_change_contact",
    kind="action",
    group="people",
    title="Change contact",
    description="Changes fields of the linked contact in one step.",
    spec="4.11",
    types=CRM_ALL,
    params=ChangeContact,
    plan=plan,
)
