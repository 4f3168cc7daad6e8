"""The catalogue holds what the specification asks for, as it writes it; page and command line say what it holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from automation.catalogue import Entry
from automation.definitions.validation import check, read
from automation.described import Parameter, example, parameters
from automation.envelope import STAGED
from services.cli.catalogue.page import page
from services.cli.main import main
from tests.core import spec
from tests.core.catalogue.details_world import COMPANY

ROOT = Path(__file__).parents[2]
SPEC = yaml.safe_load((ROOT / "tests" / "data" / "spec_catalogue.yaml").read_text())
CHECKLIST = [name for row in SPEC["checklist"] for name in row]
OF_RULES_AND_TRIGGERS = CHECKLIST[:25]
ENTRIES = sorted(spec.CATALOGUE.values(), key=lambda entry: entry.id)
WRITTEN = {
    "text": {"text"}, "string": {"string"}, "bool": {"bool"}, "int": {"int"}, "user": {"user"}, "enum": {"enum"},
    "principals": {"people"}, "rows": {"rows of field and value", "rows of details field and value"},
    "fields": {"field codes", "string"},
    "datetime": {"datetime"}, "files": {"file"}, "address": {"string"}, "kinds": {"string", "enum", "list"},
    "reference": {"string", "enum", "details template"},
    "condition": {"condition", "object", "text", "string"},
}  # fmt: skip
"""How the types of the specification may be called by the catalogue."""


def test_the_checklist_is_whole() -> None:
    """71 ids, each once; the first 25 are those of triggers and rules, described one by one."""
    assert len(CHECKLIST) == len(set(CHECKLIST)) == 71
    assert set(SPEC["entries"]) == set(OF_RULES_AND_TRIGGERS)


@pytest.mark.parametrize("entry_id", OF_RULES_AND_TRIGGERS)
def test_every_rule_and_trigger_of_the_checklist_is_there(entry_id: str) -> None:
    """Section 7, numbers 1 to 25."""
    assert entry_id in spec.CATALOGUE


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.id)
def test_every_entry_is_on_the_checklist_and_has_a_test_of_its_own(entry: Entry) -> None:
    """Nothing goes by a name that the specification does not know."""
    assert entry.id in CHECKLIST
    assert (ROOT / "tests" / "core" / "catalogue" / f"test_{entry.id}.py").exists()


def _written(entry: Entry) -> dict[str, Any]:
    return dict(SPEC["entries"][entry.id])


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.id)
def test_kind_group_and_item_types_are_those_of_the_specification(entry: Entry) -> None:
    """Where the specification names a group it is the entry's; only payment triggers alert the responsible."""
    wanted = _written(entry)
    types = tuple(STAGED) if wanted["types"] == "STAGED" else tuple(wanted["types"])

    assert entry.kind == wanted["kind"]
    assert wanted.get("group", entry.group) == entry.group
    assert entry.types == types
    assert entry.payment == wanted.get("alerts", False)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.id)
def test_parameters_are_those_of_the_specification(entry: Entry) -> None:
    """Names, types, what has to be given, allowed values and defaults."""
    wanted, found = _written(entry).get("params", {}), {one.name: one for one in parameters(entry)}

    assert found.keys() == wanted.keys()
    assert [name for name, one in found.items() if not _fits(one, wanted[name])] == []


def _fits(found: Parameter, wanted: dict[str, Any]) -> bool:
    must = wanted["required"] is True and "default" not in wanted
    given = wanted.get("default")
    return (
        found.type in WRITTEN[wanted["type"]]
        and (wanted["required"] == "if" or found.required == must)
        and set(wanted.get("allowed", ())) == set(found.allowed)
        and (given is None or given == found.default)
    )


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.id)
def test_results_are_those_of_the_specification(entry: Entry) -> None:
    """More only where each chosen field is one."""
    wanted = _written(entry)

    assert entry.results.keys() >= set(wanted.get("results", ()))
    assert wanted.get("results_by_parameters") or entry.results.keys() == set(wanted.get("results", ()))


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.id)
def test_the_example_of_every_entry_can_be_saved(entry: Entry) -> None:
    """What page and API show as an example breaks no rule of saving."""
    given = example(entry)
    made, flaws = read(given.pop("kind"), given)
    assert made is not None, flaws
    around = [spec.pipeline(made.item_type), *spec.PEOPLE, COMPANY]
    named = {(spec.kind_of(one), one.id): one for one in (*around, made)}

    assert check(spec.CATALOGUE, spec.TENANT, {}, named).errors == ()


def test_the_reference_page_is_that_of_the_code() -> None:
    """`stagewire catalogue docs --write` renews it."""
    assert (ROOT / "docs" / "reference" / "catalogue.md").read_text() == page(spec.CATALOGUE)


def test_the_command_lists_and_shows_entries() -> None:
    """Lines for people, JSON for programs, and a sentence for an id that is not there."""
    run = CliRunner().invoke
    listed = run(main, ["catalogue", "list", "--kind", "rule", "--item-type", "deal"]).output
    shown = json.loads(run(main, ["catalogue", "show", "create_payment_link", "--json"]).output)
    unknown = run(main, ["catalogue", "show", "nothing"])

    assert "create_payment_link" in listed
    assert "track_order_payment" not in listed
    assert [one["name"] for one in shown["inputs"]] == ["auto_create", "order_id"]
    assert shown["results"]["payment_amount"] == "money"
    assert (unknown.exit_code, "stagewire catalogue list" in unknown.output) == (1, True)
