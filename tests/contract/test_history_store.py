"""What the index promises, on SQLite and on PostgreSQL alike, and what its queries answer."""

from __future__ import annotations

import pytest

from automation.envelope import Key, Recorded
from automation.items import effects, evolve
from automation.items import events as e
from automation.payments.events import OrderRegistered
from automation.values import Money, Personal
from services.edge.sql import Database, PositionRefusedError
from services.history.heads import heads_by
from services.history.opening import open_history, open_history_reader
from services.history.queries import History
from services.history.records import StageTotal, Written, stream_id
from services.history.store import SqlHistory
from tests.history_world import CONTEXT, DEAL, HOUR, Book, recorded, records, stream

pytest_plugins = ["tests.postgres", "tests.databases"]

EURO_10 = Money(1000, "EUR")
CREATED = e.ItemCreated({"title": "Roof", "amount": EURO_10}, "sales", "new", "7", "7", (), automated=False)
MAIL = effects.ClientEmailRequested(
    "eff-1", "run-1", Personal("ann@example.org"), "shop@acme.test", Personal("Pay"), Personal("link"), "bbcode", False
)
LIFE = (
    CREATED,
    e.RuleRunStarted("run-1", "rule-1", 3, 1, 9 * HOUR),
    MAIL,
    e.FieldsChanged((e.FieldChange("amount", EURO_10, Money(2500, "EUR")),)),
    e.CommentAdded("com-1", Personal("called"), "7"),
    effects.NotificationRequested("eff-2", "run-2", "7", "8", Personal("hello"), "/deal/1"),
    e.EffectAnswered("eff-1", "run-1", "completed", "", {"message_id": "m1"}, 2),
    e.RuleRunCompleted("run-1", "rule-1", 3, 1, {"sent": True}),
    e.PaymentNoted("pay-1", "", "paid", Money(2500, "EUR"), ""),
    e.TriggerFired("trig-1", 1, "fact-1", "won"),
    e.StageMoved("new", "won", 2, automated=True),
    e.RuleRunSkipped("run-3", "rule-9", 1, 2, "condition_false"),
)


def _indexed(database: Database, found: list[Recorded], book: Book | None = None) -> tuple[SqlHistory, Book]:
    codec = book or Book()
    store = SqlHistory(database, heads=lambda: {"item": heads_by(codec.read)})
    store.write(records(codec, found), {CONTEXT: len(found)})
    return store, codec


def _asked(database: Database, *events: object) -> History:
    store, book = _indexed(database, stream(DEAL, *(events or LIFE)))
    return History(store, book.read, evolve)


def test_events_and_position_are_kept_together(database: Database) -> None:
    """What was written is read back in order, with the offset to go on from."""
    store, book = _indexed(database, stream(DEAL, *LIFE))
    kept = store.events(stream_id("item", DEAL), limit=100)
    assert [book.read(row.value).event for row in kept] == list(LIFE)
    assert [row.version for row in kept] == list(range(1, len(LIFE) + 1))
    assert store.position(CONTEXT) == len(LIFE)
    assert store.position("crm.events-1") is None


def test_reading_the_log_twice_changes_nothing(database: Database) -> None:
    """A second reading, at later positions, adds nothing and counts every event as a repeat."""
    store, book = _indexed(database, stream(DEAL, *LIFE))
    before = store.current(stream_id("item", DEAL))
    again = store.write(records(book, stream(DEAL, *LIFE)), {CONTEXT: 2 * len(LIFE)})
    assert again == Written(0, len(LIFE), ())
    assert store.current(stream_id("item", DEAL)) == before


def test_a_batch_that_overlaps_the_last_one_adds_only_what_is_new(database: Database) -> None:
    """Events below the highest version are skipped one by one."""
    whole = stream(DEAL, *LIFE)
    store, book = _indexed(database, whole[:5])
    assert store.write(records(book, whole[3:]), {CONTEXT: 50}) == Written(len(LIFE) - 5, 2, ())


def test_an_owner_that_is_not_further_than_another_one_writes_nothing(database: Database) -> None:
    """A position that does not grow is refused, with all the events of its batch."""
    store, book = _indexed(database, stream(DEAL, CREATED))
    other = stream(Key("acme", "deal", "2"), CREATED)
    with pytest.raises(PositionRefusedError):
        store.write(records(book, other), {CONTEXT: 1})
    assert store.current(stream_id("item", other[0].envelope.key)) is None


def test_a_different_event_at_a_taken_version_is_reported_and_not_stored(database: Database) -> None:
    """The first event of a version stands; the contradiction is kept for people to see, once."""
    store, book = _indexed(database, stream(DEAL, CREATED))
    rival = records(book, [recorded(DEAL, 1, e.ItemDeleted())], offset=7)
    store.write(rival, {CONTEXT: 8})
    store.write(rival, {CONTEXT: 9})
    assert [(a.fault, a.version, a.context, a.log_offset) for a in store.anomalies("acme", 10)] == [
        ("different", 1, CONTEXT, 7)
    ]
    assert store.count_anomalies() == 1
    assert book.read(store.events(stream_id("item", DEAL), limit=9)[0].value).event == CREATED


