"""In-memory doubles beside the real ports, for tests of those who call the API."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from itertools import count
from typing import Any

from automation.definitions.book import Book
from automation.definitions.saved import DefinitionSaved
from services.edge.codec import ChangeCodec, UnwritableError
from services.gateway.ports import Append, T
from services.gateway.sending import Fate, Letter


class MemoryOutbox:
    """Keeps what was sent; `down` makes it answer as if Kafka were away."""

    def __init__(self, items: ChangeCodec, payments: ChangeCodec) -> None:
        self._codecs = {"items": items, "payments": payments}
        self.letters: list[Letter] = []
        self.down = False

    async def send(self, letters: Sequence[Letter]) -> Sequence[Fate]:
        """See `Outbox`; every letter is encoded, as the real one does."""
        return [self._take(letter) for letter in letters]

    def _take(self, letter: Letter) -> Fate:
        try:
            self._codecs[letter.stream].encode(letter.frame, letter.change)
        except UnwritableError:
            return "refused"
        if self.down:
            return "unavailable"
        self.letters.append(letter)
        return "taken"


class MemoryShelf:
    """Keeps definitions in a book of its own, as the topic and a follower would."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self.records: list[DefinitionSaved] = []

    async def catch_up(self) -> None:
        """See `Shelf`: the book is always at its end."""

    async def edit(self, work: Callable[[Append], Awaitable[T]]) -> T:
        """See `Shelf`; nobody else edits."""
        return await work(self.append)

    async def append(self, records: Sequence[DefinitionSaved]) -> int:
        """See `Append`."""
        for record, offset in zip(records, count(self.book.version)):
            self.book.apply(record, offset)
            self.records.append(record)
        return self.book.version


class FixedViews:
    """Views with given content by tenant and name."""

    def __init__(self, content: dict[tuple[str, str], Any]) -> None:
        self._content = content

    async def read(self, tenant: str, name: str, query: Mapping[str, str]) -> Any:
        """See `Views`."""
        return self._content.get((tenant, name), {"rows": []})
