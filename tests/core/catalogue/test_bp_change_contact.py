"""The action `bp_change_contact` (spec 4.11)."""

from __future__ import annotations

from typing import Any

import pytest

from automation.definitions import models as m
from automation.definitions.arguments import InvalidParamsError, compile_arguments
from automation.definitions.compiled_process import schema_of
from automation.definitions.validation import check, id_of, view_of
from automation.items import changes as c
from automation.items import effects
from automation.items import events as e
from automation.items import process_events as p
from automation.items.process_changes import StartProcess
from automation.values import Value
from services.history.timeline import journal_entries
from tests.core.catalogue.client_changes import changed, definitions, outcome, saved
from tests.core.spec import CATALOGUE, TENANT, action, book_of, kind_of, template
from tests.core.world import World

COLOUR = {"definition": {"code": "colour", "title": "Colour", "type": "string"}, "value": "red"}


def test_fields_of_the_contact_change_in_one_step() -> None:
    """Values are inserted from the deal; the contact's journal says who, and on whose behalf."""
    made = changed("contact", {"title": "Buyer of {{field:title}}", "size": 3})
    (recorded,) = made.recorded("contact/x", e.FieldsChanged)

    assert outcome(made) == ("StepCompleted", "")
    assert made.events("deal/1", p.StepCompleted)[0].results == {}
    assert made.state("contact/x").fields == {"title": "Buyer of Desk", "size": 3}
    assert (recorded.envelope.actor, recorded.envelope.on_behalf_of) == ("process:process", "ann")
    assert [entry.field for entry in journal_entries(recorded)] == ["title", "size"]


def test_somebody_else_is_the_author() -> None:
    """A role with one holder."""
    made = changed("contact", {"size": 3}, on_behalf_of="role:responsible_supervisor")

    assert made.recorded("contact/x", e.FieldsChanged)[0].envelope.on_behalf_of == "boss"


@pytest.mark.parametrize(
    ("append", "value", "after"),
    [
        (True, ["b", "c"], ("a", "b", "c")),
        (False, ["b", "c"], ("b", "c")),
        (True, "{{field:comments}}", ("a", "b")),
        (False, "{{field:comments}}", None),
    ],
)
def test_multiple_values(append: bool, value: Any, after: Value) -> None:
    """They are added, each once, or take the place of those there; nothing adds nothing, and empties the field."""
    made = changed("contact", {"tags": value, "title": "C"}, before={"tags": ("a", "b")}, append_multiple=append)

    assert made.state("contact/x").fields.get("tags") == after
    assert made.state("contact/x").fields["title"] == "C"


@pytest.mark.parametrize("linked", [None, "gone"])
def test_nobody_is_linked(linked: Value) -> None:
    """No contact, or one that does not exist."""
    assert outcome(changed("contact", {"size": 3}, linked=linked)) == ("StepSkipped", "no_linked_contact")


def test_a_deleted_contact() -> None:
    """It counts as none."""
    made = World(book_of(*definitions("contact", {"size": 3})))
    made.tell("contact/x", c.CreateItem({})).tell("contact/x", c.DeleteItem())
    made.tell("deal/1", c.CreateItem({"contact": "x"})).tell("deal/1", StartProcess("process", {}))

    assert outcome(made) == ("StepSkipped", "no_linked_contact")


@pytest.mark.parametrize("rows", [{"tags": ["a", "z"]}, {"tags": "{{field:title}}"}])
def test_a_value_that_does_not_fit(rows: dict[str, Any]) -> None:
    """Nothing is saved, and the field is named."""
    made = changed("contact", {"size": 3, **rows})

    assert outcome(made) == ("StepFailed", "invalid_value:tags")
    assert "size" not in made.state("contact/x").fields


def test_the_change_starts_no_process_and_is_made_once() -> None:
    """A source of its own starts nothing; a redelivered question finds the save done (spec 5.2, 6.1)."""
    more = template(action("bp_wait", interval_days=1), item_type="contact", name="watch", autostart_on_change=True)
    made = World(book_of(*definitions("contact", {"size": 3}), more))
    made.tell("contact/x", c.CreateItem({}))
    made.tell("deal/1", c.CreateItem({"contact": "x"})).tell("deal/1", StartProcess("process", {}))
    (question,) = made.recorded("deal/1", effects.ItemAsked)
    made.redeliver(question)

    assert len(made.events("contact/x", e.FieldsChanged)) == 1
    assert not made.events("contact/x", p.ProcessStarted)


