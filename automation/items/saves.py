"""Creating, saving and deleting items (spec 1.2, 1.12, 5.2)."""

from __future__ import annotations

from automation.definitions.models import Pipeline
from automation.definitions.process_models import PROCESSED
from automation.envelope import STAGED, event_id
from automation.errors import ChangeRefusedError
from automation.items import (
    admission,
    bookings,
    effects,
    entering,
    invoices,
    links,
    product_rows,
    runs,
    stages,
    waiters,
    watching,
)
from automation.items import changes as c
from automation.items import events as e
from automation.items.fields import checked
from automation.items.lead_events import LeadMarkedRepeat
from automation.items.parts import FieldChange, ProductRow
from automation.items.turn import CHAIN_LIMIT, Turn
from automation.processes import autostart, engine

AUTOMATED = ("automation_rule", "business_process")


def is_quiet(source: str, run_automation: bool) -> bool:
    """Say whether rules and triggers leave a change of this source alone (spec 6.1)."""
    return source == "system" or (source == "file_import" and not run_automation)


def _pipeline(turn: Turn, wanted: str) -> Pipeline | None:
    item_type = turn.key.item_type
    if item_type.partition(".")[0] not in STAGED:
        return None
    found = turn.view.pipelines.get((item_type, wanted)) if wanted else turn.view.default_pipeline(item_type)
    if found is None:
        raise ChangeRefusedError("unknown_pipeline", f"pipeline: {item_type} has no pipeline {wanted or '(default)'}")
    return found


def _stage(pipeline: Pipeline, wanted: str) -> str:
    if wanted and all(stage.id != wanted for stage in pipeline.stages):
        raise ChangeRefusedError("unknown_stage", f"stage: pipeline {pipeline.id} has no stage {wanted}")
    return wanted or pipeline.stages[0].id


def create(turn: Turn, change: c.CreateItem) -> None:
    """Create the item and let the rules of its first stage run."""
    if not _is_new(turn):
        turn.emit(e.ChangeSeen("deleted" if turn.state.deleted else "already_exists"))
        return
    entries = admission.entries_of(turn, change)
    if entries:
        _event(turn, change, "", quiet=False)  # what cannot be created is refused at once
        admission.hold(turn, change, entries)
    else:
        create_at_once(turn, change)


def _is_new(turn: Turn) -> bool:
    """Say whether the item was never created; one that was refused may still be."""
    return not turn.state.version or turn.state.refused


def create_at_once(turn: Turn, change: c.CreateItem) -> None:
    """Create the item without asking the exceptions list, or after it has answered."""
    creator = turn.actor.removeprefix("user:") if turn.actor.startswith("user:") else ""
    _create(turn, change, creator, is_quiet(turn.source, change.run_automation))


def create_requested(turn: Turn, asked: c.RequestItem) -> None:
    """Create the item that another one asked for, and answer with its id; what cannot be done leaves no state."""
    if _is_new(turn) and not _was_created(turn, asked):
        return
    turn.emit(
        effects.ItemAnswered(asked.effect_id, asked.run_id, asked.reply_to, "completed", "", {"id": turn.key.item_id})
    )


def _was_created(turn: Turn, asked: c.RequestItem) -> bool:
    if turn.depth >= CHAIN_LIMIT:
        turn.reply(asked, "failed", "loop_detected")
        return False
    turn.act(turn.actor, turn.source, asked.on_behalf_of, turn.cause)
    turn.depth += 1
    try:
        _create(turn, asked, "" if asked.on_behalf_of == "system" else asked.on_behalf_of.removeprefix("user:"), False)
    except ChangeRefusedError as refused:
        turn.reply(asked, "failed", refusal(refused))
        return False
    return True


def refusal(refused: ChangeRefusedError) -> str:
    """Return the reason code of spec 4.15: `invalid_value` with the part of the item that was refused."""
    return f"invalid_value:{refused.detail.partition(':')[0].removeprefix('fields.')}"


def _event(turn: Turn, change: c.CreateItem | c.RequestItem, creator: str, *, quiet: bool) -> e.ItemCreated:
    """Return the event of a creation; raises `ChangeRefusedError` for what cannot be created."""
    if turn.key.item_type.partition(".")[0] not in PROCESSED:
        raise ChangeRefusedError("invalid_key", f"key: no items are of type {turn.key.item_type}")
    pipeline = _pipeline(turn, change.pipeline)
    fields = checked(turn.view.fields(turn.key.item_type), change.fields)
    stage = _stage(pipeline, change.stage) if pipeline else ""
    return e.ItemCreated(
        {code: value for code, value in fields.items() if value is not None}, pipeline.id if pipeline else "",
        stage, change.responsible or creator, creator, change.observers, turn.source in AUTOMATED, quiet,
    )  # fmt: skip


