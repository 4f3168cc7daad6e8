"""What is refused at the door, and how large an item, a step and a turn may become (design section 2, spec 6)."""

from __future__ import annotations

from typing import Any

import pytest

from automation.definitions import models as m
from automation.envelope import Key
from automation.errors import ChangeRefusedError
from automation.items import changes as c
from automation.items import effects
from automation.items import events as e
from automation.items.decide import fire, timers
from automation.items.sizes import MOST_LINKS, STATE_LIMIT, weight
from automation.values import Money, Personal
from services.edge.codec import RecordCodec, item_events
from tests.core import spec
from tests.core.spec import Story, deal, rule, trigger

INT64 = 2**63
BIG = "x" * 900_000
BIG_FIELDS = m.Fields(
    item_type="deal",
    fields=tuple(m.FieldDef(code=f"big_{number}", title=f"Big {number}", type="text") for number in range(8)),
)
PAID = trigger("paid", "track_order_payment", "assembly", allow_previous_stage=True)


def refused(story: Story, change: c.ItemChange, **frame: Any) -> ChangeRefusedError:
    """Return why a change is refused; the item must be as it was."""
    before = story.state
    with pytest.raises(ChangeRefusedError) as error:
        story.when(change, **frame)
    assert story.state is before
    return error.value


def payment(**more: Any) -> c.ReportPayment:
    """Return a paid fact with parts replaced."""
    parts: dict[str, Any] = {"payment_id": "p1", "order_id": "", "status": "paid", "amount": Money(100, "EUR")}
    return c.ReportPayment(**{**parts, "link": "", **more})


# --- the door ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "key",
    [
        Key("acme", "deal", "a\0b"), Key("acme", "deal", "a\nb"), Key("acme", "deal", "a\x7fb"),
        Key("acme", "deal", "\u200b1"), Key("acme", "deal", "1" * 201), Key("acme", "deal", ""),
        Key("ac/me", "deal", "1"), Key("acme", "de/al", "1"), Key("a\x1bcme", "deal", "1"), Key("a" * 201, "deal", "1"),
        Key("acme", "spaceship", "1"), Key("acme", "order", "1"),
    ],
    ids=repr,
)  # fmt: skip
def test_keys_that_others_could_not_store_or_show_are_refused(key: Key) -> None:
    """NUL, control and invisible characters, over 200 characters, a `/` where none may be, types of no item."""
    story = Story(spec.book_of(spec.pipeline()), key)

    assert refused(story, c.CreateItem({"title": "Desk"}), **key._asdict()).reason == "invalid_key"


@pytest.mark.parametrize("item_id", ["D/17", "Ж-1", "1" * 200, "a b"])
def test_usual_ids_are_taken(item_id: str) -> None:
    """An id may hold a `/`, spaces between, and letters of any script."""
    story = Story(spec.book_of(spec.pipeline()), Key("acme", "deal", item_id)).when(c.CreateItem({"title": "Desk"}))

    assert "ItemCreated" in story.kinds()


@pytest.mark.parametrize(
    "frame",
    [
        {"change_id": ""}, {"change_id": "x" * 501}, {"change_id": "a\0"}, {"root_id": "r" * 501}, {"cause_id": "c\n"},
        {"actor": "user:\x00"}, {"actor": "a" * 501}, {"source": "s" * 501}, {"occurred_at": 253_402_300_800_000},
        {"occurred_at": INT64 - 1}, {"occurred_at": -INT64}, {"depth": -1}, {"depth": INT64 - 1}, {"source_seq": -1},
        {"definitions_version": -1},
    ],
    ids=repr,
)  # fmt: skip
def test_frames_out_of_range_are_refused(frame: dict[str, Any]) -> None:
    """What goes into every event must fit into every event, and be shown as a date."""
    assert refused(deal(), c.SaveItem({"title": "x"}), **frame).reason == "invalid_frame"