def test_a_gap_is_reported_and_the_event_after_it_kept(database: Database) -> None:
    """A missing version is told; what comes late into the gap is stored and told too, and the row is folded anew."""
    store, book = _indexed(database, stream(DEAL, CREATED))
    late, early = recorded(DEAL, 2, e.ItemDeleted()), recorded(DEAL, 3, e.StageMoved("new", "won", 2, False))
    written = store.write(records(book, [early, late], offset=5), {CONTEXT: 7})
    assert [(a.fault, a.version) for a in written.anomalies] == [("gap", 3), ("late", 2)]
    assert [row.version for row in store.events(stream_id("item", DEAL), limit=9)] == [1, 2, 3]
    current = store.current(stream_id("item", DEAL))
    assert current is not None
    assert (current.version, current.stage, current.deleted) == (3, "won", True)


def test_a_row_is_that_of_the_events_in_order_however_late_one_of_them_comes(database: Database) -> None:
    """The late one was overtaken batches ago: what it says counts where nothing later says otherwise."""
    life = stream(
        DEAL,
        CREATED,
        e.FieldsChanged((e.FieldChange("title", "Roof", "Shed"), e.FieldChange("amount", EURO_10, Money(1, "EUR")))),
        e.FieldsChanged((e.FieldChange("amount", EURO_10, Money(2500, "EUR")),)),
        e.ResponsibleChanged("7", "8"),
    )
    store, book = _indexed(database, [life[0], *life[2:]])
    store.write(records(book, life[1:2], offset=9), {CONTEXT: 10})
    row = store.current(stream_id("item", DEAL))
    assert row is not None
    assert (row.version, row.title, row.amount_minor, row.responsible) == (4, "Shed", 2500, "8")
    assert row.created_at == life[0].envelope.recorded_at


def test_an_item_and_its_payable_are_streams_of_their_own(database: Database) -> None:
    """Both logs may use the same key with the same versions."""
    store, book = _indexed(database, stream(DEAL, CREATED))
    registered = stream(DEAL, OrderRegistered(EURO_10, (DEAL.text,)))
    written = store.write(records(book, registered, log="payment"), {"crm.payment-events-0": 1})
    assert written == Written(1, 0, ())
    history = History(store, book.read, evolve)
    assert [r.event for r in history.events(DEAL, log="payment")] == [registered[0].event]
    assert [r.event for r in history.events(DEAL)] == [CREATED]


def test_a_tenant_sees_only_its_own(database: Database) -> None:
    """Streams, lists, totals and anomalies of another tenant are out of reach, whatever the key holds."""
    rival = Key("rival", "deal", "1")
    store, book = _indexed(database, [*stream(DEAL, CREATED), recorded(rival, 5, CREATED)])
    history = History(store, book.read, evolve)
    assert [row.tenant for row in history.items("acme", "deal").items] == ["acme"]
    assert [total.items for total in history.stage_totals("acme", "deal")] == [1]
    assert (history.anomalies("acme"), len(history.anomalies("rival"))) == ([], 1)
    assert history.events(Key("none", "deal", "1")) == []
    with pytest.raises(ValueError, match="tenant/type/id"):
        history.events(Key("acme/deal", "1", "x"))


def test_the_timeline_holds_what_the_specification_puts_there(database: Database) -> None:
    """Newest first: stage changes, payments, comments, client mail with its fate; no notifications, no saves."""
    page = _asked(database).timeline(DEAL)
    assert [entry.kind for entry in page.entries] == ["stage_changed", "payment", "comment", "client_email", "created"]
    assert page.before is None
    mail = page.entries[3].facts
    assert (mail["status"], mail["tries"], mail["subject"]) == ("completed", 2, Personal("Pay"))
    assert page.entries[0].facts == {"from_stage": "new", "to_stage": "won", "automated": True}


def test_the_timeline_is_read_in_pages_without_loss_or_repeat(database: Database) -> None:
    """Each page begins where the last one ended, and mail keeps its fate across pages."""
    history, before, kinds = _asked(database), None, []
    for _ in range(3):
        page = history.timeline(DEAL, before=before, limit=2)
        kinds += [entry.kind for entry in page.entries]
        before = page.before
    assert kinds == ["stage_changed", "payment", "comment", "client_email", "created"]
    assert before is None
    assert history.timeline(DEAL, before=4, limit=1).entries[0].facts["status"] == "completed"


def test_long_histories_are_read_to_their_end(database: Database) -> None:
    """More events than are fetched at a time change no answer."""
    many = [e.CommentAdded(f"c{n}", Personal(str(n)), "7") for n in range(1201)]
    history = _asked(database, CREATED, *many)
    assert history.state_as_of(DEAL).version == 1202
    assert history.timeline(DEAL, limit=1000).before == 203
    assert len(history.timeline(DEAL, before=203, limit=1000).entries) == 202


