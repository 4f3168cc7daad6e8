"""The demo's month: the same for the same plan, lifelike, and acceptable to the engine change by change."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from statistics import mean, median

import pytest

from automation.definitions.book import Book
from automation.envelope import Key, Recorded
from automation.items import changes as c
from automation.items.decide import decide
from automation.items.effects import ItemAsked
from automation.items.evolve import initial
from automation.items.human_events import PeopleAsked
from automation.items.process_changes import StartProcess
from automation.items.state import ItemState
from automation.payments.events import PaymentDocumentCreated
from automation.payments.ids import payment_id
from automation.records.types.exception.ids import IS_LISTED
from automation.values import Money, Personal
from services.cli.definitions.files import read_files
from services.cli.demo import calendar
from services.cli.demo.deciding import decision
from services.cli.demo.month import month
from services.cli.demo.paying import Payment, after_move, payment
from services.cli.demo.story import Plan, Step
from services.cli.demo.tally import Tally
from tests.core.spec import TENANT, Story, book_of

PLAN = Plan(changes=4_000, seed=7, mark="t", tenant=TENANT)
COMPANY = Path(__file__).parents[2] / "examples" / "company"


@pytest.fixture(scope="module")
def steps() -> list[Step]:
    """The month of the plan."""
    return month(PLAN)


@pytest.fixture(scope="module")
def book() -> Book:
    """The example company's definitions."""
    return book_of(*read_files([COMPANY]).definitions.values())


def _by_item(steps: list[Step]) -> dict[Key, list[Step]]:
    found: dict[Key, list[Step]] = defaultdict(list)
    for step in steps:
        found[step.key].append(step)
    return found


def test_same_plan_makes_the_same_month(steps: list[Step]) -> None:
    """Seed and size decide everything; another seed makes another month."""
    assert month(PLAN) == steps
    assert month(PLAN._replace(seed=8)) != steps


def test_month_has_the_size_asked_for_and_each_change_an_id(steps: list[Step]) -> None:
    """Exactly so many changes, ordered by time, none outside the month, no id twice."""
    assert len(steps) == PLAN.changes
    assert len({step.frame.change_id for step in steps}) == PLAN.changes
    times = [step.at for step in steps]
    assert times == sorted(times)
    assert times[0] >= calendar.BEGIN_MS
    assert times[-1] < calendar.END_MS


def test_another_mark_is_about_other_items(steps: list[Step]) -> None:
    """A second run on the same broker repeats no item and no change id."""
    other = month(PLAN._replace(mark="u"))
    assert not {step.key for step in steps} & {step.key for step in other}
    assert not {step.frame.change_id for step in steps} & {step.frame.change_id for step in other}


def test_item_is_created_first_and_deleted_last(steps: list[Step]) -> None:
    """Nobody works on an item before it exists or after it is gone."""
    for key, told in _by_item([step for step in steps if step.stream == "items"]).items():
        kinds = [type(step.change) for step in told]
        assert kinds[0] is c.CreateItem, key
        assert kinds.count(c.CreateItem) == 1, key
        assert c.DeleteItem not in kinds[:-1], key


def test_month_holds_everything_that_the_demo_shows(steps: list[Step]) -> None:
    """All item types, deletions, moves to the other pipeline, both ways of billing, orders."""
    created = Counter(step.key.item_type for step in steps if isinstance(step.change, c.CreateItem))
    assert set(created) == {"contact", "company", "lead", "deal", "quote", "invoice", "spa_item.repair"}
    kinds = Counter(type(step.change).__name__ for step in steps)
    assert kinds["RegisterOrder"] > 20
    assert kinds["DeleteItem"] > 2
    moved = [s for s in steps if isinstance(s.change, c.SaveItem) and s.change.pipeline == "shop"]
    assert moved
    deals = [s.change for s in steps if isinstance(s.change, c.CreateItem) and "billing" in s.change.fields]
    assert {deal.fields["billing"] for deal in deals} == {"link", "invoice"}


