"""Edit details of the linked contact or company (spec 3.1.3)."""

from __future__ import annotations

from automation import details
from automation.catalogue import Entry
from automation.envelope import STAGED

ENTRY = Entry(
    id="edit_details",
    kind="rule",
    group="payment",
    title="Edit details",
    description="Changes details of the linked contact or company, those fields that are filled in already.",
    spec="3.1.3",
    types=STAGED,
    params=details.EditDetails,
    results={"changed_fields": "list"},
    plan=details.edit,
)
