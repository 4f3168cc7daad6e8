"""The action `bp_create_lead`, and what creating by processes has in common (spec 4.15 to 4.18)."""

from __future__ import annotations

from typing import Any

import pytest

from automation.definitions import models as m
from automation.items import events as e
from automation.items import process_events as p
from automation.items.effects import NotificationRequested
from automation.values import Money, Personal
from tests.core.catalogue.making_world import begin, failed, refused, results, rows, run, world
from tests.core.spec import action, rule, template
from tests.core.world import World

TYPE = "bp_create_lead"


def born(made: World) -> Any:
    """Return the one lead's creation, with its envelope."""
    (lead,) = made.items("lead")
    (found,) = made.recorded(f"lead/{lead.item_id}", e.ItemCreated)
    return found


def test_a_lead_out_of_fields() -> None:
    """Values keep their native types; the id is published."""
    given = rows(title="From {{field:title}}", budget="{{field:amount}}", name="Clara", contact="{{field:contact}}")
    made = run(world(amount=Money(100, "EUR"), contact="c1"), TYPE, fields=given)

    (lead,) = made.items("lead")
    assert lead.fields == {
        "title": "From Desk", "budget": Money(100, "EUR"), "name": Personal("Clara"), "contact": "c1",
    }  # fmt: skip
    assert results(made) == {"item_id": lead.item_id}
    assert (lead.pipeline, lead.stage, lead.responsible, lead.links) == ("leads", "new", "ann", ())


def test_nothing_but_what_is_given() -> None:
    """The current item's client is not copied."""
    made = run(world(contact="c1", amount=Money(5, "EUR")), TYPE, fields=rows(title="New"))

    assert made.items("lead")[0].fields == {"title": "New"}


def test_without_fields() -> None:
    """An empty lead is one, too."""
    assert run(world(), TYPE).items("lead")[0].fields == {}


def test_who_made_it() -> None:
    """The process, for the responsible of the item that it runs on; its source starts nothing."""
    other = template(action("bp_wait", interval_days=1), item_type="lead", name="on-lead", autostart_on_add=True)
    made = run(world("deal/1", other), TYPE, fields=rows(title="New"))
    frame = born(made).envelope

    assert (frame.source, frame.on_behalf_of, frame.depth) == ("business_process", "ann", 1)
    assert frame.actor.startswith("process:")
    assert (born(made).event.automated, born(made).event.creator) == (True, "ann")
    assert not made.events(f"lead/{frame.item_id}", p.ProcessStarted)


def test_the_rules_of_its_status_run() -> None:
    """Creation is a stage entry."""
    greet = rule("greet", "add_item_comment", "won", {"text": "Hello"}, item_type="lead", pipeline="leads")
    made = run(world("deal/1", greet), TYPE, fields=rows(stage="won"))

    (lead,) = made.items("lead")
    assert lead.stage == "won"
    assert len(made.events(f"lead/{lead.item_id}", e.CommentAdded)) == 1


@pytest.mark.parametrize(
    ("given", "responsible"),
    [({}, "ann"), ({"responsible": "user:boss"}, "boss"), ({"responsible": "role:responsible_supervisor"}, "boss")],
)
def test_who_is_responsible(given: dict[str, str], responsible: str) -> None:
    """The current item's responsible, unless a row names another one; roles are those of the current item."""
    made = run(world(), TYPE, fields=rows(**given))

    assert made.items("lead")[0].responsible == responsible


def test_observers_may_be_named() -> None:
    """Each active one of them."""
    made = run(world(), TYPE, fields=rows(observers=["user:boss", "user:old", "user:ann"]))

    assert made.items("lead")[0].observers == ("boss", "ann")


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"pieces": "{{field:title}}"}, "invalid_value:pieces"),
        ({"stage": "moon"}, "invalid_value:stage"),
        ({"pipeline": "moon"}, "invalid_value:pipeline"),
        ({"responsible": "user:old"}, "invalid_value:responsible"),
        ({"contact": "{{field:comments}}"}, "invalid_value:contact"),
    ],
)
def test_an_invalid_value_creates_nothing(given: dict[str, Any], reason: str) -> None:
    """The field is named, whoever finds the value wrong."""
    made = run(world(comments="x" * 300), TYPE, fields=rows(**given))

    assert failed(made) == reason
    assert made.items("lead") == []


