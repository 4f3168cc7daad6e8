"""Ask people to read something and say that they have."""

from __future__ import annotations

from automation.actions.human._asking import Voted, ask_people
from automation.catalogue import Entry
from automation.definitions.process_models import PROCESSED
from automation.plan import Context, Plan

_RESULTS = ("decision", "decided_by", "comment", "reviewed", "asked")


def plan(context: Context, params: Voted) -> Plan:
    """Wait until enough of them have read it."""
    own = {"policy": params.policy, "quorum": params.quorum}
    return ask_people(context, params, "review", own, _RESULTS)


ENTRY = Entry(
    id="request_review",
    kind="action",
    group="human",
    title="Request review",
    description="Asks employees to read something; the process goes on when any, all or most of them have.",
    spec="1.3",
    types=PROCESSED,
    params=Voted,
    results={
        "task_id": "string", "decision": "string", "decided_by": "user", "comment": "text", "reviewed": "int",
        "asked": "int",
    },
    plan=plan,
)  # fmt: skip
