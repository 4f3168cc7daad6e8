"""The public page behind a payment link, with the simulated provider's button where that is switched on."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from automation.envelope import stable_id
from automation.payments.changes import ProviderNotice
from automation.payments.page import Page
from services.gateway.operations import needs
from services.gateway.pay_page import HEADERS, render, render_unknown
from services.gateway.ports import Ports, ports_of
from services.gateway.problems import Problem, not_found
from services.gateway.receiving import take_notice

ROUTER = APIRouter(prefix="/pay", tags=["payment pages"])

Token = Annotated[str, Path(description="The last part of a payment link; anything else is an unknown link.")]
_SENT = "sent"
_PROVIDER = "simulated"


@ROUTER.get("/{token}", response_class=HTMLResponse, **needs("public"))
async def payment_page(request: Request, token: Token) -> Response:
    """Show what is to be paid: amount, products, and whether it is paid already."""
    ports = ports_of(request)
    page = ports.pages.lookup(token)
    if page is None:
        return HTMLResponse(render_unknown(), 404, dict(HEADERS))
    shown = render(page, simulated=_can_simulate(ports, page), sent=_SENT in request.query_params)
    return HTMLResponse(shown, headers=dict(HEADERS))


@ROUTER.post("/{token}", status_code=303, response_class=HTMLResponse, **needs("public"))
async def pay_simulated(request: Request, token: Token) -> Response:
    """Pay with the simulated provider: its signed notice goes the way of every webhook."""
    ports = ports_of(request)
    page = ports.pages.lookup(token)
    if page is None or not _can_simulate(ports, page):
        raise not_found("payment")
    if not page.takes_payment:
        raise Problem(409, "settled", "this payment is settled already")
    await _notify(ports, page)
    return RedirectResponse(f"/pay/{token}?{_SENT}", 303, dict(HEADERS))


def _can_simulate(ports: Ports, page: Page) -> bool:
    return ports.simulated and bool(ports.secrets.of(page.payable.tenant, _PROVIDER))


async def _notify(ports: Ports, page: Page) -> None:
    """Say what the provider would say; a second click is another notice, which changes nothing."""
    provider, tenant, now = ports.providers[_PROVIDER], page.payable.tenant, ports.clock.now()
    notice_id = stable_id("simulated", page.payment_id, now)
    notice = ProviderNotice(_PROVIDER, notice_id, page.payment_id, "paid", page.amount, now)
    body = provider.compose(notice)
    headers = provider.sign(notice_id, body, ports.secrets.of(tenant, _PROVIDER)[0], now)
    await take_notice(ports, tenant, _PROVIDER, headers, body)
