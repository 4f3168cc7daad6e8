"""A deal whose client has details records."""

from __future__ import annotations

from typing import Any

from automation.definitions import models as m
from automation.items import changes as c
from automation.values import Value
from tests.core.spec import PEOPLE, book_of, pipeline
from tests.core.world import World

COMPANY = m.DetailsTemplate(
    id="firm",
    title="Company",
    entity="company",
    fields=(
        m.FieldDef(code="tax_number", title="Tax number", type="string"),
        m.FieldDef(code="registered_on", title="Registered on", type="date"),
    ),
)
PERSON = m.DetailsTemplate(
    id="person",
    title="Person",
    entity="person",
    fields=(
        m.FieldDef(code="passport", title="Passport", type="string", personal=True),
        m.FieldDef(code="tax_number", title="Tax number", type="string"),
    ),
)


def world(*definitions: m.Definition, **fields: Value) -> World:
    """Return a deal of contact c1 and company f1, both of which exist without details."""
    made = World(book_of(pipeline(), *PEOPLE, COMPANY, PERSON, *definitions))
    made.tell("contact/c1", c.CreateItem({"name": "Clara Client"}, responsible="boss"))
    made.tell("company/f1", c.CreateItem({"title": "Firm"}))
    values: dict[str, Any] = {"title": "Desk", "contact": "c1", "company": "f1", **fields}
    return made.tell("deal/1", c.CreateItem(values, responsible="ann"))


def record(made: World, item: str, record_id: str, template: str, **values: Value) -> World:
    """Save a details record; `legal__city` names a part of an address."""
    named = {name.replace("__", "."): value for name, value in values.items()}
    return made.tell(item, c.SaveDetails(record_id, template, named))
