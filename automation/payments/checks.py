"""What makes a change unfit for its payable, whoever sent it: it never reaches a decision."""

from __future__ import annotations

from collections.abc import Sequence

from automation.envelope import Key
from automation.errors import ChangeRefusedError
from automation.items.changes import ChangeFrame
from automation.items.door import check_frame, check_money, check_rows
from automation.payments.changes import (
    LinkOrder,
    PaymentChange,
    ProviderNotice,
    ReadPayment,
    RecordPayment,
    RegisterOrder,
    RequestPayment,
)
from automation.payments.ids import payable_of, too_long
from automation.payments.state import ORDER


def flaw(frame: ChangeFrame, change: PaymentChange) -> str | None:
    """Return what is wrong with the change, `None` if it may be decided on."""
    try:
        check_frame(frame)
        _check_amounts(change)
    except ChangeRefusedError as refused:
        return str(refused)
    if too_long(frame.key):
        return "the payable's id is too long"
    foreign = next((item for item in _items(change) if not _same_tenant(frame, item)), None)
    if foreign is not None:
        return f"{foreign[:200]!r} is no item of the payable's tenant"
    return _misdirected(frame, change)


def _check_amounts(change: PaymentChange) -> None:
    if isinstance(change, RegisterOrder | RequestPayment):
        check_money("amount", change.amount)
        check_rows(change.rows)


def _items(change: PaymentChange) -> Sequence[str]:
    match change:
        case RegisterOrder():
            return change.items
        case LinkOrder() | RequestPayment() | ReadPayment():
            return (change.item,)
        case _:
            return ()


def _same_tenant(frame: ChangeFrame, item: str) -> bool:
    try:
        return Key.parse(item).tenant == frame.tenant
    except ValueError:
        return False


def _misdirected(frame: ChangeFrame, change: PaymentChange) -> str | None:
    match change:
        case RequestPayment():
            expected = Key(frame.tenant, ORDER, change.order_id).text if change.order_id else change.item
            return None if expected == frame.key.text else f"the request belongs to {expected[:200]!r}"
        case ProviderNotice() | RecordPayment():
            return None if payable_of(change.payment_id) == frame.key else "the payment belongs to another payable"
        case _:
            return None
