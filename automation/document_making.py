"""Make a document out of a template, for rules and process actions (spec 4.21, 3.3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar

from automation import details, documents
from automation.catalogue import Params
from automation.definitions.document_models import ClientDetails, DocumentTemplate
from automation.documents import Facts, Issuer, IssuerProblemError
from automation.envelope import Key, stable_id
from automation.files import file_id
from automation.insertion import InvalidTemplateError
from automation.items.document_effects import DocumentRequested
from automation.items.document_events import DocumentCreated
from automation.items.effects import ItemAsked
from automation.items.runs import DEADLINE_MS
from automation.params import DocumentRows, Flag, Takes
from automation.plan import Answer, Call, Completed, Context, Failed, Plan
from automation.records.asking import ask, is_id
from automation.scope import Schema
from automation.values import FieldType, Personal, Value

PDF_MS = 600_000
"""How long a conversion is waited for (spec 4.21)."""
Name = Annotated[str, Takes("string", "single_line")]


class CreateDocument(Params):
    """Which template, who issues it, and what is to come of it."""

    EXAMPLE: ClassVar[Mapping[str, Any]] = {"template": "offer", "wait_for_pdf": True, "create_public_link": True}

    template: Annotated[str, Takes("string", "single_line", names="document_template")]
    wait_for_pdf: Flag = False
    with_signature_and_stamp: Flag = False
    create_public_link: Flag = False
    my_company: Annotated[str, Takes("string", "single_line", names="own_company")] = ""
    my_company_details: Name = ""
    my_company_bank_details: Name = ""
    document_fields: DocumentRows = ()

    @classmethod
    def flaws(cls, raw: Mapping[str, Any], schema: Schema) -> Iterator[tuple[str, str]]:
        """Refuse fields for a template that is known at run time only: nobody could say which it has."""
        if raw.get("document_fields") and "{{" in str(raw.get("template")):
            yield "template", "a template that is inserted takes no document_fields"


def plan(context: Context, params: CreateDocument) -> Plan:
    """Read the clients, take a number, keep the text, convert it; each step once, whatever is asked again."""
    template = documents.template_of(context.tenant, params.template)
    if template is None or context.key.item_type not in template.item_types or not is_id(params.template):
        return Failed("invalid_value:template")
    try:
        issuer = documents.issuer_of(
            context.tenant, params.my_company, params.my_company_details, params.my_company_bank_details
        )
        return _signed(context, params, template, issuer)
    except IssuerProblemError as problem:
        return Failed(f"invalid_value:{problem.param}")
    except InvalidTemplateError:
        return Failed("invalid_value:template")


def _signed(context: Context, params: CreateDocument, template: DocumentTemplate, issuer: Issuer) -> Plan:
    company = issuer.company
    if params.with_signature_and_stamp and not (company and company.signature and company.stamp):
        return Failed("signature_not_configured")
    questions = _questions(context, template)
    return Call(questions) if questions else _numbered(context, params, template, issuer)


def _questions(context: Context, template: DocumentTemplate) -> tuple[ItemAsked, ...]:
    """Return what to ask the linked contact and company for; nothing once they were asked."""
    schema = documents.schema_for(context.tenant, template, context.key.item_type)
    wanted = documents.clients_of(template, schema)
    asked: list[tuple[str, str, str, Mapping[str, Value]]] = [
        (client, client, "fields", {"codes": wanted[client]}) for client in documents.CLIENTS if client in wanted
    ]
    asked += [
        (place, one.entity_type, "details_values", _record_meant(context, one))
        for one in template.client_details
        if (place := documents.details_prefix(one)) in wanted
    ]
    return tuple(
        ItemAsked(
            context.effect_id(place), context.run_id,
            Key(context.key.tenant, client, details.owner(context, client)).text, question, args,
        )
        for place, client, question, args in asked
        if details.owner(context, client) and context.answer(place) is None
    )  # fmt: skip


def _record_meant(context: Context, one: ClientDetails) -> dict[str, Value]:
    chosen = context.item.fields.get(documents.details_prefix(one))
    return {"template": one.template, "address_type": one.address_type, "chosen": chosen}


def _numbered(context: Context, params: CreateDocument, template: DocumentTemplate, issuer: Issuer) -> Plan:
    today = documents.day_in(context.tenant, context.now)
    taken = context.answer("number")
    if taken is None:
        # A document that cannot be filled takes no number: the sequence would have a gap.
        if documents.fill(context, template, issuer, _facts(context, params, template, "", today)) is None:
            return Failed("item_too_large")
        numerator = documents.numerator_of(template, today[:4])
        return ask(context, "number", ("numerator", numerator), "next", {})
    if not taken.ok:
        return Failed(taken.reason)
    return _made(context, params, template, issuer, taken)


def _facts(context: Context, params: CreateDocument, template: DocumentTemplate, number: str, day: str) -> Facts:
    own = {row.field: row.value for row in params.document_fields}
    places = (*documents.CLIENTS, *map(documents.details_prefix, template.client_details))
    answers = {place: context.answer(place) for place in places}
    clients = {client: told.results for client, told in answers.items() if told is not None and told.ok}
    return Facts(number, day, own, clients)


class _Draft:
    """What is known of a document once it has a number: the same whenever the plan is asked."""

    def __init__(self, context: Context, template: DocumentTemplate, taken: Answer) -> None:
        number, at = taken.results["number"], taken.results["at"]
        self.at = at if isinstance(at, int) else 0
        self.day = documents.day_in(context.tenant, self.at)
        self.number = documents.number_text(template, number if isinstance(number, int) else 0, self.day)
        self.id = stable_id("document", context.key.tenant, context.run_id)
        self.name = Personal(f"{template.title} {self.number}")
        self.file = file_id(self.at, context.effect_id("text"))
        self.pdf_file = file_id(self.at, context.effect_id("pdf"))


def _made(context: Context, params: CreateDocument, template: DocumentTemplate, issuer: Issuer, taken: Answer) -> Plan:
    draft = _Draft(context, template, taken)
    kept = context.answer("text")
    if kept is None:
        text = documents.fill(context, template, issuer, _facts(context, params, template, draft.number, draft.day))
        if text is None:
            return Failed("item_too_large")
        request = _request(context, params, draft, "text", text=text)
        author = context.item.responsible or "system"
        noted = DocumentCreated(draft.id, draft.number, draft.name, template.id, draft.file, draft.pdf_file, author)
        return Call((request,), (noted,))
    if not kept.ok:
        return Failed(kept.reason)
    return _converted(context, params, draft, issuer, kept)


def _converted(context: Context, params: CreateDocument, draft: _Draft, issuer: Issuer, kept: Answer) -> Plan:
    company = issuer.company if params.with_signature_and_stamp else None
    images = (company.signature, company.stamp) if company else ()
    request = _request(context, params, draft, "pdf", images=images)
    results: dict[str, Value] = {
        "document_id": draft.id, "document_number": draft.number, "file": draft.file,
        **({"public_link": kept.results["public_link"]} if kept.results.get("public_link") else {}),
    }  # fmt: skip
    if not params.wait_for_pdf:
        return Completed(results, (request,))
    pdf = context.answer("pdf")
    if pdf is None:
        return Call((request,), patience=PDF_MS - DEADLINE_MS)
    return Completed({**results, "pdf_file": draft.pdf_file}) if pdf.ok else Failed("pdf_conversion")


def _request(
    context: Context, params: CreateDocument, draft: _Draft, form: str, text: str = "", images: tuple[str, ...] = ()
) -> DocumentRequested:
    """Return the effect that makes one of the files; nobody waits for a PDF that was not asked to be waited for."""
    awaited = form == "text" or params.wait_for_pdf
    return DocumentRequested(
        context.effect_id(form), context.run_id if awaited else "", form, draft.id, draft.name, Personal(text),
        draft.file, draft.pdf_file, params.create_public_link, images, draft.at,
    )  # fmt: skip


RESULTS: Mapping[str, FieldType] = {
    "document_id": "string",
    "document_number": "string",
    "file": "file",
    "pdf_file": "file",
    "public_link": "string",
}
