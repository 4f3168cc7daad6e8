"""The examples of the pages on processes and conditions can be saved and run; the published schema is the code's."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from automation.catalogue import Entry
from automation.conditions import InvalidConditionError, parse_condition
from automation.definitions import models as m
from automation.definitions.compiled import schema_for
from automation.definitions.tenant_view import TenantView
from automation.definitions.validation import check, read, view_of
from automation.described import example
from automation.scenarios.judge import judge
from automation.scenarios.model import Scenario
from automation.scenarios.play import book_of
from services.cli.definitions.commands.test import difference
from services.cli.definitions.files import read_files
from services.cli.definitions.template_schema import text_of
from services.cli.definitions.yaml_lines import read_yaml
from services.cli.main import main
from tests.core.spec import CATALOGUE, TENANT

ROOT = Path(__file__).parents[2]
COMPANY = ("pipeline", "user", "department", "role")
"""What the pages take from the example company."""
SCHEMA_FILE = ROOT / "schemas" / "process-template.schema.json"
SCHEMA = Draft202012Validator(json.loads(SCHEMA_FILE.read_text()))
AROUND: dict[tuple[str, str], m.Definition] = {
    name: one for name, one in read_files([ROOT / "examples" / "company"]).definitions.items() if name[0] in COMPANY
}
DECLARED = {
    "variables": [{"code": "reminders", "type": "int"}, {"code": "note", "type": "string"}],
}
"""Variables of the template that fragments of the page stand in."""


def examples(page: str) -> Iterator[Any]:
    """Yield the documents of the page's blocks of YAML."""
    text = (ROOT / "docs" / "reference" / f"{page}.md").read_text()
    for block in text.split("```yaml\n")[1:]:
        yield from (document.data for document in read_yaml(block.partition("```")[0]))


PROCESSES = list(examples("processes"))
TEMPLATES = [one for one in PROCESSES if isinstance(one, Mapping) and one["kind"] == "template"]
TESTS = [one for one in PROCESSES if isinstance(one, Mapping) and one["kind"] == "test"]
FRAGMENTS = [one for one in PROCESSES if isinstance(one, list)]
FIELDS, *CONDITIONS = examples("conditions")


def made_of(body: Mapping[str, Any]) -> m.Definition:
    """Return a definition as it is written in a page."""
    made, flaws = read(body["kind"], {name: part for name, part in body.items() if name != "kind"})
    assert made is not None, flaws
    return made


NAMED: dict[tuple[str, str], m.Definition | None] = {("template", one["id"]): made_of(one) for one in TEMPLATES}


def wrapped(at: int) -> dict[str, Any]:
    """Return a template of the steps in a block."""
    return {"kind": "template", "id": f"fragment-{at}", "item_type": "deal", **DECLARED, "steps": FRAGMENTS[at]}


def test_the_page_has_examples_of_every_construct() -> None:
    """And tests."""
    shown = json.dumps(PROCESSES)
    for construct in ("if", "parallel", "while", "bp_iterator", "process", "set", "end"):
        assert f'"type": "{construct}"' in shown
    assert len(TESTS) >= 2


def test_the_templates_of_the_page_can_be_saved() -> None:
    """Without an error or a warning."""
    assert check(CATALOGUE, TENANT, AROUND, NAMED).flaws == ()


@pytest.mark.parametrize("at", range(len(FRAGMENTS)))
def test_the_steps_of_the_page_can_be_saved(at: int) -> None:
    """Beside the templates that they name."""
    made = made_of(wrapped(at))
    assert check(CATALOGUE, TENANT, AROUND, {**NAMED, ("template", f"fragment-{at}"): made}).flaws == ()


@pytest.mark.parametrize("body", TESTS, ids=lambda body: body["name"])
def test_the_tests_of_the_page_pass(body: Mapping[str, Any]) -> None:
    """Played as `definitions test` plays them."""
    scenario = Scenario.model_validate({name: part for name, part in body.items() if name != "kind"})
    known = {name: made for name, made in {**AROUND, **NAMED}.items() if made is not None}
    verdict = judge(book_of(CATALOGUE, known), scenario)
    assert verdict.passed, "\n".join(difference(verdict))


