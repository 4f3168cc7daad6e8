"""Ask people to approve or reject."""

from __future__ import annotations

from automation.actions.human._asking import Voted, ask_people
from automation.catalogue import Entry
from automation.definitions.process_models import PROCESSED
from automation.plan import Context, Plan

_RESULTS = ("decision", "decided_by", "comment", "approved", "rejected", "asked")


def plan(context: Context, params: Voted) -> Plan:
    """Wait until the decision is certain."""
    own = {"policy": params.policy, "quorum": params.quorum}
    return ask_people(context, params, "approval", own, _RESULTS)


ENTRY = Entry(
    id="request_approval",
    kind="action",
    group="human",
    title="Request approval",
    description="Asks employees to approve or reject, by any, all or most of them; the decision is a result.",
    spec="1.3",
    types=PROCESSED,
    params=Voted,
    results={
        "task_id": "string", "decision": "string", "decided_by": "user", "comment": "text", "approved": "int",
        "rejected": "int", "asked": "int",
    },
    plan=plan,
)  # fmt: skip
