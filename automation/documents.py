"""From a template of a document to its text, and what its number looks like (spec 4.21)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from automation import details
from automation.dates import day_of
from automation.definitions.compiled import field_types
from automation.definitions.document_models import NUMBER, ClientDetails, DocumentTemplate, OwnCompany, OwnDetails
from automation.definitions.tenant_view import TenantView
from automation.insertion import InvalidTemplateError, TemplateError, compile_template, parse_template
from automation.insertion.model import Template
from automation.insertion.printable import ESCAPES
from automation.insertion.render import RenderedTooLongError
from automation.items.parts import ProductRow
from automation.items.product_rows import discount_text, quantity_text, sum_of
from automation.items.scope import list_of, system_of
from automation.money import amount_text
from automation.plan import Context
from automation.scope import Schema, Scope
from automation.values import FieldType, Money, Personal, Value

PRODUCTS = "{{products}}"
"""A line of its own in a template: the table of the item's product rows."""
CLIENTS = ("contact", "company")
"""Linked items whose fields a template may insert: `{{field:contact.name}}`."""
DOCUMENT: Mapping[str, FieldType] = {"number": "string", "date": "date", "title": "string"}
"""What every document has: `{{field:document.number}}`."""
LONGEST = 200_000
"""Characters of a filled document."""


class Issuer(NamedTuple):
    """Who issues a document; empty where no own company is set up."""

    company: OwnCompany | None
    details: OwnDetails | None
    bank: OwnDetails | None


class IssuerProblemError(LookupError):
    """An own company, or details of it, that the rule names are not there: `param` says which parameter."""

    def __init__(self, param: str) -> None:
        super().__init__(param)
        self.param = param


def template_of(view: TenantView, name: str) -> DocumentTemplate | None:
    """Return a template; None if there is none of this id."""
    found = view.current.get(("document_template", name))
    return found if isinstance(found, DocumentTemplate) else None


def own_companies(view: TenantView) -> list[OwnCompany]:
    """Return the own companies, the default one first, then by id."""
    found = (made for (kind, _), made in view.current.items() if kind == "own_company")
    return sorted((c for c in found if isinstance(c, OwnCompany)), key=lambda c: (not c.default, c.id))


def issuer_of(view: TenantView, company: str, details: str, bank: str) -> Issuer:
    """Return who issues; empty names mean the default own company, its first records. Raises `IssuerProblemError`."""
    every = own_companies(view)
    chosen = next((c for c in every if c.id == company), None) if company else next(iter(every), None)
    if company and chosen is None:
        raise IssuerProblemError("my_company")
    records = (chosen.details, chosen.bank_details) if chosen else ((), ())
    return Issuer(
        chosen, _record(records[0], details, "my_company_details"), _record(records[1], bank, "my_company_bank_details")
    )


def _record(records: Iterable[OwnDetails], wanted: str, param: str) -> OwnDetails | None:
    found = next((one for one in records if not wanted or one.id == wanted), None)
    if wanted and found is None:
        raise IssuerProblemError(param)
    return found


# --- the text --------------------------------------------------------------------------------------------------


def schema_for(view: TenantView, template: DocumentTemplate, item_type: str) -> Schema:
    """Return the names that a template may insert for items of a type."""
    fields = view.fields(item_type)
    related: dict[str, Mapping[str, FieldType]] = {c: field_types(view.fields(c)) for c in CLIENTS}
    related["document"] = {**DOCUMENT, **{field.code: "text" for field in template.fields}}
    related["my_company"] = {"title": "string"}
    for one in template.client_details:
        types = view.details_fields.get(one.template, {})
        related[details_prefix(one)] = details.published(types, one.address_type)
    every = own_companies(view)
    related["my_details"] = _codes(record for company in every for record in company.details)
    related["my_bank"] = _codes(record for company in every for record in company.bank_details)
    titles = {code: field.title for code, field in fields.items()}
    return Schema(field_types(fields), titles=titles, related=related)


def details_prefix(one: ClientDetails) -> str:
    """Return what stands before the codes of a client's details in a template."""
    return f"{one.entity_type}_details"


def _codes(records: Iterable[OwnDetails]) -> Mapping[str, FieldType]:
    return {code: "string" for record in records for code in record.fields}


def parts_of(template: DocumentTemplate, schema: Schema) -> list[Template]:
    """Return the parts of a template's text, between which the table of products stands.

    Raises `InvalidTemplateError` with every error found.
    """
    found: list[Template] = []
    errors: list[TemplateError] = []
    for text in template.text.split(PRODUCTS):
        try:
            found.append(parse_template(text, schema))
        except InvalidTemplateError as error:
            errors.extend(error.errors)
    if errors:
        raise InvalidTemplateError(tuple(errors))
    return found


