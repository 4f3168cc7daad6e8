"""Models of documents: templates, and the own companies that issue them (spec 4.21)."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import Field, model_validator

from automation.definitions.base import Code, Definition, Id

NUMBER = re.compile(r"\{(number)(?::0?(\d{1,2}))?\}|\{(year|month)\}")
"""`{number}`, `{number:5}` filled up with zeros, `{year}`, `{month}`."""
LONGEST_TEXT = 100_000


class DocumentField(Definition):
    """A field of the document's own, which the rule fills (`document_fields`)."""

    code: Code
    title: str = Field(default="", max_length=500)


class ClientDetails(Definition):
    """The details record of a linked client whose values a template may insert: `{{field:contact_details.vat}}`."""

    entity_type: Literal["contact", "company"]
    template: Id
    """A details template (spec 1.14)."""
    address_type: Literal["", "legal", "actual", "business", "other"] = ""
    """Which address is `address`, and its parts `address_<part>`; empty for none."""


class DocumentTemplate(Definition):
    """A text in Markdown with insertions; `{{products}}` on a line of its own is the table of product rows."""

    id: Id
    title: str = Field(min_length=1, max_length=200)
    item_types: tuple[Id, ...] = Field(min_length=1, max_length=50)
    text: str = Field(min_length=1, max_length=LONGEST_TEXT)
    fields: tuple[DocumentField, ...] = Field(default=(), max_length=200)
    client_details: tuple[ClientDetails, ...] = Field(default=(), max_length=2)
    numerator: str = Field(default="", max_length=100, pattern="^[^/]*$")
    """Templates with the same numerator share one sequence; the template's own unless given."""
    number_format: str = Field(default="{number}", max_length=100)
    restart: Literal["never", "yearly"] = "never"

    @model_validator(mode="after")
    def _check(self) -> DocumentTemplate:
        if not re.search(r"\{number", self.number_format) or re.search(r"[{}]", NUMBER.sub("", self.number_format)):
            raise ValueError("number_format: holds {number} or {number:5}, and perhaps {year} and {month}")
        if len({one.entity_type for one in self.client_details}) < len(self.client_details):
            raise ValueError("client_details: one for each of contact and company")
        codes = [field.code for field in self.fields]
        if len(set(codes)) < len(codes):
            raise ValueError("fields: a code stands twice")
        return self


class OwnDetails(Definition):
    """One details record, or the data of one bank account, of an own company."""

    id: Id
    title: str = Field(default="", max_length=500)
    fields: dict[Code, str] = Field(default_factory=dict, max_length=200)


class OwnCompany(Definition):
    """A company of the tenant that issues documents; the first details and bank details are the default ones."""

    id: Id
    title: str = Field(max_length=500)
    default: bool = False
    details: tuple[OwnDetails, ...] = Field(default=(), max_length=50)
    bank_details: tuple[OwnDetails, ...] = Field(default=(), max_length=50)
    signature: str = Field(default="", max_length=100)
    """Id of an image on the drive, PNG or JPEG; so is `stamp`."""
    stamp: str = Field(default="", max_length=100)
