"""What a channel is: one way of performing an effect outside the log (spec 1.15)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol, TypeAlias

from automation.values import Moment
from services.edge.clock import Clock, SystemClock
from services.edge.outgoing import Guard, Outgoing
from services.edge.sql import Database
from services.edge.tracked_links import TrackedLinks
from services.notifier.attachments import Attachment
from services.notifier.connections import Connections
from services.notifier.drive import Drive
from services.notifier.settings import NotifierSettings


class Delivery(NamedTuple):
    """One call to make: an effect with the event that asks for it."""

    tenant: str
    effect_id: str
    """The key to hand to a provider that takes one; the same for every attempt."""
    item_key: str
    event: Any
    """The effect's event, for example `NotificationRequested`."""
    attempt: int
    """From 1."""
    created_at: Moment
    """When the effect entered the ledger: a moment that does not change between attempts."""


@dataclass(frozen=True, slots=True)
class Sent:
    """The provider took it; `results` go to the rule's additional results (spec 1.7)."""

    provider_id: str = ""
    results: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Retry:
    """It certainly did not happen, and may work later, at the earliest after `after` milliseconds."""

    detail: str
    after: int = 0


@dataclass(frozen=True, slots=True)
class Rejected:
    """It certainly did not happen, and never will; `reason` is a reason code of the spec."""

    reason: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Unknown:
    """It may have happened or not: the answer never came."""

    detail: str
    repeatable: bool = False
    """The provider recognises the key of this call, whatever the channel says of others."""


@dataclass(frozen=True, slots=True)
class Wait:
    """It was not tried, and does not count as an attempt: not before `until`, when quiet hours are over."""

    until: Moment
    detail: str


Result: TypeAlias = Sent | Retry | Rejected | Unknown | Wait
"""How one call ended. A `detail` is for operators and holds no personal data."""


class Channel(Protocol):
    """Performs effects of one kind."""

    @property
    def recognises_key(self) -> bool:
        """Whether a second call with the same key has no second effect: then an unknown fate may be repeated."""
        ...

    async def send(self, delivery: Delivery) -> Result:
        """Make the call once. An exception counts as `Unknown`."""
        ...


class Message(NamedTuple):
    """What would be sent: how the recording double and the console show an effect."""

    recipient: str
    sender: str
    subject: str
    text: str


ReadFile: TypeAlias = Callable[[str, str], Awaitable[Attachment | None]]
"""Returns a tenant's file by its id, `None` for an unknown one or one that is too large to be sent."""


async def no_files(tenant: str, file_id: str) -> Attachment | None:
    """Know no files: where no object store is set up."""
    return None


class Resources(NamedTuple):
    """What channels are made from; the defaults are those of a notifier that is connected to nothing."""

    database: Database
    settings: NotifierSettings
    clock: Clock = SystemClock()
    connections: Connections = Connections()
    outgoing: Outgoing = Outgoing(Guard())
    links: TrackedLinks = TrackedLinks("", ())
    read_file: ReadFile = no_files
    drive: Drive | None = None
    """Where documents go; None where no object store is set up."""
    public_url: str = ""
    """Where providers and mail readers reach the gateway; empty where they cannot."""


@dataclass(frozen=True, slots=True)
class ChannelEntry:
    """What each file of `channels/` exports as `CHANNEL`; the file name is the channel's name."""

    name: str
    """The `CHANNEL` of the events that it performs."""
    description: str
    open: Callable[[Resources], Channel]
    """Makes the real channel, or the recording double where no account is set up."""
    describe: Callable[[Any], Message]
    """Says what an event would send, for the recording double."""
