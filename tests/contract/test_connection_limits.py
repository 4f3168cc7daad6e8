"""Caps and quiet hours of a connection, counted before anything is sent."""

from __future__ import annotations

from aiokafka.errors import KafkaConnectionError

from automation.definitions import models as m
from services.edge.clock import SetClock
from services.edge.definitions import FixedDefinitions
from services.notifier.catalogue import load_channels
from services.notifier.channel import Delivery, Rejected, Retry
from services.notifier.connections import Connections
from services.notifier.gate import Gate
from services.notifier.quota import Quota
from tests.channel_world import (
    NOW,
    Case,
    case_of,
    sms,
)
from tests.core.spec import book_of
from tests.http_server import HttpServer


def _gate(case: Case, limits: m.ChannelLimits, clock: SetClock) -> Gate:
    settings = m.Settings(time_zone="Europe/Berlin", channels={"sms": limits})
    return Gate(Connections(FixedDefinitions(book_of(settings))), Quota(case.resources.database), clock)


def _delivery(effect_id: str, item: str = "deal/42", tenant: str = "acme") -> Delivery:
    return Delivery(tenant, effect_id, f"{tenant}/{item}", sms(), 1, NOW)


async def test_quiet_hours_hold_a_message_and_a_cap_refuses_it() -> None:
    """22:13 UTC is 23:13 in Berlin; in the morning two pass, the third does not, the next day it would."""
    async with HttpServer().serving() as server:
        case = case_of("recording", "sms", server)
    clock = SetClock(NOW)
    gate = _gate(case, m.ChannelLimits(daily_cap=2, quiet_from="22:00", quiet_until="08:00"), clock)
    held = await gate.check("sms", _delivery("a"))
    assert held is not None
    assert held.until == 1_700_031_600_000  # type: ignore[union-attr]  # 08:00 in Berlin
    clock.move_to(1_700_031_600_000)
    found = [await gate.check("sms", _delivery(name)) for name in ("a", "b", "a", "c")]
    assert found == [None, None, None, Rejected("daily_cap_reached", "cap of 2")]
    clock.move_to(1_700_031_600_000 + 86_400_000)
    assert await gate.check("sms", _delivery("c")) is None


async def test_what_cannot_be_counted_is_tried_again() -> None:
    """A message that was not sent is not one of unknown fate."""
    async with HttpServer().serving() as server:
        case = case_of("recording", "sms", server)
    gate = _gate(case, m.ChannelLimits(daily_cap=2), SetClock(NOW))
    with case.resources.database.transaction() as transaction:
        transaction.run("DROP TABLE quota_days")
    assert await gate.check("sms", _delivery("a")) == Retry("not counted")


async def test_definitions_that_cannot_be_read_are_no_missing_connection() -> None:
    """While Kafka is away nobody knows what is connected."""

    class Away(FixedDefinitions):
        async def catch_up(self, version: int | None) -> None:
            raise KafkaConnectionError

    async with HttpServer().serving() as server:
        case = case_of("twilio", "sms", server)
        channel = load_channels()["sms"].open(case.resources._replace(connections=Connections(Away(book_of()))))
        assert await case._replace(channel=channel).send() == Retry("KafkaConnectionError")


async def test_other_channels_tenants_and_tests_have_no_limits_of_it() -> None:
    """A test that people send is sent now."""
    async with HttpServer().serving() as server:
        case = case_of("recording", "sms", server)
    gate = _gate(case, m.ChannelLimits(quiet_from="00:00", quiet_until="23:59"), SetClock(NOW))
    assert await gate.check("sms", _delivery("a")) is not None
    assert await gate.check("messenger", _delivery("a")) is None
    assert await gate.check("sms", _delivery("a", tenant="globex")) is None
    assert await gate.check("sms", _delivery("a", "connection/c")) is None
