"""Create a contact for the lead, which is a repeat one from then on (spec 4.20)."""

from __future__ import annotations

from automation import creating
from automation.catalogue import Entry, Params
from automation.items.lead_events import LeadMarkedRepeat
from automation.params import UserRef
from automation.people import one_of
from automation.plan import Call, Completed, Context, Failed, Plan


class CreateContactForLead(Params):
    """Who is responsible for the contact; the lead's responsible unless another is named."""

    responsible: UserRef = ""


def plan(context: Context, params: CreateContactForLead) -> Plan:
    """Create the contact unless one is linked, and mark the lead."""
    answer, known = context.answer("contact"), context.item.linked("contact")
    if answer is None and not known:
        responsible = one_of(params.responsible, context.tenant.directory, context.item_roles)
        return Call((creating.request(context, "contact", responsible),))
    if answer is not None and not answer.ok:
        return Failed(answer.reason)
    mark = () if context.item.repeat else (LeadMarkedRepeat(),)
    contact = context.effect_id("contact") if answer else known
    return Completed({"contact_id": contact}, (*creating.linked(context, ("contact",)), *mark))


ENTRY = Entry(
    id="bp_create_contact_for_lead",
    kind="action",
    group="creation",
    title="Create contact for lead",
    description="Creates a contact out of the lead's data, links it to the lead, and marks the lead as a repeat one.",
    spec="4.20",
    types=("lead",),
    params=CreateContactForLead,
    results={"contact_id": "item"},
    plan=plan,
)
