"""Files of tenants: an id, a name, a type, bytes that never change."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from typing import NamedTuple

import orjson

from automation.files import is_file_id
from automation.values import Moment
from services.edge.files.blobs import BlobMissingError, Blobs
from services.edge.files.ids import folder_of, place_of

LONGEST_NAME = 255
"""Bytes of a file's name, as of most file systems."""
_CONTENT, _META = "content", "meta"


class FileRefusedError(Exception):
    """The file is not taken: `rule` is `too_large`, `type_not_allowed`, `invalid_name` or `empty`."""

    def __init__(self, rule: str, detail: str) -> None:
        super().__init__(detail)
        self.rule = rule


class FileConflictError(Exception):
    """Another file has this id: it stays as it is."""


class Limits(NamedTuple):
    """What files may be."""

    largest: int
    """Bytes."""
    types: frozenset[str]
    """Media types, without parameters."""


class NewFile(NamedTuple):
    """What is known of a file before its bytes."""

    id: str
    name: str
    content_type: str
    made_at: Moment
    made_by: str
    """`user:<id>`, `key:<name>` of an API key, or the key of the item whose automation made it."""


class StoredFile(NamedTuple):
    """A file as it is listed."""

    id: str
    name: str
    content_type: str
    made_at: Moment
    made_by: str
    size: int
    sha256: str


class Files:
    """The object store. A tenant is part of every path, and a path is made of safe characters alone."""

    def __init__(self, blobs: Blobs, limits: Limits) -> None:
        self._blobs = blobs
        self.limits = limits

    def check(self, new: NewFile, size: int = 0) -> None:
        """Raise `FileRefusedError` for what would be refused, as far as known before the bytes."""
        if new.content_type not in self.limits.types:
            raise FileRefusedError("type_not_allowed", f"files of type {new.content_type[:100]!r} are not taken")
        if not is_name(new.name):
            raise FileRefusedError("invalid_name", f"a name has 1 to {LONGEST_NAME} printable bytes, without '/'")
        if size > self.limits.largest:
            raise self._too_large()

    async def put(self, tenant: str, new: NewFile, content: AsyncIterator[bytes] | bytes) -> StoredFile:
        """Store a file; the same file again changes nothing.

        Raises `FileRefusedError`, and `FileConflictError` where the id has another content. The description is written
        last: until then there is no such file.
        """
        self.check(new)
        base, measured = folder_of(tenant), _Measured(self.limits.largest)
        known = await self.find(tenant, new.id)
        stream = measured.through(_once(content) if isinstance(content, bytes) else content)
        if known is not None:
            async for _ in stream:
                pass
            return self._same(known, measured)
        try:
            await self._blobs.put(f"{base}/{_CONTENT}/{new.id}", stream)
        except Exception:
            if measured.refused:
                raise measured.refused from None  # a store may wrap what its source raised
            raise
        made = StoredFile(*new, measured.size, measured.digest)
        await self._blobs.put(f"{base}/{_META}/{place_of(new.id)}", _once(orjson.dumps(made._asdict())))
        return made

    def _same(self, known: StoredFile, measured: _Measured) -> StoredFile:
        if known.sha256 != measured.digest:
            raise FileConflictError(f"file {known.id} has another content")
        return known

    def _too_large(self) -> FileRefusedError:
        return FileRefusedError("too_large", f"a file has at most {self.limits.largest} bytes")

    async def find(self, tenant: str, file_id: str) -> StoredFile | None:
        """Return a file's description; None for an unknown one, or one of another tenant."""
        if not is_file_id(file_id):
            return None
        return await self._described(tenant, place_of(file_id))

    async def _described(self, tenant: str, place: str) -> StoredFile | None:
        try:
            parts = [part async for part in self._blobs.get(f"{folder_of(tenant)}/{_META}/{place}")]
        except BlobMissingError:
            return None
        return StoredFile(**orjson.loads(b"".join(parts)))

    def read(self, tenant: str, file_id: str) -> AsyncIterator[bytes]:
        """Yield a file's bytes; raises `BlobMissingError` for an unknown one."""
        if not is_file_id(file_id):
            raise BlobMissingError(file_id[:100])
        return self._blobs.get(f"{folder_of(tenant)}/{_CONTENT}/{file_id}")

    async def load(self, tenant: str, file_id: str) -> bytes:
        """Return all of a file's bytes; raises `BlobMissingError` for an unknown one."""
        return b"".join([part async for part in self.read(tenant, file_id)])

    async def list(self, tenant: str, after: str = "", most: int = 50) -> list[StoredFile]:
        """Return files, the newest first; those after the file `after` of the page before alone."""
        place = place_of(after) if is_file_id(after) else ""
        names = await self._blobs.names(f"{folder_of(tenant)}/{_META}", place, most)
        return [found for found in [await self._described(tenant, name) for name in names] if found is not None]


def is_name(name: str) -> bool:
    """Say whether a text may be a file's name: it is shown, and put into headers, never made part of a path."""
    return name.isprintable() and "/" not in name and "\\" not in name and 0 < len(name.encode()) <= LONGEST_NAME


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content


class _Measured:
    """Counts and hashes a stream on its way, and refuses it where it becomes too large or ends empty."""

    def __init__(self, largest: int) -> None:
        self._largest = largest
        self._hash = hashlib.sha256()
        self.size = 0
        self.refused: FileRefusedError | None = None

    @property
    def digest(self) -> str:
        """SHA-256 of what went through."""
        return self._hash.hexdigest()

    async def through(self, content: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """Yield what comes."""
        async for chunk in content:
            self.size += len(chunk)
            if self.size > self._largest:
                raise self._refuse("too_large", f"a file has at most {self._largest} bytes")
            self._hash.update(chunk)
            yield chunk
        if not self.size:
            raise self._refuse("empty", "a file has at least one byte")

    def _refuse(self, rule: str, detail: str) -> FileRefusedError:
        self.refused = FileRefusedError(rule, detail)
        return self.refused