def clients_of(template: DocumentTemplate, schema: Schema) -> Mapping[str, tuple[str, ...]]:
    """Return the fields of linked items, and of their details, that a template inserts, by what stands before them."""
    names = [
        part.reference.name for one in parts_of(template, schema) for part in one.parts if not isinstance(part, str)
    ]
    prefixes = (*CLIENTS, *map(details_prefix, template.client_details))
    found = {c: sorted({n.partition(".")[2] for n in names if n.startswith(f"{c}.")}) for c in prefixes}
    return {client: tuple(codes) for client, codes in found.items() if codes}


class Facts(NamedTuple):
    """What a document says beside the item's fields."""

    number: str
    date: str
    fields: Mapping[str, Value]
    """Of the document's own."""
    clients: Mapping[str, Mapping[str, Value]]
    """Fields of linked items, and of their details, by what stands before them in the text."""


def fill(context: Context, template: DocumentTemplate, issuer: Issuer, facts: Facts) -> str | None:
    """Return the text of a document in Markdown; None where it would be too long.

    Raises `InvalidTemplateError` where the fields that the template names have changed.
    """
    schema = schema_for(context.tenant, template, context.key.item_type)
    scope = _scope(context, template, issuer, facts)
    try:
        texts = [compile_template(part, "markdown")(scope) for part in parts_of(template, schema)]
    except RenderedTooLongError:
        return None
    plain = [text.text if isinstance(text, Personal) else text for text in texts]
    text = _table(context.item.rows).join(plain)
    return text if len(text) <= LONGEST else None


def _scope(context: Context, template: DocumentTemplate, issuer: Issuer, facts: Facts) -> Scope:
    item, view = context.item, context.tenant
    related: dict[str, Mapping[str, Value]] = {
        "document": {**facts.fields, "number": facts.number, "date": facts.date, "title": template.title},
        "my_company": {"title": issuer.company.title} if issuer.company else {},
        "my_details": dict(issuer.details.fields) if issuer.details else {},
        "my_bank": dict(issuer.bank.fields) if issuer.bank else {},
        **facts.clients,
    }
    return Scope(
        fields=item.fields, system=system_of(item), now=context.now, zone=view.zone, rates=view.rates, related=related,
        name_of=view.name_of, lists=lambda code: list_of(item, view, code),
    )  # fmt: skip


def _table(rows: Iterable[ProductRow]) -> str:
    """Return the product rows as a table with a sum for each currency; discounts have a column where there are any."""
    listed, sums = tuple(rows), dict[str, int]()
    discounts = any(row.discount_milli for row in listed)
    titles = ("Product", "Quantity", "Price", *(("Discount",) if discounts else ()), "Sum")
    lines = ["", _line(titles), _line(("---", *("---:",) * (len(titles) - 1)))]
    for row in listed:
        priced = sum_of(row)
        sums[priced.currency] = sums.get(priced.currency, 0) + priced.minor
        discount = (discount_text(row),) if discounts else ()
        quantity = quantity_text(row, _escaped)
        lines.append(_line((_escaped(row.name), quantity, _money(row.price), *discount, _money(priced))))
    empty = " |" * (len(titles) - 2)
    lines += [f"| **Total** |{empty} **{_money(Money(minor, currency))}** |" for currency, minor in sums.items()]
    return "\n".join((*lines, ""))


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _money(amount: Money) -> str:
    return f"{amount_text(amount)} {amount.currency}"


def _escaped(text: str) -> str:
    escape = ESCAPES["markdown"]
    return escape(text) if escape else text


# --- the number ------------------------------------------------------------------------------------------------


def numerator_of(template: DocumentTemplate, year: str) -> str:
    """Return the id of the numerator that a template takes its numbers from."""
    name = template.numerator or template.id
    return f"{name}.{year}" if template.restart == "yearly" else name


def number_text(template: DocumentTemplate, number: int, day: str) -> str:
    """Return a number as the template writes it."""
    year, month, _ = day.split("-")
    calendar = {"year": year, "month": month}
    return NUMBER.sub(
        lambda found: calendar[found[3]] if found[3] else str(number).zfill(int(found[2] or 0)), template.number_format
    )


def day_in(view: TenantView, moment: int) -> str:
    """Return the day of a moment in the tenant's time zone."""
    return day_of(moment, view.zone) or "1970-01-01"
