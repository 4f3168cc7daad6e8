"""The action `bp_create_from_source` (spec 4.19); what it shares with the rule is tested there."""

from __future__ import annotations

from typing import Any

import pytest

from automation.items import changes as c
from automation.items import events as e
from automation.items import process_events as p
from automation.items.parts import Link, ProductRow
from automation.records.types.task.events import TaskCompleted
from automation.values import Money, Personal
from tests.core.catalogue.making_world import begin, failed, refused, results, run, world
from tests.core.spec import action
from tests.core.world import World

TYPE = "bp_create_from_source"
ROWS = (ProductRow("p1", "Chair", 2_000, Money(500, "EUR"), "row"),)


def test_an_invoice_and_a_quote_from_a_deal() -> None:
    """Products, amount and client go along, and the deal stays where it is."""
    made = world(amount=Money(1_000, "EUR"), contact="c1").tell("deal/1", c.SaveItem({}, rows=ROWS))
    run(made, TYPE, create=["invoice", "quote"], responsible="boss")

    (invoice,), (quote,) = made.items("invoice"), made.items("quote")
    assert results(made) == {"invoice_id": invoice.item_id, "quote_id": quote.item_id}
    for one in (invoice, quote):
        assert (one.rows, one.responsible, one.links) == (ROWS, "boss", (Link("deal", "1", "source"),))
        assert one.fields == {"title": "Desk", "amount": Money(1_000, "EUR"), "contact": "c1"}
    assert made.state("deal/1").stage == "new"


def lead(**params: Any) -> World:
    """Return the world after a process converted a lead."""
    made = world("lead/1", name="Clara", phone_work="+49 30 1")
    return run(made, TYPE, item="lead/1", create=["deal", "contact", "company"], **params)


def test_a_lead_is_converted() -> None:
    """It is won when everything is there; client and deal are linked to it."""
    made = lead(deal_pipeline="shop")
    ids, state = results(made, "lead/1"), made.state("lead/1")

    assert (state.converted, state.stage) == (True, "won")
    assert {link.item_id for link in state.links} == set(ids.values())
    assert made.state(f"deal/{ids['deal_id']}").pipeline == "shop"
    contact = made.state(f"contact/{ids['contact_id']}")
    assert contact.fields == {"name": Personal("Clara"), "phone_work": Personal("+49 30 1")}


def test_a_process_goes_on_behind_it() -> None:
    """The status of the lead changes, and processes go on (spec 6.3)."""
    steps = (action(TYPE, create=["deal"]), action("create_task", title="Call"))
    made = begin(world("lead/1"), "lead/1", *steps)

    assert [one.place for one in made.events("lead/1", p.StepCompleted)] == [TYPE, "create_task"]
    assert made.events("lead/1", p.ProcessEnded)[0].outcome == "completed"


@pytest.mark.parametrize("keep", [False, True])
def test_open_tasks_of_automation_end_with_the_conversion_unless_kept(keep: bool) -> None:
    """A completed one stays as it is; the process does not wait for them."""
    steps = (action("create_task", title="Call"), action(TYPE, create=["deal"], keep_activities_open=keep))
    made = begin(world("lead/1"), "lead/1", *steps)

    (task,) = [key.item_id for key in made.stories if key.item_type == "task"]
    ended = made.recorded(f"task/{task}", TaskCompleted)
    assert [(one.event, one.envelope.source) for one in ended] == (
        [] if keep else [(TaskCompleted("ann"), "business_process")]
    )
    assert len(made.state("lead/1").tasks) == int(keep)
    assert made.state("lead/1").converted


def test_a_lead_that_is_converted_already() -> None:
    """Whatever its status is."""
    made = lead().tell("lead/1", c.SaveItem({}, stage="new"))
    run(made, TYPE, item="lead/1", create=["deal"])

    assert made.events("lead/1", p.StepSkipped)[0].reason == "already_converted"
    assert len(made.items("deal")) == 1


def test_where_one_kind_fails() -> None:
    """What is there stays; the lead is not converted."""
    made = world("lead/1")
    made.book.tenant("acme").pipelines.pop(("deal", "main"))  # type: ignore[union-attr] - the tenant is there
    made.book.tenant("acme").pipelines.pop(("deal", "shop"))  # type: ignore[union-attr] - the tenant is there
    run(made, TYPE, item="lead/1", create=["deal", "contact"])

    assert failed(made, "lead/1") == "partial:deal"
    assert not made.state("lead/1").converted
    assert len(made.events("lead/1", e.FieldsChanged)) == 1


@pytest.mark.parametrize(
    ("item_type", "params", "paths"),
    [
        ("lead", {"create": ["deal", "contact", "company"], "keep_activities_open": True}, set()),
        ("lead", {"create": ["invoice"]}, {"create[0]"}),
        ("deal", {"create": ["invoice", "quote"]}, set()),
        ("deal", {"create": ["deal"]}, {"create[0]"}),
        ("deal", {"create": ["esign_document"]}, {"create", "create[0]"}),
        ("deal", {"create": ["quote"], "deal_pipeline": "shop"}, {"deal_pipeline"}),
        ("deal", {"create": []}, {"create"}),
    ],
)
def test_what_saving_refuses(item_type: str, params: dict[str, Any], paths: set[str]) -> None:
    """The kinds depend on the type; two parameters are a lead's alone."""
    assert refused(TYPE, params, item_type) == paths