@pytest.mark.parametrize(
    ("change", "part"),
    [
        (payment(status="refunded"), "status"), (payment(status=""), "status"), (payment(payment_id=""), "payment_id"),
        (payment(payment_id="p\0"), "payment_id"), (payment(amount=Money(INT64 - 1, "EUR")), "amount"),
        (payment(amount=Money(1, "euro")), "amount"), (payment(link="x" * 2_001), "link"),
        (c.AskItem("f", "r", "contact_point", {}, "acme/deal"), "reply_to"),
        (c.AskItem("f", "r", "contact_point", {}, "other/deal/1"), "reply_to"),
        (c.ReportOutcome("f", "r", "maybe", "", {}), "status"),
        (c.ReportOutcome("f", "r", "failed", "x" * 501, {}), "reason"),
        (c.RecordActivity("a\0", "mail", Personal("")), "activity_id"),
        (c.SaveItem({}, responsible="a\nb"), "responsible"), (c.SaveItem({}, observers=("ok", "x" * 201)), "observers"),
        (c.SaveItem({}, link=(e.Link("", "1", "source"),)), "links"),
        (c.SaveItem({}, link=(e.Link("deal/x", "1", "source"),)), "links"),
        (c.SaveItem({}, link=(e.Link("deal", "", "source"),)), "links"),
        (c.SaveItem({}, unlink=(e.Link("deal", "1\0", "source"),)), "links.item_id"),
        (c.SaveItem({}, rows=(e.ProductRow("p", "n", 10**13, Money(1, "EUR")),)), "rows[0].quantity_milli"),
        (c.SaveItem({}, rows=(e.ProductRow("p", "n", -1, Money(1, "EUR")),)), "rows[0].quantity_milli"),
        (c.SaveItem({}, rows=(e.ProductRow("p", "n", 1, Money(10**16, "EUR")),)), "rows[0].price"),
        (c.SaveItem({}, rows=(e.ProductRow("p\0", "n", 1, Money(1, "EUR")),)), "rows[0].product_id"),
    ],
    ids=lambda case: repr(case)[:60],
)  # fmt: skip
def test_changes_out_of_range_are_refused_with_their_part(change: c.ItemChange, part: str) -> None:
    """The sender learns what to mend."""
    error = refused(deal(), change)

    assert (error.reason, error.detail.partition(":")[0]) == ("invalid_value", part)


@pytest.mark.parametrize(
    "fields",
    [
        {"amount": Money(INT64, "EUR")}, {"amount": Money(-INT64 - 1, "EUR")}, {"amount": Money(1, "eur")},
        {"amount": INT64}, {"title": 7}, {"title": "x" * 1_000_001}, {"contact": "1" * 201}, {"contact": "1\0"},
        {"email_work": ("a", "b")},
    ],
    ids=lambda case: repr(case)[:60],
)  # fmt: skip
def test_values_that_are_not_of_their_field_are_refused(fields: dict[str, Any]) -> None:
    """Overflow, wrong types, texts beyond a million characters, links that could not be a key."""
    assert refused(deal(), c.SaveItem(fields)).reason == "invalid_field"


# --- sizes ---------------------------------------------------------------------------------------------------


def full_deal(*definitions: m.Definition) -> Story:
    """Return a deal just below its limit."""
    story = deal(BIG_FIELDS, *definitions)
    for number in range(4):
        story.when(c.SaveItem({f"big_{number}": BIG}))
    return story


def test_an_item_that_would_exceed_4_mb_refuses_the_save() -> None:
    """Fields, rows and observers count together; smaller saves still pass."""
    story = full_deal()

    assert refused(story, c.SaveItem({"big_4": BIG})).reason == "item_too_large"
    rows = tuple(e.ProductRow(str(n), "n" * 100, 1_000, Money(1, "EUR")) for n in range(5_000))
    assert refused(story, c.SaveItem({}, rows=rows)).reason == "item_too_large"
    assert refused(story, c.SaveItem({}, observers=("u" * 190,) * 4_000)).reason == "item_too_large"
    assert story.when(c.SaveItem({"title": "Chair"})).kinds() == ["FieldsChanged"]
    assert story.when(c.SaveItem({"big_0": None, "big_4": BIG})).kinds() == ["FieldsChanged"]


