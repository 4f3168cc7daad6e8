"""Create items from an item, for rules and process actions (spec 3.1.2, 4.19): a lead is converted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, ClassVar

from pydantic import Field

from automation.catalogue import Params
from automation.envelope import Key
from automation.items.activity_events import ActivityCompleted
from automation.items.effects import CreationRequested, ItemAsked
from automation.items.events import FieldsChanged, LeadConverted
from automation.items.parts import FieldChange, Link
from automation.items.product_rows import AMOUNT, says_amount
from automation.items.tasks import QUESTION, target_of
from automation.params import Flag, PipelineRef, Takes, UserRef
from automation.people import one_of
from automation.plan import Call, Completed, Context, Failed, Plan, Skipped
from automation.scope import Schema
from automation.values import Value, is_empty

MATRIX: Mapping[str, tuple[str, ...]] = {
    "lead": ("contact", "company", "deal"),
    "deal": ("invoice", "quote", "esign_document"),
    "quote": ("deal", "invoice", "esign_document"),
    "invoice": ("esign_document",),
    "spa_item": ("deal", "invoice", "quote", "esign_document"),
}
"""What may be created from what, by item type."""
KINDS = ("invoice", "quote", "esign_document", "deal", "contact", "company")
CLIENTS = ("contact", "company")
ITEMS = ("invoice", "quote", "deal")
"""Kinds that work their amount out of their product rows."""
_OF_LEADS = ("deal_pipeline", "keep_activities_open")
_DATA = ("title", "amount", "contact_details", "company_details")
_POINTS = ("name", "email_work", "email_home", "email_mailing", "email_other", "phone_work", "phone_mobile",
           "phone_home", "phone_other", "address")  # fmt: skip
"""Name, contact points and address: data of the client that an item may hold itself."""


class FromSource(Params):
    """What to create, and who is responsible for it; pipeline of the deal and open activities are a lead's matter."""

    ALLOWED: ClassVar[Mapping[str, tuple[str, ...]]] = MATRIX
    """By type of the source."""

    create: Annotated[tuple[str, ...], Takes("list", choices=KINDS), Field(min_length=1)]
    responsible: UserRef = ""
    deal_pipeline: PipelineRef = ""
    keep_activities_open: Flag = False

    @classmethod
    def flaws(cls, raw: Mapping[str, Any], schema: Schema) -> Iterator[tuple[str, str]]:
        """Refuse what cannot be created from items of the type."""
        source, given = base_type(schema.item_type), raw.get("create")
        allowed = cls.ALLOWED.get(source, ())
        for at, kind in enumerate(given if isinstance(given, list | tuple) else (given,)):
            if kind in KINDS and kind not in allowed:
                yield f"create[{at}]", f"from a {source} may be created: {', '.join(allowed)}"
        for name in _OF_LEADS:
            if source != "lead" and raw.get(name):
                yield name, "applies to leads alone"


def base_type(item_type: str) -> str:
    """Return the item type without the type of an SPA item."""
    return item_type.partition(".")[0]


def plan(context: Context, params: FromSource) -> Plan:
    """Ask for every kind wanted; a lead's client first, since its deal names it. Each run creates again."""
    source, pipeline = base_type(context.key.item_type), params.deal_pipeline
    kinds = tuple(kind for kind in params.ALLOWED.get(source, ()) if kind in params.create)
    if len(kinds) < len(set(params.create)):
        return Failed("invalid_value:create")
    if context.item.converted and not any(context.answer(kind) for kind in kinds):
        return Skipped("already_converted")
    if pipeline and ("deal", pipeline) not in context.tenant.pipelines:
        return Failed("invalid_value:deal_pipeline")
    for batch in _batches(source, kinds):
        missing = [kind for kind in batch if context.answer(kind) is None and not _reused(context, kind)]
        if missing:
            responsible = one_of(params.responsible, context.tenant.directory, context.item_roles)
            return Call(tuple(request(context, kind, responsible, pipeline) for kind in missing))
    return _outcome(context, kinds, keep_open=params.keep_activities_open)


