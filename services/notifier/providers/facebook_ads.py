"""Custom audiences of Facebook over the Marketing API (developers.facebook.com: custom audience, users)."""

from __future__ import annotations

from urllib.parse import urlencode

import orjson

from services.edge.outgoing import Answer, Outgoing
from services.notifier.calling import json_of, post
from services.notifier.channel import Rejected, Result, Sent
from services.notifier.provider import Parcel, ProviderEntry

_API = "https://graph.facebook.com/v25.0"


class FacebookAudiences:
    """Adds each parcel with one request; the connection's secret is the access token."""

    def __init__(self, outgoing: Outgoing) -> None:
        self._outgoing = outgoing

    async def send(self, parcel: Parcel) -> Result:
        """Add the hashes: each contact point is a row of its own, since we do not say which are of one person."""
        if not parcel.secret:
            return Rejected("no_provider", "the access token is missing")
        if not (parcel.to.isascii() and parcel.to.isdigit()):
            return Rejected("invalid_value:audience", "the id of a custom audience has digits alone")
        hashed = orjson.loads(parcel.text)
        rows = [*([one, ""] for one in hashed["emails"]), *(["", one] for one in hashed["phones"])]
        payload = orjson.dumps({"schema": ["EMAIL", "PHONE"], "data": rows}).decode()
        body = urlencode({"access_token": parcel.secret, "payload": payload}).encode()
        url = f"{parcel.connection.url.rstrip('/') or _API}/{parcel.to}/users"
        answer = await post(self._outgoing, url, body, {"Content-Type": "application/x-www-form-urlencoded"})
        if not isinstance(answer, Answer):
            return answer
        return Sent(parcel.effect_id, _taken(answer))


def _taken(answer: Answer) -> dict[str, str]:
    told = json_of(answer)
    received, invalid = told.get("num_received"), told.get("num_invalid_entries", 0)
    if not isinstance(received, int) or not isinstance(invalid, int):
        return {}
    return {"added_count": str(max(0, received - invalid))}


PROVIDER = ProviderEntry("facebook_ads", "Custom audiences of Facebook.", FacebookAudiences)
