"""What makes a change unfit for its item, whatever the item's state: it never reaches a decision (design section 2).

Values of fields are checked against their definitions in `fields.py`; here stands what needs no definition.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from automation.envelope import Key
from automation.errors import ChangeRefusedError
from automation.items import activity_changes as ac
from automation.items import changes as c
from automation.items import process_changes as pc
from automation.items.activity_changes import LENGTHS
from automation.items.parts import Link, ProductRow
from automation.values import Money

LONGEST_ID = 200
"""Characters of a part of a key, and of the ids of people, activities and products."""
LONGEST_NAME = 500
"""Characters of other names: a payment id contains its payable's key, an actor says what kind it is of."""
LONGEST_LINK = 2_000
LONGEST_TARGET = 4_000
"""Characters of a link in an e-mail."""
MOST_QUANTITY = 10**12
WHOLE_DISCOUNT = 100_000
"""A discount of a hundred percent."""
MOST_MINOR = 10**15
"""A row's sum stays far from where 64 bits end only within these."""
LAST_MOMENT = 253_402_300_799_999
"""The end of the year 9999: there is no later date to show."""
FIRST_MOMENT = -62_135_596_800_000
"""The beginning of the year 1."""
DEEPEST = 1_000
"""Far beyond the loop guard, far below where adding to it would overflow."""
PAYMENT_STATUSES = ("unpaid", "paid", "voided")
EMAIL_SEEN = ("opened", "clicked")
OUTCOME_STATUSES = ("completed", "skipped", "failed")

_CURRENCY = re.compile(r"[A-Z]{3}")


def admit(frame: c.ChangeFrame, change: c.ItemChange) -> None:
    """Raise `ChangeRefusedError`: `invalid_key`, `invalid_frame`, or `invalid_value` with the part of the change."""
    check_frame(frame)
    check = _CHECKS.get(type(change))
    if check is not None:
        check(frame, change)


def _check_key(key: Key) -> None:
    if not all(key) or "/" in key.tenant or "/" in key.item_type:
        raise ChangeRefusedError("invalid_key", "key: tenant, type or id is empty, or one of the first two has a `/`")
    if max(map(len, key)) > LONGEST_ID or not "".join(key).isprintable():
        raise ChangeRefusedError("invalid_key", f"key: a part has over {LONGEST_ID} or unprintable characters")


def check_frame(frame: c.ChangeFrame) -> None:
    """Raise `ChangeRefusedError` (`invalid_key`, `invalid_frame`) for what cannot stand in every event that follows."""
    _check_key(frame.key)
    texts = (frame.change_id, frame.source, frame.actor, frame.cause_id, frame.root_id)
    if not frame.change_id:
        raise ChangeRefusedError("invalid_frame", "change_id: empty, so that a repeat could not be told")
    if max(map(len, texts)) > LONGEST_NAME or not "".join(texts).isprintable():
        raise ChangeRefusedError("invalid_frame", f"an id has over {LONGEST_NAME} or unprintable characters")
    if not FIRST_MOMENT <= frame.occurred_at <= LAST_MOMENT:
        raise ChangeRefusedError("invalid_frame", "occurred_at: outside the years 1 to 9999")
    if not 0 <= frame.depth <= DEEPEST or frame.source_seq < 0 or frame.definitions_version < 0:
        raise ChangeRefusedError("invalid_frame", "depth, source_seq or definitions_version: out of range")


def _refuse(name: str, why: str) -> ChangeRefusedError:
    return ChangeRefusedError("invalid_value", f"{name}: {why}")


def _check_ids(longest: int, **named: str | None) -> None:
    for name, text in named.items():
        if text and (len(text) > longest or not text.isprintable()):
            raise _refuse(name, f"over {longest} or unprintable characters")


def check_money(name: str, money: Money) -> None:
    """Raise `ChangeRefusedError` for an amount out of range; no currency goes with no amount."""
    if not -MOST_MINOR <= money.minor <= MOST_MINOR:
        raise _refuse(name, "out of range")
    if not _CURRENCY.fullmatch(money.currency) and (money.minor or money.currency):
        raise _refuse(name, "the currency is no code of ISO 4217")


def check_rows(rows: Iterable[ProductRow]) -> None:
    """Raise `ChangeRefusedError` for the first row out of range, or with the id of another one."""
    named: set[str] = set()
    for number, row in enumerate(rows):
        _check_row(f"rows[{number}]", row)
        if row.row_id in named:
            raise _refuse(f"rows[{number}].row_id", "another row has it")
        if row.row_id:
            named.add(row.row_id)


def _check_row(path: str, row: ProductRow) -> None:
    ids = {"product_id": row.product_id, "row_id": row.row_id, "unit": row.unit}
    _check_ids(LONGEST_ID, **{f"{path}.{name}": text for name, text in ids.items()})
    if not 0 <= row.quantity_milli <= MOST_QUANTITY:
        raise _refuse(f"{path}.quantity_milli", "out of range")
    if not 0 <= row.discount_milli <= WHOLE_DISCOUNT:
        raise _refuse(f"{path}.discount_milli", "out of range")
    check_money(f"{path}.price", row.price)


def _check_links(links: Iterable[Link]) -> None:
    for link in links:
        if not (link.item_type and link.item_id) or "/" in link.item_type:
            raise _refuse("links", "an item's type or id is empty, or the type has a `/`")
        _check_ids(LONGEST_ID, **{"links.item_type": link.item_type, "links.item_id": link.item_id})
        _check_ids(LONGEST_ID, **{"links.relation": link.relation})


