"""Customer match lists of Google Ads over its REST interface (developers.google.com/google-ads: UserDataService)."""

from __future__ import annotations

from urllib.parse import urlencode

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError

from services.edge.outgoing import Answer, Outgoing
from services.notifier.calling import json_of, post, text_of
from services.notifier.channel import Rejected, Result, Sent
from services.notifier.provider import Parcel, ProviderEntry

_API = "https://googleads.googleapis.com/v22"
_LOGIN = "https://oauth2.googleapis.com"
_OF_ONE = 20
"""Identifiers that one entry may hold."""


class Account(BaseModel):
    """What the connection's secret holds, as JSON."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)
    developer_token: str
    client_id: str
    client_secret: str
    refresh_token: str
    login_customer_id: str = ""
    """The manager account, where the customer is reached through one."""


class GoogleAudiences:
    """Adds each parcel with one request, after one for a token; the connection's account is the customer."""

    def __init__(self, outgoing: Outgoing) -> None:
        self._outgoing = outgoing

    async def send(self, parcel: Parcel) -> Result:
        """Add the hashes to the user list."""
        customer = parcel.connection.account.replace("-", "")
        try:
            account = Account.model_validate_json(parcel.secret)
        except ValidationError:
            return Rejected("no_provider", "the secret is no JSON with the tokens of an account")
        if not (customer.isascii() and customer.isdigit()):
            return Rejected("no_provider", "the account is no customer id")
        if not (parcel.to.isascii() and parcel.to.isdigit()):
            return Rejected("invalid_value:audience", "the id of a user list has digits alone")
        token = await self._token(parcel, account)
        if not isinstance(token, str):
            return token
        return await self._upload(parcel, customer, _headers(account, token))

    async def _token(self, parcel: Parcel, account: Account) -> str | Result:
        form = account.model_dump(include={"client_id", "client_secret", "refresh_token"})
        body = urlencode({**form, "grant_type": "refresh_token"}).encode()
        url = f"{parcel.connection.url.rstrip('/') or _LOGIN}/token"
        answer = await post(self._outgoing, url, body, {"Content-Type": "application/x-www-form-urlencoded"})
        if not isinstance(answer, Answer):
            return answer
        found = json_of(answer).get("access_token")
        return found if isinstance(found, str) and found.isprintable() else Rejected("delivery", "no access token")

    async def _upload(self, parcel: Parcel, customer: str, headers: dict[str, str]) -> Result:
        url = f"{parcel.connection.url.rstrip('/') or _API}/customers/{customer}:uploadUserData"
        answer = await post(self._outgoing, url, _body(parcel, customer), headers)
        if not isinstance(answer, Answer):
            return answer
        return Sent(text_of(json_of(answer).get("uploadDateTime")) or parcel.effect_id)


def _headers(account: Account, token: str) -> dict[str, str]:
    manager = account.login_customer_id.replace("-", "")
    return {
        "Content-Type": "application/json", "Authorization": f"Bearer {token}",
        "developer-token": account.developer_token, **({"login-customer-id": manager} if manager else {}),
    }  # fmt: skip


def _body(parcel: Parcel, customer: str) -> bytes:
    hashed = orjson.loads(parcel.text)
    found = [{"hashedEmail": one} for one in hashed["emails"]]
    found += [{"hashedPhoneNumber": one} for one in hashed["phones"]]
    parts = [found[at : at + _OF_ONE] for at in range(0, len(found), _OF_ONE)]
    return orjson.dumps({
        "customerMatchUserListMetadata": {"userList": f"customers/{customer}/userLists/{parcel.to}"},
        "operations": [{"create": {"userIdentifiers": part}} for part in parts],
    })  # fmt: skip


PROVIDER = ProviderEntry("google_ads", "Customer match lists of Google Ads.", GoogleAudiences)
