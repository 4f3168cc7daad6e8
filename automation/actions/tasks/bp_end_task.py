"""Complete the tasks that automation made for the item during stages (spec 4.30)."""

from __future__ import annotations

from collections.abc import Collection

from automation.catalogue import Entry, Params
from automation.envelope import STAGED
from automation.items.effects import ItemAsked
from automation.items.tasks import QUESTION, target_of
from automation.params import StageRefs
from automation.plan import Answer, Call, Completed, Context, Failed, Plan, Skipped


class EndTask(Params):
    """The stages, of the item's current pipeline, during which the tasks were made."""

    created_at_stages: StageRefs


def plan(context: Context, params: EndTask) -> Plan:
    """Ask each open task to end on behalf of the responsible, then count those that did."""
    if context.answers:
        return _ended(context.answers.values())
    item, wanted = context.item, frozenset(params.created_at_stages)
    found = [name for name, one in item.tasks.items() if one.pipeline == item.pipeline and one.stage in wanted]
    if not found:
        return Skipped("no_tasks")
    by = {"by": item.responsible or "system"}
    return Call(
        tuple(
            ItemAsked(context.effect_id(name), context.run_id, target_of(context.key, name), QUESTION, by)
            for name in found
        )
    )


def _ended(answers: Collection[Answer]) -> Plan:
    """Count the tasks that were ended: one that somebody else has completed meanwhile, or that is gone, is none."""
    count = sum(answer.ok for answer in answers)
    failed = [one.reason for one in answers if one.status == "failed" and one.reason != "item_not_found"]
    if failed:
        return Failed(failed[0])
    return Completed({"ended_count": count}) if count else Skipped("no_tasks")


ENTRY = Entry(
    id="bp_end_task",
    kind="action",
    group="tasks",
    title="End task",
    description="Completes the open tasks that rules and processes made for the item in these stages; never people's.",
    spec="4.30",
    types=STAGED,
    params=EndTask,
    results={"ended_count": "int"},
    plan=plan,
)
