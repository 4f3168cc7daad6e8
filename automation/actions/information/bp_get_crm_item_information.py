"""Find an item and hand its fields to later steps (spec 4.36)."""

from __future__ import annotations

from automation import reading
from automation.catalogue import Entry
from automation.definitions.process_models import PROCESSED

ENTRY = Entry(
    id="bp_get_crm_item_information",
    kind="action",
    group="information",
    title="Get information about CRM items",
    description="Finds the first item by id that fits a filter and hands its fields to later steps.",
    spec="4.36",
    types=PROCESSED,
    params=reading.FindItem,
    results={"item_id": "string", "found": "bool"},
    plan=reading.find,
    publishes=reading.found_fields,
)