def _create(turn: Turn, change: c.CreateItem | c.RequestItem, creator: str, quiet: bool) -> None:
    turn.emit(_event(turn, change, creator, quiet=quiet))
    if isinstance(change, c.RequestItem) and change.repeat:
        turn.emit(LeadMarkedRepeat())
    if change.rows:
        _save_rows(turn, change.rows, amount_given=False)
    for link in dict.fromkeys(change.links):
        turn.emit(e.ItemLinked(link))
        links.tell(turn, link, "link")
    turn.later(invoices.on_stage_entered)
    turn.later(runs.advance)
    if not quiet:
        autostart.after_creation(turn, change.process_params if isinstance(change, c.CreateItem) else {})


def save(turn: Turn, change: c.SaveItem) -> None:
    """Apply one save: fields, people, rows and links first, then the stage, so that its rules see the new values."""
    target = _target(turn, change)
    before = len(turn.events)
    _save_fields(turn, change)
    _save_people(turn, change)
    _save_rows_and_links(turn, change)
    state, quiet = turn.state, is_quiet(turn.source, change.run_automation)
    to_pipeline, to_stage = target or (state.pipeline, state.stage)
    then = watching.after_save(turn, before, to_pipeline, quiet=quiet)
    if to_pipeline != state.pipeline:
        entering.change_pipeline(turn, to_pipeline, to_stage, quiet=quiet, then=then)
    elif to_stage != state.stage:
        entering.move(turn, to_stage, automated=turn.source in AUTOMATED, quiet=quiet, then=then)
    elif then:
        turn.later(then)
    if len(turn.events) == before:
        turn.emit(e.ChangeSeen("no_change"))
    elif not quiet:
        autostart.after_change(turn, before, change.process_params)


def _target(turn: Turn, change: c.SaveItem) -> tuple[str, str] | None:
    """Return pipeline and stage after the save, checked; None where the save names neither."""
    state = turn.state
    if change.pipeline is None and change.stage is None:
        return None
    pipeline = _pipeline(turn, change.pipeline or state.pipeline)
    if pipeline is None:
        raise ChangeRefusedError("unknown_stage", f"stage: items of type {state.item_type} have no stages")
    return pipeline.id, _stage(pipeline, change.stage or (state.stage if pipeline.id == state.pipeline else ""))


def _save_fields(turn: Turn, change: c.SaveItem) -> None:
    if not change.fields:
        return
    now = checked(turn.view.fields(turn.key.item_type), change.fields)
    old = turn.state.fields
    rows = [FieldChange(code, old.get(code), new) for code, new in now.items() if old.get(code) != new]
    if rows:
        turn.emit(e.FieldsChanged(tuple(rows)))


def _save_people(turn: Turn, change: c.SaveItem) -> None:
    state = turn.state
    if change.responsible is not None and change.responsible != state.responsible:
        turn.emit(e.ResponsibleChanged(state.responsible, change.responsible))
    if change.observers is not None and change.observers != state.observers:
        turn.emit(e.ObserversChanged(state.observers, change.observers))


def _save_rows(turn: Turn, rows: tuple[ProductRow, ...], *, amount_given: bool) -> None:
    """Replace the rows; a save that gives the amount, too, wins over them."""
    named = product_rows.identified(rows, turn.state.rows, event_id(turn.key_text, turn.state.version + 1))
    if named != turn.state.rows:
        for event in product_rows.replaced(turn.state, named, turn.view, amount_given=amount_given):
            turn.emit(event)


def _save_rows_and_links(turn: Turn, change: c.SaveItem) -> None:
    if change.rows is not None:
        _save_rows(turn, change.rows, amount_given=change.fields.get(product_rows.AMOUNT) is not None)
    for link in change.link:
        if link not in turn.state.links:
            turn.emit(e.ItemLinked(link))
            links.tell(turn, link, "link")
    for link in change.unlink:
        if link in turn.state.links:
            turn.emit(e.ItemUnlinked(link))
            links.tell(turn, link, "unlink")


def delete(turn: Turn) -> None:
    """Delete the item; what runs on it is cancelled (spec 6.3)."""
    waiting, entry = stages.unfinished(turn), turn.state.entry
    deleted = turn.emit(e.ItemDeleted())
    stages.cancel(turn, waiting, entry, "item_deleted", deleted.envelope.event_id)
    for run in tuple(turn.state.runs.values()):
        turn.emit(e.RuleRunCancelled(run.run_id, run.rule_id, run.rule_version, run.entry, "item_deleted"))
    engine.stop_all(turn, "item_deleted")
    bookings.free(turn)
    waiters.on_deleted(turn)
