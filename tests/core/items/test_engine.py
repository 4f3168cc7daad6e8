"""Saves, repeats, pinned versions and the loop guard (spec 1.2, 6.1, 6.3, 6.8)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automation.errors import ChangeRefusedError
from automation.items import changes as c
from automation.items import events as e
from automation.items.evolve import evolve, initial
from automation.items.stages import MOVES_PER_HOUR
from automation.items.turn import CHAIN_LIMIT
from automation.values import Money, Value
from tests.core.spec import STAGES, Story, deal, put, rule, trigger

NOTE = rule("note", "add_item_comment", "invoice_sent", {"text": "first"})


def test_saving_without_a_change_is_seen_and_starts_nothing() -> None:
    """A save that changes nothing leaves an event, so that its repeat later cannot change something."""
    story = deal(NOTE, stage="invoice_sent").when(c.SaveItem({"title": "Desk"}, stage="invoice_sent"))

    assert story.kinds() == ["ChangeSeen"]


def test_re_entering_a_stage_runs_its_rules_again() -> None:
    """A new entry is a new run."""
    story = deal(NOTE, stage="invoice_sent")
    first = story.only(e.RuleRunCompleted).run_id
    story.when(c.SaveItem({}, stage="new"))
    story.when(c.SaveItem({}, stage="invoice_sent"))

    assert story.only(e.RuleRunCompleted).run_id != first


def test_fields_are_saved_before_the_stage() -> None:
    """The rules of the entered stage see the values of the same save."""
    shown = rule("note", "add_item_comment", "invoice_sent", {"text": "{{field:title}}"})
    story = deal(shown).when(c.SaveItem({"title": "Chair"}, stage="invoice_sent"))

    assert story.only(e.CommentAdded).text.text == "Chair"


def test_conditions_and_texts_know_when_the_item_was_created() -> None:
    """The moment stays as later changes come."""
    old = {"field": "created_at", "op": "lt", "value": "1970-01-02T00:00:00Z"}
    shown = rule("note", "add_item_comment", "invoice_sent", {"text": "{{field:created_at}}"}, condition=old)
    story = deal(shown)
    story.now = 200_000_000
    story.when(c.SaveItem({"title": "Chair"})).when(c.SaveItem({}, stage="invoice_sent"))

    assert (story.state.created_at, story.only(e.CommentAdded).text.text) == (1_000, "1970-01-01 00:00")


def test_an_item_of_which_no_moment_of_creation_is_kept_has_it_unset() -> None:
    """Its state was kept by an earlier release."""
    unset = {"field": "created_at", "op": "empty"}
    story = deal(rule("note", "add_item_comment", "invoice_sent", {"text": "none"}, condition=unset))
    story.state = story.state._replace(created_at=0)

    assert "CommentAdded" in story.when(c.SaveItem({}, stage="invoice_sent")).kinds()


@pytest.mark.parametrize("source", ["system", "file_import"])
def test_quiet_sources_run_no_rules(source: str) -> None:
    """Migrations and imports leave automation alone (spec 6.1)."""
    story = deal(NOTE).when(c.SaveItem({}, stage="invoice_sent"), source=source)

    assert story.kinds() == ["StageMoved"]


def test_import_may_opt_in() -> None:
    """An import with `run_automation` runs the stage's rules."""
    story = deal(NOTE).when(c.SaveItem({}, stage="invoice_sent", run_automation=True), source="file_import")

    assert "RuleRunCompleted" in story.kinds()


def test_stage_entry_keeps_the_versions_it_began_with() -> None:
    """A rule edited while its delay runs still runs as it was (spec 6.3)."""
    late = NOTE.model_copy(update={"delay": 60_000})
    story = deal(late, stage="invoice_sent")
    put(story.book, late.model_copy(update={"params": {"text": "second"}}))
    story.wake()

    assert story.only(e.CommentAdded).text.text == "first"


def test_rule_deactivated_before_its_turn_is_cancelled() -> None:
    """A deactivated rule that has not begun is cancelled at its turn (spec 6.3)."""
    late = NOTE.model_copy(update={"delay": 60_000})
    story = deal(late, stage="invoice_sent")
    put(story.book, late.model_copy(update={"active": False}))
    story.wake()

    assert story.only(e.RuleRunCancelled).cause == "rule_inactive"


def test_rule_on_a_deleted_field_fails_alone() -> None:
    """A condition that names a field that is gone fails the rule; the stage change stands."""
    story = deal(NOTE.model_copy(update={"condition": {"field": "gone", "op": "empty"}}), stage="invoice_sent")

    assert story.only(e.RuleRunFailed).reason == "invalid_value:condition"


