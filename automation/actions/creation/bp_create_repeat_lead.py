"""Create a repeat lead from the deal (spec 4.22)."""

from __future__ import annotations

from dataclasses import replace

from automation import creating
from automation.catalogue import Entry, Params
from automation.params import Line, UserRef
from automation.people import one_of
from automation.plan import Call, Completed, Context, Failed, Plan


class CreateRepeatLead(Params):
    """The title of the lead, and who is responsible for it; the deal's responsible unless another is named."""

    lead_name: Line
    responsible: UserRef = ""


def plan(context: Context, params: CreateRepeatLead) -> Plan:
    """Create the lead with client, products and amount of the deal; it refers to the deal as its source."""
    answer = context.answer("lead")
    if answer is not None:
        return Completed({"lead_id": context.effect_id("lead")}) if answer.ok else Failed(answer.reason)
    wanted = creating.request(context, "lead", one_of(params.responsible, context.tenant.directory, context.item_roles))
    clients = tuple(link for link in context.item.links if link.relation == "client")
    titled = {**wanted.fields, "title": params.lead_name}
    return Call((replace(wanted, fields=titled, links=(*wanted.links, *clients), repeat=True),))


ENTRY = Entry(
    id="bp_create_repeat_lead",
    kind="action",
    group="creation",
    title="Create repeat lead",
    description="Creates a lead of the deal's client, marked as a repeat one, with products and amount of the deal.",
    spec="4.22",
    types=("deal",),
    params=CreateRepeatLead,
    results={"lead_id": "item"},
    plan=plan,
)
