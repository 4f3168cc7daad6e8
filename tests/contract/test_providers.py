"""Every provider of the folder keeps the same promises, and every recorded webhook ends as its file says."""

from __future__ import annotations

import base64
import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automation.envelope import Key
from automation.items.changes import ChangeFrame
from automation.payments.changes import ProviderNotice, RequestPayment
from automation.payments.decide import decide
from automation.payments.events import NoticeIgnored, PaymentDocumentPaid, PaymentDocumentVoided
from automation.payments.evolve import evolve
from automation.payments.ids import payment_id
from automation.payments.state import initial
from automation.values import Money, Personal
from services.payment_tracker.provider import Provider, WebhookRefused, load_providers
from services.payment_tracker.webhook import Received, receive

DEAL = Key("acme", "deal", "7")
NOW = 1_700_000_000_000
SECRET = "a secret of thirty-two characters"
OTHER_SECRET = "one more secret, not of this one"
PROVIDERS = load_providers()
HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature", "stripe-signature", "Webhook-Id", "content-type")
FIELDS = ("id", "type", "data", "object", "payment_id", "amount_minor", "currency", "metadata", "created", "paid_at")
CASES = sorted((Path(__file__).parents[1] / "fixtures" / "webhooks").glob("*.json"))


def notice_of(provider: Provider, status: str = "paid") -> ProviderNotice:
    """Return a notice about the deal's first payment document."""
    paid_at = NOW - 10_000
    return ProviderNotice(provider.name, "n1", payment_id(DEAL, "e1", 1), status, Money(10_000, "EUR"), paid_at)


def deliver(provider: Provider, body: bytes, secrets: tuple[str, ...] = (SECRET,), now: int = NOW) -> Received | None:
    """Receive a body that was signed with the current secret at `NOW`."""
    return receive(provider, "acme", provider.sign("n1", body, SECRET, NOW), body, secrets, now)


@pytest.fixture(params=PROVIDERS.values(), ids=PROVIDERS)
def provider(request: pytest.FixtureRequest) -> Provider:
    """Each provider of the folder."""
    return request.param


@pytest.mark.parametrize("status", ["paid", "failed", "voided"])
def test_a_signed_notice_reaches_its_payable(provider, status):
    """What a provider composes it also reads, and the key is that of the payable."""
    notice = notice_of(provider, status)
    received = deliver(provider, provider.compose(notice))
    assert received is not None
    assert (received.key, received.frame.key) == (DEAL, DEAL)
    assert dataclasses.replace(received.notice, body_digest="") == notice


def test_a_change_of_any_byte_is_refused(provider):
    """The signature is over the raw bytes."""
    body = provider.compose(notice_of(provider))
    headers = provider.sign("n1", body, SECRET, NOW)
    for at in range(len(body)):
        changed = body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]
        with pytest.raises(WebhookRefused, match="signature_invalid"):
            receive(provider, "acme", headers, changed, (SECRET,), NOW)


def test_another_secret_is_refused(provider):
    """Another tenant's secret, for example."""
    with pytest.raises(WebhookRefused) as refused:
        deliver(provider, provider.compose(notice_of(provider)), (OTHER_SECRET,))
    assert (refused.value.reason, refused.value.status) == ("signature_invalid", 401)


def test_either_secret_counts_during_a_rotation(provider):
    """The new and the old one."""
    assert deliver(provider, provider.compose(notice_of(provider)), (OTHER_SECRET, SECRET))


@pytest.mark.parametrize("seconds", [301, -301])
def test_a_webhook_of_another_time_is_refused(provider, seconds):
    """Five minutes either way, so that a recording cannot be played later."""
    with pytest.raises(WebhookRefused, match="timestamp"):
        deliver(provider, provider.compose(notice_of(provider)), now=NOW + seconds * 1_000)


def test_a_repeat_is_the_same_change(provider):
    """Sent again later with a new signature, on any worker."""
    body = provider.compose(notice_of(provider))
    later = provider.sign("n1", body, SECRET, NOW + 3_600_000)
    first, second = deliver(provider, body), receive(provider, "acme", later, body, (SECRET,), NOW + 3_600_000)
    assert first is not None
    assert second is not None
    assert first.frame.change_id == second.frame.change_id


def test_another_body_under_the_same_id_is_another_change(provider):
    """It reaches the decision, which notes it."""
    received = [deliver(provider, provider.compose(notice_of(provider, status))) for status in ("paid", "voided")]
    assert len({one.frame.change_id for one in received if one}) == 2
    assert len({one.notice.body_digest for one in received if one}) == 2


