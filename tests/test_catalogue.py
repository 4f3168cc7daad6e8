"""Every file of the catalogue has an entry, and every entry explains itself (spec 1.17)."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest

import automation.actions
import automation.rules
import automation.triggers
from automation.catalogue import CatalogueError, Entry, load
from automation.definitions.process_models import PROCESSED

CATALOGUE = load(automation.rules, automation.triggers, automation.actions)
SPINE = {
    "add_item_comment", "add_notification", "create_payment_link", "edit_item", "send_client_email",
    "track_invoice_payment", "track_order_payment",
}  # fmt: skip


def test_the_entries_of_the_payment_scenario_are_there() -> None:
    """Each id of the scenario stands in the catalogue."""
    assert CATALOGUE.keys() >= SPINE


@pytest.mark.parametrize("entry", CATALOGUE.values(), ids=lambda entry: entry.id)
def test_every_entry_explains_itself(entry: Entry) -> None:
    """Title, description, section of the specification, item types and a JSON schema of the parameters."""
    assert entry.title
    assert entry.description.endswith(".")
    assert entry.spec
    assert set(entry.types) <= set(PROCESSED)
    assert entry.params.model_json_schema()["type"] == "object"
    assert (entry.plan is None) == (entry.kind == "trigger")
    assert bool(entry.fact) == (entry.kind == "trigger")


def _package(folder: Path, **files: str) -> ModuleType:
    folder.mkdir()
    (folder / "__init__.py").touch()
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text)
    package = ModuleType(folder.name)
    package.__path__ = [str(folder)]
    return package


ENTRY = "from automation.catalogue import Entry\nENTRY = Entry('{}', 'rule', 'g', 't', 'd.', '1', ())\n"


def test_a_file_without_an_entry_stops_the_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names the file."""
    monkeypatch.syspath_prepend(tmp_path)
    package = _package(tmp_path / "without_entry", lonely="x = 1\n")

    with pytest.raises(CatalogueError, match=r"without_entry.lonely exports no ENTRY"):
        load(package)


def test_an_id_that_is_not_the_files_name_stops_the_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So an id cannot stand twice."""
    monkeypatch.syspath_prepend(tmp_path)
    package = _package(tmp_path / "misnamed", one=ENTRY.format("two"))

    with pytest.raises(CatalogueError, match=r"misnamed.one"):
        load(package)
