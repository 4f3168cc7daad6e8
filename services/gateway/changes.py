"""From a body to a change: checked with the tenant's definitions before it is taken (spec 1.8, 1.17)."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from automation.addresses import place_of
from automation.definitions.book import Book
from automation.definitions.models import DetailsTemplate, FieldDef
from automation.definitions.tenant_view import TenantView
from automation.envelope import STAGED, Key, stable_id
from automation.errors import ChangeRefusedError
from automation.items import activity_changes as ac
from automation.items import changes as c
from automation.items import details
from automation.items.fields import checked
from automation.items.parts import Link, ProductRow
from automation.values import Moment, Money, Personal, Value
from services.gateway import bodies as b
from services.gateway.problems import Fault, Problem
from services.gateway.sending import Letter


class Origin(NamedTuple):
    """What a change gets from its request."""

    tenant: str
    now: Moment
    once_key: str
    """Made from the Idempotency-Key, empty without one."""


def letter_of(book: Book, origin: Origin, key: Key, body: Any) -> Letter:
    """Return the change on its way to the item; raises `Problem` (422) naming every path at fault."""
    view = book.tenant(key.tenant)
    if view is None:
        raise Problem(422, "unknown_tenant", "nothing is defined yet: save definitions first")
    faults = Faults()
    change = _MAKERS[type(body)](view, key, body, faults)
    faults.end()
    return Letter("items", frame_of(origin, key, body, book.version), change)


def frame_of(origin: Origin, key: Key, body: b.ChangeBase, version: int) -> c.ChangeFrame:
    """Return the frame of a change, with what its body says about itself."""
    change_id = _change_id(origin, body.change_key)
    actor = f"user:{body.user}" if body.user else ""
    moment = origin.now if body.occurred_at is None else body.occurred_at
    return c.ChangeFrame(change_id, *key, moment, body.source, actor, body.source_seq, "", change_id, 0, version, b"")


def _change_id(origin: Origin, change_key: str) -> str:
    if change_key:
        return stable_id("gateway-change", origin.tenant, change_key)
    return origin.once_key or uuid.uuid4().hex


class Faults:
    """Collects everything that is wrong, so that a caller sees it all at once."""

    def __init__(self) -> None:
        self.found: list[Fault] = []

    def add(self, path: str, rule: str, message: str) -> None:
        """Note one flaw."""
        self.found.append(Fault(path, rule, message))

    def end(self) -> None:
        """Raise `Problem` (422) if there were any."""
        if self.found:
            raise Problem(422, "invalid_change", "the change breaks rules of its item type", errors=self.found)


def _fields(view: TenantView, key: Key, given: Mapping[str, Any], faults: Faults) -> dict[str, Value]:
    return values_of(view.fields(key.item_type), given, faults)


def values_of(
    defined: Mapping[str, FieldDef], given: Mapping[str, Any], faults: Faults, before: str = "fields"
) -> dict[str, Value]:
    """Return JSON values in the types of their definitions; what does not fit is a fault of its path."""
    values: dict[str, Value] = {}
    for code, raw in given.items():
        try:
            values |= checked(defined, {code: _value(defined.get(code), raw)})
        except ChangeRefusedError as refused:
            _, _, message = refused.detail.partition(": ")
            faults.add(f"{before}.{code[:100]}", refused.reason, message)
    return values


def _process_params(view: TenantView, key: Key, given: Mapping[str, Any], faults: Faults) -> dict[str, Value]:
    """Return start parameters of processes that start by themselves, by `<template>.<code>` (spec 5.2)."""
    values: dict[str, Value] = {}
    for name, raw in given.items():
        template_id, _, code = name.rpartition(".")
        template = view.active_template(template_id)
        if template is None or template.model.item_type != key.item_type:
            why = f"no active template {template_id!r} of a {key.item_type}; a name is <template>.<parameter>"
            faults.add(f"process_params.{name[:100]}", "unknown_template", why[:300])
            continue
        found = values_of(template.params, {code: raw}, faults, f"process_params.{template_id}")
        values |= {f"{template_id}.{code}": value for code, value in found.items()}
    return values


def _value(field: FieldDef | None, raw: Any) -> Any:
    """Return a JSON value in the type of its field; what has no such form is left for the check to refuse."""
    if isinstance(raw, list):
        return tuple(raw)
    if field is not None and field.type == "money" and isinstance(raw, dict) and raw.keys() == {"minor", "currency"}:
        currency = raw["currency"]
        return Money(raw["minor"], currency) if isinstance(currency, str) else raw
    return raw


def _check_place(view: TenantView, key: Key, pipeline: str, stage: str, faults: Faults) -> None:
    """Check that pipeline and stage exist; of a save without a pipeline only that some pipeline has the stage."""
    if key.item_type.partition(".")[0] not in STAGED:
        if pipeline or stage:
            faults.add("stage" if stage else "pipeline", "unknown_stage", f"{key.item_type} has no stages")
        return
    own = [found for (kind, _), found in view.pipelines.items() if kind == key.item_type]
    chosen = [found for found in own if not pipeline or found.id == pipeline]
    if not chosen:
        faults.add("pipeline", "unknown_pipeline", f"{key.item_type} has no pipeline {pipeline or '(default)'}"[:200])
    elif stage and all(place.id != stage for found in chosen for place in found.stages):
        faults.add("stage", "unknown_stage", f"no such stage: {stage}"[:200])


def _default_pipeline(view: TenantView, key: Key, pipeline: str) -> str:
    default = None if pipeline else view.default_pipeline(key.item_type)
    return default.id if default else pipeline


def _create(view: TenantView, key: Key, body: b.CreateBody, faults: Faults) -> c.CreateItem:
    _check_place(view, key, _default_pipeline(view, key, body.pipeline), body.stage, faults)
    return c.CreateItem(
        _fields(view, key, body.fields, faults), body.pipeline, body.stage, body.responsible, tuple(body.observers),
        rows_of(view, body.rows, faults), _links(body.links),
        process_params=_process_params(view, key, body.process_params, faults),
    )  # fmt: skip


def _save(view: TenantView, key: Key, body: b.SaveBody, faults: Faults) -> c.SaveItem:
    if body.pipeline is not None or body.stage is not None:
        _check_place(view, key, body.pipeline or "", body.stage or "", faults)
    return c.SaveItem(
        _fields(view, key, body.fields, faults), body.pipeline, body.stage, body.responsible,
        None if body.observers is None else tuple(body.observers),
        None if body.rows is None else rows_of(view, body.rows, faults),
        _links(body.link), _links(body.unlink),
        process_params=_process_params(view, key, body.process_params, faults),
    )  # fmt: skip


def _comment(_view: TenantView, _key: Key, body: b.CommentBody, _faults: Faults) -> c.AddComment:
    return c.AddComment(Personal(body.text))


def _activity(_view: TenantView, _key: Key, body: b.ActivityBody, _faults: Faults) -> c.RecordActivity:
    return c.RecordActivity(body.activity_id, body.activity, Personal(body.subject))


def _plan(_view: TenantView, _key: Key, body: b.PlanBody, faults: Faults) -> ac.PlanActivity:
    if body.start is None and body.activity != "activity":
        faults.add("start", "missing", f"a {body.activity} begins at a time")
    if body.end is not None and body.end < (body.start or 0):
        faults.add("end", "invalid_period", "it ends before it starts")
    return ac.PlanActivity(
        body.activity, Personal(body.subject), Personal(body.description), body.start or 0, body.end or 0,
        Personal(body.place), body.responsible, body.important, body.complete_on_status_change,
        -1 if body.remind_before is None else body.remind_before,
    )  # fmt: skip


def _complete_activity(
    _view: TenantView, _key: Key, body: b.CompleteActivityBody, _faults: Faults
) -> ac.CompleteActivity:
    return ac.CompleteActivity(body.activity_id)


def _delete_activity(_view: TenantView, _key: Key, body: b.DeleteActivityBody, _faults: Faults) -> ac.DeleteActivity:
    return ac.DeleteActivity(body.activity_id)


def _save_details(view: TenantView, key: Key, body: b.SaveDetailsBody, faults: Faults) -> c.SaveDetails:
    parts = {place_of(kind, part): text for kind, of in body.addresses.items() for part, text in of.items()}
    template = view.details_template(body.template)
    if key.item_type not in details.OWNERS:
        faults.add("item_type", "no_details", f"a {key.item_type} has no details records")
    elif template is None:
        faults.add("template", "unknown_template", f"there is no details template {body.template!r}"[:200])
    defined = {field.code: field for field in template.fields} if template else {}
    values = {code: _value(defined.get(code), raw) for code, raw in body.fields.items()} | parts
    return c.SaveDetails(body.record_id, body.template, _details(template, values, faults) if template else {})


def _details(template: DetailsTemplate, values: Mapping[str, Value], faults: Faults) -> Mapping[str, Value]:
    checked_values: dict[str, Value] = {}
    for code, value in values.items():
        try:
            checked_values |= details.check(template.fields, {code: value})
        except ChangeRefusedError as refused:
            path, _, message = refused.detail.partition(": ")
            faults.add(path, refused.reason, message)
    return checked_values


def _delete_details(_view: TenantView, _key: Key, body: b.DeleteDetailsBody, _faults: Faults) -> c.DeleteDetails:
    return c.DeleteDetails(body.record_id)


def _delete(_view: TenantView, _key: Key, _body: b.DeleteBody, _faults: Faults) -> c.DeleteItem:
    return c.DeleteItem()


_MAKERS: Mapping[type, Callable[[TenantView, Key, Any, Faults], Any]] = {
    b.CreateBody: _create,
    b.SaveBody: _save,
    b.CommentBody: _comment,
    b.ActivityBody: _activity,
    b.PlanBody: _plan,
    b.CompleteActivityBody: _complete_activity,
    b.DeleteActivityBody: _delete_activity,
    b.SaveDetailsBody: _save_details,
    b.DeleteDetailsBody: _delete_details,
    b.DeleteBody: _delete,
}


def rows_of(view: TenantView | None, given: Sequence[b.RowBody], faults: Faults) -> tuple[ProductRow, ...]:
    """Return rows of products as the core holds them; what a row leaves out is that of its product."""
    return tuple(_row(view, row, f"rows[{at}]", faults) for at, row in enumerate(given))


def _row(view: TenantView | None, row: b.RowBody, path: str, faults: Faults) -> ProductRow:
    name, price, unit = row.name, Money(row.price.minor, row.price.currency) if row.price else None, row.unit
    product = view.product(row.product_id) if view else None
    if product is not None:
        name = product.name if name is None else name
        price = price or Money(product.price.minor, product.price.currency)
        unit = product.unit if unit is None else unit
    if name is None or price is None:
        faults.add(f"{path}.product_id", "unknown_product", "give name and price, or a product of the catalogue")
    return ProductRow(
        row.product_id, name or "", row.quantity_milli, price or Money(0, ""), row.row_id, row.discount_milli,
        unit or "",
    )  # fmt: skip


def _links(given: Sequence[b.LinkBody]) -> tuple[Link, ...]:
    return tuple(Link(link.item_type, link.item_id, link.relation) for link in given)
