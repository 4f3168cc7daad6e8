"""The notifier with providers that note each call in a file: `python -m tests.chaos.providers`, set up as the real one.

Notifications go to a provider that recognises keys, mails to one that does not. Each call takes a while before and
after the moment at which it has its effect, so that a kill hits both.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from automation.items.effects import ClientEmailRequested, NotificationRequested
from services.edge.kafka import KafkaSettings
from services.edge.log import set_up_logging
from services.edge.topics import Topics, TopicSettings
from services.notifier.__main__ import run
from services.notifier.bootstrap import Deployment
from services.notifier.channel import ChannelEntry, Delivery, Message, Result, Retry, Sent
from services.notifier.settings import NotifierSettings, SigningSettings

CALLS = "STAGEWIRE_CHAOS_CALLS"
"""Names the file of calls."""
KEYED, UNKEYED = NotificationRequested.CHANNEL, ClientEmailRequested.CHANNEL
_BUSY, _SILENT = 0.02, 0.005


class Call(NamedTuple):
    """One call that had its effect, if the provider does not recognise the key as one known."""

    channel: str
    tenant: str
    effect_id: str


class NotingProvider:
    """A provider that is busy at times, and at times never answers."""

    def __init__(self, channel: str, calls: Path, *, recognises_key: bool) -> None:
        self.recognises_key = recognises_key
        self._channel = channel
        self._calls = os.open(calls, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)

    async def send(self, delivery: Delivery) -> Result:
        """Note the call; what is busy the first time takes it the second time."""
        rng = random.Random(delivery.effect_id)
        chance = rng.random() if delivery.attempt == 1 else 1.0
        await asyncio.sleep(rng.uniform(0.0, 0.05))
        if chance < _BUSY:
            return Retry("busy")
        os.write(self._calls, ("\t".join(Call(self._channel, delivery.tenant, delivery.effect_id)) + "\n").encode())
        await asyncio.sleep(3_600 if chance < _BUSY + _SILENT else rng.uniform(0.0, 0.05))
        return Sent(provider_id=delivery.effect_id)


def calls_of(path: Path) -> list[Call]:
    """Return all calls, in the order in which they were noted."""
    return [Call(*line.split("\t")) for line in path.read_text().splitlines()] if path.exists() else []


def _entry(name: str, calls: Path, *, recognises_key: bool) -> ChannelEntry:
    made = NotingProvider(name, calls, recognises_key=recognises_key)
    return ChannelEntry(name, "Notes calls.", lambda _: made, _describe)


def _describe(_: Any) -> Message:
    return Message("", "", "", "")


def main() -> None:
    """Run the notifier until SIGTERM."""
    set_up_logging()
    calls = Path(os.environ[CALLS])
    channels: Mapping[str, ChannelEntry] = {
        KEYED: _entry(KEYED, calls, recognises_key=True),
        UNKEYED: _entry(UNKEYED, calls, recognises_key=False),
    }
    topics = Topics.of(TopicSettings())
    deployment = Deployment(NotifierSettings(), KafkaSettings(), topics, SigningSettings(), lambda: channels)
    asyncio.run(run(deployment))


if __name__ == "__main__":
    main()