def test_an_empty_value_is_no_value() -> None:
    """The field stays unset."""
    made = run(world(), TYPE, fields=rows(title="New", budget="{{field:amount}}", responsible="{{field:company}}"))

    assert (made.items("lead")[0].fields, made.items("lead")[0].responsible) == ({"title": "New"}, "ann")


def test_a_repeated_request_creates_nothing_twice() -> None:
    """The id is derived from the step's."""
    made = run(world(), TYPE, fields=rows(title="New"))
    for recorded in list(made.log[born(made).envelope.key._replace(item_type="deal", item_id="1")]):
        made.redeliver(recorded)

    assert len(made.items("lead")) == 1


def test_each_round_of_a_loop_creates_one() -> None:
    """A step in an iterator is another one in every round."""
    loop = {
        "id": "each", "type": "bp_iterator", "source": "{{var:names}}",
        "steps": [action(TYPE, fields=rows(title="{{iterator}}"))],
    }  # fmt: skip
    names = {"code": "names", "type": "list", "multiple": True, "default": ["a", "b"]}
    made = begin(world(), "deal/1", loop, variables=[names])

    assert sorted(str(lead.fields["title"]) for lead in made.items("lead")) == ["a", "b"]


@pytest.mark.parametrize("alerts", [True, False])
def test_the_loop_guard_refuses_the_creation_that_would_be_one_too_many(alerts: bool) -> None:
    """The chain ends, the responsible learns of it even where failures are not told, and the process goes on."""
    made = world("deal/1", m.Settings(failure_alerts=alerts))
    begin(made, "deal/1", action(TYPE, fields=rows(title="New")), depth=50)

    assert failed(made) == "loop_detected"
    assert made.items("lead") == []
    (told,) = [sent for sent in made.asked if isinstance(sent, NotificationRequested)]
    assert (told.recipient, "loop_detected" in told.text.text) == ("ann", True)


def test_what_saving_refuses() -> None:
    """Rows name fields of leads, whatever the item that the process runs on."""
    own = m.Fields(item_type="deal", fields=(m.FieldDef(code="town", title="Town", type="string"),))

    assert refused(TYPE, {"fields": rows(budget="{{field:amount}}", stage="won", observers=["boss"])}) == set()
    assert refused(TYPE, {"fields": rows(town="x")}, also=[own]) == {"fields[0]"}
    assert refused(TYPE, {"fields": rows(title="x", pieces="many")}) == {"fields[1].value"}
    assert refused(TYPE, {"fields": rows(creator="ann")}) == {"fields[0]"}


def test_processes_of_other_documents_may_create_leads() -> None:
    """What is inserted is the document's own."""
    made = run(world("feed_item/1"), TYPE, item="feed_item/1", fields=rows(title="{{field:title}}"))

    assert made.items("lead")[0].fields == {"title": "Desk"}


def test_a_lead_made_by_a_process_starts_no_process() -> None:
    """Neither one for added leads nor one for changed ones (spec 5.2)."""
    again = template(
        action(TYPE, fields=rows(title="Again")), item_type="lead", name="again", autostart_on_add=True,
        autostart_on_change=True,
    )  # fmt: skip
    made = run(world("deal/1", again), TYPE, fields=rows(title="New"))

    assert [lead.fields["title"] for lead in made.items("lead")] == ["New"]


def test_rules_that_create_on_each_entry_stop_at_the_limit() -> None:
    """Each creation counts, on whatever item: a deal's quote makes a deal, which makes a quote."""
    to_quote = rule("q", "create_from_source", "new", {"create": ["quote"]})
    to_deal = rule("d", "create_from_source", "new", {"create": ["deal"]}, item_type="quote", pipeline="offers")
    made = world("deal/1", to_quote, to_deal)

    assert len(made.items("deal")) + len(made.items("quote")) == 51
    assert "loop_detected" in [one.reason for key in made.log for one in made.events(key.text[5:], e.RuleRunFailed)]
