"""The edge face of payables: what it reads, refuses, writes and signs, without a broker."""

from __future__ import annotations

from typing import Any

import pytest

from automation.envelope import Key
from automation.items.changes import ChangeFrame, ReportPayment
from automation.payments.changes import LinkOrder, ProviderNotice, RecordPayment, RegisterOrder, RequestPayment
from automation.payments.ids import payment_id
from automation.values import Money, Personal
from services.edge.stream import UnreadableError
from services.edge.topics import Topics
from services.payment_tracker.bootstrap import Codecs, build_stream
from services.payment_tracker.settings import TrackerSettings

DEAL = Key("acme", "deal", "7")
ORDER = Key("acme", "order", "A1")
EUR_100 = Money(10_000, "EUR")
CODECS = Codecs.of([b"a signing key of thirty-two bytes"])
STREAM = build_stream(Topics("t."), CODECS, "https://pay.example/{}".format, "test")
ASK = RequestPayment("e1", "r1", DEAL.text, "", EUR_100, (), Personal("Chairs"))
NOTICE = ProviderNotice("generic", "n1", payment_id(DEAL, "e1", 1), "paid", EUR_100, 5, "digest")


def frame(key: Key = DEAL, change_id: str = "c1") -> ChangeFrame:
    """Return the frame of an outside change."""
    return ChangeFrame(change_id, *key, 1, "rest_api", "", 0, "", "", 0, 0, b"")


def read(key: Key, change: Any, codecs: Codecs = CODECS, record_key: bytes | None = None) -> Any:
    """Read a change as it arrives in `crm.payments`."""
    return STREAM.read_change(record_key or key.text.encode(), codecs.payments.encode(frame(key), change), ())


def decided(*changes: Any) -> Any:
    """Return the last decision on the deal's changes."""
    state = STREAM.initial()
    for number, change in enumerate(changes):
        decision = STREAM.decide(state, (frame(DEAL, f"c{number}"), change), 1_000)
        state = decision.state
    return decision


@pytest.mark.parametrize("change", [ASK, NOTICE, RecordPayment(NOTICE.payment_id, "paid", 5)])
def test_a_change_is_read_as_it_was_written(change):
    """Requests, notices and records by hand, on their payable's key."""
    read_frame, body = read(DEAL, change)
    assert (body, read_frame.key, STREAM.key_of((read_frame, body))) == (change, DEAL, b"acme/deal/7")


@pytest.mark.parametrize("change", [ASK, NOTICE])
def test_a_forged_request_or_notice_is_refused(change):
    """Who does not know the signing secret makes no payment and pays none."""
    with pytest.raises(UnreadableError) as refused:
        read(DEAL, change, Codecs.of([b"another key that nobody knows"]))
    assert refused.value.reason == "unsigned"


def test_a_rotated_signing_secret_is_still_accepted():
    """The second secret is the one before the rotation."""
    rotated = Codecs.of([b"a signing key of thirty-three byt", b"a signing key of thirty-two bytes"])
    value = CODECS.payments.encode(frame(), ASK)
    assert rotated.payments.decode(value)[1] == ASK


@pytest.mark.parametrize(
    ("key", "change"),
    [
        (ORDER, RegisterOrder(EUR_100, ("rival/deal/7",))),
        (ORDER, LinkOrder("rival/deal/7")),
        (ORDER, NOTICE),
        (ORDER, ASK),
        (DEAL, RecordPayment("no payment id", "paid", 5)),
    ],
)
def test_a_change_that_does_not_fit_its_payable_is_parked(key, change):
    """Foreign tenants, other payables, and ids that are none, by the tenant's own fault."""
    with pytest.raises(UnreadableError) as refused:
        read(key, change)
    assert (refused.value.reason, refused.value.ours, refused.value.tenant) == ("invalid", False, "acme")


def test_a_record_on_another_key_or_without_a_value_is_parked():
    """Key and body agree, and there is a body."""
    with pytest.raises(UnreadableError, match="key_mismatch"):
        read(DEAL, ASK, record_key=b"acme/deal/8")
    with pytest.raises(UnreadableError, match="undecodable"):
        STREAM.read_change(b"acme/deal/7", None, ())


def test_events_come_back_from_the_log_as_they_were_written():
    """Those of a request and of its payment, with the payable's key."""
    for decision in (decided(ASK), decided(ASK, NOTICE)):
        (recorded,) = decision.events
        output = STREAM.write_event(recorded)
        assert (output.topic, output.key) == ("t.crm.payment-events", b"acme/deal/7")
        assert STREAM.read_event(output.value, output.headers) == recorded


def test_a_state_comes_back_from_its_snapshot():
    """Documents, change ids and notices included."""
    state = decided(ASK, NOTICE).state
    assert STREAM.read_state(STREAM.write_state(state)) == state
    assert STREAM.read_state(STREAM.write_state(STREAM.initial())) == STREAM.initial()


def test_items_are_told_on_their_key_and_signed():
    """The engine refuses reports without a signature."""
    (recorded,) = decided(ASK, NOTICE).events
    (output,) = STREAM.outputs(recorded)
    told_frame, told = CODECS.items.decode(output.value)
    assert (output.topic, output.key) == ("t.crm.changes", b"acme/deal/7")
    assert (told_frame.key, type(told), told.status) == (DEAL, ReportPayment, "paid")


def test_secrets_of_the_settings_do_not_show(monkeypatch):
    """Printed settings blank them; the signing secrets are a list."""
    monkeypatch.setenv("STAGEWIRE_PAYMENT_TRACKER_LINK_SECRET", "canary-link-secret-of-32-letters!")
    monkeypatch.setenv("STAGEWIRE_SIGNING_SECRETS", "canary-new-signing-key, canary-old-signing-key")
    settings = TrackerSettings()
    assert "canary" not in repr(settings)
    assert settings.signing_keys() == [b"canary-new-signing-key", b"canary-old-signing-key"]
