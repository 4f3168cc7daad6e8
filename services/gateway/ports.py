"""What the API needs from the outside; doubles of the writing ones are in `doubles.py`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias, TypeVar

from fastapi import Request

from automation.catalogue import Entry
from automation.definitions.book import Book
from automation.definitions.saved import DefinitionSaved
from services.edge.clock import Clock
from services.edge.files import FileLinks, Files
from services.gateway.batches import Batches
from services.gateway.enrolments import Enrolments
from services.gateway.idempotency import Answers
from services.gateway.keys import Keys
from services.gateway.limits import Limiter
from services.gateway.messaging import Messaging
from services.gateway.sending import Outbox
from services.history.queries import History
from services.notifier.inbox import Inbox
from services.payment_tracker.links import PaymentPages
from services.payment_tracker.provider import Provider
from services.payment_tracker.webhook_secrets import WebhookSecrets

Append: TypeAlias = Callable[[Sequence[DefinitionSaved]], Awaitable[int]]
"""Writes the records of one apply as a whole, reads them back and returns the definitions version. Whether they took
effect is to be looked up in the book."""
T = TypeVar("T")


class Shelf(Protocol):
    """The definitions in force, and where new ones are put."""

    @property
    def book(self) -> Book:
        """What is in force as far as read."""
        ...

    async def catch_up(self) -> None:
        """Read to the end."""
        ...

    async def edit(self, work: Callable[[Append], Awaitable[T]]) -> T:
        """Read to the end, and return what `work` makes of it; what it saves was checked against all there is.

        Whoever begins to edit later, in any process, ends this edit; then `work` is done again. Raises `Problem`: 409
        where others were faster each time, 503 where Kafka does not answer or the outcome is not certain.
        """
        ...


class Views(Protocol):
    """What people watch: numbers that change with every event."""

    async def read(self, tenant: str, name: str, query: Mapping[str, str]) -> Any:
        """Return the current content of a tenant's view; raises `Problem` (503) while it is not complete."""
        ...


@dataclass(frozen=True, slots=True)
class Ports:
    """Everything that the routes work with."""

    clock: Clock
    outbox: Outbox
    shelf: Shelf
    catalogue: Mapping[str, Entry]
    history: Callable[[], History]
    """Raises `Problem` (503) while there is no index yet; blocks."""
    inbox: Callable[[], Inbox]
    messages: Callable[[str, int], Sequence[Mapping[str, Any]]]
    """Recorded messages of a tenant, newest first; blocks."""
    pages: PaymentPages
    views: Views
    answers: Answers
    enrolments: Enrolments
    batches: Batches
    keys: Keys
    tenants: Limiter
    strangers: Limiter
    secrets: WebhookSecrets
    providers: Mapping[str, Provider]
    simulated: bool
    """Whether payment pages have the simulated provider's button."""
    files: Files
    file_links: FileLinks
    messaging: Messaging
    file_link_ms: int
    """How long a download link for people works."""


def ports_of(request: Request) -> Ports:
    """Return the ports of the app that serves a request."""
    found: Ports = request.app.state.ports
    return found
