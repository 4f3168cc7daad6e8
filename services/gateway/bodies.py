"""What callers write: strict, closed models, from which the OpenAPI document is drawn."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from automation.items.clients import ClientActivity

MAX_BATCH = 500
MAX_MINOR = 10**15
MAX_MOMENT = 253_402_300_799_999
"""The end of the year 9999."""


def _clean(text: str) -> str:
    if "/" in text or not text.isprintable():
        raise ValueError("an id holds no '/' and only printable characters")
    return text


ITEM_TYPE_PATTERN = r"^(lead|deal|invoice|quote|contact|company|feed_item|drive_file|spa_item\.[a-z0-9_-]{1,64})$"
ItemTypeName: TypeAlias = Annotated[str, Field(pattern=ITEM_TYPE_PATTERN)]
Id: TypeAlias = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_clean)]
MomentMs: TypeAlias = Annotated[int, Field(ge=0, le=MAX_MOMENT)]
AddressTypeName: TypeAlias = Literal["legal", "actual", "business", "other"]
AddressPart: TypeAlias = Literal["street", "street_2", "city", "district", "region", "postal_code", "country"]
OutsideSource: TypeAlias = Literal["manual", "incoming_email", "incoming_call", "crm_form", "rest_api", "app"]
"""The sources of spec 5.2 that an outside caller may name; the others are Stagewire's own."""


class Body(BaseModel):
    """The common ground: strict types, no unknown fields, no `nan` or infinity."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)


class MoneyBody(Body):
    """An amount in minor units of a currency."""

    minor: int = Field(ge=-MAX_MINOR, le=MAX_MINOR)
    currency: str = Field(pattern="^[A-Z]{3}$")


class RowBody(Body):
    """A row of products; name, price and unit may be left out where the product is in the catalogue."""

    product_id: str = Field(default="", max_length=200)
    name: Annotated[str, Field(max_length=1_000)] | None = None
    quantity_milli: int = Field(default=1_000, ge=0, le=10**12)
    """Thousandths of a piece."""
    price: MoneyBody | None = None
    row_id: str = Field(default="", max_length=200)
    """Left out: that of the same row before, else a new one."""
    discount_milli: int = Field(default=0, ge=0, le=100_000)
    """Thousandths of a percent."""
    unit: Annotated[str, Field(max_length=50)] | None = None


class LinkBody(Body):
    """A link to another item."""

    item_type: ItemTypeName
    item_id: Id
    relation: Literal["client", "source", "created", "invoice", "order", "related"] = "related"


class TestBody(Body):
    """A test message over a connection."""

    __test__ = False  # it is no test of ours
    to: str = Field(default="", max_length=320)
    """Number, address or chat; for a messenger empty is the connection's own chat, for a CRM it is nothing."""
    text: str = Field(default="This is a test message.", min_length=1, max_length=1_000)


class ChangeBase(Body):
    """What every change may say about itself."""

    change_key: str = Field(default="", max_length=255)
    """The sender's own id of the change: a repeat has no second effect."""
    source: OutsideSource = "rest_api"
    user: str = Field(default="", max_length=200)
    """The employee on whose account the platform makes the change."""
    occurred_at: MomentMs | None = None
    """When it happened, in milliseconds since the epoch; left out: now."""
    source_seq: int = Field(default=0, ge=0, lt=2**62)
    """The sender's own number of the change, per item, from 1; one that was overtaken is dropped."""


class CreateBody(ChangeBase):
    """Create the item; without a pipeline or stage in the default one or its first stage."""

    kind: Literal["create"]
    fields: dict[str, Any] = Field(default_factory=dict, max_length=500)
    pipeline: str = Field(default="", max_length=200)
    stage: str = Field(default="", max_length=200)
    responsible: str = Field(default="", max_length=200)
    observers: list[Id] = Field(default_factory=list, max_length=500)
    rows: list[RowBody] = Field(default_factory=list, max_length=500)
    links: list[LinkBody] = Field(default_factory=list, max_length=500)
    process_params: dict[str, Any] = Field(default_factory=dict, max_length=500)
    """Start parameters of processes that this starts by itself, by `<template>.<code>`."""


class SaveBody(ChangeBase):
    """Save an existing item; what is left out stays as it is, a field that is `null` is emptied."""

    kind: Literal["save"]
    fields: dict[str, Any] = Field(default_factory=dict, max_length=500)
    pipeline: Id | None = None
    stage: Id | None = None
    responsible: Annotated[str, Field(max_length=200)] | None = None
    observers: Annotated[list[Id], Field(max_length=500)] | None = None
    rows: Annotated[list[RowBody], Field(max_length=500)] | None = None
    link: list[LinkBody] = Field(default_factory=list, max_length=500)
    unlink: list[LinkBody] = Field(default_factory=list, max_length=500)
    process_params: dict[str, Any] = Field(default_factory=dict, max_length=500)
    """Start parameters of processes that this starts by itself, by `<template>.<code>`."""


