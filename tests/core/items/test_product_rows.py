"""Product rows of an item: ids, sums, and the amount that follows from them (spec 4.2, 4.24)."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automation.definitions import models as m
from automation.envelope import Recorded
from automation.errors import ChangeRefusedError
from automation.items import changes as c
from automation.items import events as e
from automation.items.evolve import evolve, initial
from automation.items.parts import Link, ProductRow
from automation.items.product_rows import AMOUNT, discount_text, identified, quantity_text, sum_of, total
from automation.values import Money
from tests.core.spec import Story, deal, rule, trigger

CHAIR = ProductRow("chair", "Chair", 2_000, Money(5_000, "EUR"))
LAMP = ProductRow("lamp", "Lamp", 1_000, Money(3_000, "EUR"))
EUR_1 = Money(100, "EUR")
RATES = m.Rates(base="EUR", rates={"USD": "0.5"})

ROWS = st.builds(
    ProductRow, st.sampled_from("abc"), st.sampled_from("xy"), st.integers(0, 10**7),
    st.builds(Money, st.integers(-(10**9), 10**9), st.just("EUR")), st.just(""), st.integers(0, 100_000),
)  # fmt: skip


def saved(*rows: ProductRow, story: Story | None = None, **fields: Money | None) -> Story:
    """Save these rows as all rows of a deal, with fields beside them."""
    return (story or deal()).when(c.SaveItem(fields, rows=rows))


def amount(story: Story) -> Money | None:
    """Return the amount of the item."""
    found = story.state.fields.get(AMOUNT)
    return found if isinstance(found, Money) else None


# --- sums ------------------------------------------------------------------------------------------------------


@given(ROWS)
def test_a_sum_is_the_exact_one_rounded_half_up(row: ProductRow) -> None:
    """Price × quantity × (1 − discount/100), at most half a minor unit away, a half upwards."""
    percent = Fraction(row.discount_milli, 1_000)
    exact = row.price.minor * Fraction(row.quantity_milli, 1_000) * (1 - percent / 100)

    assert Fraction(-1, 2) < sum_of(row).minor - exact <= Fraction(1, 2)
    assert sum_of(row).currency == "EUR"


@pytest.mark.parametrize(
    ("price", "quantity_milli", "discount_milli", "minor"),
    [
        (1_000, 1_000, 100_000, 0),
        (1_000, 1_000, 0, 1_000),
        (1, 500, 0, 1),
        (1, 499, 0, 0),
        (999, 1_000, 33_333, 666),
        (101, 1_000, 50_000, 51),
        (10**15, 10**12, 50_000, 5 * 10**23),
    ],
)
def test_the_sum_of_a_row(price: int, quantity_milli: int, discount_milli: int, minor: int) -> None:
    """Nothing is lost before the one rounding."""
    row = ProductRow("p", "n", quantity_milli, Money(price, "EUR"), discount_milli=discount_milli)
    assert sum_of(row).minor == minor


@given(st.lists(ROWS, max_size=8))
def test_an_amount_is_the_sum_of_the_rows_as_they_are_shown(rows: list[ProductRow]) -> None:
    """Whatever was saved before."""
    story = saved(CHAIR)
    saved(*rows, story=story)

    assert amount(story) == Money(sum(sum_of(row).minor for row in rows), "EUR")
    assert amount(story) == (total(story.state.rows, {}) if rows else Money(0, "EUR"))


def test_what_people_read() -> None:
    """Needless digits are left out."""
    row = replace(CHAIR, quantity_milli=1_250, unit="h", discount_milli=12_500)
    assert (quantity_text(row, str.upper), discount_text(row)) == ("1.25 H", "12.5 %")
    assert (quantity_text(CHAIR, str), discount_text(CHAIR)) == ("2", "")


# --- ids -------------------------------------------------------------------------------------------------------


def test_a_row_gets_an_id_that_stays_while_it_is_edited() -> None:
    """The same row is one of the same content, else of the same product; a new row gets a new id."""
    story = saved(CHAIR, LAMP)
    chair, lamp = (row.row_id for row in story.state.rows)
    assert chair
    assert len({chair, lamp}) == 2

    saved(LAMP, replace(CHAIR, quantity_milli=1_000), CHAIR, story=story)
    moved, edited, same = story.state.rows
    assert (moved.row_id, same.row_id) == (lamp, chair)
    assert edited.row_id not in ("", chair, lamp)

    saved(replace(CHAIR, price=EUR_1), story=story)
    assert story.state.rows[0].row_id in (chair, edited.row_id)


def test_an_id_that_was_sent_counts() -> None:
    """The sender names the row, whatever it says now."""
    story = saved(replace(CHAIR, row_id="mine"), CHAIR)
    first, second = story.state.rows
    assert (first.row_id, bool(second.row_id)) == ("mine", True)

    saved(replace(LAMP, row_id=second.row_id), CHAIR, story=story)
    assert [row.row_id for row in story.state.rows] == [second.row_id, "mine"]


def test_the_same_rows_again_change_nothing() -> None:
    """With their ids or without."""
    story = saved(CHAIR, CHAIR, LAMP)
    assert saved(CHAIR, CHAIR, LAMP, story=story).only(e.ChangeSeen).reason == "no_change"
    assert saved(*story.state.rows, story=story).only(e.ChangeSeen).reason == "no_change"


@given(st.lists(ROWS, max_size=6), st.lists(ROWS, max_size=6))
def test_every_row_has_an_id_of_its_own(before: list[ProductRow], after: list[ProductRow]) -> None:
    """The same ones however often it is asked."""
    old = identified(tuple(before), (), "a")
    new = identified(tuple(after), old, "b")

    assert new == identified(tuple(after), old, "b") == identified(new, old, "c")
    assert [replace(row, row_id="") for row in new] == after
    ids = [row.row_id for row in new]
    assert "" not in ids
    assert len(set(ids)) == len(ids)
    if before == after:
        assert new == old


def test_rows_of_events_from_before_get_ids_that_do_not_change() -> None:
    """Each fold derives the same ones, and later events keep them."""
    story = saved(CHAIR, LAMP)
    (created, *_), state = deal().last.events, initial()
    frame = story.last.events[0].envelope
    old = [
        Recorded(frame, e.ProductRowsChanged((), (CHAIR, LAMP))),
        Recorded(frame._replace(event_id="later"), e.ProductRowsChanged((CHAIR, LAMP), (LAMP, CHAIR, LAMP))),
    ]
    once, again = (evolve(evolve(evolve(state, created), old[0]), old[1]) for _ in range(2))

    assert once.rows == again.rows
    lamp, chair, new = (row.row_id for row in once.rows)
    assert (chair, lamp) == tuple(row.row_id for row in evolve(evolve(state, created), old[0]).rows)
    assert new not in (chair, lamp, "")


# --- the amount ------------------------------------------------------------------------------------------------


def test_the_amount_follows_the_rows() -> None:
    """From the creation on, and down to 0 when none is left; the journal has the change."""
    story = deal().when(c.SaveItem({}, rows=(CHAIR, LAMP)))
    assert story.kinds() == ["ProductRowsChanged", "FieldsChanged"]
    assert story.only(e.FieldsChanged).changes == (e.FieldChange(AMOUNT, None, Money(13_000, "EUR")),)

    assert amount(saved(replace(CHAIR, discount_milli=10_000), story=story)) == Money(9_000, "EUR")
    assert amount(saved(story=story)) == Money(0, "EUR")
    assert amount(saved(LAMP, story=story)) == Money(3_000, "EUR")

    made = Story(story.book, story.key._replace(item_id="2")).when(c.CreateItem({}, rows=(CHAIR,)))
    assert (amount(made), made.state.amount_computed) == (Money(10_000, "EUR"), True)


@pytest.mark.parametrize("given_by", ["creation", "save", "save with the rows", "rule"])
def test_a_given_amount_stays(given_by: str) -> None:
    """Whoever gave it."""
    edit = rule(
        "edit", "edit_item", "assembly", {"fields": [{"field": "amount", "value": {"minor": 100, "currency": "EUR"}}]}
    )
    story = deal(edit, **({"amount": EUR_1} if given_by == "creation" else {}))
    if given_by == "save with the rows":
        saved(CHAIR, story=story, amount=EUR_1)
    elif given_by == "save":
        saved(CHAIR, story=story).when(c.SaveItem({"amount": EUR_1}))
    elif given_by == "rule":
        saved(CHAIR, story=story).when(c.SaveItem({}, stage="assembly"))

    assert amount(story) == EUR_1
    assert saved(LAMP, story=story).kinds() == ["ProductRowsChanged"]
    assert amount(saved(story=story)) == EUR_1


def test_an_amount_that_is_emptied_follows_again() -> None:
    """From the next change of rows on."""
    story = saved(CHAIR, amount=EUR_1).when(c.SaveItem({"amount": None}))
    assert amount(story) is None

    assert amount(saved(LAMP, story=story)) == Money(3_000, "EUR")
    assert amount(saved(CHAIR, story=story, amount=None)) == Money(10_000, "EUR")


def test_a_save_that_gives_the_amount_of_the_rows_wins_over_its_own_rows() -> None:
    """It says nothing new about who sets the amount."""
    story = saved(CHAIR)
    saved(LAMP, story=story, amount=Money(10_000, "EUR"))
    assert (amount(story), story.state.amount_computed) == (Money(10_000, "EUR"), True)
    assert amount(saved(LAMP, LAMP, story=story)) == Money(6_000, "EUR")


def test_amounts_from_before_count_as_given() -> None:
    """Who set them is not known: they are kept."""
    story = deal(amount=EUR_1)
    assert amount(saved(CHAIR, story=story)) == EUR_1


def test_rows_of_another_currency_count_at_the_rates() -> None:
    """In the currency of the amount, which is that of the first row at first."""
    dollars = replace(LAMP, price=Money(3_000, "USD"))
    story = saved(CHAIR, story=deal(RATES))
    assert amount(saved(dollars, CHAIR, story=story)) == Money(11_500, "EUR")
    assert amount(saved(dollars, story=story)) == Money(1_500, "EUR")
    assert amount(saved(dollars, CHAIR, story=deal(RATES))) == Money(23_000, "USD")


def test_without_a_rate_the_amount_stays_as_it_is() -> None:
    """None if there was none; the next rows that have rates count again."""
    story = saved(CHAIR)
    assert saved(CHAIR, replace(LAMP, price=Money(1, "USD")), story=story).kinds() == ["ProductRowsChanged"]
    assert amount(story) == Money(10_000, "EUR")
    assert amount(saved(LAMP, story=story)) == Money(3_000, "EUR")

    assert amount(saved(CHAIR, replace(LAMP, price=Money(1, "USD")))) is None


def test_rows_that_cost_nothing_have_no_currency_to_convert() -> None:
    """Beside others they do not matter; alone they leave no amount."""
    free = replace(LAMP, price=Money(0, ""))
    assert amount(saved(free, CHAIR)) == Money(10_000, "EUR")
    story = saved(free)
    assert amount(story) is None
    assert amount(saved(story=story)) == Money(0, "EUR")


def test_a_sum_beyond_the_largest_amount_is_not_taken() -> None:
    """Rows within their limits may come to more."""
    story = saved(CHAIR)
    assert amount(saved(replace(CHAIR, quantity_milli=10**12, price=Money(10**15, "EUR")), story=story)) == Money(
        10_000, "EUR"
    )


def test_triggers_on_the_amount_see_what_follows_from_a_save_of_rows() -> None:
    """As if the save had changed it."""
    watch = trigger("big", "track_field_change", "assembly", params={"fields": ["amount"]})
    assert saved(CHAIR, story=deal(watch)).state.stage == "assembly"


# --- the door --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        ({"discount_milli": -1}, "rows[1].discount_milli"),
        ({"discount_milli": 100_001}, "rows[1].discount_milli"),
        ({"row_id": "r" * 201}, "rows[1].row_id"),
        ({"row_id": "mine"}, "rows[1].row_id"),
        ({"unit": "k\ng"}, "rows[1].unit"),
    ],
)
def test_rows_that_no_item_takes(wrong: dict[str, object], path: str) -> None:
    """Out of range, unprintable, or with the id of another one."""
    rows = (replace(CHAIR, row_id="mine"), replace(LAMP, **wrong))
    with pytest.raises(ChangeRefusedError) as refused:
        saved(*rows)
    assert (refused.value.reason, refused.value.detail.partition(":")[0]) == ("invalid_value", path)


# --- lists -----------------------------------------------------------------------------------------------------


def test_the_orders_of_an_item() -> None:
    """Those linked, and those whose payments it was told of; each once."""
    story = deal().when(c.SaveItem({}, link=(Link("order", "A1", "order"), Link("deal", "9", "related"))))
    for order_id in ("A2", "A1", ""):
        paid = c.ReportPayment(f"p{order_id}", order_id, "unpaid", EUR_1, "")
        story.when(paid, source="app", actor="system")
    assert story.state.orders == ("A1", "A2")
