"""The book of definitions: applies as a whole, versions that are kept (design section 2)."""

from __future__ import annotations

from automation.definitions import models as m
from automation.definitions.book import Book
from automation.definitions.saved import DefinitionSaved
from tests.core.spec import CATALOGUE, TENANT, book_of, pipeline, put, rule

STAGE = ("deal", "main", "invoice_sent")
NOTE = rule("note", "add_item_comment", "invoice_sent", {"text": "first"})


def saved(made: m.Definition, kind: str, name: str, replaces: int, apply_id: str, *, last: bool) -> DefinitionSaved:
    """Return the record of one version."""
    body = made.model_dump_json()
    return DefinitionSaved(TENANT, kind, name, replaces + 1, replaces, "ann", 0, apply_id, last, False, body)


def test_an_apply_takes_effect_with_its_last_record() -> None:
    """Nobody sees half an apply; the version is the offset after its last record."""
    book = Book(CATALOGUE)
    book.apply(saved(pipeline(), "pipeline", "main", 0, "a", last=False), 0)
    assert (book.version, book.tenant(TENANT)) == (0, None)

    book.apply(saved(NOTE, "rule", "note", 0, "a", last=True), 1)
    view = book.tenant(TENANT)
    assert book.version == 2
    assert view is not None
    assert [found.id for found in view.rules(STAGE, 2)] == ["note"]


def test_an_apply_that_lost_a_race_changes_nothing() -> None:
    """If somebody saved one of its definitions meanwhile, none of them is taken over."""
    book = book_of(pipeline(), NOTE)
    other = NOTE.model_copy(update={"id": "other"})
    book.apply(saved(other, "rule", "other", 0, "late", last=False), 2)
    book.apply(saved(NOTE.model_copy(update={"order": 9}), "rule", "note", 0, "late", last=True), 3)
    view = book.tenant(TENANT)

    assert view is not None
    assert [found.id for found in view.rules(STAGE, book.version)] == ["note"]


def test_every_version_of_a_stage_is_kept() -> None:
    """A stage entry sees the rules as of its own version, however they change later."""
    book = book_of(pipeline(), NOTE)
    then = book.version
    put(book, NOTE.model_copy(update={"stage": "won"}))
    view = book.tenant(TENANT)

    assert view is not None
    assert [found.version for found in view.rules(STAGE, then)] == [1]
    assert view.rules(STAGE, book.version) == ()
    assert [found.version for found in view.rules(("deal", "main", "won"), book.version)] == [2]


def test_a_field_that_goes_makes_its_rules_fail_and_comes_back() -> None:
    """Rules are compiled against the fields in force."""
    fields = m.Fields(item_type="deal", fields=(m.FieldDef(code="size", title="Size", type="int"),))
    book = book_of(pipeline(), fields, NOTE.model_copy(update={"condition": {"field": "size", "op": "gt", "value": 3}}))
    view = book.tenant(TENANT)
    assert view is not None
    assert view.rules(STAGE, book.version)[0].problem == ""

    put(book, m.Fields(item_type="deal", fields=()))
    assert view.rules(STAGE, book.version)[0].problem == "invalid_value:condition"