class CommentBody(ChangeBase):
    """Add a comment to the timeline."""

    kind: Literal["comment"]
    text: str = Field(min_length=1, max_length=65_536)


class ActivityBody(ChangeBase):
    """Report a client activity (spec 1.16)."""

    kind: Literal["activity"]
    activity_id: Id
    activity: ClientActivity
    subject: str = Field(default="", max_length=1_000)


class PlanBody(ChangeBase):
    """Plan an activity, a call or a meeting (spec 4.1, 4.40, 4.41); its id is that of the planned entry."""

    kind: Literal["plan_activity"]
    activity: Literal["activity", "call", "meeting"] = "activity"
    subject: str = Field(min_length=1, max_length=1_000)
    description: str = Field(default="", max_length=65_536)
    start: MomentMs | None = None
    """A call or meeting has one."""
    end: MomentMs | None = None
    """Left out: half an hour after the start of a call, an hour after that of a meeting."""
    place: str = Field(default="", max_length=1_000)
    responsible: str = Field(default="", max_length=200)
    """Left out: the item's responsible."""
    important: bool = False
    complete_on_status_change: bool = False
    remind_before: Annotated[int, Field(ge=0, le=366 * 86_400_000)] | None = None
    """Milliseconds before the start."""


class CompleteActivityBody(ChangeBase):
    """Complete a planned activity."""

    kind: Literal["complete_activity"]
    activity_id: Id


class DeleteActivityBody(ChangeBase):
    """Take a planned activity back."""

    kind: Literal["delete_activity"]
    activity_id: Id


class SaveDetailsBody(ChangeBase):
    """Make or change a details record of a contact or company; what is left out stays, `null` empties."""

    kind: Literal["save_details"]
    record_id: Id
    template: Id
    """The details template; an existing record keeps its own."""
    fields: dict[str, Any] = Field(default_factory=dict, max_length=200)
    addresses: dict[AddressTypeName, dict[AddressPart, str | None]] = Field(default_factory=dict)


class DeleteDetailsBody(ChangeBase):
    """Delete a details record of a contact or company."""

    kind: Literal["delete_details"]
    record_id: Id


class DeleteBody(ChangeBase):
    """Delete the item."""

    kind: Literal["delete"]


ChangeBody: TypeAlias = Annotated[
    CreateBody
    | SaveBody
    | CommentBody
    | ActivityBody
    | PlanBody
    | CompleteActivityBody
    | DeleteActivityBody
    | SaveDetailsBody
    | DeleteDetailsBody
    | DeleteBody,
    Field(discriminator="kind"),
]


class OneChange(Body):
    """A change alone: a frame, so that errors have a path."""

    change: ChangeBody


class Addressed(Body):
    """One change of a batch with the item that it is about."""

    item_type: ItemTypeName
    item_id: Id
    change: ChangeBody


class BatchBody(Body):
    """Up to 500 changes; those of one item take effect in the order given."""

    changes: list[Any] = Field(
        min_length=1, max_length=MAX_BATCH, json_schema_extra={"items": {"$ref": "#/components/schemas/Addressed"}}
    )


class ReadMarks(Body):
    """Notifications that an employee has read."""

    user: Id
    ids: list[Id] = Field(min_length=1, max_length=500)


class DefinitionBody(Body):
    """One definition to save or delete; `expected` is the version that the caller has seen, 0 for a new one."""

    kind: Annotated[str, Field(max_length=40)]
    id: Id
    expected: int | None = Field(default=None, ge=0, lt=2**62)
    """Left out: replaces whatever is current."""
    delete: bool = False
    body: dict[str, Any] | None = None
    """As the kind's model says; left out only when deleting."""


class DefinitionsBody(Body):
    """Definitions that take effect together, or not at all."""

    author: str = Field(default="", max_length=200)
    definitions: list[DefinitionBody] = Field(min_length=1, max_length=MAX_BATCH)


class ItemRef(Body):
    """An item by type and id."""

    item_type: ItemTypeName
    item_id: Id


class OrderBody(Body):
    """A shop order and the items that it is linked to."""

    order_id: Id
    amount: MoneyBody
    items: list[ItemRef] = Field(default_factory=list, max_length=100)
    rows: list[RowBody] = Field(default_factory=list, max_length=500)
    """The order's products, for the page behind a payment link."""
    occurred_at: MomentMs | None = None


class PaymentBody(Body):
    """A payment document recorded by hand as paid, or voided."""

    status: Literal["paid", "voided"]
    paid_at: MomentMs | None = None
    user: str = Field(default="", max_length=200)
