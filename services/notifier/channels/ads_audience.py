"""Advertising audiences: hashed contact points join one, over a connected service (spec 4.6, 4.7)."""

from __future__ import annotations

import orjson

from automation.items.ads_effects import AudienceRequested
from services.notifier.channel import Channel, ChannelEntry, Delivery, Message, Resources, Result, Sent
from services.notifier.connected import ConnectedChannel


class AudienceChannel(ConnectedChannel):
    """Says how many contact points were added; where the service does not, all were."""

    async def send(self, delivery: Delivery) -> Result:
        """Add them."""
        result = await super().send(delivery)
        if isinstance(result, Sent) and "added_count" not in result.results:
            event: AudienceRequested = delivery.event
            return Sent(result.provider_id, {"added_count": str(len(event.emails) + len(event.phones))})
        return result


def _text(event: AudienceRequested) -> str:
    return orjson.dumps({"emails": event.emails, "phones": event.phones}).decode()


def _address(delivery: Delivery) -> tuple[str, str]:
    return delivery.event.audience, _text(delivery.event)


def _describe(event: AudienceRequested) -> Message:
    return Message(event.audience, event.connection, "", _text(event))


def _open(resources: Resources) -> Channel:
    # An audience is a set: what may have been added is added again without a second effect.
    return AudienceChannel(AudienceRequested.CHANNEL, resources, _describe, _address, recognises_key=True)


CHANNEL = ChannelEntry(
    name=AudienceRequested.CHANNEL,
    description="Adds hashed contact points to an advertising audience.",
    open=_open,
    describe=_describe,
)
