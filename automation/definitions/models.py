"""What people define: pipelines, fields, rules, triggers, the directory, rates, settings (design section 1).

Each is written as YAML or JSON, checked against its model here, and kept as JSON text in `DefinitionSaved.body`.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, Field, model_validator

from automation.definitions.base import Code, Definition, Duration, Id, duration_ms
from automation.definitions.document_models import DocumentTemplate, OwnCompany
from automation.definitions.process_models import Template
from automation.definitions.runnable import Runnable, Status
from automation.definitions.time_models import Calendar, Delay
from automation.envelope import STAGED
from automation.values import FieldType

__all__ = ["Calendar", "Code", "Definition", "Duration", "Id", "Runnable", "Status", "Template", "duration_ms"]

StageKind: TypeAlias = Literal["in_progress", "final_success", "final_failure"]


class Stage(Definition):
    """One stage of a pipeline (spec 1.2)."""

    id: Id
    title: str = Field(max_length=500)
    kind: StageKind = "in_progress"


class Pipeline(Definition):
    """An ordered list of stages; `constants` are those of its automation settings (spec 1.8)."""

    id: Id
    item_type: Id
    title: str = Field(max_length=500)
    stages: tuple[Stage, ...] = Field(min_length=1, max_length=500)
    default: bool = False
    constants: dict[str, str | int | bool | float] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _check(self) -> Pipeline:
        ids = [stage.id for stage in self.stages]
        if len(set(ids)) != len(ids):
            raise ValueError("stages: an id stands twice")
        finals = [stage.kind != "in_progress" for stage in self.stages]
        if finals != sorted(finals):
            raise ValueError("stages: final stages stand after all in-progress ones")
        if self.item_type.partition(".")[0] not in STAGED:
            raise ValueError(f"item_type: {self.item_type} has no stages")
        return self

    def has(self, stage: str) -> bool:
        """Say whether the stage is one of this pipeline: an item may stand on one that was taken out."""
        return any(found.id == stage for found in self.stages)

    def rank(self, stage: str) -> int:
        """Return the place of a stage, from 0; raises `KeyError` for a stage of another pipeline."""
        for place, found in enumerate(self.stages):
            if found.id == stage:
                return place
        raise KeyError(stage)


class FieldDef(Definition):
    """A custom or standard field of an item type."""

    code: Code
    title: str = Field(max_length=500)
    type: FieldType
    multiple: bool = False
    personal: bool = False
    options: tuple[str, ...] = ()


class Price(Definition):
    """An amount in minor units of a currency."""

    minor: int = Field(ge=0, le=10**15)
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")]


class Fields(Definition):
    """All custom fields of one item type; the standard ones are added by `STANDARD_FIELDS`."""

    item_type: Id
    fields: tuple[FieldDef, ...]

    @model_validator(mode="after")
    def _check(self) -> Fields:
        codes = [field.code for field in self.fields]
        if twice := {code for code in codes if codes.count(code) > 1}:
            raise ValueError(f"fields: code {sorted(twice)[0]} stands twice")
        return self


class DetailsTemplate(Definition):
    """Which fields a details record has; typed addresses come with every template (spec 1.14)."""

    id: Id
    title: str = Field(max_length=500)
    entity: Literal["company", "person"]
    """The kind of client that it describes (`kind` in spec 1.14)."""
    fields: tuple[FieldDef, ...] = Field(min_length=1, max_length=200)

    @model_validator(mode="after")
    def _check(self) -> DetailsTemplate:
        codes = [field.code for field in self.fields]
        if twice := {code for code in codes if codes.count(code) > 1}:
            raise ValueError(f"fields: code {sorted(twice)[0]} stands twice")
        if taken := [code for code in codes if code.partition("_")[0] == "address"]:
            raise ValueError(f"fields: code {taken[0]} is kept for the parts of addresses")
        return self


class Product(Definition):
    """One entry of the product catalogue: what a row takes over where it names the product alone."""

    id: Id
    name: str = Field(min_length=1, max_length=1_000)
    price: Price
    unit: str = Field(default="", max_length=50)
    active: bool = True


class Automation(Runnable):
    """What rules and triggers have in common (spec 1.4, 1.5); `type` is a catalogue id."""

    id: Id
    type: Code
    item_type: Id
    pipeline: Id
    stage: Id
    condition: Any = None
    params: dict[str, Any] = Field(default_factory=dict)
    order: int = 0


class Rule(Automation):
    """An automation rule on a stage (spec 1.4)."""

    run_mode: Literal["after_previous", "parallel"] = "after_previous"
    delay: Delay = 0


class Trigger(Automation):
    """A trigger on its target stage (spec 1.5)."""

    on_behalf_of: str = ""
    allow_previous_stage: bool = False


class User(Definition):
    """An employee; `sending_addresses` are the mailboxes that may send, the first one first."""

    id: Id
    name: str = Field(max_length=500)
    email: str = ""
    phone: str = ""
    department: str = ""
    active: bool = True
    time_zone: str = ""
    """Empty: the platform's."""
    sending_addresses: tuple[str, ...] = ()
    calendar: str = ""
    """Id of the calendar with the working time; the company's if empty."""


