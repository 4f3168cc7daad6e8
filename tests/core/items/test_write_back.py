"""What connected CRMs are told about automation's own work."""

from __future__ import annotations

from automation.definitions import models as m
from automation.envelope import Key
from automation.items import changes as c
from automation.items.message_effects import WriteBackRequested
from automation.items.parts import ProductRow
from automation.values import Money
from tests.core.spec import TENANT, Story, action, deal, pipeline, rule, template, trigger
from tests.core.spec import book_of as book

CRM = m.Connection(id="crm", channel="crm_webhook", provider="recording")
EDIT = rule("edit", "edit_item", "assembly", {"fields": [{"field": "comments", "value": "packed"}]})
MOVE = trigger("opened", "track_email_opened", "assembly")


def told(story: Story) -> list[WriteBackRequested]:
    """Return what the last turn asks to be told."""
    return [event for event in story.events if isinstance(event, WriteBackRequested)]


def test_a_move_and_its_rules_are_one_message() -> None:
    """New stage and new values, once per turn and connection, with the version to order them by."""
    story = deal(CRM, EDIT, MOVE).when(c.ReportEmailSeen("m1", "opened", "s", ""), source="app")
    (message,) = told(story)

    assert (message.connection, message.created, message.pipeline, message.stage) == ("crm", False, "main", "assembly")
    assert (message.fields, message.responsible, message.run_id) == ({"comments": "packed"}, "", "")
    assert 0 < message.version < story.state.version


def test_what_people_and_the_platform_did_is_not_told_back() -> None:
    """They know it already."""
    assert told(deal(CRM)) == []
    assert told(deal(CRM).when(c.SaveItem({"title": "x"}, stage="assembly"))) == []


def test_what_a_rule_changes_after_a_persons_move_is_told_alone() -> None:
    """The move was the person's; the field is the rule's."""
    (message,) = told(deal(CRM, EDIT).when(c.SaveItem({}, stage="assembly")))

    assert (message.stage, message.fields) == ("", {"comments": "packed"})


def test_an_item_that_automation_creates_is_told_whole() -> None:
    """Its id is in the message's key: from then on the platform uses it."""
    story = Story(book(pipeline(), CRM), Key(TENANT, "deal", "new-1"))
    story.when(c.CreateItem({"title": "Made"}, responsible="ann"), source="automation_rule", actor="rule:r")
    (message,) = told(story)

    assert (message.created, message.stage, message.responsible) == (True, "new", "ann")
    assert message.fields == {"title": "Made"}


DESK = ProductRow("desk", "Desk", 1_000, Money(50_00, "EUR"), "1")
ADD_ROW = action("bp_add_product_item", product_id="chair", quantity=2)
CHAIR = m.Product(id="chair", name="Chair", price=m.Price(minor=50_00, currency="EUR"))


def test_the_rows_that_automation_changed_are_told_as_they_are_now() -> None:
    """All of them, with the amount that follows from them."""
    story = deal(CRM, CHAIR, template(ADD_ROW)).when(c.SaveItem({}, rows=(DESK,)))
    assert told(story) == []
    (message,) = told(story.begin())

    assert message.rows == story.state.rows
    assert [row.product_id for row in message.rows or ()] == ["desk", "chair"]
    assert message.fields == {"amount": Money(150_00, "EUR")}


def test_rows_that_are_all_gone_are_told_as_none_and_those_that_stayed_not_at_all() -> None:
    """An empty list is no silence."""
    away = template(action("bp_delete_products"))
    story = deal(CRM, EDIT, away).when(c.SaveItem({}, rows=(DESK,)))
    (edited,) = told(story.when(c.SaveItem({}, stage="assembly")))
    (emptied,) = told(story.begin())

    assert (edited.rows, emptied.rows) == (None, ())


def test_an_item_that_automation_creates_is_told_with_its_rows() -> None:
    """They come in the one message of its creation."""
    story = Story(book(pipeline(), CRM), Key(TENANT, "deal", "new-1"))
    story.when(c.CreateItem({"title": "Made"}, rows=(DESK,)), source="automation_rule", actor="rule:r")
    (message,) = told(story)

    assert (message.created, message.rows) == (True, (DESK,))


def test_nobody_is_told_without_a_connection_or_by_an_inactive_one() -> None:
    """Tenants without a connected CRM have nothing of it in their logs."""
    quiet = CRM.model_copy(update={"active": False})
    for definitions in ((EDIT,), (EDIT, quiet)):
        assert told(deal(*definitions).when(c.SaveItem({}, stage="assembly"))) == []


def test_each_connection_gets_a_message_under_its_own_key() -> None:
    """Two platforms, two effects."""
    both = told(deal(CRM, CRM.model_copy(update={"id": "erp"}), EDIT).when(c.SaveItem({}, stage="assembly")))

    assert [message.connection for message in both] == ["crm", "erp"]
    assert len({message.effect_id for message in both}) == 2
