"""Shop orders and the items that they are linked to (spec 1.13)."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from automation.envelope import Key
from automation.payments.changes import LinkOrder, RegisterOrder
from automation.payments.evolve import evolve
from automation.payments.state import ORDER, Document, PayableState, initial, outstanding
from automation.values import Money
from services.gateway import bodies as b
from services.gateway.access import caller_of
from services.gateway.asking import ask
from services.gateway.changes import Faults, rows_of
from services.gateway.idempotency import once
from services.gateway.json_body import checked_as, read_json
from services.gateway.operations import needs
from services.gateway.payables import send_to_payable
from services.gateway.ports import ports_of
from services.gateway.problems import not_found
from services.gateway.show import answer
from services.history.queries import History

ROUTER = APIRouter(prefix="/v1/orders", tags=["payments"])


@ROUTER.post("", status_code=202, **needs("write", b.OrderBody))
async def register_order(request: Request) -> Response:
    """Register an order, or its new amount; items named again stay linked."""
    caller, ports = caller_of(request), ports_of(request)

    async def work() -> Response:
        body = checked_as(b.OrderBody, await read_json(request))
        key = Key(caller.tenant, ORDER, body.order_id)
        amount = Money(body.amount.minor, body.amount.currency)
        faults = Faults()
        rows = rows_of(ports.shelf.book.tenant(caller.tenant), body.rows, faults)
        faults.end()
        change = RegisterOrder(amount, _items(caller.tenant, body.items), rows)
        change_id = await send_to_payable(request, key, change, body.occurred_at)
        return answer({"change_id": change_id, "status": "taken"}, HTTPStatus.ACCEPTED)

    return await once(ports.answers, request, caller.tenant, work)


@ROUTER.post("/{order_id}/items", status_code=202, **needs("write", b.ItemRef))
async def link_order(request: Request, order_id: Annotated[b.Id, Path()]) -> Response:
    """Link an item to an order."""
    caller, ports = caller_of(request), ports_of(request)

    async def work() -> Response:
        body = checked_as(b.ItemRef, await read_json(request))
        (item,) = _items(caller.tenant, [body])
        change_id = await send_to_payable(request, Key(caller.tenant, ORDER, order_id), LinkOrder(item), None)
        return answer({"change_id": change_id, "status": "taken"}, HTTPStatus.ACCEPTED)

    return await once(ports.answers, request, caller.tenant, work)


@ROUTER.get("/{order_id}", **needs("read"))
async def order(request: Request, order_id: Annotated[b.Id, Path()]) -> Response:
    """Return an order: what is to be paid, what of it is outstanding, its items, and its payment documents."""
    key = Key(caller_of(request).tenant, ORDER, order_id)
    state = await ask(request, lambda history: _folded(history, key))
    if not state.registered:
        raise not_found("order")
    payments = [{"payment_id": name, **_shown(document)} for name, document in state.documents.items()]
    facts = {"order_id": order_id, "amount": state.amount, "outstanding": outstanding(state), "rows": state.rows}
    linked = [{"item_type": found.item_type, "item_id": found.item_id} for found in map(Key.parse, state.items)]
    return answer({**facts, "items": linked, "payments": payments, "version": state.version})


def _folded(history: History, key: Key) -> PayableState:
    state, page = initial(), history.events(key, log="payment")
    while page:
        for recorded in page:
            state = evolve(state, recorded)
        page = history.events(key, after=state.version, log="payment")
    return state


def _shown(document: Document) -> dict[str, Any]:
    return {"status": document.status, "amount": document.amount, "link": document.link}


def _items(tenant: str, given: Sequence[b.ItemRef]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(Key(tenant, item.item_type, item.item_id).text for item in given))
