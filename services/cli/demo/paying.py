"""What clients do with payment links, and what the company does once an item is paid: pure, drawn from the seed."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Literal, NamedTuple

from automation.envelope import Key, stable_id
from automation.payments.changes import ProviderNotice, RecordPayment
from automation.payments.events import PaymentDocumentCreated
from automation.payments.ids import payable_of
from automation.values import Moment
from services.cli.demo import calendar, people
from services.cli.demo.billing import by_transfer
from services.cli.demo.story import Plan, Step, Story, frame

Habit = Literal["never", "once", "repeated", "twice", "failed_first", "failed_late", "by_hand"]
_HABITS: tuple[tuple[Habit, int], ...] = (
    ("never", 22), ("once", 50), ("repeated", 9), ("twice", 5), ("failed_first", 4), ("failed_late", 6), ("by_hand", 4)
)  # fmt: skip
PROVIDER = "simulated"
_PREPARED = 0.2
"""Of the paid deals, those whose delivery is prepared by a process."""


class Payment(NamedTuple):
    """What a client does with one link: notices of the provider in the order in which they arrive.

    A notice that stands twice is delivered twice. `by_hand`: an employee records the payment instead, with `steps`.
    """

    habit: Habit
    notices: tuple[ProviderNotice, ...]
    steps: tuple[Step, ...] = ()


def habit(plan: Plan, payable: Key) -> Habit:
    """Return how the client behaves."""
    if payable.item_type == "invoice" and by_transfer(plan.seed, payable):
        return "never"
    kinds, weights = zip(*_HABITS, strict=True)
    found: Habit = plan.random("habit", plan.place(payable)).choices(kinds, weights)[0]
    return found


def payment(plan: Plan, document: PaymentDocumentCreated, asked_at: Moment) -> Payment:
    """Return what becomes of a payment document that was made at `asked_at` of the month."""
    payable = payable_of(document.payment_id)
    assert payable is not None, document.payment_id  # noqa: S101 - our own service made the id
    rng, kind = plan.random("payment", plan.place(payable)), habit(plan, payable)
    paid_at = asked_at + int(rng.expovariate(1 / 20) * 3_600_000) + 60_000
    paid = _notice(document, "paid", paid_at, 1)
    failed = _notice(document, "failed", paid_at - 30_000, 2)
    notices: dict[Habit, tuple[ProviderNotice, ...]] = {
        "once": (paid,),
        "repeated": (paid, paid),
        "twice": (paid, _notice(document, "paid", paid_at + 60_000, 3)),
        "failed_first": (failed, paid),
        "failed_late": (paid, failed),
    }
    if kind == "by_hand":
        recorded = RecordPayment(document.payment_id, "paid", paid_at)
        named = frame(plan, payable, paid_at, "by-hand", "manual", people.ACCOUNTS)
        return Payment(kind, (), (Step(paid_at, "payments", named, recorded),))
    return Payment(kind, notices.get(kind, ()))


def _notice(document: PaymentDocumentCreated, status: str, at: Moment, number: int) -> ProviderNotice:
    notice_id = stable_id("demo-notice", document.payment_id, number)
    return ProviderNotice(PROVIDER, notice_id, document.payment_id, status, document.amount, at)


def after_move(plan: Plan, key: Key, stage: str, at: Moment) -> Iterator[Step]:
    """Return what the company does with an item that a payment has moved to a stage, until the month ends."""
    story = Story(plan, f"{plan.place(key)}/after", at)
    _WORK.get((key.item_type, stage), _nothing)(story, key, story.rng)
    return (step for step in story.steps if step.at < calendar.END_MS)


def _build(story: Story, key: Key, rng: Random) -> None:
    if rng.random() < _PREPARED:
        wishes = rng.choice(people.WISHES)
        story.wait(4).start(
            key, rng.choice(people.SALES), "onboarding", {"seats": rng.randint(4, 40), "wishes": wishes}
        )
    story.wait(30).comment(key, "marta", "The wood is here.")
    story.wait(50).save(key, "marta", stage="delivery")
    if rng.random() < 0.9:
        story.wait(24).save(key, rng.choice(people.SALES), stage="won")


def _ship(story: Story, key: Key, rng: Random) -> None:
    story.wait(6).save(key, rng.choice(people.SHOP), stage="shipped")


def _mend(story: Story, key: Key, rng: Random) -> None:
    story.wait(24).save(key, people.SERVICE, stage="returned")


def _nothing(_story: Story, _key: Key, _rng: Random) -> None:
    return


_WORK = {("deal", "assembly"): _build, ("deal", "packing"): _ship, ("spa_item.repair", "in_repair"): _mend}
