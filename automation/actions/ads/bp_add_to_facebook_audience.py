"""Add contact points to a Facebook advertising audience (spec 4.6)."""

from __future__ import annotations

from automation.audiences import AddToAudience, Service, add
from automation.catalogue import Entry
from automation.envelope import CRM_ALL
from automation.plan import Context, Plan

_FACEBOOK = Service("facebook_ads", lambda number: number.removeprefix("+"))


def plan(context: Context, params: AddToAudience) -> Plan:
    """Add hashes of e-mail addresses, and of numbers as digits alone."""
    return add(context, params, _FACEBOOK)


ENTRY = Entry(
    id="bp_add_to_facebook_audience",
    kind="action",
    group="ads",
    title="Add to Facebook audience",
    description="Adds e-mail addresses and telephone numbers of the item and its clients to a Facebook audience.",
    spec="4.6",
    types=CRM_ALL,
    params=AddToAudience,
    results={"added_count": "int"},
    plan=plan,
)
