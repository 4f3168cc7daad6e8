"""Change data of the linked company (spec 4.12)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from automation.actions.people._client import ChangeClient, change
from automation.catalogue import Entry
from automation.envelope import CRM_ALL
from automation.params import Assignment, Takes
from automation.plan import Context, Plan


class ChangeCompany(ChangeClient):
    """Fields of the company."""

    fields: Annotated[tuple[Assignment, ...], Takes("text", rows_in="company"), Field(min_length=1, max_length=100)]
    new_fields: Annotated[tuple[Assignment, ...], Takes("text", new_in="company"), Field(max_length=100)] = ()


def plan(context: Context, params: ChangeCompany) -> Plan:
    """Change the primary company."""
    return change(context, "company", params)


ENTRY = Entry(
    id="bp_change_company",
    kind="action",
    group="people",
    title="Change company",
    description="Changes fields of the linked company in one step.",
    spec="4.12",
    types=CRM_ALL,
    params=ChangeCompany,
    plan=plan,
)