def test_the_limit_holds_for_the_bytes_as_they_are_written() -> None:
    """What the core weighs is never less than what the store and the log take."""
    story = full_deal()

    assert len(RecordCodec(type(story.state)).encode(story.state)) < STATE_LIMIT
    assert len(item_events().encode(story.last.events[-1])) < weight(story.events[-1]) + 2_000


def test_payment_facts_use_the_reserve_of_a_full_item() -> None:
    """A paid fact is not lost because people filled the item up."""
    story = full_deal(BIG_FIELDS)
    story.when(c.SaveItem({"comments": "x" * (STATE_LIMIT - weight(story.state.fields) - 600)}))
    for number in range(20):
        story.when(payment(payment_id=f"p{number}"))

    assert story.kinds() == ["PaymentNoted"]
    assert refused(story, c.SaveItem({"title": "y" * 5_000})).reason == "item_too_large"


def test_an_item_has_at_most_a_thousand_links() -> None:
    """Each may become a message when the item is paid."""
    story = deal().when(c.SaveItem({}, link=tuple(e.Link("deal", str(n), "related") for n in range(MOST_LINKS))))

    assert refused(story, c.SaveItem({}, link=(e.Link("deal", "more", "related"),))).reason == "item_too_large"


def test_a_step_that_would_exceed_the_item_fails_alone() -> None:
    """The stage change that started it stands, and the next rule runs."""
    copy = rule("copy", "edit_item", "assembly", {"fields": [{"field": "big_5", "value": "{{field:big_0}}"}]}, order=1)
    note = rule("note", "add_item_comment", "assembly", {"text": "here"}, order=2)
    story = full_deal(copy, note).when(c.SaveItem({}, stage="assembly"))

    assert story.kinds() == [
        "StageMoved", "RuleRunFailed", "RuleFailureTold", "NotificationRequested", "CommentAdded", "RuleRunCompleted",
    ]  # fmt: skip
    assert story.only(e.RuleRunFailed).reason == "item_too_large"
    assert "big_5" not in story.state.fields


def test_a_request_that_no_inbox_would_take_fails_its_step() -> None:
    """Rows of more than 1 MB cannot travel to the payment tracker."""
    link = rule("link", "create_payment_link", "assembly", {})
    story = deal(link)
    rows = tuple(e.ProductRow(str(n), "n" * 900, 1_000, Money(1, "EUR")) for n in range(1_200))
    story.when(c.SaveItem({}, rows=rows)).when(c.SaveItem({}, stage="assembly"))

    assert story.only(e.RuleRunFailed).reason == "item_too_large"
    assert "PaymentRequested" not in story.kinds()


def test_the_steps_of_one_change_share_what_a_transaction_takes() -> None:
    """Forty rules that each write a megabyte would time the commit out, again after each restart."""
    rules = [rule(f"r{n:02}", "add_item_comment", "assembly", {"text": "{{field:big_0}}"}, order=n) for n in range(40)]
    story = full_deal(*rules).when(c.SaveItem({}, stage="assembly"))

    kinds = story.kinds()
    assert kinds.count("RuleRunFailed") + kinds.count("RuleRunCompleted") == 40
    assert sum(len(item_events().encode(recorded)) for recorded in story.last.events) < 20_000_000
    assert kinds.count("CommentAdded") == kinds.count("RuleRunCompleted") > 10


def test_a_message_to_many_costs_its_step_only() -> None:
    """A megabyte to a department of a hundred is a hundred megabytes."""
    crowd = [m.User(id=f"u{n}", name=f"U {n}", department="sales") for n in range(100)]
    tell = rule("tell", "add_notification", "assembly", {"text": "{{field:big_0}}", "recipients": ["department:sales"]})
    story = full_deal(*crowd, tell).when(c.SaveItem({}, stage="assembly"))

    assert story.kinds() == ["StageMoved", "RuleRunFailed", "RuleFailureTold", "NotificationRequested"]
    assert not story.state.runs