def test_leaving_a_stage_cancels_its_delayed_rule() -> None:
    """A pending delay is cancelled when the item leaves the stage (spec 1.4)."""
    story = deal(NOTE.model_copy(update={"delay": 60_000}), stage="invoice_sent")
    story.when(c.SaveItem({}, stage="new"))

    assert story.only(e.RuleRunCancelled).cause == "stage_left"
    assert not story.state.runs


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (c.SaveItem({"nope": 1}), "unknown_field"),
        (c.SaveItem({"amount": 1}), "invalid_field"),
        (c.SaveItem({"amount": Money(1, "euro")}), "invalid_field"),
        (c.SaveItem({"title": ("a",)}), "invalid_field"),
        (c.SaveItem({}, stage="nope"), "unknown_stage"),
        (c.SaveItem({}, pipeline="nope"), "unknown_pipeline"),
    ],
)
def test_bad_saves_are_refused_by_field_and_rule(change: c.SaveItem, reason: str) -> None:
    """What breaks a rule raises an error with a stable code that names the field; the item stays as it is."""
    story = deal()
    with pytest.raises(ChangeRefusedError) as refused:
        story.when(change)

    assert refused.value.reason == reason
    assert story.state.version == 1


def test_unknown_item_and_tenant_are_refused() -> None:
    """A change about nothing known is parked, to be redriven later."""
    with pytest.raises(ChangeRefusedError, match="unknown_item"):
        Story(deal().book).when(c.SaveItem({"title": "x"}))
    with pytest.raises(ChangeRefusedError, match="unknown_tenant"):
        Story(deal().book).when(c.CreateItem({}), tenant="other")


def test_numbered_source_refuses_what_was_overtaken() -> None:
    """A source that numbers its changes is checked by its last number."""
    story = deal().when(c.SaveItem({"title": "b"}), source_seq=5)

    assert story.when(c.SaveItem({"title": "a"}), source_seq=4).events == []
    assert story.when(c.SaveItem({"title": "c"}), source_seq=6).kinds() == ["FieldsChanged"]


def test_chain_of_causes_is_cut_at_its_limit() -> None:
    """A payment fact deep in a chain does not move the item, and the responsible is told once an hour."""
    story = deal(trigger("paid", "track_order_payment", "assembly"))
    story.when(c.ReportPayment("p", "", "paid", Money(1, "EUR"), ""), source="app", depth=CHAIN_LIMIT)

    assert story.only(e.TriggerSkipped).reason == "loop_detected"
    assert "stopped" in story.events[2].text.text


def test_fifty_automated_moves_in_an_hour_are_the_limit() -> None:
    """The move that would exceed the limit is refused; an hour later the item moves again."""
    story = deal(trigger("paid", "track_order_payment", "assembly"))
    for number in range(MOVES_PER_HOUR):
        story.when(c.ReportPayment(f"p{number}", "", "paid", Money(1, "EUR"), ""), source="app")
        story.when(c.SaveItem({}, stage="new"))
    story.when(c.ReportPayment("more", "", "paid", Money(1, "EUR"), ""), source="app")
    assert story.only(e.TriggerSkipped).reason == "loop_detected"

    story.now += 3_600_001
    story.when(c.ReportPayment("later", "", "paid", Money(1, "EUR"), ""), source="app")
    assert story.only(e.StageMoved).to_stage == "assembly"


def test_a_thousand_changes_are_remembered_and_no_more() -> None:
    """State keeps the last 1,000 change ids, 16 bytes each."""
    story = deal()
    frame = story.frame()
    story.repeat(frame, c.SaveItem({"title": "x"}))
    for number in range(999):
        story.when(c.SaveItem({"title": str(number)}))

    assert story.repeat(frame, c.SaveItem({"title": "y"})).events == []
    assert len(story.state.seen) == 16_000


texts: st.SearchStrategy[Value] = st.one_of(st.none(), st.text(max_size=5))
saves = st.builds(
    c.SaveItem,
    st.dictionaries(st.sampled_from(["title", "comments"]), texts, max_size=2),
    stage=st.one_of(st.none(), st.sampled_from([stage.id for stage in STAGES])),
)
payments = st.builds(
    c.ReportPayment,
    st.sampled_from(["p1", "p2"]), st.just(""), st.sampled_from(["unpaid", "paid", "voided"]),
    st.just(Money(1, "EUR")), st.just(""),
)  # fmt: skip


@given(st.lists(st.one_of(saves, payments, st.builds(c.DeleteItem)), max_size=12), st.data())
def test_folding_the_log_gives_the_state_and_repeats_have_no_effect(
    changes: list[c.ItemChange], data: st.DataObject
) -> None:
    """State is the fold of the log; versions have no gaps; every repeat of an earlier change is dropped."""
    story = deal(NOTE, trigger("paid", "track_order_payment", "assembly"))
    log, frames = list(story.last.events), []
    for change in changes:
        frame = story.frame()
        log += story.repeat(frame, change).last.events
        frames.append((frame, change))
        earlier = data.draw(st.sampled_from(frames))
        assert story.repeat(*earlier).events == []
    state = initial()
    for recorded in log:
        state = evolve(state, recorded)

    assert state == story.state
    assert [recorded.envelope.version for recorded in log] == list(range(1, len(log) + 1))


def test_item_made_by_the_platform_has_no_responsible() -> None:
    """Nobody is made responsible who is no employee: automation then acts as the system user (spec 6.4)."""
    story = Story(deal().book)
    story.when(c.CreateItem({"title": "x"}), actor="")

    assert (story.state.creator, story.state.responsible) == ("", "")
