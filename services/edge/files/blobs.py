"""What the object store is built on: bytes under a path, in a local folder or in S3."""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import BinaryIO, Protocol

CHUNK = 256 * 1024


class BlobMissingError(LookupError):
    """There are no bytes under this path."""


class Blobs(Protocol):
    """Bytes under paths such as `acme/content/0f3a`; whoever calls makes paths of safe characters alone."""

    async def put(self, path: str, content: AsyncIterator[bytes]) -> None:
        """Store bytes as a whole or not at all; an exception of `content` is passed on, and nothing is stored."""
        ...

    def get(self, path: str) -> AsyncIterator[bytes]:
        """Yield the bytes; raises `BlobMissingError` before the first."""
        ...

    async def names(self, folder: str, after: str, most: int) -> Sequence[str]:
        """Return the last parts of the paths in a folder in ascending order, those after `after` alone."""
        ...


class LocalBlobs:
    """A folder of this machine: written beside, flushed to the disk, then renamed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def put(self, path: str, content: AsyncIterator[bytes]) -> None:
        """Store bytes; two that write the same path at once leave one of them complete."""
        target = self._folder / path
        await asyncio.to_thread(target.parent.mkdir, parents=True, exist_ok=True)
        draft = target.with_name(f".{target.name}.{uuid.uuid4().hex}")
        try:
            with await asyncio.to_thread(draft.open, "xb") as file:
                async for chunk in content:
                    await asyncio.to_thread(file.write, chunk)
                await asyncio.to_thread(_flush, file)
            await asyncio.to_thread(_rename, draft, target)
        finally:
            await asyncio.to_thread(draft.unlink, missing_ok=True)

    async def get(self, path: str) -> AsyncIterator[bytes]:
        """Yield the bytes in pieces."""
        try:
            file = await asyncio.to_thread((self._folder / path).open, "rb")
        except FileNotFoundError:
            raise BlobMissingError(path) from None
        with file:
            while chunk := await asyncio.to_thread(file.read, CHUNK):
                yield chunk

    async def names(self, folder: str, after: str, most: int) -> Sequence[str]:
        """Return names in order; drafts of writers at work are none."""
        return await asyncio.to_thread(self._names, folder, after, most)

    def _names(self, folder: str, after: str, most: int) -> Sequence[str]:
        try:
            found = os.listdir(self._folder / folder)
        except FileNotFoundError:
            return ()
        return sorted(name for name in found if name > after and not name.startswith("."))[:most]


def _flush(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _rename(draft: Path, target: Path) -> None:
    """Put the draft in its place, and make sure that the folder remembers it after a power cut."""
    draft.replace(target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
