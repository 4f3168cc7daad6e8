"""The comparison itself: each way in which an effect or an index can be wrong is counted under its own figure."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from automation.envelope import stable_id
from tests.chaos.checker import Verdict
from tests.chaos.effects import Seen, judge
from tests.chaos.index import _differ
from tests.chaos.providers import KEYED, UNKEYED

ONE = ("acme", "e1")
DONE = stable_id("outcome", *ONE, "completed")


def _seen(channel: str = UNKEYED, **changed: Any) -> Seen:
    """Return an effect that was performed once and told once, with parts of it replaced."""
    row = {"channel": channel, "state": "sent", "status": "completed", "reason": "", "outcome": "sent"}
    whole = Seen(Counter([ONE]), {ONE: row}, Counter([ONE]), {ONE: Counter([DONE])}, Counter([ONE]), 0)
    return whole._replace(**changed)


@pytest.mark.parametrize("channel", [KEYED, UNKEYED])
def test_an_effect_performed_and_told_once_is_right(channel: str) -> None:
    """So is one whose outcome was sent again under the same id."""
    assert not judge(_seen(channel)).bad
    assert not judge(_seen(channel, outcomes={ONE: Counter([DONE, DONE])})).bad


@pytest.mark.parametrize(
    ("figure", "changed"),
    [
        ("lost", {"ledger": {}}),
        ("lost", {"outcomes": {}}),
        ("lost", {"answers": Counter()}),
        ("phantom", {"calls": Counter()}),
        ("phantom", {"calls": Counter([ONE, ("acme", "e2")])}),
        ("phantom", {"parked": 1}),
        ("doubled", {"outcomes": {ONE: Counter([DONE, "another"])}}),
        ("doubled", {"answers": Counter([ONE, ONE])}),
        ("doubled", {"asked": Counter([ONE, ONE])}),
        ("twice", {"calls": Counter([ONE, ONE])}),
    ],
)
def test_what_is_wrong_with_an_effect_is_counted(figure: str, changed: dict[str, Any]) -> None:
    """Each fault alone, under its own figure."""
    verdict = judge(_seen(**changed))
    assert getattr(verdict, figure) == 1, verdict


def test_a_second_call_under_a_key_that_is_recognised_is_no_second_effect() -> None:
    """It is counted, and that is all."""
    verdict = judge(_seen(KEYED, calls=Counter([ONE, ONE])))
    assert not verdict.bad
    assert verdict.counted["calls repeated under a recognised key"] == 1


@pytest.mark.parametrize(
    ("figure", "indexed"),
    [("lost", [b"1"]), ("phantom", [b"1", b"2", b"3"]), ("disordered", [b"2", b"1"])],
)
def test_what_is_wrong_with_the_index_is_counted(figure: str, indexed: list[bytes]) -> None:
    """A missing end, an end that the log does not have, another order."""
    verdict = Verdict()
    _differ(verdict, "item/acme/deal/1", [b"1", b"2"], indexed)
    assert getattr(verdict, figure) == 1
