"""The rule `create_from_source` (spec 3.1.2), and conversion of leads (spec 4.19)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from automation.creating import MATRIX
from automation.definitions import models as m
from automation.definitions.validation import check
from automation.envelope import Key
from automation.items import activity_changes as ac
from automation.items import changes as c
from automation.items import effects
from automation.items import events as e
from automation.items.activity_events import ActivityCompleted
from automation.items.parts import Link, ProductRow
from automation.records.types.esign_document import events as d
from automation.values import Money, Personal
from services.history.timeline import timeline_entry
from tests.core.spec import CATALOGUE, PEOPLE, STAGES, TENANT, book_of, kind_of, pipeline, rule
from tests.core.world import World

EUR_10 = Money(1_000, "EUR")
ROWS = (ProductRow("p1", "Chair", 2_000, Money(500, "EUR"), "r1", 12_500, "pc"),)
SPA = "spa_item.repair"
PLACES = {
    "deal": pipeline(),
    "lead": pipeline("lead", "leads"),
    "invoice": pipeline("invoice", "bills"),
    "quote": pipeline("quote", "offers"),
    SPA: pipeline(SPA, "repairs"),
}
SHOP = m.Pipeline(id="shop", item_type="deal", title="Shop", stages=STAGES)
MAIL = Personal("c@home.test")


def from_(source: str, *kinds: str, more: tuple[m.Definition, ...] = (), **params: Any) -> m.Rule:
    """Return the rule on the source's stage `assembly`."""
    place = {"item_type": source, "pipeline": PLACES[source].id}
    return rule("make", "create_from_source", "assembly", {"create": list(kinds), **params}, **place)


def world(source: str, made: m.Rule, *definitions: m.Definition, **fields: Any) -> World:
    """Return the source item 1 with products and client, before it enters the stage."""
    found = World(book_of(*PLACES.values(), SHOP, *PEOPLE, made, *definitions))
    values = {"title": "Desk", "amount": EUR_10, "email_work": "c@home.test", **fields}
    return found.tell(f"{source}/1", c.CreateItem(values, responsible="ann", rows=ROWS))


def created(source: str, *kinds: str, params: dict[str, Any] | None = None, **fields: Any) -> World:
    """Return the world after the source entered the stage."""
    return enter(world(source, from_(source, *kinds, **(params or {})), **fields), source)


def enter(made: World, source: str) -> World:
    """Let the source enter the stage."""
    return made.tell(f"{source}/1", c.SaveItem({}, stage="assembly"))


def results(made: World, source: str) -> Any:
    """Return what the last run published."""
    return made.events(f"{source}/1", e.RuleRunCompleted)[-1].results


@pytest.mark.parametrize(
    ("source", "kind"),
    [(source, kind) for source, kinds in MATRIX.items() for kind in kinds if kind not in ("contact", "company")],
)
def test_the_whole_matrix(source: str, kind: str) -> None:
    """Products, amount and client go along; both sides are linked; the id is published."""
    source = SPA if source == "spa_item" else source
    client = {"contact": "c1", "company": "f1", "contact_details": "2", "company_details": "3"}
    made = created(source, kind, **client)
    new_id = results(made, source)[f"{kind}_id"]

    if kind == "esign_document":
        (draft,) = made.events(f"{kind}/{new_id}", d.EsignDocumentCreated)
        found = {"title": draft.title.text, "amount": draft.amount, **{name: getattr(draft, name) for name in client}}
        rows, links = draft.rows, draft.links
        assert draft.responsible == "ann"
    else:
        state = made.state(f"{kind}/{new_id}")
        found, rows, links = {**state.fields}, state.rows, state.links
        assert found.pop("email_work") == MAIL
        assert (state.stage, state.pipeline, state.responsible) == ("new", PLACES[kind].id, "ann")
    assert found == {"title": "Desk", "amount": EUR_10, **client}
    assert (rows, links) == (ROWS, (Link(source, "1", "source"),))
    assert Link(kind, new_id, "created") in made.state(f"{source}/1").links


