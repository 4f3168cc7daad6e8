"""Create items from the lead or deal: a lead is converted (spec 4.19)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import Field

from automation import creating
from automation.catalogue import Entry
from automation.params import Takes

KINDS = ("deal", "contact", "company", "invoice", "quote")


class CreateFromSource(creating.FromSource):
    """As the rule; documents for signature are not among what may be created."""

    ALLOWED: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "lead": creating.MATRIX["lead"],
        "deal": ("invoice", "quote"),
    }

    EXAMPLE: ClassVar[Mapping[str, Any]] = {"create": ["invoice", "quote"]}

    create: Annotated[tuple[str, ...], Takes("list", choices=KINDS), Field(min_length=1)]


ENTRY = Entry(
    id="bp_create_from_source",
    kind="action",
    group="creation",
    title="Create from source",
    description="Converts the lead into a deal, contact or company; creates an invoice or a quote from the deal.",
    spec="4.19",
    types=("lead", "deal"),
    params=CreateFromSource,
    results={f"{kind}_id": "item" for kind in KINDS},
    plan=creating.plan,
)
