"""The CSV file: its digest, its rows with their lines, and the file of what was rejected."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import IO, NamedTuple

from services.cli.importing.mapping import Written
from services.cli.importing.templates import Row

_CHUNK = 1024 * 1024


class Numbered(NamedTuple):
    """A row with its number (from 1, the header is 0), its line in the file, and how many bytes are read by then."""

    number: int
    line: int
    row: Row
    bytes_read: int


class TableError(Exception):
    """The file is not the CSV that the mapping says."""


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file."""
    found = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            found.update(chunk)
    return found.hexdigest()


class Table:
    """An open CSV file; `header` is its first row."""

    def __init__(self, path: Path, written: Written) -> None:
        self._path = path
        self._raw = path.open("rb")
        try:
            self._text = _decoded(self._raw, written.encoding)
            self._reader = csv.reader(self._text, delimiter=written.delimiter, strict=True)
            self.header = next(self._reader, [])
            self._check()
        except (LookupError, UnicodeDecodeError, csv.Error) as error:
            self._raw.close()
            raise TableError(f"{path}: {error}") from error

    def _check(self) -> None:
        names = [name.strip() for name in self.header]
        if twice := {name for name in names if names.count(name) > 1}:
            raise TableError(f"{self._path}: the column {sorted(twice)[0]!r} stands twice")

    def rows(self) -> Iterator[Numbered]:
        """Yield all rows but empty ones; raises TableError where the file is broken."""
        try:
            for number, row in enumerate(self._reader, 1):
                if row:
                    yield Numbered(number, self._reader.line_num, row, self._raw.tell())
        except (UnicodeDecodeError, csv.Error) as error:
            raise TableError(f"{self._path}:{self._reader.line_num}: {error}") from error

    def close(self) -> None:
        """Close the file."""
        self._text.close()


def _decoded(raw: IO[bytes], encoding: str) -> IO[str]:
    return io.TextIOWrapper(raw, encoding, newline="")


class Rejected:
    """The file of rejected rows: line, reason, and the row as it was; made with the first one."""

    def __init__(self, path: Path, header: Row, *, resume: bool) -> None:
        self._path = path
        self._header = header
        self._file: IO[str] | None = None
        self.count = 0
        if not resume:
            path.unlink(missing_ok=True)

    def add(self, line: int, reason: str, row: Row) -> None:
        """Note a row."""
        if self._file is None:
            fresh = not self._path.exists()
            self._file = self._path.open("a", encoding="utf-8", newline="")
            self._writer = csv.writer(self._file)
            if fresh:
                self._writer.writerow(["line", "reason", *self._header])
        self._writer.writerow([line, reason, *row])
        self.count += 1

    def flush(self) -> None:
        """Make sure that a reader of the file sees what was noted."""
        if self._file is not None:
            self._file.flush()

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