def test_an_amount_that_nobody_gave_follows_from_the_rows_of_the_new_item() -> None:
    """It is not given there either; an e-signature document, which works nothing out, takes it over as it is."""
    made = created("deal", "invoice", "esign_document", amount=None)
    (invoice,) = made.items("invoice")
    assert (invoice.fields["amount"], invoice.amount_computed) == (Money(875, "EUR"), True)
    draft = results(made, "deal")["esign_document_id"]
    assert made.events(f"esign_document/{draft}", d.EsignDocumentCreated)[0].amount == Money(875, "EUR")


def test_an_amount_that_the_new_item_could_not_work_out_goes_along() -> None:
    """The rows alone say another currency."""
    dollars = tuple(replace(row, price=Money(500, "USD")) for row in ROWS)
    made = world("deal", from_("deal", "invoice"), m.Rates(base="EUR", rates={"USD": "0.5"}), amount=None)
    made.tell("deal/1", c.SaveItem({}, rows=dollars))
    (invoice,) = enter(made, "deal").items("invoice")
    assert (invoice.fields["amount"], invoice.amount_computed) == (Money(438, "EUR"), False)


def test_several_kinds_at_once() -> None:
    """One result each."""
    made = created("deal", "invoice", "quote", "esign_document")

    assert results(made, "deal").keys() == {"invoice_id", "quote_id", "esign_document_id"}
    assert [len(made.items(kind)) for kind in ("invoice", "quote")] == [1, 1]


def test_each_stage_entry_creates_again() -> None:
    """There is no de-duplication."""
    made = created("deal", "invoice").tell("deal/1", c.SaveItem({}, stage="new"))

    assert len(enter(made, "deal").items("invoice")) == 2


def test_a_repeated_request_creates_nothing_twice() -> None:
    """The new item's id is derived from the effect's; even a request under a new change id finds it there."""
    made = created("deal", "invoice")
    (asked,) = made.recorded("deal/1", effects.CreationRequested)
    made.redeliver(asked)
    wanted = c.RequestItem(asked.event.effect_id, "", "acme/deal/1", {})
    made.tell(asked.event.target.removeprefix("acme/"), wanted)

    (invoice,) = made.items("invoice")
    assert len(made.events(f"invoice/{invoice.item_id}", e.ItemCreated)) == 1
    assert made.events(f"invoice/{invoice.item_id}", effects.ItemAnswered)[-1].results == {"id": invoice.item_id}


@pytest.mark.parametrize(("given", "responsible"), [("user:boss", "boss"), ("role:responsible", "ann"), ("", "ann")])
def test_who_is_responsible(given: str, responsible: str) -> None:
    """The employee named, else the source's responsible."""
    made = created("deal", "invoice", params={"responsible": given})

    assert made.items("invoice")[0].responsible == responsible


def test_the_new_items_first_stage_runs_its_rules() -> None:
    """In the name of the source's responsible, with the rule as origin, and one step deeper in the chain."""
    note = {"text": "Hello"}
    greet = rule("greet", "add_item_comment", "new", note, item_type="invoice", pipeline="bills")
    made = enter(world("deal", from_("deal", "invoice"), greet), "deal")

    (invoice,) = made.items("invoice")
    (born,) = made.recorded(f"invoice/{invoice.item_id}", e.ItemCreated)
    assert (born.envelope.actor, born.envelope.on_behalf_of, born.envelope.source, born.envelope.depth) == (
        "rule:make", "ann", "automation_rule", 1,
    )  # fmt: skip
    assert (born.event.automated, born.event.creator) == (True, "ann")
    assert len(made.events(f"invoice/{invoice.item_id}", e.CommentAdded)) == 1


