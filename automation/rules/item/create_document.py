"""Make a document out of a template (spec 3.3 `create_document`)."""

from __future__ import annotations

from automation import document_making
from automation.catalogue import Entry
from automation.envelope import STAGED

ENTRY = Entry(
    id="create_document",
    kind="rule",
    group="item",
    title="Create document",
    description="Fills a template, numbers it, makes a PDF of it, with a public link and a signature where asked for.",
    spec="4.21",
    types=STAGED,
    params=document_making.CreateDocument,
    results=document_making.RESULTS,
    plan=document_making.plan,
)
