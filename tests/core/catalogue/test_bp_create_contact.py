"""The action `bp_create_contact` (spec 4.15); what it shares with leads is tested there."""

from __future__ import annotations

from automation.values import Personal
from tests.core.catalogue.making_world import failed, refused, results, rows, run, world

TYPE = "bp_create_contact"


def test_a_new_one_out_of_fields() -> None:
    """It has no stage; no other is looked for that has the same address."""
    given = rows(title="Clara & Co", email_work="c@home.test", responsible="boss")
    made = run(run(world(), TYPE, fields=given), TYPE, fields=given)

    one, other = made.items("contact")
    assert one.item_id != other.item_id
    assert one.fields == {"title": "Clara & Co", "email_work": Personal("c@home.test")}
    assert (one.stage, one.responsible, other.responsible) == ("", "boss", "boss")
    assert results(made) == {"item_id": other.item_id}


def test_an_invalid_value() -> None:
    """The field is named."""
    made = run(world(comments="x" * 300), TYPE, fields=rows(title="Clara", company="{{field:comments}}"))

    assert (failed(made), made.items("contact")) == ("invalid_value:company", [])


def test_what_saving_refuses() -> None:
    """There are no stages."""
    assert refused(TYPE, {"fields": rows(stage="new")}) == {"fields[0]"}
