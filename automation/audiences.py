"""Add contact points to the audience of an advertising service, for the actions of spec 4.6 and 4.7."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from itertools import count, takewhile
from typing import Annotated, Literal, NamedTuple

from pydantic import Field

from automation.catalogue import Params
from automation.contact_points import ContactPoint, gathered, linked_clients
from automation.definitions.models import Connection
from automation.items.ads_effects import AudienceRequested
from automation.params import Takes
from automation.plan import Answer, Call, Completed, Context, Failed, Plan, Skipped
from automation.reaching import patience

BATCH = 100
"""Contact points of one call: no service takes fewer."""
CHANNEL = AudienceRequested.CHANNEL


class AddToAudience(Params):
    """The audience, as `<connection>/<audience>` or the connection alone for its own one, and what to add to it."""

    audience: Annotated[str, Takes("string", "single_line"), Field(min_length=1, max_length=500)]
    contact_points: Literal["emails", "phones", "both"] = "both"


class Service(NamedTuple):
    """What tells one advertising service from another."""

    provider: str
    phone: Callable[[str], str]
    """From E.164 to what the service hashes."""


def add(context: Context, params: AddToAudience, service: Service) -> Plan:
    """Add what the item and its linked contacts and companies have; nothing readable leaves."""
    told = [answer for answer in takewhile(bool, (context.answer(_place(at)) for at in count())) if answer]
    if told:
        return _outcome(told)
    name, _, named = params.audience.partition("/")
    connection = _connection(context, name, service)
    if connection is None:
        return Failed("not_connected")
    audience = named or connection.sender
    if not audience:
        return Failed("missing_value:audience")
    points = gathered(context, linked_clients(context))
    if isinstance(points, Call | Failed):
        return points
    hashes = [(one.kind, _hash(one, service)) for one in points if _is_wanted(one, params.contact_points)]
    if not hashes:
        return Skipped("no_contact_points")
    parts = [hashes[at : at + BATCH] for at in range(0, len(hashes), BATCH)]
    calls = tuple(_call(context, at, (name, audience), part) for at, part in enumerate(parts))
    return Call(calls, patience=patience(context.tenant, CHANNEL))


def _place(at: int) -> str:
    return f"audience:{at}"


def _connection(context: Context, name: str, service: Service) -> Connection | None:
    found = context.tenant.connection(name, CHANNEL)
    return found if found and found.provider in (service.provider, "recording") else None


def _is_wanted(point: ContactPoint, wanted: str) -> bool:
    """Leave out what was not chosen, and numbers whose country nobody knows: they would be somebody else's."""
    if point.kind == "email":
        return wanted != "phones"
    return wanted != "emails" and point.value.startswith("+")


def _hash(point: ContactPoint, service: Service) -> str:
    value = point.value if point.kind == "email" else service.phone(point.value)
    return hashlib.sha256(value.encode()).hexdigest()


def _call(context: Context, at: int, place: tuple[str, str], part: Sequence[tuple[str, str]]) -> AudienceRequested:
    emails, phones = (tuple(found for kind, found in part if kind == wanted) for wanted in ("email", "phone"))
    return AudienceRequested(context.effect_id(_place(at)), context.run_id, *place, emails, phones)


def _outcome(told: Sequence[Answer]) -> Plan:
    """Publish how many the service took; one call that failed fails the step, what others added stays."""
    failed = next((answer.reason for answer in told if not answer.ok), "")
    if failed:
        return Failed("not_connected" if failed == "no_provider" else failed)
    return Completed({"added_count": sum(_number(answer) for answer in told)})


def _number(answer: Answer) -> int:
    text = str(answer.results.get("added_count"))
    return int(text) if text.isascii() and text.isdigit() else 0
