"""Blobs in a bucket of any S3-compatible store."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import obstore
from obstore.exceptions import NotFoundError
from obstore.store import S3Store

from services.edge.files.blobs import CHUNK, BlobMissingError


class S3Blobs:
    """One bucket, below a prefix; an object appears as a whole when its last part was taken."""

    def __init__(self, store: S3Store, prefix: str) -> None:
        self._store = store
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""

    async def put(self, path: str, content: AsyncIterator[bytes]) -> None:
        """Store bytes; large ones go up in parts, which are given up if `content` fails."""
        await obstore.put_async(self._store, self._prefix + path, content)

    async def get(self, path: str) -> AsyncIterator[bytes]:
        """Yield the bytes in pieces as they come."""
        try:
            found = await obstore.get_async(self._store, self._prefix + path)
        except (NotFoundError, FileNotFoundError):
            raise BlobMissingError(path) from None
        async for chunk in found.stream(min_chunk_size=CHUNK):
            yield bytes(chunk)

    async def names(self, folder: str, after: str, most: int) -> Sequence[str]:
        """Return names in order, as the store lists them."""
        base = f"{self._prefix}{folder}/"
        listing = obstore.list(self._store, base, offset=base + after, chunk_size=most)
        async for page in listing:
            return [str(found["path"]).rpartition("/")[2] for found in page][:most]
        return ()
