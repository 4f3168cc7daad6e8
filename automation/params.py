"""The types that parameters of the catalogue may have, and how each takes inserted values (spec 1.8, 1.9)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, Field

from automation.catalogue import Params
from automation.insertion import InvalidTemplateError, parse_template
from automation.insertion.model import Placeholder
from automation.insertion.printable import Target
from automation.scope import Schema
from automation.search import Filter
from automation.values import FieldType, Personal, Value


@dataclass(frozen=True, slots=True)
class Takes:
    """What a parameter takes: a field type, the escaping of inserted values, and whether it is about people."""

    type: FieldType
    target: Target = "plain"
    target_from: str = ""
    """Name of the parameter that gives the target (`text_type` of an e-mail)."""
    people: bool = False
    fields: bool = False
    """It names fields of the item type by their codes."""
    empty_ok: bool = False
    """Required when saved; a value that is empty at run time reaches the plan, which has a code of its own for it."""
    choices: tuple[str, ...] = ()
    """The texts that are allowed; empty for any."""
    one_of: Literal["", "details", "spa_types"] = ""
    """Part of the schema whose keys are the choices; it decides what else is allowed, so no value is inserted."""
    fields_of: str = ""
    """Name of the parameter with the details template whose fields the rows name; empty for the item's own fields."""
    connection: str = ""
    """The channel of connections of which this is one's id."""
    names: Literal["", "document_template", "own_company", "pipeline"] = ""
    """The kind of definition of which this is one's id."""
    rows_of: str = ""
    """Its rows name fields of the document template in this parameter."""
    rows_in: str = ""
    """Its rows name fields of this item type; `{name}` in it stands for that parameter."""
    new_in: str = ""
    """Its rows define fields that this item type gets when the template is saved, each with its value."""
    also: tuple[str, ...] = ()
    """What such rows may name besides: `stage`, `pipeline`, `responsible`, `observers`."""
    by_field: bool = False
    """A value that does not fit is told by its field (spec 4.15), not by the parameter."""
    filter_of: str = ""
    """It is a filter over items; the parameter of this name has their type."""
    written: Literal["", "duration", "form"] = ""
    """It is written in a form of its own: `2h`, or the fields of a form, into which no values are inserted."""


AnyText: TypeAlias = str | Personal
"""A rendered text; personal if a personal value went into it."""

LONGEST_LINE = 1_000
"""Characters of a text in one line."""


def _short(text: AnyText) -> AnyText:
    """Refuse a line that is too long; a length limit of pydantic takes no personal text."""
    if isinstance(text, Personal) and len(text.text) > LONGEST_LINE:
        raise ValueError(f"more than {LONGEST_LINE} characters")
    return text


Line = Annotated[
    Annotated[str, Field(max_length=LONGEST_LINE)] | Personal, Takes("string", "single_line"), AfterValidator(_short)
]
PlainText = Annotated[AnyText, Takes("text")]
BBCode = Annotated[AnyText, Takes("text", "bbcode")]
Typed = Annotated[AnyText, Takes("text", target_from="text_type")]
UserRef = Annotated[str, Takes("user", people=True)]
"""One user id, or a single-valued role such as `role:responsible`."""
Principals = Annotated[tuple[str, ...], Takes("user", people=True)]
"""Users (`user:<id>`), roles (`role:<name>`) and departments (`department:<id>`), in listed order."""
Time = Annotated[int, Takes("datetime")]
"""A moment; a date counts from its beginning in the platform's time zone."""
Period = Annotated[int, Takes("string", written="duration"), Field(ge=0, le=366 * 86_400_000)]
"""A duration such as `90m` or `2d 12h`, or a placeholder of one; milliseconds at run time, 0 for none."""
Form = Annotated[str, Takes("text", written="form")]
"""The fields of a form (spec 1.8); `read_form` reads what the plan gets."""
FieldCodes = Annotated[tuple[str, ...], Takes("list", fields=True), Field(min_length=1, max_length=100)]
Flag = Annotated[bool, Takes("bool")]
RecordRef = Annotated[str, Takes("string", "single_line", empty_ok=True)]
"""The id of a record, inserted from a result or a field; the plan says what an empty one means."""
StageRefs = Annotated[tuple[str, ...], Takes("list"), Field(min_length=1, max_length=100)]
"""Stages by their ids, of the pipeline that the entry is about."""
OrderRefs = Annotated[tuple[str, ...], Takes("string")]
"""An order, or a field that holds several."""
OrderRef = Annotated[str, Takes("string", "single_line")]
PipelineRef = Annotated[str, Takes("string", "single_line", names="pipeline")]
"""Id of a pipeline."""
SmsProvider = Annotated[str, Takes("string", "single_line", connection="sms"), Field(max_length=200)]
"""Id of a connection that sends SMS."""
Address = Annotated[str, Takes("string", "single_line"), Field(max_length=320)]