def test_people_work_in_office_hours_and_shop_at_any_time(steps: list[Step]) -> None:
    """Leads are called from Monday to Friday; orders are placed on weekends too."""
    called = [_local(s) for s in steps if isinstance(s.change, c.SaveItem) and s.change.stage == "contacted"]
    assert all(moment.weekday() < 5 and 8 <= moment.hour < 18 for moment in called)
    ordered = [_local(s) for s in steps if isinstance(s.change, c.SaveItem) and s.change.stage == "ordered"]
    assert {moment.weekday() for moment in ordered} >= {5, 6}
    assert any(moment.hour >= 19 for moment in ordered)


def _local(step: Step) -> datetime:
    return datetime.fromtimestamp(step.at / 1_000, UTC).astimezone(calendar.ZONE)


def test_amounts_are_log_normal(steps: list[Step]) -> None:
    """Most deals are small and a few are large: the mean lies well above the median."""
    created = [s.change for s in steps if isinstance(s.change, c.CreateItem) and not s.change.rows]
    amounts = [v.minor for change in created if isinstance(v := change.fields.get("amount"), Money)]
    assert 250_000 < median(amounts) < 650_000
    assert mean(amounts) > 1.25 * median(amounts)


def test_engine_accepts_every_change_of_the_example_company(steps: list[Step], book: Book) -> None:
    """No change is refused, each leaves an event, and no rule of the company fails by a defect or a wrong value."""
    states: dict[Key, ItemState] = {}
    reasons: Counter[str] = Counter()
    for step in (step for step in steps if step.stream == "items"):
        frame, change = step.frame, step.change
        outcome = decide(states.get(step.key, initial()), frame, change, step.at, book, "test")
        assert outcome.events, step
        states[step.key] = outcome.state
        reasons.update(f"{type(r.event).__name__}:{getattr(r.event, 'reason', '')}" for r in outcome.events)
    assert {reason for reason in reasons if reason.startswith("RuleRunFailed")} <= {"RuleRunFailed:no_email_address"}
    assert reasons["PaymentRequested:"] > 50
    assert {state.stage for key, state in states.items() if key.item_type == "deal"} >= {
        "new", "qualified", "proposal", "invoice_sent", "lost", "cart", "ordered", "cancelled",
    }  # fmt: skip


def _document(key: Key) -> PaymentDocumentCreated:
    amount = Money(9_900, "EUR")
    return PaymentDocumentCreated(
        payment_id(key, "e", 1), key.text, "e", amount, (), Personal(""), "https://pay.test/x"
    )


def _payments() -> dict[str, Payment]:
    """Return one payment for each habit of clients."""
    keys = [Key(TENANT, "deal", f"t-{number}") for number in range(400)]
    return {made.habit: made for key in keys for made in (payment(PLAN, _document(key), calendar.BEGIN_MS),)}


def test_clients_pay_in_all_ways_that_providers_know() -> None:
    """Never, once, delivered twice, said twice, failing first or late, and by hand."""
    found = _payments()
    told = {habit: [notice.status for notice in made.notices] for habit, made in found.items()}
    assert told == {
        "never": [], "by_hand": [], "once": ["paid"], "repeated": ["paid", "paid"], "twice": ["paid", "paid"],
        "failed_first": ["failed", "paid"], "failed_late": ["paid", "failed"],
    }  # fmt: skip
    first, second = found["repeated"].notices
    assert first == second
    first, second = found["twice"].notices
    assert first.notice_id != second.notice_id
    paid, failed = found["failed_late"].notices
    assert failed.paid_at < paid.paid_at
    assert [type(step.change).__name__ for step in found["by_hand"].steps] == ["RecordPayment"]


def test_payment_decided_again_is_the_same() -> None:
    """What a client does follows from seed and payable, not from when it is asked."""
    document = _document(Key(TENANT, "deal", "t-3"))
    assert payment(PLAN, document, calendar.BEGIN_MS) == payment(PLAN, document, calendar.BEGIN_MS)