def _check_people(responsible: str | None, observers: Iterable[str]) -> None:
    _check_ids(LONGEST_ID, responsible=responsible)
    for user in observers:
        _check_ids(LONGEST_ID, observers=user)


def _create(_frame: c.ChangeFrame, change: c.CreateItem) -> None:
    _check_people(change.responsible, change.observers)
    check_rows(change.rows)
    _check_links(change.links)


def _save(_frame: c.ChangeFrame, change: c.SaveItem) -> None:
    _check_people(change.responsible, change.observers or ())
    check_rows(change.rows or ())
    _check_links((*change.link, *change.unlink))


def _save_details(_frame: c.ChangeFrame, change: c.SaveDetails) -> None:
    _check_record(change.record_id)
    _check_ids(LONGEST_ID, template=change.template)


def _delete_details(_frame: c.ChangeFrame, change: c.DeleteDetails) -> None:
    _check_record(change.record_id)


def _check_record(record_id: str) -> None:
    if not record_id:
        raise _refuse("record_id", "empty")
    _check_ids(LONGEST_ID, record_id=record_id)


def _requested(frame: c.ChangeFrame, change: c.RequestItem) -> None:
    _check_people(change.responsible, change.observers)
    check_rows(change.rows)
    _check_links(change.links)
    _check_ids(LONGEST_NAME, effect_id=change.effect_id, run_id=change.run_id, on_behalf_of=change.on_behalf_of)
    _check_reply(frame, change.reply_to)


def _activity(_frame: c.ChangeFrame, change: c.RecordActivity) -> None:
    _check_ids(LONGEST_NAME, activity_id=change.activity_id, kind=change.kind)


def _planned(_frame: c.ChangeFrame, change: ac.PlanActivity) -> None:
    if change.kind not in LENGTHS:
        raise _refuse("kind", f"none of {', '.join(LENGTHS)}")
    if not change.start and change.kind != "activity":
        raise _refuse("start", "a call or meeting begins at a time")
    for name, moment in (("start", change.start), ("end", change.end)):
        if not 0 <= moment <= LAST_MOMENT:
            raise _refuse(name, "outside the years 1970 to 9999")
    if not -1 <= change.remind_before <= LAST_MOMENT:
        raise _refuse("remind_before", "out of range")
    _check_ids(LONGEST_ID, responsible=change.responsible)


def _email_seen(_frame: c.ChangeFrame, change: c.ReportEmailSeen) -> None:
    if change.kind not in EMAIL_SEEN:
        raise _refuse("kind", f"none of {', '.join(EMAIL_SEEN)}")
    if not (change.effect_id and change.seen_id):
        raise _refuse("effect_id", "an id is empty")
    _check_ids(LONGEST_NAME, effect_id=change.effect_id, seen_id=change.seen_id)
    _check_ids(LONGEST_TARGET, link=change.link)


def _payment(_frame: c.ChangeFrame, change: c.ReportPayment) -> None:
    if change.status not in PAYMENT_STATUSES:
        raise _refuse("status", f"none of {', '.join(PAYMENT_STATUSES)}")
    if not change.payment_id:
        raise _refuse("payment_id", "empty")
    _check_ids(LONGEST_NAME, payment_id=change.payment_id, order_id=change.order_id)
    _check_ids(LONGEST_LINK, link=change.link)
    check_money("amount", change.amount)


def _asked(frame: c.ChangeFrame, change: c.AskItem) -> None:
    _check_ids(LONGEST_NAME, effect_id=change.effect_id, run_id=change.run_id, question=change.question)
    _check_ids(LONGEST_NAME, on_behalf_of=change.on_behalf_of)
    if change.reply_to:
        _check_reply(frame, change.reply_to)


def _check_reply(frame: c.ChangeFrame, reply_to: str) -> None:
    try:
        key = Key.parse(reply_to)
    except ValueError as error:
        raise _refuse("reply_to", "no key of an item") from error
    if key.tenant != frame.tenant:
        raise _refuse("reply_to", "an item of another tenant")


def _enrol(_frame: c.ChangeFrame, change: c.EnrolItem) -> None:
    _check_ids(LONGEST_ID, rule_id=change.rule_id, enrolment_id=change.enrolment_id, by=change.by)
    if change.rule_version < 1:
        raise _refuse("rule_version", "versions count from 1")


def _start(_frame: c.ChangeFrame, change: pc.StartProcess) -> None:
    _check_ids(LONGEST_ID, template_id=change.template_id)


def _control(_frame: c.ChangeFrame, change: pc.ControlProcess) -> None:
    _check_ids(LONGEST_NAME, instance_id=change.instance_id, place=change.place, reason=change.reason)


def _outcome(_frame: c.ChangeFrame, change: c.ReportOutcome) -> None:
    if change.status not in OUTCOME_STATUSES:
        raise _refuse("status", f"none of {', '.join(OUTCOME_STATUSES)}")
    _check_ids(LONGEST_NAME, effect_id=change.effect_id, run_id=change.run_id, reason=change.reason)


_CHECKS: Mapping[type, Callable[[c.ChangeFrame, Any], None]] = {
    c.CreateItem: _create,
    c.SaveItem: _save,
    c.SaveDetails: _save_details,
    c.DeleteDetails: _delete_details,
    c.RequestItem: _requested,
    c.RecordActivity: _activity,
    ac.PlanActivity: _planned,
    c.ReportEmailSeen: _email_seen,
    c.ReportPayment: _payment,
    c.AskItem: _asked,
    c.ReportOutcome: _outcome,
    c.EnrolItem: _enrol,
    pc.StartProcess: _start,
    pc.ControlProcess: _control,
}
