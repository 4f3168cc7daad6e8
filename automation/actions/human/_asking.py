"""What approval, review and a request for information have in common: people are asked, and the process waits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from automation.catalogue import Params
from automation.items.human_events import PeopleAsked, PeopleDecided
from automation.params import Line, Period, PlainText, Principals, Takes
from automation.people import ITEM_ROLES, expand, principal
from automation.plan import Answer, Completed, Context, Failed, Plan
from automation.records.asking import ask
from automation.scope import Schema
from automation.values import Personal, Value, plain

MOST = 1_000
"""Employees that one step may ask."""
_SHORTEST = 60_000
_PLACE = "people"


def _not_too_often(period: int) -> int:
    if 0 < period < _SHORTEST:
        raise ValueError("a reminder comes once a minute at most")
    return period


class Asked(Params):
    """What people are asked, who they are, until when, and what happens while they say nothing."""

    title: Line
    text: PlainText = ""
    assignees: Principals
    deadline: Period = 0
    escalate_to: Principals = ()
    escalate_after: Period = 0
    remind_every: Annotated[Period, AfterValidator(_not_too_often)] = 0

    @classmethod
    def flaws(cls, raw: Mapping[str, Any], schema: Schema) -> Iterator[tuple[str, str]]:
        """Require people to escalate to with a time for it, and the other way round."""
        if bool(raw.get("escalate_to")) != bool(raw.get("escalate_after")):
            missing = "escalate_after" if raw.get("escalate_to") else "escalate_to"
            yield missing, "is required: whom it escalates to, and after what time"


class Voted(Asked):
    """How many of the people have to agree."""

    policy: Literal["any", "all", "vote"] = "any"
    quorum: Annotated[int, Takes("int"), Field(ge=1, le=100)] = 50


def ask_people(context: Context, params: Asked, kind: str, own: Mapping[str, Value], results: tuple[str, ...]) -> Plan:
    """Ask people, and publish what they said; `own` is what only this kind of question has."""
    answer = context.answer(_PLACE)
    if answer is not None:
        return _told(context, params, kind, answer, results)
    assignees = expand(params.assignees, context.tenant.directory, context.item_roles)
    if not assignees:
        return Failed("no_recipient")
    if len(assignees) > MOST:
        return Failed("invalid_value:assignees")
    task_id, args = context.effect_id(_PLACE), {**_args(context, params, kind, assignees), **own}
    noted = PeopleAsked(task_id, kind, _personal(params.title), assignees, _after(context, params.deadline))
    call = ask(context, _PLACE, ("human_task", task_id), "ask_people", args)
    return replace(call, events=(noted,), endless=True)


def _args(context: Context, params: Asked, kind: str, assignees: tuple[str, ...]) -> dict[str, Value]:
    return {
        "kind": kind, "title": params.title, "text": params.text, "assignees": assignees, "policy": "any", "quorum": 0,
        "deadline": _after(context, params.deadline), "remind_every": params.remind_every,
        "escalate_to": tuple(_kept(context, params.escalate_to)),
        "escalate_at": _after(context, params.escalate_after), "step": context.origin,
        "item": f"{context.key.item_type}/{context.key.item_id}", "instance_id": context.instance_id,
        "asked_by": context.item.responsible or "system",
    }  # fmt: skip


def _after(context: Context, period: int) -> int:
    return context.now + period if period else 0


def _kept(context: Context, people: tuple[str, ...]) -> Iterator[str]:
    """Read the roles of the item now, which the record does not know; groups and departments are read when due."""
    for text in people:
        one = principal(text)
        if one.kind == "role" and one.id in ITEM_ROLES:
            yield from (f"user:{user}" for user in expand((text,), context.tenant.directory, context.item_roles))
        else:
            yield text


def _told(context: Context, params: Asked, kind: str, answer: Answer, results: tuple[str, ...]) -> Plan:
    """Publish the answer; a deadline that passed is one, too: `expired`."""
    if not answer.ok:
        return Failed(answer.reason)
    found, task_id = answer.results, context.effect_id(_PLACE)
    noted = PeopleDecided(
        task_id, kind, _personal(params.title), str(found.get("decision")), str(found.get("decided_by") or ""),
        _personal(found.get("comment")),
    )  # fmt: skip
    return Completed({"task_id": task_id, **{name: found.get(name) for name in results}}, (noted,))


def _personal(text: Value) -> Personal:
    return Personal(str(plain(text) or ""))
