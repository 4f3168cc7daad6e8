"""Bad input end to end on a real broker: one dead letter each, nothing in the log, and everything else goes on."""

from __future__ import annotations

import random
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import MessageSizeTooLargeError

from automation.definitions.book import Book
from automation.envelope import Key
from automation.items import changes as c
from automation.items import events as e
from automation.payments import changes as p
from automation.payments.events import PaymentDocumentPaid
from automation.values import Money, Personal
from services.deal_stream.copies import Copies
from services.deal_stream.stream import DealStream
from services.edge import topic_check
from services.edge.codec import Signer, item_changes, item_events, payment_changes
from services.edge.definitions import FixedDefinitions
from services.edge.kafka import KafkaSettings
from services.edge.processor.dead_letters import DeadLetter, redrive
from services.edge.topics import Topics
from services.payment_tracker.bootstrap import Codecs, build_stream
from services.payment_tracker.links import link_maker
from tests.bad_input_world import Bench, Forge, Record, rows, spoil, witnesses
from tests.conftest import with_admin
from tests.core import spec
from tests.processor_world import eventually

pytestmark = pytest.mark.kafka

PARTITIONS = 2
SECRET, OTHER = b"a secret of thirty-two characters", b"another one of thirty-three bytes"
BAD, ORDER = Key("acme", "deal", "bad"), Key("acme", "order", "A1")
WITNESSES = witnesses(PARTITIONS)
EUR_100 = Money(10_000, "EUR")


@pytest.fixture
def own(kafka: KafkaSettings) -> Iterator[Topics]:
    """Topics of its own for each test."""
    named = Topics(prefix=f"t{uuid.uuid4().hex[:8]}.", partitions=PARTITIONS)
    with_admin(kafka, lambda client: topic_check.apply(client, named.declared()))
    yield named
    with_admin(kafka, lambda client: client.delete_topics([topic.name for topic in named.declared()]))


@pytest.fixture
def book() -> Book:
    """What the tenant acme has defined."""
    paid = spec.trigger("paid", "track_order_payment", "assembly", allow_previous_stage=True)
    return spec.book_of(spec.pipeline(), *spec.PEOPLE, paid)


@pytest.fixture
async def deals(kafka: KafkaSettings, own: Topics, book: Book) -> AsyncIterator[Bench]:
    """A bench with the stream of items."""
    signer = Signer([SECRET])
    events, changes = item_events(), item_changes(signer)
    copies = Copies(own, events, changes, payment_changes(signer))
    bench = Bench(kafka, own, DealStream(own, changes, events, copies, FixedDefinitions(book), "test"))
    yield await bench.open()
    await bench.close()


@pytest.fixture
async def payables(kafka: KafkaSettings, own: Topics) -> AsyncIterator[Bench]:
    """A bench with the stream of payables."""
    link_for = link_maker("https://pay.example/p", b"thirty-two bytes for the links !")
    bench = Bench(kafka, own, build_stream(own, Codecs.of([SECRET]), link_for, "test"))
    yield await bench.open()
    await bench.close()


@pytest.fixture
def forge() -> Forge:
    """Makes changes of items."""
    return Forge(BAD, item_changes(Signer([SECRET])), item_changes(Signer([OTHER])))


async def tell(bench: Bench, forge: Forge, key: Key, change: Any, **frame: Any) -> Record:
    """Send a good change."""
    made = forge.frame(**key._asdict(), **frame)
    return await bench.send(key.text.encode(), forge.good.encode(made, change))


def note(text: str) -> c.AddComment:
    """Return a comment."""
    return c.AddComment(Personal(text))


async def fates(bench: Bench, sent: list[Record]) -> dict[tuple[int, int], list[DeadLetter]]:
    """Wait until there is a dead letter for each record, and return all by origin."""

    async def there() -> bool:
        return len(await bench.letters()) >= len(sent)

    await eventually(there)
    found: dict[tuple[int, int], list[DeadLetter]] = {}
    for letter in await bench.letters():
        found.setdefault((letter.origin.partition, letter.origin.offset), []).append(letter)
    return found


