"""Add contact points to a Google Ads audience (spec 4.7)."""

from __future__ import annotations

from automation.audiences import AddToAudience, Service, add
from automation.catalogue import Entry
from automation.envelope import CRM_ALL
from automation.plan import Context, Plan

_GOOGLE = Service("google_ads", str)


def plan(context: Context, params: AddToAudience) -> Plan:
    """Add hashes of e-mail addresses, and of numbers in E.164."""
    return add(context, params, _GOOGLE)


ENTRY = Entry(
    id="bp_add_to_google_ads_audience",
    kind="action",
    group="ads",
    title="Add to Google Ads audience",
    description="Adds e-mail addresses and telephone numbers of the item and its clients to a Google Ads audience.",
    spec="4.7",
    types=CRM_ALL,
    params=AddToAudience,
    results={"added_count": "int"},
    plan=plan,
)
