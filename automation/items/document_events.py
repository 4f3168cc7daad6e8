"""Events of documents that were made for an item (spec 4.21)."""

from __future__ import annotations

from dataclasses import dataclass

from automation.values import Personal


@dataclass(frozen=True, slots=True)
class DocumentCreated:
    """A document with its number stands in the timeline; its files are in the object store once they are made."""

    document_id: str
    number: str
    title: Personal
    template: str
    file: str
    pdf_file: str
    created_by: str
