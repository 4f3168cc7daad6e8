"""Messages that leave the platform, and what a connected CRM is told; all to `notifier` (spec 1.15, 3.2.8, 4.31)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from automation.items.parts import ProductRow
from automation.values import Personal, Value


@dataclass(frozen=True, slots=True)
class EmployeeEmailRequested:
    """One e-mail to an employee, as plain text."""

    CHANNEL: ClassVar[str] = "employee_email"
    effect_id: str
    run_id: str
    recipient: str
    """The employee."""
    to: Personal
    sender: str
    """Sending address."""
    subject: Personal
    text: Personal
    attachments: tuple[str, ...] = ()
    """Ids of files."""


@dataclass(frozen=True, slots=True)
class SmsRequested:
    """One SMS to a client or an employee."""

    CHANNEL: ClassVar[str] = "sms"
    effect_id: str
    run_id: str
    audience: str
    """`client` or `employee`."""
    connection: str
    """Id of the connection whose provider sends it."""
    to: Personal
    """Telephone number."""
    text: Personal


@dataclass(frozen=True, slots=True)
class MessengerRequested:
    """One message to a chat of a messenger outside: Telegram, Slack, Teams…"""

    CHANNEL: ClassVar[str] = "messenger"
    effect_id: str
    run_id: str
    connection: str
    to: Personal
    """The chat in the messenger's own words; empty for the connection's own chat."""
    text: Personal


@dataclass(frozen=True, slots=True)
class WriteBackRequested:
    """A connected CRM is told what automation did to the item: its new values, empty for what stayed."""

    CHANNEL: ClassVar[str] = "crm_webhook"
    effect_id: str
    run_id: str
    connection: str
    version: int
    """Of the item: a lower one that comes later has been overtaken."""
    created: bool
    pipeline: str
    stage: str
    responsible: str
    fields: Mapping[str, Value]
    rows: tuple[ProductRow, ...] | None = None
    """All product rows as they are now; None: they stayed."""
