"""Make a document out of a template (spec 4.21)."""

from __future__ import annotations

from automation import document_making
from automation.catalogue import Entry
from automation.envelope import CRM_ALL

ENTRY = Entry(
    id="bp_create_crm_document",
    kind="action",
    group="documents",
    title="Create CRM document",
    description="Fills a template, numbers it, makes a PDF of it, with a public link and a signature where asked for.",
    spec="4.21",
    types=CRM_ALL,
    params=document_making.CreateDocument,
    results=document_making.RESULTS,
    plan=document_making.plan,
)
