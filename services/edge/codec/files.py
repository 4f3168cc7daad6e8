"""The schema files: written from the classes, compared with them, copied when a release is made."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from services.edge.codec.errors import SchemaError
from services.edge.codec.names import Schema, maker
from services.edge.codec.normal import normal
from services.edge.codec.read import compile_reader
from services.edge.codec.registry import LEDGER, SCHEMA_FOLDER
from services.edge.codec.streams import STREAMS

RELEASED = "released"


class SchemaFile(NamedTuple):
    """One schema as its classes ask for it; `path` is below the schema folder."""

    subject: str
    path: str
    schema: dict[str, Any]

    @property
    def text(self) -> str:
        """The content of the file."""
        return json.dumps(self.schema, indent=2, ensure_ascii=False) + "\n"


def wanted() -> Iterator[SchemaFile]:
    """Yield every schema that the classes ask for."""
    for stream in STREAMS.values():
        for body in stream.bodies:
            subject = f"{stream.space}.{body.__name__}"
            yield SchemaFile(subject, f"{stream.name}/{body.__name__}.avsc", stream.schema(body))


def differences(folder: Path = SCHEMA_FOLDER) -> list[str]:
    """Return one line for each file that is missing, differs from its class, or has no class."""
    files = {file.path: file.text for file in wanted()}
    present = {path.relative_to(folder).as_posix() for path in _current_files(folder)}
    lines = [f"{path}: no class asks for it" for path in sorted(present - files.keys())]
    lines += [f"{path}: missing" for path in sorted(files.keys() - present)]
    lines += [f"{path}: differs from its class" for path in sorted(present & files.keys())
              if (folder / path).read_text() != files[path]]  # fmt: skip
    return lines + [f"{file.subject}: its schema has no id" for file in wanted() if not _has_id(file, folder)]


def _current_files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.glob("*/*.avsc") if path.parent.name != RELEASED)


def _ledger(folder: Path) -> dict[str, Any]:
    path = folder / LEDGER
    return json.loads(path.read_text()) if path.exists() else {"next": 1, "schemas": {}}


def _newest(ledger: Mapping[str, Any], subject: str) -> int | None:
    return max((int(key) for key, entry in ledger["schemas"].items() if entry["subject"] == subject), default=None)


def _has_id(file: SchemaFile, folder: Path) -> bool:
    ledger = _ledger(folder)
    newest = _newest(ledger, file.subject)
    if newest is None:
        return False
    stored = folder / ledger["schemas"][str(newest)]["file"]
    return stored.exists() and bool(normal(json.loads(stored.read_text())) == normal(file.schema))


def write(folder: Path = SCHEMA_FOLDER) -> list[str]:
    """Write what differs and give new shapes an id; returns the paths written.

    A shape that was never released is replaced, and its id is not used again.
    """
    ledger = _ledger(folder)
    files = list(wanted())
    for file in files:
        if not _has_id(file, folder):
            _give_id(ledger, file)
    written = [file.path for file in files if _write_text(folder / file.path, file.text)]
    removed = {path.relative_to(folder).as_posix() for path in _current_files(folder)} - {file.path for file in files}
    for path in sorted(removed):
        (folder / path).unlink()
        _drop_unreleased(ledger, path)
    _write_text(folder / LEDGER, json.dumps(ledger, indent=2) + "\n")
    return written + sorted(removed)


def _write_text(path: Path, text: str) -> bool:
    if path.exists() and path.read_text() == text:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return True


def _drop_unreleased(ledger: dict[str, Any], path: str) -> None:
    ledger["schemas"] = {key: entry for key, entry in ledger["schemas"].items() if entry["file"] != path}


def _give_id(ledger: dict[str, Any], file: SchemaFile) -> None:
    _drop_unreleased(ledger, file.path)
    version = 1 + sum(entry["subject"] == file.subject for entry in ledger["schemas"].values())
    ledger["schemas"][str(ledger["next"])] = {"subject": file.subject, "version": version, "file": file.path}
    ledger["next"] += 1


def release(version: str, folder: Path = SCHEMA_FOLDER) -> int:
    """Keep the current schemas as those of a release, for ever; returns how many.

    Raises `SchemaError` if files and classes differ, if the release exists, or if a schema is not compatible with
    every released one in both directions.
    """
    target = folder / RELEASED / version
    problems = differences(folder) + incompatibilities(folder)
    if target.exists():
        problems.append(f"release {version} exists")
    if problems:
        raise SchemaError("; ".join(problems[:5]))
    ledger, files = _ledger(folder), list(wanted())
    for file in files:
        (target / file.path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(folder / file.path, target / file.path)
        newest = ledger["schemas"][str(_newest(ledger, file.subject))]
        if not newest["file"].startswith(RELEASED):
            newest["file"] = f"{RELEASED}/{version}/{file.path}"
    _write_text(folder / LEDGER, json.dumps(ledger, indent=2) + "\n")
    return len(files)


def incompatibilities(folder: Path = SCHEMA_FOLDER) -> list[str]:
    """Return one line for each current schema that cannot read, or be read by, a released one (FULL_TRANSITIVE)."""
    current = {file.path: normal(file.schema) for file in wanted()}
    lines = []
    for path in sorted((folder / RELEASED).glob("*/*/*.avsc")):
        version, name = path.relative_to(folder / RELEASED).as_posix().split("/", 1)
        if name not in current:
            lines.append(f"{name} of {version}: the class is gone, its records are not")
            continue
        lines += _compare(name, version, normal(json.loads(path.read_text())), current[name])
    return lines


def _compare(name: str, version: str, old: Schema, new: Schema) -> list[str]:
    lines = []
    for word, writer, reader in ((f"cannot read {version}", old, new), (f"cannot be read by {version}", new, old)):
        try:
            compile_reader(writer, reader, {})
        except SchemaError as error:
            lines.append(f"{name} {word}: {error}")
    return lines


__all__ = ["SchemaFile", "differences", "incompatibilities", "maker", "release", "wanted", "write"]
