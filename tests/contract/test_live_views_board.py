"""The board of live views: sums that repeats do not change, gaps that are told, and an API that needs its token."""

from __future__ import annotations

import pytest
from aiohttp.test_utils import TestClient, TestServer
from pydantic import ValidationError

from automation.envelope import Key
from automation.items import events as e
from automation.values import Money
from services.live_views.api import Progress, make_api
from services.live_views.board import KEPT_MINUTES, MINUTE, Board, GapError, MinuteRow, PaymentRow, StageRow
from services.live_views.settings import LiveViewsSettings
from services.live_views.stall import Stall
from tests.history_world import DEAL, head_of, recorded, stream

CREATED = e.ItemCreated({"amount": Money(100, "EUR")}, "sales", "new", "7", "7", (), automated=False)
SKIPPED = e.RuleRunSkipped("r", "rule", 1, 1, "condition_false")


def _board(*events: object) -> Board:
    board = Board()
    for one in stream(DEAL, *events):
        board.apply(head_of(one))
    return board


def test_an_item_counts_once_in_the_stage_where_it_is() -> None:
    """Moves, price changes and pipelines take the item out of one sum and into another."""
    priced = e.FieldsChanged((e.FieldChange("amount", Money(100, "EUR"), Money(70, "USD")),))
    board = _board(
        CREATED, priced, e.StageMoved("new", "won", 2, False), e.PipelineChanged("sales", "care", "won", "in", 3, False)
    )
    assert board.stages("acme", "deal") == [StageRow("care", "in", "USD", 1, 70)]
    assert board.stages("acme", "lead") == []


def test_a_deleted_item_leaves_the_sums() -> None:
    """Nothing stays behind of it, not even a row of zeros."""
    assert _board(CREATED, e.ItemDeleted()).stages("acme", "deal") == []


def test_a_repeat_changes_nothing() -> None:
    """At least once is enough: what the item's row already reflects is skipped."""
    board = _board(CREATED, SKIPPED)
    before = (board.stages("acme", "deal"), board.minutes("acme"))
    assert not any(board.apply(head_of(one)) for one in stream(DEAL, CREATED, SKIPPED))
    assert (board.stages("acme", "deal"), board.minutes("acme")) == before


def test_a_gap_is_told_before_anything_is_changed() -> None:
    """The sums stay as they were; an item known to be damaged goes on."""
    board = _board(CREATED)
    late = recorded(DEAL, 3, e.StageMoved("new", "won", 2, False))
    with pytest.raises(GapError, match="acme/deal/1: version 3 came after 1"):
        board.apply(head_of(late))
    assert [row.stage for row in board.stages("acme", "deal")] == ["new"]
    board.damaged.add(DEAL.text.encode())
    assert board.apply(head_of(late))
    assert [row.stage for row in board.stages("acme", "deal")] == ["won"]


def test_minutes_are_kept_for_a_day() -> None:
    """What is older than a day before the newest minute is dropped, whichever comes first."""
    board = Board()
    day = KEPT_MINUTES * MINUTE
    for version, at in enumerate((MINUTE, MINUTE + day - 1, MINUTE + day, 5), 1):
        board.apply(head_of(recorded(DEAL, version, SKIPPED, at=at)))
    assert board.minutes("acme", KEPT_MINUTES) == [
        MinuteRow(day, "rule", "skipped", 1),
        MinuteRow(MINUTE + day, "rule", "skipped", 1),
    ]


def test_a_payment_linked_to_several_items_counts_once_and_paid_is_final() -> None:
    """Items hear of it in any order; the state goes forward only."""
    board = Board()
    for number, status in enumerate(("unpaid", "paid", "unpaid")):
        noted = e.PaymentNoted("pay-1", "order", status, Money(500, "EUR"), "")
        board.apply(head_of(recorded(Key("acme", "deal", str(number)), 1, noted)))
    assert board.payments("acme") == [PaymentRow("paid", "EUR", 1, 500)]


@pytest.mark.parametrize(
    ("path", "token", "complete", "status"),
    [
        ("/views/acme/stages", "secret", True, 200),
        ("/views/acme/stages", "wrong", True, 401),
        ("/views/acme/stages", "", True, 401),
        ("/status", "", True, 401),
        ("/views/acme/stages", "secret", False, 503),
        ("/views/acme/minutes?last=0", "secret", True, 400),
        ("/views/acme/minutes?last=²", "secret", True, 400),
        ("/views/acme/secrets", "secret", True, 404),
    ],
)
async def test_the_views_answer_the_gateway_alone_and_never_with_a_part(
    path: str, token: str, complete: bool, status: int
) -> None:
    """Without the token nothing is said; while the board is being folded the answer is 503."""
    api = make_api(_board(CREATED), Progress(lambda: complete, lambda: {"waiting": 1}), "secret")
    async with TestClient(TestServer(api)) as client:
        answer = await client.get(path, headers={"Authorization": f"Bearer {token}"})
        assert answer.status == status


def test_other_machines_are_not_served_without_a_token() -> None:
    """A settings mistake must not open the views."""
    with pytest.raises(ValidationError, match="STAGEWIRE_LIVE_VIEWS_TOKEN"):
        LiveViewsSettings(host="0.0.0.0")
    assert LiveViewsSettings(host="0.0.0.0", token="t").port == 8087


def test_a_stall_is_told_only_while_something_waits() -> None:
    """Quiet hours are none; work that waits and moves is none; what waits and does not move is, until it moves."""
    stall = Stall()
    stall.look(0, 5, waiting=False)
    assert stall.idle(1_000) == 0
    stall.look(1_000, 5, waiting=True)
    stall.look(1_030, 5, waiting=True)
    assert stall.idle(1_040) == 40
    stall.look(1_050, 6, waiting=True)
    assert stall.idle(1_060) == 10
    stall.look(1_070, 6, waiting=False)
    assert stall.idle(2_000) == 0