@dataclass(frozen=True, slots=True)
class Assignment:
    """One row of `fields`: a field and its new value, in its native type."""

    field: str
    value: Value


SpaType = Annotated[str, Takes("string", one_of="spa_types")]
"""A smart process; the items of its type are `spa_item.<SPA type>`."""
SPA_ITEMS = "spa_item.{spa_type}"
"""The items of the smart process in the parameter `spa_type`."""
TemplateRef = Annotated[str, Takes("string", one_of="details")]
"""A details template (spec 1.14)."""
DetailsRows = Annotated[
    tuple[Assignment, ...], Takes("text", fields_of="template"), Field(min_length=1, max_length=100)
]
"""Rows of `fields` that name fields of the details template in `template`, or `address_<part>`."""
AddressType = Literal["", "legal", "actual", "business", "other"]
DocumentRows = Annotated[tuple[Assignment, ...], Takes("text", rows_of="template"), Field(max_length=200)]
"""Rows of `document_fields`: fields of the template's own, with their texts."""
ItemFilter = Annotated[Filter, Takes("text", filter_of="item_type")]
"""A condition on fields of the items of the type in `item_type` (spec 4.36)."""
Assignments = Annotated[tuple[Assignment, ...], Takes("text"), Field(min_length=1, max_length=100)]


MOST_FILES = 50
Files = Annotated[tuple[str, ...], Takes("file"), Field(max_length=MOST_FILES)]
"""Ids of files: of a file field, or of files of the drive."""


class Attached(Params):
    """Files of the item or of the drive, never both (spec 1.15, 3.2.3); an empty file field attaches nothing.

    Where the spec calls the first type `document_files` (4.32), a subclass narrows `attachment_type` so.
    """

    attachment_type: Literal["", "item_files", "document_files", "drive"] = ""
    attachments: Files = ()

    @classmethod
    def flaws(cls, raw: Mapping[str, Any], schema: Schema) -> Iterator[tuple[str, str]]:
        """Refuse one parameter without the other, and files of the type that was not chosen."""
        chosen, given = raw.get("attachment_type") or "", raw.get("attachments") or ()
        texts = [given] if isinstance(given, str) else given
        if bool(chosen) != bool(texts):
            yield ("attachments", "is required") if chosen else ("attachment_type", "is required with attachments")
            return
        for at, text in enumerate(texts):
            if not _is_of(chosen, text, schema):
                found = "the drive" if chosen != "drive" else "the item"
                yield f"attachments[{at}]", f"is a file of {found}, and the type is {chosen}: one type only"


def _is_of(chosen: str, text: Any, schema: Schema) -> bool:
    """Say whether a file is of the chosen type: fields are the item's, ids the drive's, results may be either."""
    try:
        inserted = parse_template(text, schema).single if isinstance(text, str) and "{{" in text else None
    except InvalidTemplateError:
        return True  # reported for the parameter itself
    if chosen == "drive":
        return inserted is None or inserted.reference.kind != "field"
    return isinstance(inserted, Placeholder) and inserted.type in ("file", "list")
