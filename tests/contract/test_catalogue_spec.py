"""The catalogue holds what the specification asks for, as it writes it; page and command line say what it holds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from click.testing import CliRunner

from automation.catalogue import Entry
from automation.definitions import models as m
from automation.definitions.process_models import PROCESSED, IteratorStep, StepBase, Template
from automation.definitions.validation import check, id_of, read
from automation.described import Parameter, example, parameters
from automation.envelope import CRM_ALL, STAGED, Source
from automation.items.changes import CreateItem, SaveItem
from automation.scope import Reference, Schema
from services.cli.catalogue.page import page
from services.cli.main import main
from tests.core import spec
from tests.core.catalogue.details_world import COMPANY

ROOT = Path(__file__).parents[2]
SPEC = yaml.safe_load((ROOT / "tests" / "data" / "spec_catalogue.yaml").read_text())
CHECKLIST = [name for row in SPEC["checklist"] for name in row]
CONSTRUCTS = SPEC["constructs"]
OF_ENTRIES = [name for name in CHECKLIST if name not in CONSTRUCTS]
BESIDE = "automation.actions.human."
"""Actions beside the checklist: tasks for people, which the specification does not know."""
EVERY = sorted(spec.CATALOGUE.values(), key=lambda entry: entry.id)
ENTRIES = [entry for entry in EVERY if not (entry.plan and entry.plan.__module__.startswith(BESIDE))]
TYPES = {"STAGED": STAGED, "CRM_ALL": CRM_ALL, "PROCESSED": PROCESSED}
WRITTEN = {
    "text": {"text"}, "string": {"string"}, "bool": {"bool"}, "int": {"int"}, "user": {"user"}, "enum": {"enum"},
    "principals": {"people"}, "rows": {"rows of field and value", "rows of details field and value"},
    "fields": {"field codes", "string"},
    "datetime": {"datetime"}, "files": {"file"}, "address": {"string"}, "kinds": {"string", "enum", "list"},
    "reference": {"string", "enum", "details template", "SPA type"},
    "condition": {"condition", "object", "text", "string"}, "money": {"money"}, "number": {"number", "int"},
    "field": {"string", "field code"}, "stages": {"list", "string"}, "duration": {"int", "string"},
    "client_rows": {"rows of field and value", "rows of definition and value"},
}  # fmt: skip
"""How the types of the specification may be called by the catalogue."""


def test_the_checklist_is_whole() -> None:
    """71 ids, each once: 67 entries, and 4 constructs of templates."""
    assert len(CHECKLIST) == len(set(CHECKLIST)) == 71
    assert set(SPEC["entries"]) == set(OF_ENTRIES)
    assert set(CONSTRUCTS) == set(CHECKLIST[67:])


@pytest.mark.parametrize("entry_id", OF_ENTRIES)
def test_every_entry_of_the_checklist_is_there(entry_id: str) -> None:
    """Section 7, numbers 1 to 67."""
    assert entry_id in spec.CATALOGUE


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.id)
def test_every_entry_is_on_the_checklist(entry: Entry) -> None:
    """Nothing goes by a name that the specification does not know."""
    assert entry.id in CHECKLIST


@pytest.mark.parametrize("entry", EVERY, ids=lambda entry: entry.id)
def test_every_entry_has_a_test_of_its_own(entry: Entry) -> None:
    """Named after it."""
    assert (ROOT / "tests" / "core" / "catalogue" / f"test_{entry.id}.py").exists()


def _written(entry: Entry) -> dict[str, Any]:
    return dict(SPEC["entries"][entry.id])


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.id)
def test_kind_group_and_item_types_are_those_of_the_specification(entry: Entry) -> None:
    """Where the specification names a group it is the entry's; only payment triggers alert the responsible."""
    wanted = _written(entry)
    least, most = _types(wanted["types"])

    assert entry.kind == wanted["kind"]
    assert wanted.get("group", entry.group) == entry.group
    assert set(least) <= set(entry.types) <= set(most)
    assert entry.payment == wanted.get("alerts", False)


def _types(written: Any) -> tuple[Sequence[str], Sequence[str]]:
    """Return the types that an entry has to have, and those that it may have."""
    if written == "SUITED":
        return STAGED, CRM_ALL
    found = TYPES[written] if isinstance(written, str) else written
    return found, found


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


VISITS = m.Fields(
    item_type="deal", fields=(m.FieldDef(code="visit", title="Visit", type="resource_booking", multiple=True),)
)


@pytest.mark.parametrize("entry", EVERY, ids=lambda entry: entry.id)
def test_the_example_of_every_entry_can_be_saved(entry: Entry) -> None:
    """What page and API show as an example breaks no rule of saving."""
    given = example(entry)
    made, flaws = read(given.pop("kind"), given)
    assert made is not None, flaws
    lines = [spec.pipeline(STAGED[0]), spec.pipeline(), spec.pipeline("spa_item.repair", "repairs")]
    around = [*lines, *spec.PEOPLE, COMPANY, VISITS]
    named = {(spec.kind_of(one), id_of(one)): one for one in (*around, made)}

    assert check(spec.CATALOGUE, spec.TENANT, {}, named).errors == ()


def test_the_iterator_has_the_source_of_the_specification_and_its_value_alone() -> None:
    """Number 68: child steps once per element, and the element inserted."""
    source = IteratorStep.model_fields["source"]
    inside = Schema({}, iterator="string")

    assert CONSTRUCTS["bp_iterator"] == {"params": ["source"], "results": ["value"]}
    assert set(IteratorStep.model_fields) - set(StepBase.model_fields) == {"type", "source", "steps"}
    assert source.is_required()
    assert inside.type_of(Reference("iterator", "value")) == "string"
    assert Schema({}).type_of(Reference("iterator", "value")) is None


def test_the_settings_of_automatic_start_are_those_of_the_specification() -> None:
    """Number 69: both off unless switched on, and for items, feed and drive."""
    wanted = CONSTRUCTS["autostart_settings"]

    assert {name: Template.model_fields[name].default for name in wanted["defaults"]} == wanted["defaults"]
    assert set(PROCESSED) == set(wanted["areas"])


@pytest.mark.parametrize("occasion", ["add", "change"])
def test_the_sources_that_start_processes_are_those_of_the_specification(occasion: str) -> None:
    """Numbers 70 and 71, for every source that there is."""
    wanted = CONSTRUCTS[f"autostart_on_{occasion}"]
    assert {*wanted["starts"], *wanted["starts_not"]} == set(get_args(Source))

    assert [source for source in wanted["starts"] if not _started(occasion, source)] == []
    assert [source for source in wanted["starts_not"] if _started(occasion, source)] == []


def _started(occasion: str, source: str) -> bool:
    made = spec.template({"type": "end"}, **{f"autostart_on_{occasion}": True})
    story = spec.Story(spec.book_of(spec.pipeline(), *spec.PEOPLE, made))
    story.when(CreateItem({"title": "Desk"}), source=source if occasion == "add" else "system")
    if occasion == "change":
        story.when(SaveItem({"title": "Chair"}), source=source)
    return "ProcessStarted" in story.kinds()


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
