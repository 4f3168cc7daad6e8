"""Read definitions from files: one or many each, `kind:` beside the body; everything wrong is told at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from automation.definitions.models import Definition
from automation.definitions.validation import Checked, DefinitionId, Flaw, id_of, read
from services.cli.definitions.yaml_lines import Document, YamlError, read_yaml

_ENDINGS = (".yaml", ".yml", ".json")
_LARGEST_FILE = 20_000_000
TEST = "test"
"""The kind of tests of definitions."""


class Fault(NamedTuple):
    """A flaw with the file and the line where it was written; line 0 where it concerns what no file holds."""

    file: str
    line: int
    flaw: Flaw

    @property
    def text(self) -> str:
        """`file:line: kind/id path: message [rule]`."""
        flaw = self.flaw
        place = f"{self.file}:{self.line}" if self.line else self.file
        what = " ".join(part for part in (f"{flaw.kind}/{flaw.id}".strip("/"), flaw.path) if part)
        return f"{place}: {flaw.severity}: {what}: {flaw.message} [{flaw.rule}]"


class Written(NamedTuple):
    """Where a definition was written."""

    file: str
    prefix: str
    document: Document

    def fault(self, flaw: Flaw) -> Fault:
        """Return a flaw of this definition with its line."""
        path = f"{self.prefix}.{flaw.path}".strip(".") if not flaw.path.startswith("[") else self.prefix + flaw.path
        return Fault(self.file, self.document.line(path), flaw)


class Files(NamedTuple):
    """What the files hold."""

    definitions: dict[DefinitionId, Definition]
    written: dict[DefinitionId, Written]
    faults: list[Fault]
    tests: list[tuple[Written, Mapping[str, Any]]]
    """Bodies of tests, which stand beside the definitions and are none."""

    def faults_of(self, checked: Checked) -> list[Fault]:
        """Return the flaws of a check with the places where they were written."""
        found = []
        for flaw in checked.flaws:
            place = self.written.get((flaw.kind, flaw.id))
            found.append(place.fault(flaw) if place else Fault("(in force)", 0, flaw))
        return found


def read_files(paths: Iterable[Path]) -> Files:
    """Read all definitions of files and folders; raises OSError for what cannot be opened."""
    files = Files({}, {}, [], [])
    for path in _each(paths):
        _read_file(path, files)
    return files


def _each(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(found for found in path.rglob("*") if found.suffix in _ENDINGS and found.is_file())
        else:
            yield path


def _read_file(path: Path, files: Files) -> None:
    if path.stat().st_size > _LARGEST_FILE:
        _note(files, str(path), 1, "too_large", f"larger than {_LARGEST_FILE} bytes")
        return
    try:
        for document in read_yaml(path.read_text("utf-8")):
            _take_document(str(path), document, files)
    except YamlError as error:
        _note(files, str(path), error.line, "not_yaml", error.message)
    except UnicodeDecodeError:
        _note(files, str(path), 1, "not_yaml", "the file is not UTF-8")


def _note(files: Files, file: str, line: int, rule: str, message: str) -> None:
    files.faults.append(Fault(file, line, Flaw("", "", "", rule, message)))


def _take_document(file: str, document: Document, files: Files) -> None:
    bodies = document.data if isinstance(document.data, list) else [document.data]
    for at, body in enumerate(bodies):
        prefix = f"[{at}]" if isinstance(document.data, list) else ""
        _take(Written(file, prefix, document), body, files)


def _take(place: Written, body: Any, files: Files) -> None:
    if not isinstance(body, Mapping) or not isinstance(body.get("kind"), str):
        _note(files, place.file, place.document.line(place.prefix), "no_kind", "a definition is a mapping with a kind")
        return
    if body["kind"] == TEST:
        files.tests.append((place, {name: value for name, value in body.items() if name != "kind"}))
        return
    made, flaws = read(body["kind"], {name: value for name, value in body.items() if name != "kind"})
    files.faults.extend(place.fault(flaw) for flaw in flaws)
    if made is None:
        return
    name = (body["kind"], id_of(made))
    if name in files.definitions:
        first = files.written[name]
        why = f"it stands in {first.file}:{first.document.line(first.prefix)} already"
        files.faults.append(place.fault(Flaw(*name, "", "twice", why)))
        return
    files.definitions[name], files.written[name] = made, place