class Department(Definition):
    """A department with its head, who is a member, and its parent."""

    id: Id
    name: str = Field(max_length=500)
    parent: str = ""
    head: str = ""


class Role(Definition):
    """A named group of employees."""

    id: Id
    members: tuple[str, ...]


class Absence(Definition):
    """A planned absence of an employee, in milliseconds since the epoch."""

    id: Id
    user: Id
    since: int
    until: int


def _positive(text: str) -> str:
    try:
        good = Decimal(text) > 0
    except ArithmeticError:
        good = False
    if not good:
        raise ValueError(f"rate {text[:40]!r} is not a positive decimal number")
    return text


class Rates(Definition):
    """What one unit of each currency is worth in `base`, as decimal text."""

    base: Annotated[str, Field(pattern="^[A-Z]{3}$")]
    rates: dict[str, Annotated[str, AfterValidator(_positive)]]

    @property
    def worth(self) -> dict[str, Fraction]:
        """Return what one unit of each currency is worth in `base`, which is worth 1."""
        return {self.base: Fraction(1), **{currency: Fraction(rate) for currency, rate in self.rates.items()}}


PROVIDERS: dict[str, tuple[str, ...]] = {
    "recording": ("email", "sms", "messenger", "crm_webhook"),
    "smtp": ("email",),
    "sms_http": ("sms",),
    "twilio": ("sms",),
    "apprise": ("sms", "messenger"),
    "telegram": ("messenger",),
    "standard_webhooks": ("crm_webhook",),
}
"""What each provider can be connected for; `recording` keeps messages instead of sending them."""


class Connection(Definition):
    """A connected service that messages leave through (spec 1.15). It names secrets; they are kept elsewhere."""

    id: Id
    name: str = Field(default="", max_length=500)
    channel: Literal["email", "sms", "messenger", "crm_webhook"]
    provider: Literal["recording", "smtp", "sms_http", "twilio", "apprise", "telegram", "standard_webhooks"]
    url: str = Field(default="", max_length=2_000)
    """Where requests go, for providers without an address of their own; for `smtp` host:port."""
    account: str = Field(default="", max_length=200)
    """The account at the provider: Twilio's SID, the user of an SMTP server."""
    sender: str = Field(default="", max_length=320)
    """Number, name or chat that messages come from or go to unless said otherwise."""
    secret: str = Field(default="", max_length=200)
    """Name of the secret in the installation's file of secrets."""
    body: str = Field(default="", max_length=5_000)
    """For `sms_http`: the request's JSON, in which `{to}`, `{text}`, `{sender}` and `{id}` are put as JSON texts."""
    active: bool = True

    @model_validator(mode="after")
    def _check(self) -> Connection:
        if self.channel not in PROVIDERS[self.provider]:
            raise ValueError(f"provider: {self.provider} is for {', '.join(PROVIDERS[self.provider])}")
        if self.provider in ("sms_http", "standard_webhooks") and not self.url.startswith(("https://", "http://")):
            raise ValueError("url: an address that begins with https:// is needed")
        if "@" in self.url.partition("://")[2].partition("/")[0]:
            raise ValueError("url: holds a user or password; name a secret instead")
        return self