def test_one_kind_failing_does_not_undo_the_others() -> None:
    """A deal without a quote pipeline still gets its invoice; what failed is listed."""
    made = World(book_of(PLACES["deal"], PLACES["invoice"], *PEOPLE, from_("deal", "invoice", "quote")))
    enter(made.tell("deal/1", c.CreateItem({"title": "Desk"})), "deal")

    (failed,) = made.events("deal/1", e.RuleRunFailed)
    assert failed.reason == "partial:quote"
    assert len(made.items("invoice")) == 1
    assert [link.item_type for link in made.state("deal/1").links] == ["invoice"]


def test_where_nothing_was_created_the_reason_stands() -> None:
    """There is no quote pipeline."""
    made = World(book_of(PLACES["deal"], *PEOPLE, from_("deal", "quote")))
    enter(made.tell("deal/1", c.CreateItem({"title": "Desk"})), "deal")

    assert made.events("deal/1", e.RuleRunFailed)[0].reason == "invalid_value:pipeline"


def test_an_answer_that_never_comes() -> None:
    """After the deadline the fate is unknown, and what is there stays."""
    made = world("deal", from_("deal", "invoice", "quote"))
    made.lost.add("quote")
    story = enter(made, "deal").story(Key(TENANT, "deal", "1")).wake()

    assert story.only(e.RuleRunFailed).reason == "partial:quote"


def test_the_chain_of_causes_ends_at_its_limit() -> None:
    """Fifty automated entries and creations, each caused by the one before."""
    made = world("deal", from_("deal", "invoice"))
    made.tell("deal/1", c.SaveItem({}, stage="assembly"), depth=50)

    assert made.events("deal/1", e.RuleRunFailed)[0].reason == "loop_detected"
    assert made.items("invoice") == []


def test_both_timelines_tell_of_it() -> None:
    """`created from` stands on both items."""
    made = created("deal", "invoice")
    new_id = results(made, "deal")["invoice_id"]
    entries = [timeline_entry(made.recorded(item, e.ItemLinked)[0]) for item in (f"invoice/{new_id}", "deal/1")]

    assert [(entry.kind, entry.facts) for entry in entries if entry] == [
        ("created_from", {"item_type": "deal", "item_id": "1"}),
        ("created_from", {"item_type": "invoice", "item_id": new_id, "created": True}),
    ]


# --- leads ---------------------------------------------------------------------------------------------------


def test_a_lead_is_converted() -> None:
    """Contact, company and deal exist, are linked, and the lead is won."""
    made = created("lead", "deal", "contact", "company", name="Clara")
    ids = results(made, "lead")
    lead, deal = made.state("lead/1"), made.state(f"deal/{ids['deal_id']}")

    assert made.state(f"contact/{ids['contact_id']}").fields == {"name": Personal("Clara"), "email_work": MAIL}
    assert made.state(f"company/{ids['company_id']}").fields["title"] == "Desk"
    for item in (lead, deal):
        assert (item.linked("contact"), item.linked("company")) == (ids["contact_id"], ids["company_id"])
    assert (lead.converted, lead.stage) == (True, "won")
    assert made.events("lead/1", e.StageMoved)[-1].automated


def test_a_linked_contact_is_reused() -> None:
    """None is created, and the deal gets it."""
    made = created("lead", "deal", "contact", contact="c1")
    ids = results(made, "lead")

    assert (ids["contact_id"], made.items("contact")) == ("c1", [])
    assert made.state(f"deal/{ids['deal_id']}").linked("contact") == "c1"


@pytest.mark.parametrize("stage", ["new", "won"])
def test_a_converted_lead_is_not_converted_again(stage: str) -> None:
    """Whatever its status."""
    made = created("lead", "deal").tell("lead/1", c.SaveItem({}, stage=stage))
    enter(made, "lead")

    assert made.events("lead/1", e.RuleRunSkipped)[-1].reason == "already_converted"
    assert len(made.items("deal")) == 1


@pytest.mark.parametrize(("given", "place"), [("shop", "shop"), ("", "main")])
def test_the_deal_starts_in_the_pipeline_chosen(given: str, place: str) -> None:
    """The main one, unless another is named."""
    made = created("lead", "deal", params={"deal_pipeline": given})

    assert [(deal.pipeline, deal.stage) for deal in made.items("deal")] == [(place, "new")]