def test_a_payment_of_another_tenant_is_unknown(provider):
    """The tenant of the URL and its secrets is the payment's, or there is no payment."""
    body = provider.compose(notice_of(provider))
    with pytest.raises(WebhookRefused, match="unknown_payment"):
        receive(provider, "rival", provider.sign("n1", body, SECRET, NOW), body, (SECRET,), NOW)


@given(body=st.binary(max_size=200), headers=st.dictionaries(st.sampled_from(HEADERS), st.text(max_size=80)))
def test_nothing_unsigned_gets_through_or_breaks_the_door(body, headers):
    """Whatever bytes and headers arrive, the answer is a refusal with a status of the client's fault."""
    for provider in PROVIDERS.values():
        with pytest.raises(WebhookRefused) as refused:
            receive(provider, "acme", headers, body, (SECRET,), NOW)
        assert 400 <= refused.value.status < 500


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=8), inner),
    max_leaves=20,
)


@given(said=st.dictionaries(st.sampled_from(FIELDS), JSON))
def test_nothing_signed_breaks_the_door(said):
    """A provider that sends nonsense under a right signature is refused or ignored, never an error of ours."""
    body = json.dumps(said).encode()
    for provider in PROVIDERS.values():
        try:
            deliver(provider, body)
        except WebhookRefused as refused:
            assert 400 <= refused.status < 500  # noqa: PT017 - being accepted is as fine


def test_every_file_of_the_folder_is_a_provider():
    """The folder is the list."""
    assert set(PROVIDERS) == {"generic", "simulated", "stripe"}
    assert all(provider.name == name for name, provider in PROVIDERS.items())


class Payments:
    """The payable `acme/deal/7` with one unpaid document of 100 euro, and what arrived for it."""

    def __init__(self) -> None:
        self.state = initial()
        self.log: list[Any] = []
        frame = ChangeFrame("ask", *DEAL, NOW, "automation_rule", "", 0, "", "", 0, 0, b"")
        self.handle(frame, RequestPayment("e1", "r1", DEAL.text, "", Money(10_000, "EUR"), (), Personal("Chairs")))

    def handle(self, frame: ChangeFrame, change: Any) -> None:
        """Decide on a change and keep its events."""
        decided = decide(self.state, frame, change, NOW, str, "test")
        self.state = decided.state
        self.log.extend(decided.events)

    def restart(self) -> None:
        """Lose the state and fold the log anew."""
        self.state = initial()
        for recorded in self.log:
            self.state = evolve(self.state, recorded)

    def events(self, kind: type) -> list[Any]:
        """Return the events of one type."""
        return [recorded.event for recorded in self.log if isinstance(recorded.event, kind)]


def outcome(case: dict[str, Any], delivery: dict[str, Any]) -> tuple[str, int | None, Received | None]:
    """Receive a delivery: `accepted`, `ignored` or the reason of the refusal with its status."""
    raw = base64.b64decode(delivery["body_base64"]) if "body_base64" in delivery else delivery["body"].encode()
    body = raw + b" " * delivery.get("body_padding", 0)
    provider = PROVIDERS[case["provider"]]
    try:
        received = receive(provider, case["tenant"], delivery["headers"], body, case["secrets"], delivery["now"])
    except WebhookRefused as refused:
        return refused.reason, refused.status, None
    return ("accepted" if received else "ignored"), None, received


@pytest.mark.parametrize("path", CASES, ids=[path.stem for path in CASES])
def test_a_recorded_webhook_ends_as_its_file_says(path):
    """Each delivery is believed, ignored or refused, and the payable's log holds the effects named, no more."""
    case = json.loads(path.read_text())
    payments, waiting = Payments(), []
    for delivery in case["deliveries"]:
        if delivery.get("restart"):
            payments.restart()
        for _ in range(delivery.get("repeat", 1)):
            said, status, received = outcome(case, delivery)
            assert (said, status) == (delivery["expect"], delivery.get("status"))
        waiting += [received] if received else []
        while waiting and not case.get("received_first"):
            payments.handle(waiting[0].frame, waiting.pop(0).notice)
    for received in waiting:
        payments.handle(received.frame, received.notice)
    assert len(payments.events(PaymentDocumentPaid)) == case["paid"]
    assert len(payments.events(PaymentDocumentVoided)) == case["voided"]
    assert [event.reason for event in payments.events(NoticeIgnored)] == case["ignored"]