def _followed(story: Story) -> Iterator[Recorded]:
    """Yield what the last turn emitted, and what follows: nobody is on the exceptions list, and tasks are made."""
    yield from story.last.events
    for event in story.events:
        if isinstance(event, ItemAsked) and event.question in (IS_LISTED, "create_task"):
            story.answer(event, listed=False)
            yield from _followed(story)


def test_processes_start_as_the_month_says(steps: list[Step], book: Book) -> None:
    """An office lead of the web form and an invoice start one each; what the client does ends a wait."""
    tally, stories = Tally(), dict[Key, Story]()
    for step in (step for step in steps if step.stream == "items"):
        story = stories.setdefault(step.key, Story(book, step.key))
        for recorded in _followed(story.repeat(step.frame, step.change)):
            tally.item(recorded)

    created = [step for step in steps if isinstance(step.change, c.CreateItem)]
    leads = [s for s in created if (s.key.item_type, s.frame.source) == ("lead", "crm_form")]
    done = tally.processes
    assert done.started == {
        "lead-qualification": sum(step.change.fields["interest"] == "office" for step in leads),
        "invoice-follow-up": sum(step.key.item_type == "invoice" for step in created),
    }
    assert min(done.started.values()) > 10
    assert (done.not_started, done.incidents) == ({}, {})
    assert 0 < done.ended["lead-qualification", "completed"] < done.started["lead-qualification"]
    assert done.started.total() == done.ended.total() + len(done.waiting)
    assert done.subscribed


def _asked(kind: str, number: int) -> tuple[Step, ...]:
    asked = PeopleAsked(f"task-{number}", kind, Personal("?"), ("ann", "marta"), 0)
    return decision(PLAN, Key(TENANT, "deal", f"t-{number}"), asked, calendar.BEGIN_MS)


def test_employees_decide_for_and_against_or_leave_it_lying() -> None:
    """The same each time, whatever the task is called; one of those who were asked."""
    said = [_asked("approval", number) for number in range(200)]
    assert said == [_asked("approval", number) for number in range(200)]
    assert Counter(made[0].change.decision if made else "" for made in said).keys() == {"approve", "reject", ""}
    (form,) = next(filter(None, (_asked("information", number) for number in range(200))))
    assert (form.key.item_type, form.change.decision) == ("human_task", "answer")
    assert form.frame.actor in ("user:ann", "user:marta")
    assert set(form.change.values) == {"floor", "lift"}


def test_some_paid_deals_are_prepared_by_a_process() -> None:
    """It is started by hand, with what its form asks for."""
    keys = [Key(TENANT, "deal", f"t-{number}") for number in range(60)]
    started = [step.change for key in keys for step in after_move(PLAN, key, "assembly", calendar.BEGIN_MS)
               if isinstance(step.change, StartProcess)]  # fmt: skip
    assert 0 < len(started) < len(keys)
    assert {change.template_id for change in started} == {"onboarding"}
    assert all(change.params.keys() == {"seats", "wishes"} for change in started)


def test_company_goes_on_with_what_was_paid() -> None:
    """A deal in assembly is delivered and mostly won; an order is shipped; other moves lead to nothing."""
    at = calendar.BEGIN_MS + 86_400_000
    deal = list(after_move(PLAN, Key(TENANT, "deal", "t-1"), "assembly", at))
    stages = [step.change.stage for step in deal if isinstance(step.change, c.SaveItem)]
    assert stages[0] == "delivery"
    assert all(step.at > at for step in deal)
    assert [s.change.stage for s in after_move(PLAN, Key(TENANT, "deal", "t-2"), "packing", at)] == ["shipped"]
    assert not list(after_move(PLAN, Key(TENANT, "lead", "t-4"), "assembly", at))
    assert not list(after_move(PLAN, Key(TENANT, "deal", "t-1"), "assembly", calendar.END_MS))
