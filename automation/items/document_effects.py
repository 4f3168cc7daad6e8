"""The effects that make a document (spec 4.21); performed by `notifier`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from automation.values import Moment, Personal


@dataclass(frozen=True, slots=True)
class DocumentRequested:
    """One file of a document is wanted: its text, or the PDF of this text."""

    CHANNEL: ClassVar[str] = "document"
    effect_id: str
    run_id: str
    form: str
    """`text` keeps the filled template and makes the link; `pdf` converts it."""
    document_id: str
    name: Personal
    """Of the files, without an ending."""
    text: Personal
    """Markdown; empty for `pdf`, which reads it from `file`."""
    file: str
    """Id of the text in the object store."""
    pdf_file: str
    public_link: bool
    images: tuple[str, ...]
    """Files of signature and stamp, below the text."""
    made_at: Moment
