"""The channel of messages that leave over a tenant's connection: its provider transports them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from aiokafka.errors import KafkaError

from services.notifier.catalogue import load_providers
from services.notifier.channel import Delivery, Message, Rejected, Resources, Result, Retry, Unknown
from services.notifier.provider import Parcel
from services.notifier.recording import RecordingChannel

ToAndText = Callable[[Delivery], tuple[str, str]]


class ConnectedChannel:
    """Finds the connection that an effect names, and hands the message to its provider."""

    def __init__(
        self, name: str, resources: Resources, describe: Callable[[Any], Message], address: ToAndText,
        *, recognises_key: bool = False,
    ) -> None:  # fmt: skip
        self.recognises_key = recognises_key
        self._name = name
        self._resources = resources
        self._address = address
        self._recording = RecordingChannel(resources.database, name, describe)
        self._entries = load_providers()
        self._providers = {key: entry.open(resources.outgoing) for key, entry in self._entries.items()}

    async def send(self, delivery: Delivery) -> Result:
        """Send over the connection; without it, or with an inactive one, nothing is sent."""
        try:
            found = await self._resources.connections.find(delivery.tenant, delivery.event.connection, self._name)
        except KafkaError as error:
            return Retry(type(error).__name__)  # whether there is a connection is not known now
        if found is None:
            return Rejected("no_provider", "connection")
        if found.connection.provider == "recording":
            return await self._recording.send(delivery)
        to, text = self._address(delivery)
        parcel = Parcel(
            delivery.tenant, delivery.effect_id, found.connection, found.secret, to, text,
            self._resources.clock.now(), callback_url(
                self._resources.public_url, delivery.tenant, found.connection.id, delivery.effect_id
            ),
        )  # fmt: skip
        return await self._call(parcel)

    async def _call(self, parcel: Parcel) -> Result:
        """Call the provider; what may have been sent may be sent again where it drops repeats."""
        name = parcel.connection.provider
        result = await self._providers[name].send(parcel)
        if isinstance(result, Unknown) and self._entries[name].drops_repeats(parcel.connection):
            return replace(result, repeatable=True)
        return result


def callback_url(base: str, tenant: str, connection: str, effect_id: str) -> str:
    """Return where the provider may report what became of a message; empty without a public address."""
    if not base:
        return ""
    place = "/".join(quote(part, safe="") for part in (tenant, connection, effect_id))
    return f"{base}/v1/webhooks/messages/{place}"