# --- new fields ----------------------------------------------------------------------------------------------


def test_a_new_field_is_created_with_the_template() -> None:
    """It is there when the template is saved, and gets its value when the step runs."""
    made = changed("contact", {"size": 3}, new_fields=[COLOUR])

    assert made.state("contact/x").fields == {"title": "Client", "size": 3, "colour": "red"}


def stored(current: tuple[m.Definition, ...], *new: m.Definition) -> m.Fields | None:
    """Return the contact's fields as saving these definitions stores them; None where it leaves them."""
    named = [{(kind_of(one), id_of(one)): one for one in some} for some in (current, new)]
    checked = check(CATALOGUE, TENANT, *named)
    assert not checked.errors
    found = checked.definitions.get(("fields", "contact"))
    assert found is None or isinstance(found, m.Fields)
    return found


def test_fields_are_added_by_the_same_apply() -> None:
    """Behind those there; saving the template once more adds nothing."""
    base = definitions("contact", {"size": 3}, new_fields=[COLOUR])
    found = stored(base[:-1], base[-1])

    assert found is not None
    assert [field.code for field in found.fields] == ["size", "tags", "day", "colour"]
    assert stored((*base[:-2], found, base[-1]), base[-1]) is None


def test_fields_saved_without_it_keep_it() -> None:
    """Files that do not name the field do not take it from a template in force."""
    base = saved(*definitions("contact", {"size": 3}, new_fields=[COLOUR]))
    found = stored(base, m.Fields(item_type="contact", fields=(m.FieldDef(code="size", title="Size", type="int"),)))

    assert found is not None
    assert [field.code for field in found.fields] == ["size", "colour"]


def test_a_draft_adds_nothing() -> None:
    """Its fields come with its activation."""
    base = definitions("contact", {"size": 3}, new_fields=[COLOUR])
    draft = base[-1].model_copy(update={"status": "draft"})

    assert stored(base[:-1], draft) is None
    assert stored((*base[:-1],), base[-1]) is not None


# --- what saving checks --------------------------------------------------------------------------------------


def compiled(kind: str, params: dict[str, Any]) -> None:
    """Compile the parameters as saving a template does; raises what is wrong with them."""
    made = definitions("contact", {"size": 3})
    view = view_of(CATALOGUE, TENANT, {(kind_of(one), id_of(one)): one for one in made})
    process = made[-1]
    assert isinstance(process, m.Template)
    compile_arguments(CATALOGUE[kind].params, params, schema_of(view, process))


@pytest.mark.parametrize(
    ("params", "path"),
    [
        ({}, "fields: is required"),
        ({"fields": []}, "fields: is required"),
        ({"fields": [{"field": "colour", "value": "red"}]}, "fields[0]"),
        ({"fields": [{"field": "size", "value": "tall"}]}, "fields[0].value"),
        ({"new_fields": [{"field": "size", "value": 1}]}, "new_fields[0]"),
        ({"new_fields": [{"definition": {"code": "A b"}, "value": 1}]}, "new_fields[0]: definition.code"),
        ({"new_fields": [{"definition": "colour", "value": 1}]}, "new_fields[0]: definition"),
        ({"new_fields": [{**COLOUR, "definition": {**COLOUR["definition"], "type": "int"}}]}, "new_fields[0].value"),  # type: ignore[dict-item]
        (
            {"new_fields": [{"definition": {"code": "size", "title": "S", "type": "date"}, "value": "2026-01-01"}]},
            "new_fields[0]: the contact has a field size of another type",
        ),
    ],
)
def test_flaws(params: dict[str, Any], path: str) -> None:
    """Rows are checked against the fields of the contact, not of the deal."""
    base = {"fields": [{"field": "size", "value": 1}]} if "fields" not in params and params else {}
    with pytest.raises(InvalidParamsError) as refused:
        compiled("bp_change_contact", {**base, **params})

    assert path in str(refused.value)