async def check_fates(bench: Bench, cases: list[dict[str, Any]], sent: list[Record]) -> None:
    """Each record is one dead letter with its reason, its bytes and its origin; nothing else is parked."""
    found = await fates(bench, sent)
    wrong = []
    for case, record in zip(cases, sent, strict=True):
        letters = found.pop((record.partition, record.offset), [])
        got = [(each.fault.reason, each.fault.ours, each.key, each.value) for each in letters]
        if got != [(case["reason"], case.get("ours", False), record.key, record.value)]:
            wrong.append((case["name"], case["reason"], [each.fault for each in letters]))
    assert wrong == []
    assert found == {}


async def test_every_bad_change_becomes_one_dead_letter_and_the_good_ones_go_on(deals: Bench, forge: Forge) -> None:
    """Each row of the data files, between two good changes of its partition; the worker does not end."""
    cases = rows("bytes", "edited", "frames", "values", "signed")
    running = deals.start()
    for key in (*WITNESSES, BAD):
        await tell(deals, forge, key, c.CreateItem({"title": "Desk"}))
    expected: dict[str, list[str]] = {key.item_id: [] for key in WITNESSES}
    sent = []
    for number, case in enumerate(cases):
        key, value = forge.make(case)
        witness = WITNESSES[deals.partition(key)]
        expected[witness.item_id] += [f"before {number}", f"after {number}"]
        await tell(deals, forge, witness, note(f"before {number}"))
        sent.append(await deals.send(key, value))
        await tell(deals, forge, witness, note(f"after {number}"))
    log = await deals.until_events(len(WITNESSES) + 1 + 2 * len(cases))
    await check_fates(deals, cases, sent)
    assert len(log) == len(WITNESSES) + 1 + 2 * len(cases)
    for item_id, texts in expected.items():
        comments = [one.event for one in log if one.envelope.item_id == item_id][1:]
        assert [comment.text.text for comment in comments] == texts
    assert not running.ended.done()


async def test_a_worker_restores_and_goes_on_behind_bad_input(deals: Bench, forge: Forge) -> None:
    """After a restart nothing is parked twice, and the partition goes on."""
    cases = rows("values")
    deals.start()
    await tell(deals, forge, BAD, c.CreateItem({"title": "Desk"}))
    sent = [await deals.send(*forge.make(case)) for case in cases]
    await fates(deals, sent)
    await deals.stop()
    deals.start()
    await tell(deals, forge, BAD, note("after"))
    assert len(await deals.until_events(2)) == 2
    await check_fates(deals, cases, sent)


async def test_huge_and_odd_headers_harm_nobody(deals: Bench, forge: Forge) -> None:
    """A megabyte of headers, headers without a value, and some that look like ours."""
    deals.start()
    odd = [("dead-letter-reason", b"forged"), ("dead-letter-offset", None), ("redrive-of", None), ("", b""), ("x", b"")]
    create = forge.good.encode(forge.frame(), c.CreateItem({"title": "Desk"}))
    key = BAD.text.encode()
    await deals.send(key, create, [("h", b"y" * 1_000_000), *odd])
    sent = [await deals.send(key, b"\1", [("h", b"y" * 1_000_000)]), await deals.send(key, b"\1", odd)]
    assert len(await deals.until_events(1)) == 1
    found = await fates(deals, sent)
    assert [letter.fault.reason for record in sent for letter in found[record.partition, record.offset]] == [
        "undecodable", "undecodable",
    ]  # fmt: skip


async def test_ten_megabytes_are_refused_by_the_broker_or_parked(deals: Bench, forge: Forge) -> None:
    """The broker counts compressed bytes: what compresses well arrives, and is parked with its bytes."""
    deals.start()
    key = BAD.text.encode()
    with pytest.raises(MessageSizeTooLargeError):
        await deals.send(key, random.Random(1).randbytes(9_000_000))
    sent = [await deals.send(key, b"x" * 9_000_000)]
    await check_fates(deals, [{"name": "9 MB of x", "reason": "too_large"}], sent)


