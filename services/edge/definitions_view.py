"""`crm.definitions-view`, the compacted copy of the definitions in force: what its records say, and a start from it.

A record is the bytes of the log with four headers: where it stands in the log, where its apply ended, where reading
has to go on, and which log it is a copy of. The highest end is the view's position: every apply that ended before it
is decided, and what was accepted is in the view. An apply that was still open then has records below it, so reading
goes on from the lowest of those, and what ended before the position is not decided a second time.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, NamedTuple

from aiokafka import TopicPartition

from automation.catalogue import Entry
from automation.definitions.book import Book
from automation.definitions.saved import DefinitionSaved
from services.edge.codec import DefinitionCodec, patiently
from services.edge.definitions import DefinitionsFollower, KafkaDefinitionsReader
from services.edge.kafka import KafkaSettings, consumer
from services.edge.processor.identity import topic_identity
from services.edge.topics import Topics

OFFSET_HEADER = "offset"
"""Offset of the record in `crm.definitions`, as decimal digits, like the next two."""
END_HEADER = "end"
"""Offset of the last record of its apply."""
RESUME_HEADER = "resume"
"""Lowest offset to read from to miss nothing that was open when its apply took effect."""
LOG_HEADER = "log"
"""`<cluster id>/<topic id>` of the `crm.definitions` that it is a copy of."""
_WAIT_MS = 500


class Place(NamedTuple):
    """Where a record of the view stands in the log."""

    offset: int
    end: int
    resume: int


class Viewed(NamedTuple):
    """One definition in force."""

    saved: DefinitionSaved
    place: Place


def headers_of(place: Place, log: str) -> list[tuple[str, bytes]]:
    """Return the headers of a record of the view."""
    numbers = zip((OFFSET_HEADER, END_HEADER, RESUME_HEADER), place, strict=True)
    return [*((name, b"%d" % number) for name, number in numbers), (LOG_HEADER, log.encode())]


def place_of(headers: Iterable[tuple[str, bytes]], log: str) -> Place | None:
    """Return where a record stands; None for the copy of another log, or of a release that did not say which."""
    found: Mapping[str, bytes] = dict(headers)
    if found.get(LOG_HEADER) != log.encode():
        return None
    return Place(int(found[OFFSET_HEADER]), int(found[END_HEADER]), int(found[RESUME_HEADER]))


def start(book: Book, viewed: Sequence[Viewed], log_end: int) -> int:
    """Put the definitions in force into an empty book and return the offset to go on from.

    0, and the book stays empty, where the view holds nothing or more than the log does.
    """
    if not viewed or max(one.place.end for one in viewed) >= log_end:
        return 0
    # In the order in which they took effect; a record that was written twice counts once.
    in_order = sorted({one.place.offset: one for one in viewed}.values(), key=lambda one: (one.place.end, one.place))
    for one in in_order:
        book.restore(one.saved, one.place.end)
    return in_order[-1].place.resume


async def read_view(reader: Any, view: TopicPartition, log: str, codec: DefinitionCodec) -> list[Viewed]:
    """Return what the view holds of a log; `reader` is a started consumer, which is assigned the view."""
    reader.assign([view])
    first, end = await reader.beginning_offsets([view]), await reader.end_offsets([view])
    reader.seek(view, first[view])
    found = []
    while await reader.position(view) < end[view]:
        for record in (await reader.getmany(view, timeout_ms=_WAIT_MS)).get(view, ()):
            place = place_of(record.headers, log)
            if place is not None:
                found.append(Viewed(await patiently(partial(codec.decode, record.value)), place))
    return found


@asynccontextmanager
async def followed(
    kafka: KafkaSettings, topics: Topics, catalogue: Mapping[str, Entry]
) -> AsyncIterator[DefinitionsFollower]:
    """Yield a follower of `crm.definitions`, whose book is as the view has it; it is not at the log's end yet."""
    reader = consumer(kafka, None, offset_reset="earliest")
    await reader.start()
    try:
        await reader._client._wait_on_metadata(topics.definitions)  # assigning a topic never seen fails
        book, codec = Book(catalogue), DefinitionCodec()
        log, view = TopicPartition(topics.definitions, 0), TopicPartition(topics.definitions_view, 0)
        at = await _start(reader, log, view, book, codec)
        reader.assign([log])
        reader.seek(log, at)
        yield DefinitionsFollower(book, codec, KafkaDefinitionsReader(reader, log))
    finally:
        await reader.stop()


async def _start(reader: Any, log: TopicPartition, view: TopicPartition, book: Book, codec: DefinitionCodec) -> int:
    client = reader._client
    try:
        await topic_identity(client, view.topic)
    except LookupError:
        return 0  # no view, or none for us to read: the log has it all
    await client._wait_on_metadata(view.topic)
    viewed = await read_view(reader, view, await topic_identity(client, log.topic), codec)
    return start(book, viewed, int((await reader.end_offsets([log]))[log]))
