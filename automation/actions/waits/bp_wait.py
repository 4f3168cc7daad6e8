"""Wait for days, or until days before a date (spec 4.9)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import tzinfo
from typing import Annotated, Any, Literal

from pydantic import Field

from automation.catalogue import Entry, Params
from automation.dates import add_days, day_of, shift_days, start_of
from automation.envelope import CRM_ALL, Key
from automation.items.effects import ItemAsked
from automation.items.process_events import WaitNoted
from automation.params import PlainText, Takes
from automation.plan import Completed, Context, Plan, Wait
from automation.scope import Schema
from automation.values import Moment, Value, plain


class WaitParams(Params):
    """How long: so many days from now, or until so many days before the date in a field of the item."""

    wait_type: Literal["days", "days_before_date"] = "days"
    interval_days: Annotated[int, Takes("int"), Field(ge=0, le=36_500)]
    until_date: Annotated[str, Takes("string")] = ""
    comment: PlainText = ""

    @classmethod
    def flaws(cls, raw: Mapping[str, Any], schema: Schema) -> Iterator[tuple[str, str]]:
        """Require the field for a wait until a date, and a day at least for one without."""
        before, days = raw.get("wait_type") == "days_before_date", raw.get("interval_days")
        field = raw.get("until_date")
        if before and not field:
            yield "until_date", "is required: the code of a date field"
        elif before and schema.fields.get(str(field)) not in ("date", "datetime"):
            yield "until_date", f"{str(field)[:60]!r} is no date field of the item"
        if not before and days == 0:
            yield "interval_days", "is at least 1 for a wait of days"


def plan(context: Context, params: WaitParams) -> Plan:
    """Rest until the moment, or until the client does anything."""
    answer = context.answer("rest")
    if answer is not None:
        return Completed({"ended_by": answer.reason})
    until = _until(context, params)
    if until <= context.now:
        return Completed({"ended_by": "timeout"})
    noted = WaitNoted(context.instance_id, context.run_id, str(plain(params.comment)), until)
    return Wait("rest", until, ("client_activity",), _subscriptions(context), (noted,))


def _until(context: Context, params: WaitParams) -> Moment:
    """Return when the wait is over, in the platform's time zone; 0 for an empty date."""
    zone = context.tenant.zone
    if params.wait_type == "days":
        return shift_days(context.now, params.interval_days, zone) or 0
    day = add_days(_day(context.item.fields.get(params.until_date), zone) or "", -params.interval_days)
    return (start_of(day, zone) or 0) if day else 0


def _day(value: Value, zone: tzinfo) -> str | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return day_of(value, zone)
    return value if isinstance(value, str) else None


def _subscriptions(context: Context) -> tuple[ItemAsked, ...]:
    """Ask the linked contact and company to tell of what their client does (spec 1.16)."""
    clients = [(kind, context.item.linked(kind)) for kind in ("contact", "company")]
    return tuple(
        ItemAsked(
            context.effect_id(f"activity:{kind}"), context.run_id,
            Key(context.key.tenant, kind, name).text, "await_activity", {},
        )
        for kind, name in clients
        if name and (kind, name) != context.key[1:]
    )  # fmt: skip


ENTRY = Entry(
    id="bp_wait",
    kind="action",
    group="waits",
    title="Wait",
    description="Pauses the process for days or until days before a date; any activity of the client ends the wait.",
    spec="4.9",
    types=CRM_ALL,
    params=WaitParams,
    results={"ended_by": "string"},
    plan=plan,
)
