"""Give an employee a task for the item (spec 3.3 `create_task`)."""

from __future__ import annotations

from typing import Annotated

from automation.catalogue import Entry, Params
from automation.definitions.process_models import PROCESSED
from automation.envelope import STAGED
from automation.items.door import LAST_MOMENT
from automation.params import Flag, Line, PlainText, Takes, UserRef
from automation.people import one_of
from automation.plan import Context, Failed, Plan
from automation.records.asking import ask, settled


class CreateTask(Params):
    """What is to be done, by whom (the item's responsible unless another is named) and until when."""

    title: Line
    description: PlainText = ""
    responsible: UserRef = ""
    deadline: Annotated[int | None, Takes("datetime")] = None
    important: Flag = False


def plan(context: Context, params: CreateTask) -> Plan:
    """Make the task; its id is that of the call, so that a repeat makes no second one."""
    task_id, made = context.effect_id("task"), context.answer("task")
    if made is not None:
        return settled(made, {"task_id": task_id})
    deadline = params.deadline or 0
    if not 0 <= deadline <= LAST_MOMENT:
        return Failed("invalid_value:deadline")
    item = context.item
    args = {
        "title": params.title, "description": params.description, "deadline": deadline, "important": params.important,
        "responsible": one_of(params.responsible, context.tenant.directory, context.item_roles) or item.responsible,
        "created_by": item.responsible or "system", "item": f"{context.key.item_type}/{context.key.item_id}",
        "pipeline": item.pipeline, "stage": item.stage,
    }  # fmt: skip
    return ask(context, "task", ("task", task_id), "create_task", args)


ENTRY = Entry(
    id="create_task",
    kind="rule",
    group="item",
    title="Create task",
    description="Gives an employee a task that is linked to the item.",
    spec="3.3",
    types=STAGED,
    params=CreateTask,
    results={"task_id": "string"},
    plan=plan,
    also_step=PROCESSED,
)