def view() -> TenantView:
    """Return a company with the fields of the page on conditions."""
    return view_of(CATALOGUE, TENANT, {**AROUND, ("fields", "deal"): made_of(FIELDS)})


@pytest.mark.parametrize("condition", CONDITIONS, ids=range(len(CONDITIONS)))
def test_the_conditions_of_the_page_can_be_saved(condition: Any) -> None:
    """On a trigger on changes, where everything that the page names is in view."""
    parse_condition(condition, schema_for(view(), "deal", "main", fact="field_changed"))


def test_the_page_says_rightly_what_is_told_of_a_wrong_value() -> None:
    """With its path."""
    wrong = {"all": [{"changed": "amount"}, {"field": "pieces", "op": "eq", "value": "x"}]}
    with pytest.raises(InvalidConditionError) as caught:
        parse_condition(wrong, schema_for(view(), "deal", "main", fact="field_changed"))

    (error,) = caught.value.errors
    told = f"condition{error.path.removeprefix('$')}: {error.message}"
    assert told in (ROOT / "docs" / "reference" / "conditions.md").read_text()


# --- the published schema ------------------------------------------------------------------------------------


def test_the_published_schema_is_that_of_the_code() -> None:
    """`stagewire definitions schema template > schemas/process-template.schema.json` renews it."""
    assert SCHEMA_FILE.read_text() == text_of(CATALOGUE)
    assert CliRunner().invoke(main, ["definitions", "schema", "template"]).output == text_of(CATALOGUE)


def test_the_published_schema_is_one_that_says_what_it_is() -> None:
    """A JSON Schema of 2020-12 with an id and a description."""
    Draft202012Validator.check_schema(SCHEMA.schema)
    assert {"$id", "title", "description"} <= SCHEMA.schema.keys()


@pytest.mark.parametrize("body", [*TEMPLATES, *map(wrapped, range(len(FRAGMENTS)))], ids=lambda body: body["id"])
def test_the_published_schema_takes_what_can_be_saved(body: Mapping[str, Any]) -> None:
    """All examples of the page."""
    assert [error.message for error in SCHEMA.iter_errors(body)] == []


@pytest.mark.parametrize("entry", [e for e in CATALOGUE.values() if e.kind == "action"], ids=lambda entry: entry.id)
def test_the_published_schema_takes_the_example_of_every_action(entry: Entry) -> None:
    """What reference and API show."""
    assert [error.message for error in SCHEMA.iter_errors(example(entry))] == []


REFUSED: list[dict[str, Any]] = [
    {"type": "no_such_action"},
    {"type": "create_task"},
    {"type": "create_task", "params": {}},
    {"type": "create_task", "params": {"title": "x", "colour": "red"}},
    {"type": "create_task", "params": {"title": "x", "important": "yes"}},
    {"type": "bp_wait", "params": {"interval_days": 1, "wait_type": "weeks"}},
    {"type": "if"},
    {"type": "if", "branches": [{"when": {"field": "title", "op": "like", "value": "x"}}]},
    {"type": "while", "condition": None, "steps": []},
    {"type": "bp_wait", "params": {"interval_days": 1}, "timeout": {"after": "soon"}},
    {"type": "end", "colour": "red"},
]


@pytest.mark.parametrize("step", REFUSED, ids=range(len(REFUSED)))
def test_the_published_schema_refuses_what_cannot_be_saved(step: dict[str, Any]) -> None:
    """Unknown actions and parameters, missing ones, wrong values and operators."""
    body = {"kind": "template", "id": "t", "item_type": "deal", "steps": [{"id": "s", **step}]}
    assert not SCHEMA.is_valid(body)
    assert SCHEMA.is_valid({**body, "steps": [{"id": "s", "type": "end"}]})
