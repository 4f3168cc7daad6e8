"""Slack, Teams and other services through `apprise`; the connection's secret is the service's apprise address.

Only services with hosts of their own are taken: an address could otherwise lead anywhere, past the guard of outgoing
requests. `{to}` in the address is where a message's recipient is put.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection
from functools import partial
from typing import Any, Final
from urllib.parse import quote

from yarl import URL

from services.edge.outgoing import Outgoing
from services.notifier.channel import Rejected, Result, Sent, Unknown
from services.notifier.provider import Parcel, ProviderEntry

SERVICES: Final = frozenset({
    "slack", "workflow", "workflows", "discord", "gchat", "webex", "wxteams", "pover", "pbul", "line", "tgram",
    "vonage", "nexmo", "msg91", "msgbird", "clickatell", "clicksend", "d7sms", "plivo", "sinch", "smsmanager",
    "bulksms", "httpsms", "kavenegar", "seven", "pagerduty", "opsgenie", "signl4", "spugpush",
})  # fmt: skip
"""Schemes of apprise whose hosts are the service's own."""
TEAMS_HOSTS: Final = (".logic.azure.com", ".powerplatform.com")
"""Where workflows of Microsoft Teams may stand: their addresses name a host."""


class AppriseService:
    """Sends through one of apprise's plugins, in a thread."""

    def __init__(self, outgoing: Outgoing, services: Collection[str] = SERVICES) -> None:
        self._services = services

    async def send(self, parcel: Parcel) -> Result:
        """Send one message; a service that says no leaves it open whether the message arrived."""
        scheme = parcel.secret.partition("://")[0].lower()
        if scheme not in self._services or not _may_stand_there(scheme, parcel.secret):
            return Rejected("no_provider", "the secret is no address of a service that is taken")
        try:
            plugin = await asyncio.to_thread(_plugin, parcel.secret.replace("{to}", quote(parcel.to, safe="")))
        except ModuleNotFoundError:
            return Rejected("no_provider", "apprise is not installed")
        if plugin is None:
            return Rejected("no_provider", "apprise does not understand the address")
        taken = await asyncio.to_thread(partial(plugin.notify, body=parcel.text or " ", title=""))
        return Sent(parcel.effect_id) if taken else Unknown("apprise reports a failure")


def _may_stand_there(scheme: str, address: str) -> bool:
    """Say whether an address that names its host names one of the service."""
    if scheme not in ("workflow", "workflows"):
        return True
    try:
        host = URL(address).host or ""
    except ValueError:
        return False
    return host.endswith(TEAMS_HOSTS)


def _plugin(address: str) -> Any:
    """Return apprise's plugin for an address, `None` for one that it does not take. The library's log is shut."""
    import apprise  # noqa: PLC0415 - an extra, and slow to load

    logging.getLogger("apprise").disabled = True
    return apprise.Apprise.instantiate(address, suppress_exceptions=True)


PROVIDER = ProviderEntry("apprise", "Slack, Teams and others through apprise.", AppriseService)
