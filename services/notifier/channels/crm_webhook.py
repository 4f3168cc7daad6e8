"""Write-back: a connected CRM is told what automation did to an item (spec 6.8, design section 2)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson

from automation.envelope import Key
from automation.items.message_effects import WriteBackRequested
from automation.items.parts import ProductRow
from automation.values import Money, Personal
from services.notifier.channel import Channel, ChannelEntry, Delivery, Message, Resources
from services.notifier.connected import ConnectedChannel


def body_of(delivery: Delivery) -> str:
    """Return the body: what the item is, and its new values; what is left out has stayed as it was."""
    event: WriteBackRequested = delivery.event
    tenant, item_type, item_id = Key.parse(delivery.item_key)
    changed = {name: getattr(event, name) for name in ("pipeline", "stage", "responsible") if getattr(event, name)}
    data = {"tenant": tenant, "item_type": item_type, "item_id": item_id, "version": event.version, **changed}
    told = {
        "type": "item.created" if event.created else "item.changed",
        "timestamp": datetime.fromtimestamp(delivery.created_at / 1_000, UTC).isoformat(),
        "data": {**data, "fields": dict(event.fields), **({} if event.rows is None else {"rows": event.rows})},
    }
    return orjson.dumps(told, default=_plain, option=orjson.OPT_PASSTHROUGH_DATACLASS).decode()


def _plain(value: Any) -> Any:
    if isinstance(value, Personal):
        return value.text
    if isinstance(value, Money):
        return {"minor": value.minor, "currency": value.currency}
    if isinstance(value, ProductRow):
        return {name: getattr(value, name) for name in value.__slots__}
    raise TypeError(f"{type(value).__name__} is no value of a field")


def _describe(event: WriteBackRequested) -> Message:
    codes = ", ".join(event.fields)
    return Message(event.connection, "", "created" if event.created else "changed", f"{event.stage} {codes}".strip())


def _open(resources: Resources) -> Channel:
    # Receivers drop repeats by `webhook-id`: what may have arrived is sent again.
    return ConnectedChannel(
        WriteBackRequested.CHANNEL, resources, _describe, lambda delivery: ("", body_of(delivery)), recognises_key=True
    )


CHANNEL = ChannelEntry(
    name=WriteBackRequested.CHANNEL,
    description="Tells a connected CRM what automation did.",
    open=_open,
    describe=_describe,
)
