"""A Schema Registry reached by REST (Confluent's API, spoken by Karapace and Apicurio too).

Subjects are full record names (`RecordNameStrategy`). Ids and schemas are kept for ever, as the registry promises
that they never change. Ids that the registry does not know are kept for a while, so that a flood of made-up ids does
not become a flood of calls. Calls block; so services get what they write at their start, and where an id is met on an
event loop, it is not asked for there (`awaiting.py`).
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlsplit
from urllib.request import Request, urlopen

import orjson

from services.edge.codec.errors import RegistryUnavailableError, SchemaAwaitedError, SchemaError
from services.edge.codec.ids import Registered
from services.edge.codec.normal import normal
from services.edge.codec.streams import STREAMS

_TYPE = "application/vnd.schemaregistry.v1+json"
_SECONDS = 5.0
_LARGEST_ANSWER = 1_000_000
_NOT_FOUND = 404
_UNKNOWN_KEPT_SECONDS = 30.0
_UNKNOWN_KEPT = 1_000


class RestRegistry:
    """Registers what we write, looks up what we read."""

    def __init__(self, url: str, clock: Callable[[], float] = time.monotonic) -> None:
        if urlsplit(url).scheme not in {"http", "https"}:
            raise ValueError("the schema registry's address must start with http:// or https://")
        self._url = url.rstrip("/")
        self._clock = clock
        self._by_id: dict[int, Registered] = {}
        self._current: dict[str, Registered] = {}
        self._unknown: dict[int, float] = {}

    def current(self, subject: str) -> Registered:
        """Register the schema of a subject, which changes nothing if it is there, and return it with its id."""
        found = self._current.get(subject)
        if found is None:
            schema = _schema_of(subject)
            path = f"/subjects/{quote(subject, safe='')}/versions"
            answer = self._call(path, {"schema": json.dumps(schema, separators=(",", ":"))})
            if answer is None or not isinstance(answer.get("id"), int):
                raise SchemaError(f"the schema registry gave no id for {subject}")
            found = self._current[subject] = Registered(answer["id"], subject, normal(schema))
            self._by_id[found.schema_id] = found
        return found

    def find(self, schema_id: int) -> Registered | None:
        """Return the schema of an id, None if the registry does not know it or it is no schema that we could read.

        Raises `SchemaAwaitedError` on an event loop that does not know the answer yet.
        """
        if schema_id in self._by_id:
            return self._by_id[schema_id]
        if self._clock() < self._unknown.get(schema_id, 0.0):
            return None
        if _on_a_loop():
            raise SchemaAwaitedError(schema_id, lambda: self._asked(schema_id))
        return self._ask(schema_id)

    def _asked(self, schema_id: int) -> RegistryUnavailableError | None:
        """Ask, and return why there was no answer; the answer itself is kept for `find`."""
        try:
            self._ask(schema_id)
        except RegistryUnavailableError as error:
            return error
        return None

    def _ask(self, schema_id: int) -> Registered | None:
        answer = self._call(f"/schemas/ids/{schema_id}")
        found = None if answer is None else _registered(schema_id, answer)
        if found is None:
            self._remember_unknown(schema_id)
        else:
            self._by_id[schema_id] = found
        return found

    def is_ours(self, schema_id: int) -> bool:
        """Ids belong to everybody who registers: an unknown one says nothing about us."""
        return False

    def _remember_unknown(self, schema_id: int) -> None:
        if len(self._unknown) >= _UNKNOWN_KEPT:
            self._unknown.clear()
        self._unknown[schema_id] = self._clock() + _UNKNOWN_KEPT_SECONDS

    def _call(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any] | None:
        data = None if body is None else json.dumps(body).encode()
        request = Request(self._url + path, data, {"Content-Type": _TYPE, "Accept": _TYPE})  # noqa: S310  http(s) only
        try:
            with urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310  as above
                return _object(answer.read(_LARGEST_ANSWER))
        except HTTPError as error:
            if error.code == _NOT_FOUND:
                return None
            raise _refused(path, error) from error
        except (URLError, TimeoutError, ConnectionError, ValueError) as error:
            raise RegistryUnavailableError(f"the schema registry did not answer {path}: {error}") from error


def _on_a_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _refused(path: str, error: HTTPError) -> Exception:
    """Sort an error: a refused schema is for people, everything else may pass."""
    if error.code in {409, 422}:
        return SchemaError(f"the schema registry refused {path}: {error.code}")
    return RegistryUnavailableError(f"the schema registry answered {path} with {error.code}")


def _object(text: bytes) -> dict[str, Any]:
    answer = orjson.loads(text)
    if not isinstance(answer, dict):
        raise ValueError("not an object")  # noqa: TRY004  what the caller treats as a broken answer
    return answer


def _registered(schema_id: int, answer: dict[str, Any]) -> Registered | None:
    """Return a schema of the registry, None for one that is unsafe, malformed or no record."""
    try:
        schema = normal(orjson.loads(answer["schema"]))
    except (KeyError, TypeError, ValueError, SchemaError):
        return None
    if not isinstance(schema, dict) or schema["type"] != "record":
        return None
    return Registered(schema_id, schema["name"], schema)


def _schema_of(subject: str) -> dict[str, Any]:
    space, _, name = subject.rpartition(".")
    for stream in STREAMS.values():
        for body in stream.bodies:
            if stream.space == space and body.__name__ == name:
                return stream.schema(body)
    raise SchemaError(f"no class stands for {subject}")
