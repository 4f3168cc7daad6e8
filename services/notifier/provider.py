"""What a provider is: one way of transporting messages over a connection that a tenant has set up (spec 1.15)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol, TypeAlias

from automation.definitions.models import Connection
from automation.values import Moment
from services.edge.outgoing import Outgoing
from services.notifier.channel import Result


class Parcel(NamedTuple):
    """One message on its way; the same for every attempt, but for `now`."""

    tenant: str
    effect_id: str
    connection: Connection
    secret: str
    """What `connection.secret` names."""
    to: str
    text: str
    now: Moment
    callback: str = ""
    """Where the provider may report what became of the message; empty without a public address."""


class Provider(Protocol):
    """Transports messages of one kind of connection."""

    async def send(self, parcel: Parcel) -> Result:
        """Make the call once."""
        ...


Fate: TypeAlias = Literal["delivered", "failed"]


class Receipt(NamedTuple):
    """What became of a message that the provider took."""

    fate: Fate
    detail: str = ""


class ReceiptRefusedError(Exception):
    """A report that its provider did not sign, or that cannot be read; `reason` says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Report(NamedTuple):
    """A provider's request to our callback, as it came."""

    url: str
    """In full, as the provider was given it."""
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    now: Moment


ReadReceipt: TypeAlias = Callable[[Report, str], Receipt | None]
"""Verifies a report with the connection's secret; `None` where it says nothing final. Raises `ReceiptRefusedError`."""


@dataclass(frozen=True, slots=True)
class ProviderEntry:
    """What each file of `providers/` exports as `PROVIDER`; the file name is the provider's name."""

    name: str
    description: str
    open: Callable[[Outgoing], Provider]
    receipt: ReadReceipt | None = None
    drops_repeats: Callable[[Connection], bool] = lambda _: False
    """Says whether a second call with the same key has no second effect."""