async def test_what_no_dead_letter_could_hold_is_parked_without_its_bytes(
    deals: Bench, forge: Forge, kafka: KafkaSettings
) -> None:
    """Half a megabyte on the wire, 20 MB when read, and more than the broker takes when written our way."""
    running = deals.start()
    bomb = random.Random(2).randbytes(500_000) * 40
    async with AIOKafkaProducer(bootstrap_servers=kafka.bootstrap_servers, compression_type="zstd") as sender:
        batch = sender.create_batch()
        batch.append(timestamp=None, key=BAD.text.encode(), value=bomb, headers=[("h", b"1")])
        number = deals.partition(BAD.text.encode())
        at = await (await sender.send_batch(batch, deals.stream.inbox, partition=number))
    await tell(deals, forge, BAD, c.CreateItem({"title": "Desk"}))
    assert len(await deals.until_events(1)) == 1
    (letter,) = await deals.letters()
    assert (letter.origin.offset, letter.fault.reason, letter.value) == (at.offset, "too_large", None)
    assert "20000000" in letter.fault.detail
    with pytest.raises(LookupError):
        await redrive(deals.sender, letter)
    assert not running.ended.done()


async def test_a_header_name_that_is_no_text_does_not_stop_the_partition(
    deals: Bench, forge: Forge, kafka: KafkaSettings
) -> None:
    """The broker takes it from any producer; a good change under it is handled, a bad one parked."""
    deals.start()
    key = BAD.text.encode()
    values = [forge.good.encode(forge.frame(), c.CreateItem({"title": "Desk"})), b"\1"]
    async with AIOKafkaProducer(bootstrap_servers=kafka.bootstrap_servers, enable_idempotence=False) as sender:
        batch = sender.create_batch()
        for value in values:
            batch.append(timestamp=None, key=key, value=value, headers=[("SPOIL", b"1")])
        spoil(batch, b"SPOIL", b"\xff\xfe\xc3(\x80")
        await (await sender.send_batch(batch, deals.stream.inbox, partition=deals.partition(key)))
    await tell(deals, forge, BAD, note("after"))
    assert len(await deals.until_events(2)) == 2
    (letter,) = await deals.letters()
    assert (letter.fault.reason, letter.value) == ("undecodable", b"\1")


async def test_a_replayed_signed_change_has_no_second_effect(deals: Bench, forge: Forge) -> None:
    """The recorded bytes of a paid fact, sent again and again, are a repeat of their change id."""
    deals.start()
    await tell(deals, forge, BAD, c.CreateItem({"title": "Desk"}))
    paid = forge.good.encode(forge.frame(), c.ReportPayment("p1", "", "paid", EUR_100, ""))
    for _ in range(3):
        await deals.send(BAD.text.encode(), paid)
    await tell(deals, forge, BAD, note("after"))
    log = await deals.until_events(2)
    await eventually_comment(deals)
    log = await deals.events()
    assert Counter(type(one.event) for one in log)[e.PaymentNoted] == 1
    assert Counter(type(one.event) for one in log)[e.StageMoved] == 1
    assert await deals.letters() == []


async def eventually_comment(bench: Bench) -> None:
    """Wait until the comment that was sent last is in the log."""

    async def there() -> bool:
        return any(isinstance(one.event, e.CommentAdded) for one in await bench.events())

    await eventually(there)


async def test_an_invented_definitions_version_does_not_excuse_later_changes(
    deals: Bench, forge: Forge, book: Book
) -> None:
    """A change that names a version nobody has is decided at once; the next one still waits for a real version."""
    asked: list[int | None] = []
    stream = deals.stream
    assert isinstance(stream, DealStream)
    stream._definitions = _Noting(book, asked)
    deals.start()
    await tell(deals, forge, BAD, c.CreateItem({"title": "Desk"}), definitions_version=2**62)
    await tell(deals, forge, BAD, note("after"), definitions_version=book.version + 1)
    assert len(await deals.until_events(2)) == 2
    assert asked[-2:] == [2**62, book.version + 1]