def test_an_overflowing_sum_fails_the_step_that_needs_it() -> None:
    """Rows within their limits may sum up to more than 64 bits."""
    link = rule("link", "create_payment_link", "assembly", {})
    story = deal(link).when(c.SaveItem({}, rows=(e.ProductRow("p", "n", 10**12, Money(10**15, "EUR")),)))
    story.when(c.SaveItem({}, stage="assembly"))

    assert story.only(e.RuleRunFailed).reason == "invalid_value:amount"


def test_a_paid_invoice_leaves_out_fields_that_no_inbox_would_take() -> None:
    """The paid fact reaches its deals; a condition reads what was left out as unset."""
    fields = m.Fields(item_type="invoice", fields=BIG_FIELDS.fields)
    links = tuple(e.Link("deal", str(n), "source") for n in range(3))
    story = Story(spec.book_of(spec.pipeline("invoice", "bills"), fields), Key("acme", "invoice", "1"))
    story.when(c.CreateItem({"title": "Bill", "amount": Money(100, "EUR"), "big_0": BIG}, links=links))
    story.when(c.SaveItem({"big_1": BIG})).when(c.SaveItem({}, stage="won"))

    asked = [event for event in story.events if isinstance(event, effects.ItemAsked)]
    assert [event.target for event in asked] == ["acme/deal/0", "acme/deal/1", "acme/deal/2"]
    assert asked[0].args["field.title"] == "Bill"
    assert asked[0].args["amount"] == Money(100, "EUR")
    assert weight(asked[0]) < 1_000_000


def test_an_answer_that_no_inbox_would_take_says_so() -> None:
    """The asking step ends at once instead of waiting for an answer that was parked."""
    story = deal(email_work="é" * 300_000)
    story.when(c.AskItem("f", "r", "contact_point", {"address_type": "work"}, "acme/deal/2"))

    told = story.only(effects.ItemAnswered)
    assert (told.status, told.reason, told.results) == ("failed", "item_too_large", {})


@pytest.mark.parametrize("question", [{"value.big_5": BIG}, {"value.big_5": BIG, "stage": "assembly"}])
def test_a_save_asked_of_a_full_item_is_answered_at_once(question: dict[str, Any]) -> None:
    """One still fits into the reserve; of the next one all is left undone, and the asking step ends with the reason."""
    story = full_deal()
    before = story.when(c.AskItem("e", "r", "save", {"value.big_4": BIG}, "acme/deal/2")).state
    story.when(c.AskItem("f", "r", "save", question, "acme/deal/2"), source="automation_rule", actor="rule:x")

    told = story.only(effects.ItemAnswered)
    assert (story.kinds(), told.status, told.reason) == (["ItemAnswered"], "failed", "item_too_large")
    assert (story.state.fields, story.state.stage) == (before.fields, before.stage)
    assert story.state.seen != before.seen


def test_details_that_would_make_a_full_client_too_large_stay_as_they_are() -> None:
    """The question `edit_details` is answered like any other."""
    fields = tuple(m.FieldDef(code=f"d{n}", title=f"D{n}", type="text") for n in range(6))
    made = m.DetailsTemplate(id="co", title="Co", entity="company", fields=fields)
    story = Story(spec.book_of(*spec.PEOPLE, made), Key("acme", "company", "1")).when(c.CreateItem({"title": "Co"}))
    for number in range(6):
        story.when(c.SaveDetails("1", "co", {f"d{number}": BIG if number < 4 else "x"}))
    for number in (4, 5):
        args = {"template": "co", "chosen": "", f"value.d{number}": BIG}
        story.when(c.AskItem(f"f{number}", "r", "edit_details", args, "acme/deal/2"))

    assert story.only(effects.ItemAnswered).reason == "item_too_large"
    assert story.state.details["1"].values["d5"] == "x"


