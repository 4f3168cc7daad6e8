"""A small client of the API for the command line: address and key of this machine unless others are given."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPResponse
from types import MappingProxyType
from typing import Any, BinaryIO
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
    data = None if body is None else orjson.dumps(body)
    with _opened(method, path, query, data, "application/json") as reply:
        return orjson.loads(reply.read() or b"null")


def upload(path: str, query: Mapping[str, Any], file: BinaryIO, media: str) -> Any:
    """Send a file as it is and return the answer's JSON; raises `ApiError`. Blocks."""
    with _opened("POST", path, query, file, media, {"Content-Length": str(os.fstat(file.fileno()).st_size)}) as reply:
        return orjson.loads(reply.read())


def download(path: str, target: BinaryIO) -> None:
    """Write the answer of a GET into a file; raises `ApiError`. Blocks."""
    with _opened("GET", path, None, None, "") as reply:
        shutil.copyfileobj(reply, target)


@contextmanager
def _opened(
    method: str,
    path: str,
    query: Mapping[str, Any] | None,
    data: Any,
    media: str,
    more: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[HTTPResponse]:
    url = f"{base_url()}{path}?{urlencode(query)}" if query else base_url() + path
    if not url.startswith(("http://", "https://")):
        raise ApiError("the address of the API begins with http:// or https://")
    headers = {"Authorization": f"Bearer {api_key()}", "Content-Type": media, **more}
    try:
        with urlopen(Request(url, data, headers, method=method), timeout=_SECONDS) as reply:  # noqa: S310 - checked
            yield reply
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
