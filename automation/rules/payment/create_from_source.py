"""Create items from the item: documents of a deal, a lead's conversion (spec 3.1.2)."""

from __future__ import annotations

from automation import creating
from automation.catalogue import Entry
from automation.envelope import STAGED

ENTRY = Entry(
    id="create_from_source",
    kind="rule",
    group="payment",
    title="Create from source",
    description="Creates a deal, invoice, quote, e-signature document, contact or company from the item.",
    spec="3.1.2",
    types=STAGED,
    params=creating.FromSource,
    results={f"{kind}_id": "item" for kind in creating.KINDS},
    plan=creating.plan,
)