def test_a_creation_of_an_item_that_is_too_large_is_answered_and_leaves_nothing() -> None:
    """No item, no event, and an answer to who asked for it."""
    story = Story(spec.book_of(spec.pipeline(), BIG_FIELDS))
    links = tuple(e.Link("deal", str(n), "related") for n in range(MOST_LINKS + 1))
    story.when(c.RequestItem("f", "r", "acme/deal/2", {"title": "Desk"}, links=links, on_behalf_of="ann"))

    (request,) = story.last.requests
    assert (story.events, story.state.version, request.key.text) == ([], 0, "acme/deal/2")
    assert request.change == c.ReportOutcome("f", "r", "failed", "item_too_large", {})


def test_a_fact_that_nobody_waits_for_is_refused_by_a_full_item() -> None:
    """It goes to the dead letters, as there is nobody to answer."""
    story = deal().when(c.SaveItem({}, link=tuple(e.Link("deal", str(n), "related") for n in range(MOST_LINKS))))
    fact = c.AskItem("f", "", "link", {"item_type": "invoice", "item_id": "7", "relation": "created"}, "")

    assert refused(story, fact).reason == "item_too_large"


def test_an_order_id_that_is_no_key_is_an_unknown_order() -> None:
    """The step ends instead of asking an inbox that would park its request."""
    link = rule("link", "create_payment_link", "assembly", {"auto_create": False, "order_id": "{{field:comments}}"})
    story = deal(link, comments="o" * 300).when(c.SaveItem({}, stage="assembly"))

    assert story.only(e.RuleRunFailed).reason == "order_not_found"


# --- definitions that changed under an item, loops, timers ------------------------------------------------------


def test_a_payment_fact_meets_an_item_on_a_stage_that_was_taken_out() -> None:
    """The trigger moves it on, and the responsible is told: nothing is parked."""
    story = deal(PAID)
    kept = tuple(stage for stage in spec.STAGES if stage.id != "new")
    spec.put(story.book, spec.pipeline().model_copy(update={"stages": kept}))
    story.when(payment())

    assert story.state.stage == "assembly"
    assert "NotificationRequested" in story.kinds()


def test_a_payment_fact_meets_a_trigger_whose_stage_was_taken_out() -> None:
    """The trigger is silent; the fact is recorded."""
    story = deal(PAID)
    kept = tuple(stage for stage in spec.STAGES if stage.id != "assembly")
    spec.put(story.book, spec.pipeline().model_copy(update={"stages": kept}))

    assert story.when(payment()).kinds() == ["PaymentNoted"]


def test_two_rules_that_edit_the_same_field_do_not_call_each_other() -> None:
    """A -> B -> A by field edits ends with the stage's rules: each runs once per entry."""
    swap = [
        rule(name, "edit_item", "assembly", {"fields": [{"field": "title", "value": name}]}, order=n)
        for n, name in enumerate(("a", "b"))
    ]
    story = deal(*swap).when(c.SaveItem({}, stage="assembly"))

    assert story.kinds().count("RuleRunCompleted") == 2


def test_a_chain_of_payment_facts_across_items_is_cut() -> None:
    """The depth that comes along with a fact counts, however short this item's own part is (spec 6.1)."""
    story = deal(PAID)
    story.when(payment(), depth=50, root_id="root")

    assert story.only(e.TriggerSkipped).reason == "loop_detected"
    assert story.state.stage == "new"


@pytest.mark.parametrize("now", [0, 253_402_300_799_999])
def test_a_timer_is_kept_and_fires_at_any_moment(now: int) -> None:
    """In the year 1970 and in 9999 a delay ends one delay later; woken too early, no event is dated back."""
    story = deal(rule("late", "add_item_comment", "assembly", {"text": "x"}, delay="366d"))
    story.now = max(now, story.now)
    story.when(c.SaveItem({}, stage="assembly"))
    ((due, run_id),) = timers(story.state)
    woken = fire(story.state, story.key, run_id, 0, story.book, "test")

    assert due == story.now + 366 * 86_400_000
    assert {recorded.envelope.recorded_at for recorded in woken.events} == {story.now}
    assert story.wake().kinds() == ["CommentAdded", "RuleRunCompleted"]
    assert item_events().decode(item_events().encode(story.last.events[-1])) == story.last.events[-1]
