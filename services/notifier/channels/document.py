"""Documents: keeps their text in the object store, and converts it to PDF (spec 4.21)."""

from __future__ import annotations

import asyncio
from typing import Final

from automation.items.document_effects import DocumentRequested
from services.edge.files import UNREACHABLE, BlobMissingError, FileConflictError, FileRefusedError, Linked, NewFile
from services.notifier.channel import (
    Channel,
    ChannelEntry,
    Delivery,
    Message,
    Rejected,
    Resources,
    Result,
    Retry,
    Sent,
)
from services.notifier.drive import Drive
from services.notifier.pdf import ConversionError, render
from services.notifier.recording import RecordingChannel


class DocumentChannel:
    """Makes one file for each effect; ids come with the effect, so a repeat makes the same file."""

    recognises_key: Final = True

    def __init__(self, drive: Drive) -> None:
        self._drive = drive

    async def send(self, delivery: Delivery) -> Result:
        """Make the file unless it is there."""
        event: DocumentRequested = delivery.event
        try:
            return await (self._keep(delivery, event) if event.form == "text" else self._convert(delivery, event))
        except FileRefusedError as refused:
            return Rejected("pdf_conversion" if event.form == "pdf" else "item_too_large", refused.rule)
        except UNREACHABLE as error:
            return Retry(type(error).__name__)

    async def _keep(self, delivery: Delivery, event: DocumentRequested) -> Result:
        made = NewFile(event.file, f"{event.name.text}.md", "text/markdown", event.made_at, delivery.item_key)
        await self._put(delivery.tenant, made, event.text.text.encode() or b"\n")
        link = self._drive.link(Linked(delivery.tenant, event.pdf_file, 0)) if event.public_link else ""
        return Sent(provider_id=event.file, results={"file": event.file, **({"public_link": link} if link else {})})

    async def _convert(self, delivery: Delivery, event: DocumentRequested) -> Result:
        files, tenant = self._drive.files, delivery.tenant
        try:
            text = await files.load(tenant, event.file)
            images = [await files.load(tenant, image) for image in event.images]
        except BlobMissingError:
            return Rejected("pdf_conversion", "a file is missing")
        try:
            name = event.name.text
            content = await asyncio.to_thread(render, text.decode(), name, event.made_at, images)
        except ConversionError as error:
            return Rejected("pdf_conversion", str(error))
        made = NewFile(event.pdf_file, f"{name}.pdf", "application/pdf", event.made_at, delivery.item_key)
        await self._put(tenant, made, content)
        return Sent(provider_id=event.pdf_file, results={"pdf_file": event.pdf_file})

    async def _put(self, tenant: str, new: NewFile, content: bytes) -> None:
        """Store a file; one of this id that another release has made stays as it is."""
        try:
            await self._drive.files.put(tenant, new, content)
        except FileConflictError:
            return


def _open(resources: Resources) -> Channel:
    if resources.drive is None:
        return RecordingChannel(resources.database, DocumentRequested.CHANNEL, _describe)
    return DocumentChannel(resources.drive)


def _describe(event: DocumentRequested) -> Message:
    return Message("", "", event.name.text, event.text.text)


CHANNEL = ChannelEntry(
    name=DocumentRequested.CHANNEL,
    description="Makes documents and their PDF.",
    open=_open,
    describe=_describe,
)
