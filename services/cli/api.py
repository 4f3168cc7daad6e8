"""A small client of the API for the command line: address and key of this machine unless others are given."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import orjson

from services.cli.stack.place import gateway_url
from services.edge.broker.state import home_dir
from services.gateway.local import KEY_FILE

_SECONDS = 30


class ApiError(Exception):
    """The API refused, or does not answer; the message says why."""


def base_url() -> str:
    """Return STAGEWIRE_API_URL, else the local gateway's address."""
    return (os.environ.get("STAGEWIRE_API_URL") or gateway_url(home_dir())).rstrip("/")


def api_key() -> str:
    """Return STAGEWIRE_API_KEY, else the key of the local run; raises `ApiError` where there is neither."""
    if given := os.environ.get("STAGEWIRE_API_KEY"):
        return given
    try:
        return (home_dir() / KEY_FILE).read_text("utf-8").strip()
    except OSError as error:
        raise ApiError("no API key: set STAGEWIRE_API_KEY, or run `stagewire up`") from error


def call(method: str, path: str, query: Mapping[str, Any] | None = None, body: Any = None) -> Any:
    """Send one request and return its JSON; raises `ApiError` with the problem's detail. Blocks."""
    url = f"{base_url()}{path}?{urlencode(query)}" if query else base_url() + path
    if not url.startswith(("http://", "https://")):
        raise ApiError("the address of the API begins with http:// or https://")
    headers = {"Authorization": f"Bearer {api_key()}", "Content-Type": "application/json"}
    data = None if body is None else orjson.dumps(body)
    try:
        with urlopen(Request(url, data, headers, method=method), timeout=_SECONDS) as reply:  # noqa: S310 - checked
            return orjson.loads(reply.read() or b"null")
    except HTTPError as error:
        raise ApiError(_told(error)) from error
    except (URLError, TimeoutError) as error:
        raise ApiError(f"the API at {base_url()} does not answer: {error}") from error


def _told(error: HTTPError) -> str:
    try:
        problem = orjson.loads(error.read())
        faults = "".join(f"\n  {one['path']}: {one['message']}" for one in problem["errors"])
        return f"{problem['status']} {problem['detail']}{faults}"
    except (ValueError, KeyError, TypeError):
        return f"the API answered {error.code}"
