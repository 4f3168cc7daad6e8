"""Drafts, archived versions and kill switches of rules and triggers (spec 6.3)."""

from __future__ import annotations

import pytest

from automation.definitions import models as m
from automation.definitions.book import Book
from automation.definitions.lifecycle import standing, with_status
from automation.definitions.saved import DefinitionSaved
from automation.definitions.tenant_view import EVERYWHERE
from automation.definitions.validation import check
from automation.items import changes as c
from automation.items import effects
from automation.items import events as e
from automation.values import Money
from tests.core.definitions.test_validation import BASE, CATALOGUE, TENANT, ids, rules_broken, saved
from tests.core.spec import Story, deal, put, rule, trigger

NOTE = rule("note", "add_item_comment", "invoice_sent", {"text": "first"})
MOVE = trigger("paid", "track_order_payment", "assembly")
INTO = c.SaveItem({}, stage="invoice_sent")
EUR_5 = Money(500, "EUR")
PAID = c.ReportPayment("p1", "", "paid", EUR_5, "")


def draft(made: m.Rule, text: str = "second") -> m.Rule:
    """Return a rule's next version as a draft."""
    return made.model_copy(update={"status": "draft", "params": {"text": text}})


def again(story: Story) -> Story:
    """Let the item enter the stage once more."""
    return story.when(c.SaveItem({}, stage="new")).when(INTO)


def outcome(story: Story) -> str:
    """Return what became of the rule in the last turn: the comment, or the cause that stopped it."""
    found = [event for event in story.events if isinstance(event, e.CommentAdded | e.RuleRunCancelled)]
    return found[0].text.text if isinstance(found[0], e.CommentAdded) else found[0].cause


def stop(book: Book, name: str, *, tenant: str = TENANT, deleted: bool = False) -> None:
    """Turn a kill switch on, or off again."""
    body = "" if deleted else m.Stop(id=name).model_dump_json()
    known = book.everywhere if tenant == EVERYWHERE else book.tenant(tenant)
    old = known.versions.get(("stop", name), 0) if known else 0
    record = DefinitionSaved(tenant, "stop", name, old + 1, old, "sre", 5, f"s{book.version}", True, deleted, body)
    book.apply(record, book.version)


def test_a_draft_does_not_run_and_the_version_in_force_goes_on() -> None:
    """Saving a draft changes nothing for items; activating makes it current for the next stage entry."""
    story = deal(NOTE)
    put(story.book, draft(NOTE))
    assert outcome(story.when(INTO)) == "first"

    view = story.book.tenant(TENANT)
    assert view is not None
    put(story.book, with_status(view, "rule", "note", "active"))
    assert outcome(again(story)) == "second"
    assert [run.rule_version for run in [story.only(e.RuleRunCompleted)]] == [3]
    assert not view.drafts


def test_a_stage_entry_keeps_the_version_it_began_with_when_a_draft_is_activated() -> None:
    """Activation is an edit: what has begun is not changed by it (spec 6.3)."""
    slow = NOTE.model_copy(update={"delay": 60_000})
    story = deal(slow).when(INTO)
    put(story.book, draft(slow).model_copy(update={"status": "active"}))
    assert outcome(story.wake()) == "first"


def test_a_draft_of_a_new_rule_is_in_no_stage() -> None:
    """It is known by its version alone."""
    story = deal(draft(NOTE)).when(INTO)
    view = story.book.tenant(TENANT)
    assert view is not None
    assert story.kinds() == ["StageMoved"]
    assert (view.version_in_force("rule", "note"), view.versions["rule", "note"]) == (0, 1)
    assert view.rule_version("note", 1) is not None


def test_archiving_stops_new_runs_and_lets_a_delayed_one_be_cancelled_at_its_turn() -> None:
    """An archived rule is an inactive one (spec 6.3)."""
    slow = NOTE.model_copy(update={"delay": 60_000})
    story = deal(slow).when(INTO)
    view = story.book.tenant(TENANT)
    assert view is not None
    put(story.book, with_status(view, "rule", "note", "archived"))
    assert outcome(story.wake()) == "rule_inactive"
    assert again(story).kinds() == ["StageMoved"]


def test_an_archived_rule_can_be_activated_again_in_any_of_its_versions() -> None:
    """Every version is kept, with who saved it."""
    story = deal(NOTE)
    put(story.book, draft(NOTE).model_copy(update={"status": "active"}))
    view = story.book.tenant(TENANT)
    assert view is not None
    put(story.book, with_status(view, "rule", "note", "archived"))
    put(story.book, with_status(view, "rule", "note", "active", 1))
    assert outcome(story.when(INTO)) == "first"
    assert [(one.version, one.author, one.made and one.made.status) for one in view.saved["rule", "note"]] == [
        (1, "ann", "active"), (2, "ann", "active"), (3, "ann", "archived"), (4, "ann", "active"),
    ]  # fmt: skip


def test_activating_switches_an_inactive_rule_on() -> None:
    """`active: false` is a switch of its own, which activation turns."""
    story = deal(NOTE.model_copy(update={"active": False}))
    view = story.book.tenant(TENANT)
    assert view is not None
    assert with_status(view, "rule", "note", "active").runs


@pytest.mark.parametrize(("name", "version"), [("nothing", 0), ("note", 9)])
def test_what_there_is_not_cannot_be_activated(name: str, version: int) -> None:
    """The error names it."""
    view = deal(NOTE).book.tenant(TENANT)
    assert view is not None
    with pytest.raises(LookupError, match=name):
        with_status(view, "rule", name, "active", version)


