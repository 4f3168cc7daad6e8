"""Messages to Telegram chats over the Bot API."""

from __future__ import annotations

import re
from typing import Final

import orjson

from services.edge.outgoing import Answer, Outgoing
from services.notifier.calling import json_of, post, text_of
from services.notifier.channel import Rejected, Result, Sent
from services.notifier.provider import Parcel, ProviderEntry

_API = "https://api.telegram.org"
_TOKEN = re.compile(r"\d{1,20}:[A-Za-z0-9_-]{10,100}")
LONGEST: Final = 4_096
"""Characters of one message."""


class TelegramBot:
    """Writes as the bot whose token is the connection's secret, as plain text."""

    def __init__(self, outgoing: Outgoing) -> None:
        self._outgoing = outgoing

    async def send(self, parcel: Parcel) -> Result:
        """Send one message; one that is too long is cut."""
        if not _TOKEN.fullmatch(parcel.secret):
            return Rejected("no_provider", "the secret is no token of a bot")
        chat = parcel.to or parcel.connection.sender
        if not chat:
            return Rejected("invalid_value:to", "no chat")
        base = parcel.connection.url.rstrip("/") or _API
        body = orjson.dumps({"chat_id": chat, "text": parcel.text[:LONGEST]})
        url = f"{base}/bot{parcel.secret}/sendMessage"
        answer = await post(self._outgoing, url, body, {"Content-Type": "application/json"})
        if not isinstance(answer, Answer):
            return answer
        result = json_of(answer).get("result")
        number = result.get("message_id") if isinstance(result, dict) else None
        return Sent(text_of(number) or parcel.effect_id)


PROVIDER = ProviderEntry("telegram", "Messages to Telegram chats by a bot.", TelegramBot)
