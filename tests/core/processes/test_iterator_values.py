"""The value of an iterator, inserted inside it: the innermost one's by name, any other's as its result (spec 4.43)."""

from __future__ import annotations

from automation.definitions import models as m
from automation.items import process_events as p
from tests.core.spec import deal, template

FIELDS = m.Fields(
    item_type="deal",
    fields=(
        m.FieldDef(code="rows", title="Rows", type="list", multiple=True),
        m.FieldDef(code="columns", title="Columns", type="list", multiple=True),
    ),
)


def test_the_value_of_an_iterator_around_another_is_its_result() -> None:
    """Each round of the inner one sees the element of both."""
    note = {"id": "s", "type": "set", "values": {"seen": "{{var:seen}} {{result:row.value}}{{iterator}}"}}
    columns = {"id": "column", "type": "bp_iterator", "source": "{{field:columns}}", "steps": [note]}
    rows = {"id": "row", "type": "bp_iterator", "source": "{{field:rows}}", "steps": [columns]}
    variables = [{"code": "seen", "type": "string", "default": ""}]
    made = template(rows, variables=variables)

    story = deal(FIELDS, made, rows=("a", "b"), columns=("1", "2")).begin()

    seen = [event.values["seen"] for event in story.events if isinstance(event, p.VariablesSet)]
    assert seen[-1].split() == ["a1", "a2", "b1", "b2"]