def test_the_journal_holds_every_field_change(database: Database) -> None:
    """Newest first, with old and new value and author."""
    journal = _asked(database).journal(DEAL)
    assert [(x.field, x.old, x.new, x.actor) for x in journal] == [
        ("amount", EURO_10, Money(2500, "EUR"), "user:7"),
        ("title", None, "Roof", "user:7"),
        ("amount", None, EURO_10, "user:7"),
    ]


def test_state_can_be_asked_for_any_version_and_moment(database: Database) -> None:
    """The fold stops after the version, or after the last event recorded at or before the moment."""
    history = _asked(database)
    assert history.state_as_of(DEAL).state.stage == "won"
    assert history.state_as_of(DEAL, version=10).state.stage == "new"
    assert history.state_as_of(DEAL, recorded_at=4 * HOUR - 1).state.fields["amount"] == EURO_10
    assert history.state_as_of(DEAL, recorded_at=4 * HOUR).state.fields["amount"] == Money(2500, "EUR")
    assert history.state_as_of(DEAL, recorded_at=1).version == 0


@pytest.mark.parametrize("asked", [{"version": 99}, {"version": 1, "recorded_at": 1}])
def test_a_state_that_cannot_be_told_is_refused(database: Database, asked: dict[str, int]) -> None:
    """A version that does not exist is an error, not the latest one."""
    with pytest.raises(ValueError, match="version"):
        _asked(database).state_as_of(DEAL, **asked)


def test_the_run_log_explains_each_run(database: Database) -> None:
    """Runs carry stage, outcome, reason, results and calls with their tries; firings carry their move."""
    log = _asked(database).run_log(DEAL)
    assert [(r.rule_id, r.stage, r.status, r.reason) for r in log.runs] == [
        ("rule-1", "new", "completed", ""),
        ("rule-9", "won", "skipped", "condition_false"),
    ]
    (call,) = log.runs[0].calls
    assert (call.channel, call.status, call.tries, call.results) == (
        "client_email",
        "completed",
        2,
        {"message_id": "m1"},
    )
    assert [(f.trigger_id, f.status, f.to_stage) for f in log.firings] == [("trig-1", "moved", "won")]


def test_totals_follow_moves_amounts_and_deletions(database: Database) -> None:
    """Items and amounts of each stage and currency; deleted items count nowhere."""
    other, gone = Key("acme", "deal", "2"), Key("acme", "deal", "3")
    dollars = e.ItemCreated({"amount": Money(5, "USD")}, "sales", "won", "7", "7", (), automated=False)
    history = History(
        _indexed(database, [*stream(DEAL, *LIFE), *stream(other, dollars), *stream(gone, CREATED, e.ItemDeleted())])[0],
        Book().read,
        evolve,
    )
    assert list(history.stage_totals("acme", "deal")) == [
        StageTotal("sales", "won", "EUR", 1, 2500),
        StageTotal("sales", "won", "USD", 1, 5),
    ]


def test_items_are_listed_in_pages_last_changed_first(database: Database) -> None:
    """Equal moments do not lose an item between pages, and a stage narrows the list."""
    keys = [Key("acme", "deal", str(n)) for n in range(5)]
    history = History(_indexed(database, [recorded(key, 1, CREATED) for key in keys])[0], Book().read, evolve)
    before, seen = None, []
    for _ in range(3):
        page = history.items("acme", "deal", stage="new", before=before, limit=2)
        seen += [row.item_id for row in page.items]
        before = page.before
    assert sorted(seen) == ["0", "1", "2", "3", "4"]
    assert before is None
    assert history.items("acme", "deal", stage="won").items == ()


def test_the_current_row_agrees_with_the_fold_of_the_core(database: Database) -> None:
    """Stage, pipeline, responsible and fields are those of the core's own state."""
    events = (*LIFE, e.PipelineChanged("sales", "care", "won", "start", 3, False), e.ResponsibleChanged("7", "9"))
    history = _asked(database, *events)
    row, state = history.current(DEAL), history.state_as_of(DEAL).state
    assert row is not None
    assert (row.pipeline, row.stage, row.responsible) == (state.pipeline, state.stage, state.responsible)
    assert (row.amount_minor, row.currency, row.title) == (2500, "EUR", "Roof")
    assert row.version == len(events)


def test_a_reader_of_the_file_sees_what_is_committed_and_cannot_write(tmp_path: object) -> None:
    """The gateway opens the file read-only beside the service that writes it."""
    url, book = f"sqlite:///{tmp_path}/history.db", Book()
    with pytest.raises(FileNotFoundError, match="stagewire run history"):
        open_history_reader(url)
    writer = open_history(url)
    writer.write(records(book, stream(DEAL, *LIFE)), {CONTEXT: 99})
    reader = open_history_reader(url)
    assert History(reader, book.read, evolve).state_as_of(DEAL).version == len(LIFE)
    with pytest.raises(Exception, match="readonly"):
        reader._database.datastore.pool.get_connection(is_writer=True).cursor().execute("DELETE FROM history_events")
    reader.close()
    writer.close()
