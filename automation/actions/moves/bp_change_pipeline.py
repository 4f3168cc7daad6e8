"""Move the deal to another pipeline and stop all that runs on it (spec 4.34)."""

from __future__ import annotations

from automation.catalogue import Entry, Params
from automation.params import PipelineRef
from automation.plan import Completed, Context, Failed, Plan, Skipped


class ChangePipeline(Params):
    """The pipeline to enter."""

    pipeline: PipelineRef


def plan(context: Context, params: ChangePipeline) -> Plan:
    """Enter the first stage of the pipeline."""
    target = context.tenant.pipelines.get((context.key.item_type, params.pipeline))
    if target is None:
        return Failed("pipeline_not_found")
    if target.id == context.item.pipeline:
        return Skipped("no_change")
    return Completed(to_pipeline=target.id, to_stage=target.stages[0].id)


ENTRY = Entry(
    id="bp_change_pipeline",
    kind="action",
    group="moves",
    title="Change pipeline",
    description="Moves the deal to another pipeline and stops all its running rules and processes, this one included.",
    spec="4.34",
    types=("deal",),
    params=ChangePipeline,
    plan=plan,
    ends_process=True,
)
