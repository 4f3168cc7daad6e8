"""The object store as channels use it: attachments to read, documents to write, links to them."""

from __future__ import annotations

from typing import Final, NamedTuple

from services.edge.files import BlobMissingError, FileLinks, Files, Linked
from services.notifier.attachments import Attachment

LARGEST: Final = 20 * 1024 * 1024
"""Bytes of a file that is sent."""


class Drive(NamedTuple):
    """Files, and the public address of their links."""

    files: Files
    links: FileLinks
    base: str

    def link(self, linked: Linked) -> str:
        """Return the address under which a file can be downloaded without a key."""
        return f"{self.base.rstrip('/')}/{self.links.token(linked)}"

    async def read(self, tenant: str, file_id: str) -> Attachment | None:
        """Return a file to be sent; None for an unknown one, or one that is too large."""
        found = await self.files.find(tenant, file_id)
        if found is None or found.size > LARGEST:
            return None
        try:
            return Attachment(found.name, found.content_type, await self.files.load(tenant, file_id))
        except BlobMissingError:
            return None