_CLOCK = r"^(([01]\d|2[0-3]):[0-5]\d)?$"


class ChannelLimits(Definition):
    """How much a channel may send in a day of the tenant's time zone, and when it waits; 0 and empty for no limit."""

    daily_cap: int = Field(default=0, ge=0)
    quiet_from: Annotated[str, Field(pattern=_CLOCK)] = ""
    """Local time such as 22:00; the quiet hours may pass midnight."""
    quiet_until: Annotated[str, Field(pattern=_CLOCK)] = ""

    @model_validator(mode="after")
    def _check(self) -> ChannelLimits:
        if bool(self.quiet_from) != bool(self.quiet_until) or (self.quiet_from and self.quiet_from == self.quiet_until):
            raise ValueError("quiet_until: quiet hours have a beginning and another end")
        return self


OutwardChannel: TypeAlias = Literal["client_email", "employee_email", "sms", "messenger", "crm_webhook"]


class Settings(Definition):
    """Settings of a tenant."""

    time_zone: str = "UTC"
    currency: str = "EUR"
    channels: dict[OutwardChannel, ChannelLimits] = Field(default_factory=dict)
    """Daily caps and quiet hours of outward channels."""
    business_processes: bool = True
    """Off: no process starts, by hand or by itself (spec 5.1)."""
    failure_alerts: bool = True
    """The responsible is notified of rules that fail (spec 6.2)."""


class Stop(Definition):
    """A kill switch that is on while it stands: `automation` stops all, `rule:<id>` and the like one definition.

    It is a definition of its own, so that applying files of rules again does not lift it.
    """

    id: Id
    reason: str = Field(default="", max_length=500)


MODELS: dict[str, type[Definition]] = {
    "fields": Fields,
    "pipeline": Pipeline,
    "details_template": DetailsTemplate,
    "product": Product,
    "rule": Rule,
    "trigger": Trigger,
    "template": Template,
    "user": User,
    "department": Department,
    "role": Role,
    "absence": Absence,
    "calendar": Calendar,
    "rates": Rates,
    "settings": Settings,
    "stop": Stop,
    "document_template": DocumentTemplate,
    "own_company": OwnCompany,
    "connection": Connection,
}
"""The kinds of definitions; a kind is the middle part of the key `tenant/kind/id` in `crm.definitions`."""

STANDARD_FIELDS: tuple[FieldDef, ...] = (
    FieldDef(code="title", title="Title", type="string"),
    FieldDef(code="amount", title="Amount", type="money"),
    FieldDef(code="contact", title="Contact", type="item"),
    FieldDef(code="company", title="Company", type="item"),
    FieldDef(code="contact_details", title="Details of the contact", type="item"),
    FieldDef(code="company_details", title="Details of the company", type="item"),
    FieldDef(code="email_work", title="E-mail (work)", type="string", personal=True),
    FieldDef(code="email_home", title="E-mail (home)", type="string", personal=True),
    FieldDef(code="email_mailing", title="E-mail (mailing)", type="string", personal=True),
    FieldDef(code="email_other", title="E-mail (other)", type="string", personal=True),
    FieldDef(code="phone_mobile", title="Phone (mobile)", type="string", personal=True),
    FieldDef(code="phone_work", title="Phone (work)", type="string", personal=True),
    FieldDef(code="phone_home", title="Phone (home)", type="string", personal=True),
    FieldDef(code="phone_other", title="Phone (other)", type="string", personal=True),
    FieldDef(code="name", title="Name", type="string", personal=True),
    FieldDef(code="comments", title="Comments", type="text"),
)
"""Fields that every item type has."""
