"""The schema files: in step with the classes, safe, and compatible with every release in both directions."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from services.edge.codec import SchemaError, files
from services.edge.codec.derive import classes_of, derive
from services.edge.codec.normal import normal
from services.edge.codec.read import compile_reader
from services.edge.codec.registry import LEDGER, SCHEMA_FOLDER
from services.edge.codec.write import compile_writer

EVERY_FILE = sorted(SCHEMA_FOLDER.rglob("*.avsc"))


def test_files_and_classes_agree() -> None:
    """After a change of a class, `stagewire schemas write` was run."""
    assert files.differences() == []


def test_every_release_reads_and_is_read() -> None:
    """FULL_TRANSITIVE: old and new workers run side by side, and a rollback reads what the new ones wrote."""
    assert files.incompatibilities() == []


@pytest.mark.parametrize("path", EVERY_FILE, ids=lambda path: path.stem)
def test_a_schema_file_is_safe(path: Path) -> None:
    """No recursion, no array or map of items without bytes, no type that the codec does not know."""
    schema = normal(json.loads(path.read_text()))
    assert schema["name"].startswith("stagewire.")


def test_ids_are_given_once() -> None:
    """Each id of the ledger stands for one existing file, and the next one is above all."""
    ledger = json.loads((SCHEMA_FOLDER / LEDGER).read_text())
    assert max(map(int, ledger["schemas"])) < ledger["next"]
    assert all((SCHEMA_FOLDER / entry["file"]).exists() for entry in ledger["schemas"].values())


_EMPTY = {"type": "record", "name": "Empty", "fields": []}


def _record(kind: Any, name: str = "R") -> dict[str, Any]:
    return {"type": "record", "name": name, "namespace": "x", "fields": [{"name": "f", "type": kind}]}


@pytest.mark.parametrize(
    "schema",
    [
        _record(["null", "R"]),
        _record({"type": "array", "items": "R"}),
        _record({"type": "array", "items": "null"}),
        _record({"type": "map", "values": _EMPTY}),
        _record({"type": "array", "items": _record("null", "Inner")}),
        _record([]),
        _record([["null"]]),
        _record("unknown"),
        _record({"type": "enum", "name": "E", "symbols": ["A"]}),
        _record({"type": "fixed", "name": "F", "size": 0}),
        _record(7),
        {"type": "record", "name": "R"} | {"fields": [{"name": "f"}]},
        {"type": "record", "name": "R", "fields": [{"name": "f", "type": {"type": ["string"]}}]},
    ],
)
def test_unsafe_and_malformed_schemas_are_refused(schema: Any) -> None:
    """The shapes that end or exhaust a process, and those that are no schemas, never reach a reader."""
    with pytest.raises(SchemaError):
        normal(schema)


def test_references_cannot_grow_without_end() -> None:
    """Thirty records that each use the one before twice would be a billion parts: refused early."""
    inner: Any = _record("string", "R0")
    for step in range(1, 30):
        fields = [{"name": "a", "type": inner}, {"name": "b", "type": f"x.R{step - 1}"}]
        inner = {"type": "record", "name": f"R{step}", "namespace": "x", "fields": fields}
    with pytest.raises(SchemaError, match="too large"):
        normal(inner)


@dataclass(frozen=True)
class Part:
    """The first release."""

    a: str
    b: int


FIRST = Part


@dataclass(frozen=True)
class Part:  # type: ignore[no-redef]
    """The second release."""

    a: str
    b: int
    c: tuple[str, ...] = ()
    d: str | None = None


SECOND = Part


def _bytes(cls: type, value: Any) -> bytes:
    return compile_writer(normal(derive(cls)), classes_of(cls))(value)


def _read(data: bytes, writer: type, reader: type) -> Any:
    found, end = compile_reader(normal(derive(writer)), normal(derive(reader)), classes_of(reader))(data, 0)
    assert end == len(data)
    return found


def test_a_newer_release_reads_an_older_one() -> None:
    """Fields that were not written have their defaults."""
    assert _read(_bytes(FIRST, FIRST("x", 1)), FIRST, SECOND) == SECOND("x", 1)


def test_an_older_release_reads_a_newer_one() -> None:
    """Fields that it does not know are skipped, whatever they hold."""
    assert _read(_bytes(SECOND, SECOND("x", 1, ("p", "q"), "r")), SECOND, FIRST) == FIRST("x", 1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A schema folder of the current classes, without a release, in which releases can be made."""
    files.write(tmp_path / "avro")
    return tmp_path / "avro"


def test_a_release_keeps_every_schema(folder: Path) -> None:
    """All current schemas are copied, ids stay, and everything still agrees."""
    before = json.loads((folder / LEDGER).read_text())
    assert files.release("9.0.0", folder) == len(list(files.wanted()))
    after = json.loads((folder / LEDGER).read_text())
    assert after["next"] == before["next"]
    assert after["schemas"].keys() == before["schemas"].keys()
    assert files.differences(folder) == []
    assert files.incompatibilities(folder) == []


def test_a_release_is_made_once(folder: Path) -> None:
    """Nothing that was released is overwritten."""
    files.release("9.0.0", folder)
    with pytest.raises(SchemaError, match="exists"):
        files.release("9.0.0", folder)


def _change_released(folder: Path, change: Any) -> None:
    path = folder / "released/9.0.0/items/StageMoved.avsc"
    schema = json.loads(path.read_text())
    change(schema["fields"])
    path.write_text(json.dumps(schema))


@pytest.mark.parametrize(
    "change",
    [
        lambda fields: fields.append({"name": "gone", "type": "string"}),
        lambda fields: fields.pop(1),
        lambda fields: fields[1].update(type="long"),
        lambda fields: fields[1].update(type=["null", "string"]),
    ],
    ids=["removed without default", "added without default", "another type", "no longer optional"],
)
def test_a_break_with_a_release_is_reported(folder: Path, change: Any) -> None:
    """What one of the two directions cannot read is found before it is released."""
    files.release("9.0.0", folder)
    _change_released(folder, change)
    assert any("StageMoved" in line for line in files.incompatibilities(folder))
    with pytest.raises(SchemaError):
        files.release("9.1.0", folder)


def test_a_new_shape_gets_a_new_id_and_the_released_one_stays(folder: Path) -> None:
    """Records of every release remain readable: their ids keep standing for the shape they were written in."""
    files.release("9.0.0", folder)
    _change_released(folder, lambda fields: fields.append({"name": "gone", "type": "string", "default": ""}))
    files.write(folder)
    subject = "stagewire.items.StageMoved"
    entries = [e for e in json.loads((folder / LEDGER).read_text())["schemas"].values() if e["subject"] == subject]
    assert [(e["version"], e["file"].split("/")[0]) for e in entries] == [(1, "released"), (2, "items")]
    assert files.differences(folder) == []


@pytest.mark.parametrize(
    ("spoil", "line"),
    [
        (lambda path: path.unlink(), "items/StageMoved.avsc: missing"),
        (lambda path: path.with_name("Old.avsc").write_text("{}"), "items/Old.avsc: no class asks for it"),
        (lambda path: path.write_text(path.read_text() + " "), "items/StageMoved.avsc: differs from its class"),
    ],
)
def test_files_that_went_astray_are_named_and_mended(folder: Path, spoil: Any, line: str) -> None:
    """`schemas check` names the file and `schemas write` puts it right."""
    spoil(folder / "items/StageMoved.avsc")
    assert line in files.differences(folder)
    files.write(folder)
    assert files.differences(folder) == []