def test_an_unknown_pipeline() -> None:
    """Nothing is created."""
    made = created("lead", "deal", "contact", params={"deal_pipeline": "moon"})

    assert made.events("lead/1", e.RuleRunFailed)[0].reason == "invalid_value:deal_pipeline"
    assert made.items("contact") == []


@pytest.mark.parametrize(("keep", "ended"), [(False, 1), (True, 0)])
def test_open_activities_are_completed_unless_kept(keep: bool, ended: int) -> None:
    """A planned call ends with the conversion."""
    made = world("lead", from_("lead", "deal", keep_activities_open=keep))
    made.tell(
        "lead/1",
        ac.PlanActivity("activity", Personal("Call back"), Personal(""), 0, 0, Personal(""), "", False, False, -1),
    )
    enter(made, "lead")

    assert len(made.events("lead/1", ActivityCompleted)) == ended
    assert len(made.state("lead/1").activities) == 1 - ended


def test_a_part_of_a_conversion_is_no_conversion() -> None:
    """The contact is there and linked, the deal is not: the lead stays where it is."""
    made = world("lead", from_("lead", "deal", "contact"))
    made.lost.add("deal")
    story = enter(made, "lead").story(Key(TENANT, "lead", "1")).wake()

    assert story.only(e.RuleRunFailed).reason == "partial:deal"
    assert (story.state.converted, story.state.stage) == (False, "assembly")
    assert story.state.linked("contact") == made.items("contact")[0].item_id


def test_a_conversion_cancels_the_later_rules_of_the_left_status() -> None:
    """The move is an ordinary stage entry."""
    later = rule("later", "add_item_comment", "assembly", {"text": "x"}, item_type="lead", pipeline="leads", order=2)
    won = rule("won", "add_item_comment", "won", {"text": "won"}, item_type="lead", pipeline="leads")
    made = enter(world("lead", from_("lead", "deal"), later, won), "lead")

    assert [(run.rule_id, run.cause) for run in made.events("lead/1", e.RuleRunCancelled)] == [("later", "stage_left")]
    assert [comment.text for comment in made.events("lead/1", e.CommentAdded)] == [Personal("won")]


# --- saving --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "params", "path"),
    [
        ("deal", {"create": ["deal"]}, "params.create[0]"),
        ("invoice", {"create": ["esign_document", "quote"]}, "params.create[1]"),
        ("lead", {"create": ["invoice"]}, "params.create[0]"),
        ("deal", {"create": ["moon"]}, "params.create"),
        ("deal", {"create": []}, "params.create"),
        ("deal", {"create": ["quote"], "deal_pipeline": "main"}, "params.deal_pipeline"),
        ("deal", {"create": ["quote"], "keep_activities_open": True}, "params.keep_activities_open"),
    ],
)
def test_saving_says_what_is_wrong(source: str, params: dict[str, Any], path: str) -> None:
    """Kinds that the type does not create, and what is a lead's matter alone."""
    place = {"item_type": source, "pipeline": PLACES[source].id}
    made = rule("make", "create_from_source", "assembly", params, **place)
    known = {(kind_of(found), found.id): found for found in PLACES.values()}
    checked = check(CATALOGUE, TENANT, known, {("rule", "make"): made})

    assert [flaw.path for flaw in checked.errors] == [path]


def test_kinds_may_be_inserted() -> None:
    """What an inserted list names beyond the matrix fails at run time."""
    own = m.Fields(item_type="deal", fields=(m.FieldDef(code="wanted", title="Wanted", type="string", multiple=True),))
    made = rule("make", "create_from_source", "assembly", {"create": "{{field:wanted}}"})
    for wanted, reason in ((("invoice",), None), (("deal",), "invalid_value:create"), ((), "missing_value:create")):
        found = enter(world("deal", made, own, wanted=wanted), "deal")
        failed = [run.reason for run in found.events("deal/1", e.RuleRunFailed)]
        assert failed == ([reason] if reason else [])