def _batches(source: str, kinds: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    if source != "lead":
        yield kinds
        return
    yield tuple(kind for kind in kinds if kind in CLIENTS)
    yield tuple(kind for kind in kinds if kind not in CLIENTS)


def _made(context: Context, kind: str) -> str:
    """Return the id of what was created of a kind; empty if nothing was."""
    answer = context.answer(kind)
    return context.effect_id(kind) if answer is not None and answer.ok else ""


def _reused(context: Context, kind: str) -> str:
    """Return the contact or company that is linked already; empty where there is none, or it was created here."""
    return context.item.linked(kind) if kind in CLIENTS and context.answer(kind) is None else ""


def request(context: Context, kind: str, responsible: str, pipeline: str = "") -> CreationRequested:
    """Return the request for a new item of a kind, with what is carried over from this one."""
    own, item = context.key, context.item
    target = Key(own.tenant, kind, context.effect_id(kind)).text
    client = kind in CLIENTS
    fields = _client_fields(context, kind) if client else _fields(context, kind)
    if kind in ITEMS and says_amount(item, context.tenant.rates):
        fields = {code: value for code, value in fields.items() if code != AMOUNT}  # else it would count as given
    return CreationRequested(
        context.effect_id(kind), context.run_id, target,
        fields, pipeline if kind == "deal" else "", responsible=responsible or item.responsible,
        rows=() if client else item.rows, links=(Link(own.item_type, own.item_id, "source"),),
    )  # fmt: skip


def _fields(context: Context, kind: str) -> Mapping[str, Value]:
    clients: dict[str, Value] = {one: _made(context, one) or context.item.linked(one) for one in CLIENTS}
    return {**_carried(context, kind, (*_DATA, *_POINTS)), **{one: name for one, name in clients.items() if name}}


def _client_fields(context: Context, kind: str) -> Mapping[str, Value]:
    return _carried(context, kind, _POINTS if kind == "contact" else ("title", *_POINTS))


def _carried(context: Context, kind: str, codes: Sequence[str]) -> Mapping[str, Value]:
    """Return the values of those fields that items of both types have."""
    own, theirs = context.tenant.fields(context.key.item_type), context.tenant.fields(kind)
    fields = context.item.fields
    both = (code for code in codes if code in own and own[code].type == getattr(theirs.get(code), "type", ""))
    return {code: fields[code] for code in both if not is_empty(fields.get(code))}


def _outcome(context: Context, kinds: tuple[str, ...], *, keep_open: bool) -> Plan:
    """Publish what there is now; what failed does not undo the rest."""
    ids = {kind: _made(context, kind) or _reused(context, kind) for kind in kinds}
    failed = [kind for kind in kinds if not ids[kind]]
    events = linked(context, kinds)
    if not failed:
        converting = base_type(context.key.item_type) == "lead"
        more, stage = _converted(context, ids, keep_open=keep_open) if converting else ((), "")
        return Completed({f"{kind}_id": name for kind, name in ids.items()}, (*events, *more), to_stage=stage)
    if len(failed) < len(kinds):
        return Failed(f"partial:{','.join(failed)}", events)
    answer = context.answer(failed[0])
    return Failed(answer.reason if answer else "internal_error")


def linked(context: Context, kinds: tuple[str, ...]) -> tuple[Any, ...]:
    """Make the client that was created that of the lead."""
    made = {kind: _made(context, kind) for kind in kinds if kind in CLIENTS}
    old = context.item.fields
    rows = tuple(FieldChange(kind, old.get(kind), name) for kind, name in made.items() if name)
    return (FieldsChanged(rows),) if rows else ()


def _converted(context: Context, ids: Mapping[str, str], *, keep_open: bool) -> tuple[tuple[Any, ...], str]:
    """Return what ends the lead's work: it is recorded as converted, and enters its success-final status."""
    item, pipeline = context.item, context.tenant.pipelines.get((context.key.item_type, context.item.pipeline))
    stage = next((s.id for s in pipeline.stages if s.kind == "final_success"), "") if pipeline else ""
    done = () if keep_open else (*(ActivityCompleted(name, "converted") for name in item.activities), *_ending(context))
    return (LeadConverted(tuple(Link(kind, name, "created") for kind, name in ids.items())), *done), stage


def _ending(context: Context) -> Iterator[ItemAsked]:
    """Yield what asks the open tasks that automation made for the lead to be completed; nobody waits for it."""
    by = {"by": context.item.responsible or "system"}
    for name in context.item.tasks:
        yield ItemAsked(context.effect_id(f"task:{name}"), "", target_of(context.key, name), QUESTION, by)