def test_archiving_leaves_a_draft_alone() -> None:
    """The version in force is archived; a draft that nothing stands behind is archived itself."""
    story = deal(NOTE)
    put(story.book, draft(NOTE))
    view = story.book.tenant(TENANT)
    assert view is not None
    assert with_status(view, "rule", "note", "archived").params == {"text": "first"}
    assert standing(view, "rule", "note", draft(NOTE)) == draft(NOTE)

    alone = deal(draft(NOTE)).book.tenant(TENANT)
    assert alone is not None
    assert with_status(alone, "rule", "note", "archived").status == "archived"


def test_a_deleted_rule_takes_its_draft_along() -> None:
    """Nothing of it can be activated by accident."""
    story = deal(NOTE)
    put(story.book, draft(NOTE))
    put(story.book, NOTE, deleted=True)
    view = story.book.tenant(TENANT)
    assert view is not None
    assert not view.drafts


# --- checks ----------------------------------------------------------------------------------------------------


def test_a_draft_is_checked_as_if_it_were_activated() -> None:
    """What would be wrong then is wrong now."""
    assert rules_broken(saved(draft(NOTE, "{{field:nothing}}"))) == [("params.text", "params", "error")]


def test_drafts_may_build_on_each_other() -> None:
    """A draft may insert what another draft publishes, though neither is in force."""
    link = rule("link", "create_payment_link", "invoice_sent", {}, order=0, status="draft")
    use = draft(NOTE, "{{result:link.payment_link}}").model_copy(update={"order": 5})
    assert rules_broken(saved(link, use)) == []
    later = check(CATALOGUE, TENANT, ids(*BASE), ids(use), {("rule", "link"): link})
    assert later.flaws == ()
    assert saved(use).errors


def test_an_archived_rule_is_in_nobodys_way() -> None:
    """Its stage may go."""
    gone = NOTE.model_copy(update={"status": "archived", "stage": "gone"})
    assert saved(m.User(id="new", name="New"), base=(*BASE, gone)).flaws == ()
    assert saved(gone).flaws == ()


def test_a_result_of_an_archived_rule_is_a_warning() -> None:
    """It will always be empty."""
    link = rule("link", "create_payment_link", "invoice_sent", {}, order=0, status="archived")
    use = NOTE.model_copy(update={"order": 5, "params": {"text": "{{result:link.payment_link}}"}})
    assert rules_broken(saved(link, use)) == [("params", "inactive_result", "warning")]


# --- kill switches ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "tenant"), [("rule:note", TENANT), ("automation", TENANT), ("automation", EVERYWHERE)]
)
def test_a_kill_switch_cancels_rules_at_their_turn_until_it_is_lifted(name: str, tenant: str) -> None:
    """For the very next decision, and recorded (spec 6.3)."""
    story = deal(NOTE)
    stop(story.book, name, tenant=tenant)
    assert outcome(story.when(INTO)) == "rule_inactive"

    stop(story.book, name, tenant=tenant, deleted=True)
    assert outcome(again(story)) == "first"


def test_a_kill_switch_cancels_a_delayed_run() -> None:
    """What has not begun does not begin."""
    story = deal(NOTE.model_copy(update={"delay": 60_000})).when(INTO)
    stop(story.book, "rule:note")
    assert outcome(story.wake()) == "rule_inactive"


def test_a_kill_switch_lets_a_running_rule_finish() -> None:
    """A rule that waits for its answer has begun (spec 6.3)."""
    story = deal(rule("link", "create_payment_link", "invoice_sent", {}), amount=EUR_5).when(INTO)
    asked = story.only(effects.PaymentRequested)
    stop(story.book, "automation")
    story.answer(asked, payment_link="https://pay", payment_id="p")
    assert story.only(e.RuleRunCompleted).rule_id == "link"


def test_a_kill_switch_of_another_rule_or_tenant_stops_nothing() -> None:
    """Each stops what it names."""
    story = deal(NOTE)
    stop(story.book, "rule:other")
    stop(story.book, "automation", tenant="other")
    assert outcome(story.when(INTO)) == "first"


@pytest.mark.parametrize(("name", "tenant"), [("trigger:paid", TENANT), ("automation", EVERYWHERE)])
def test_a_stopped_trigger_moves_nothing_and_says_so(name: str, tenant: str) -> None:
    """The fact stands, nobody is alerted, and the log says why the item stayed."""
    story = deal(MOVE)
    stop(story.book, name, tenant=tenant)
    story.when(PAID, source="app")
    assert story.state.stage == "new"
    assert story.kinds() == ["PaymentNoted", "TriggerSkipped"]
    assert story.only(e.TriggerSkipped).reason == "trigger_inactive"


def test_a_stopped_trigger_lets_the_next_one_answer() -> None:
    """The first permitted move is made (spec 1.5)."""
    story = deal(MOVE, trigger("later", "track_order_payment", "won"))
    stop(story.book, "trigger:paid")
    story.when(PAID, source="app")
    assert story.state.stage == "won"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("automation", []),
        ("rule:note", []),
        ("rule:nothing", [("id", "unknown_target", "warning")]),
        ("everything", [("id", "unknown_target", "error")]),
        ("pipeline:main", [("id", "unknown_target", "error")]),
    ],
)
def test_what_a_kill_switch_may_stop(name: str, expected: list[tuple[str, str, str]]) -> None:
    """One that outlives its rule is in nobody's way."""
    assert rules_broken(saved(m.Stop(id=name), base=(*BASE, NOTE))) == expected
