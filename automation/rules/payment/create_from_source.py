"""Create items from the item: documents of a deal, a lead's conversion (spec 3.1.2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import Field

from automation import creating
from automation.catalogue import Entry, Params
from automation.envelope import STAGED
from automation.params import Flag, OrderRef, Takes, UserRef
from automation.people import one_of
from automation.plan import Context, Plan
from automation.scope import Schema

_OF_LEADS = ("deal_pipeline", "keep_activities_open")


class CreateFromSource(Params):
    """What to create, and who is responsible for it; pipeline of the deal and open activities are a lead's matter."""

    create: Annotated[tuple[str, ...], Takes("list", choices=creating.KINDS), Field(min_length=1)]
    responsible: UserRef = ""
    deal_pipeline: OrderRef = ""
    keep_activities_open: Flag = False

    @classmethod
    def flaws(cls, raw: Mapping[str, Any], schema: Schema) -> Iterator[tuple[str, str]]:
        """Refuse what cannot be created from items of the type."""
        source, given = creating.base_type(schema.item_type), raw.get("create")
        allowed = creating.MATRIX.get(source, ())
        for at, kind in enumerate(given if isinstance(given, list | tuple) else (given,)):
            if kind in creating.KINDS and kind not in allowed:
                yield f"create[{at}]", f"from a {source} may be created: {', '.join(allowed)}"
        for name in _OF_LEADS:
            if source != "lead" and raw.get(name):
                yield name, "applies to leads alone"


def plan(context: Context, params: CreateFromSource) -> Plan:
    """Create everything chosen; each stage entry creates again."""
    responsible = one_of(params.responsible, context.tenant.directory, context.item_roles)
    keep = params.keep_activities_open
    return creating.create(context, params.create, responsible, params.deal_pipeline, keep_open=keep)


ENTRY = Entry(
    id="create_from_source",
    kind="rule",
    group="payment",
    title="Create from source",
    description="Creates a deal, invoice, quote, e-signature document, contact or company from the item.",
    spec="3.1.2",
    types=STAGED,
    params=CreateFromSource,
    results={f"{kind}_id": "item" for kind in creating.KINDS},
    plan=plan,
)
