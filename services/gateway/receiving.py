"""Payment notices on their way in: believed by their raw bytes, then sent to their payable."""

from __future__ import annotations

from collections.abc import Mapping

from services.gateway.ports import Ports
from services.gateway.problems import Problem, not_found, unavailable
from services.gateway.sending import Letter
from services.payment_tracker.provider import WebhookRefused
from services.payment_tracker.webhook import receive


async def take_notice(ports: Ports, tenant: str, name: str, headers: Mapping[str, str], body: bytes) -> None:
    """Verify a webhook and send its notice; a repeat is taken again and has no second effect. Raises `Problem`."""
    provider = ports.providers.get(name)
    secrets = ports.secrets.of(tenant, name)
    if provider is None or not secrets or (name == "simulated" and not ports.simulated):
        raise not_found("webhook")
    try:
        received = receive(provider, tenant, headers, body, secrets, ports.clock.now())
    except WebhookRefused as refused:
        raise Problem(refused.status, refused.reason, "the webhook was not believed") from None
    if received is None:
        return
    (fate,) = await ports.outbox.send([Letter("payments", received.frame, received.notice)])
    if fate != "taken":
        raise unavailable("Kafka did not confirm the notice; send it again")
