"""Edit details of the linked contact or company, or of the one that the process runs on (spec 4.27)."""

from __future__ import annotations

from automation import details
from automation.catalogue import Entry
from automation.envelope import CRM_ALL

ENTRY = Entry(
    id="bp_edit_details",
    kind="action",
    group="documents",
    title="Edit details",
    description="Changes details of the contact or company, those fields that are filled in already.",
    spec="4.27",
    types=CRM_ALL,
    params=details.EditDetails,
    results={"changed_fields": "list"},
    plan=details.edit,
)
