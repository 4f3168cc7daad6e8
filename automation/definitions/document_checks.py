"""Cross checks of templates of documents and of own companies (spec 4.21)."""

from __future__ import annotations

from collections.abc import Iterator

from automation import documents
from automation.definitions import checks
from automation.definitions.checks import Found
from automation.definitions.document_models import DocumentTemplate, OwnCompany
from automation.definitions.tenant_view import TenantView
from automation.files import is_file_id
from automation.insertion import InvalidTemplateError


def template(made: DocumentTemplate, view: TenantView) -> Iterator[Found]:
    """Check that the text names what there is for every item type that the template is for."""
    for at, one in enumerate(made.client_details):
        if view.details_template(one.template) is None:
            yield Found(f"client_details[{at}].template", "unknown_details_template", f"there is no {one.template!r}")
    for at, item_type in enumerate(made.item_types):
        unknown = list(checks.item_type(item_type, f"item_types[{at}]"))
        yield from unknown
        if not unknown:
            yield from _text(made, view, item_type)


def _text(made: DocumentTemplate, view: TenantView, item_type: str) -> Iterator[Found]:
    try:
        documents.parts_of(made, documents.schema_for(view, made, item_type))
    except InvalidTemplateError as error:
        for found in error.errors:
            yield Found("text", "insertion", f"{item_type}: {found.message}")


def own_company(made: OwnCompany, view: TenantView) -> Iterator[Found]:
    """Check that signature and stamp are files, and that there is one default company."""
    for name in ("signature", "stamp"):
        value = getattr(made, name)
        if value and not is_file_id(value):
            yield Found(name, "unknown_file", "an id of a file on the drive is expected")
    first = documents.own_companies(view)[0]
    if made.default and first.id != made.id:
        yield Found("default", "one_default", f"{first.id!r} is the default own company already")