class _Noting(FixedDefinitions):
    """Notes which versions were waited for."""

    def __init__(self, book: Book, asked: list[int | None]) -> None:
        super().__init__(book)
        self._asked = asked

    async def catch_up(self, version: int | None) -> None:
        """Note the version."""
        self._asked.append(version)


async def test_a_redriven_change_is_handled_once_as_what_it_was(deals: Bench, forge: Forge, book: Book) -> None:
    """Once item and tenant exist, redriven changes keep occurred_at and change id; a second redrive is a repeat."""
    deals.start()
    early = Key("acme", "deal", "early")
    beta = Key("beta", "deal", "1")
    sent = [
        await tell(deals, forge, early, c.SaveItem({"title": "Chair"}), occurred_at=777, change_id="keep-1"),
        await tell(deals, forge, beta, c.CreateItem({"title": "Desk"}), occurred_at=778, change_id="keep-2"),
    ]
    found = await fates(deals, sent)
    letters = [found[record.partition, record.offset][0] for record in sent]
    assert [letter.fault.reason for letter in letters] == ["unknown_item", "unknown_tenant"]

    _define_for(book, "beta")
    await tell(deals, forge, early, c.CreateItem({"title": "Desk"}))
    await deals.until_events(1)
    for letter in (*letters, *letters):
        await redrive(deals.sender, letter)
    await tell(deals, forge, early, note("last"))
    await tell(deals, forge, beta, note("last"))
    log = await deals.until_events(5)
    kept = [(one.envelope.change_id, one.envelope.occurred_at, type(one.event)) for one in log]
    assert len(log) == 5
    assert ("keep-1", 777, e.FieldsChanged) in kept
    assert ("keep-2", 778, e.ItemCreated) in kept
    assert len(await deals.letters()) == 2


def _define_for(book: Book, tenant: str) -> None:
    """Save the pipeline for another tenant."""
    made = spec.pipeline()
    saved = spec.DefinitionSaved(
        tenant, "pipeline", "main", 1, 0, "ann", 0, f"b{book.version}", True, False, made.model_dump_json()
    )
    book.apply(saved, book.version)


async def test_bad_payment_records_become_dead_letters_and_the_order_goes_on(payables: Bench) -> None:
    """Forged, redirected and oversized records of `crm.payments`; the order is paid by its own notice alone, once."""
    cases = rows("payments")
    forge = Forge(ORDER, payment_changes(Signer([SECRET])), payment_changes(Signer([OTHER])), p)
    running = payables.start()
    await tell(payables, forge, ORDER, p.RegisterOrder(EUR_100, ("acme/deal/7",)))
    await tell(
        payables, forge, ORDER, p.RequestPayment("e1", "r1", "acme/deal/7", "A1", EUR_100, (), Personal("Chairs"))
    )
    created = (await payables.until_events(2))[-1].event
    sent = [await payables.send(*forge.make(_about(case, created.payment_id))) for case in cases]
    await check_fates(payables, cases, sent)

    notice = p.ProviderNotice("generic", "n1", created.payment_id, "paid", EUR_100, 5, "digest")
    paid = forge.good.encode(forge.frame(), notice)
    for _ in range(3):
        await payables.send(ORDER.text.encode(), paid)
    await tell(payables, forge, ORDER, p.LinkOrder("acme/deal/8"))
    kinds = Counter(type(one.event) for one in await payables.until_events(4))
    assert kinds[PaymentDocumentPaid] == 1
    assert sum(kinds.values()) == 4
    assert not running.ended.done()


def _about(case: dict[str, Any], payment_id: str) -> dict[str, Any]:
    """Put the real payment id into a row."""
    change = case.get("change", {})
    return {**case, "change": {**change, "payment_id": payment_id}} if "payment_id" in change else case
