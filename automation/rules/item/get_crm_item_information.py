"""Find an item and hand its fields to other rules (spec 4.36, 3.3 `get_crm_item_information`)."""

from __future__ import annotations

from automation import reading
from automation.catalogue import Entry
from automation.envelope import STAGED

ENTRY = Entry(
    id="get_crm_item_information",
    kind="rule",
    group="item",
    title="Get information about CRM items",
    description="Finds the first item by id that fits a filter and hands its fields to other rules.",
    spec="4.36",
    types=STAGED,
    params=reading.FindItem,
    results={"item_id": "string", "found": "bool"},
    plan=reading.find,
    publishes=reading.found_fields,
)
