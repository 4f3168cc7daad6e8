"""One suite for both places that schema ids come from: the repository and a Schema Registry."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from automation.envelope import Recorded
from automation.items.changes import SaveItem
from automation.items.events import ItemDeleted
from services.edge.codec import RegistryUnavailableError, SchemaError, UnknownEventError, item_changes, item_events
from services.edge.codec.ids import Registry
from services.edge.codec.registry import FolderRegistry
from services.edge.codec.rest_registry import RestRegistry
from services.edge.stream import UnreadableError
from tests.codec_world import ENVELOPE, FRAME


class FakeSchemaRegistry:
    """The part of Confluent's API that Stagewire uses, on a free port of this machine."""

    def __init__(self) -> None:
        self.schemas: list[str] = []
        self.calls: list[str] = []
        self.broken = 0
        """The status to answer everything with; 0 while the registry is well."""
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def url(self) -> str:
        """Where the registry listens."""
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def register(self, schema: str) -> int:
        """Keep a schema, safe or not, and return its id."""
        if schema not in self.schemas:
            self.schemas.append(schema)
        return self.schemas.index(schema) + 100

    def answer(self, path: str, body: bytes) -> tuple[int, Any]:
        """Return status and JSON for one call."""
        self.calls.append(path)
        if self.broken:
            return self.broken, {"error_code": self.broken}
        if path.endswith("/versions"):
            return 200, {"id": self.register(json.loads(body)["schema"])}
        index = int(path.rpartition("/")[2]) - 100
        if 0 <= index < len(self.schemas):
            return 200, {"schema": self.schemas[index]}
        return 404, {"error_code": 40403}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                status, answer = fake.answer(self.path, body)
                self.send_response(status)
                self.end_headers()
                self.wfile.write(json.dumps(answer).encode())

            do_POST = do_GET  # noqa: N815  as above

            def log_message(self, *args: Any) -> None:
                return

        return Handler


@pytest.fixture
def fake() -> Iterator[FakeSchemaRegistry]:
    """A Schema Registry without schemas."""
    registry = FakeSchemaRegistry()
    yield registry
    registry.server.shutdown()
    registry.server.server_close()


@pytest.fixture(params=["folder", "rest"])
def open_registry(request: pytest.FixtureRequest, fake: FakeSchemaRegistry) -> Callable[[], Registry]:
    """What opens the registry as a service does at its start."""
    return FolderRegistry if request.param == "folder" else lambda: RestRegistry(fake.url)


def test_what_one_process_writes_another_reads(open_registry: Callable[[], Registry]) -> None:
    """Ids mean the same to a process that starts later."""
    value = item_changes(registry=open_registry()).encode(FRAME, SaveItem({"title": "x"}))
    assert item_changes(registry=open_registry()).decode(value) == (FRAME, SaveItem({"title": "x"}))


def test_ids_are_stable(open_registry: Callable[[], Registry]) -> None:
    """The same schema has the same id after every start."""
    recorded = Recorded(ENVELOPE, ItemDeleted())
    assert item_events(open_registry()).encode(recorded) == item_events(open_registry()).encode(recorded)


def test_a_made_up_id_is_refused(open_registry: Callable[[], Registry]) -> None:
    """An id that nobody gave out is a fault of the sender in an inbox, and stops the reader of a log."""
    value = b"\0\x7f\xff\xff\xff" + item_changes(registry=open_registry()).encode(FRAME, SaveItem({}))[5:]
    with pytest.raises(UnreadableError) as refused:
        item_changes(registry=open_registry()).decode(value)
    assert (refused.value.reason, refused.value.ours) == ("unknown_schema", False)
    with pytest.raises(UnknownEventError):
        item_events(open_registry()).decode(value)


def test_an_unknown_subject_has_no_schema(open_registry: Callable[[], Registry]) -> None:
    """A record that no class stands for cannot be written."""
    with pytest.raises(SchemaError):
        open_registry().current("stagewire.items.Nothing")


def test_a_flood_of_made_up_ids_is_one_call_each_for_a_while(fake: FakeSchemaRegistry) -> None:
    """An unknown id is not asked for again until some time has passed."""
    now = [0.0]
    registry = RestRegistry(fake.url, lambda: now[0])
    assert [registry.find(9) for _ in range(5)] == [None] * 5
    assert len(fake.calls) == 1
    now[0] = 60.0
    assert registry.find(9) is None
    assert len(fake.calls) == 2


@pytest.mark.parametrize("status", [401, 429, 500, 503])
def test_a_registry_that_is_ill_parks_nothing(fake: FakeSchemaRegistry, status: int) -> None:
    """While the registry gives no answer, a record is neither read nor refused: the caller tries again."""
    value = item_changes(registry=RestRegistry(fake.url)).encode(FRAME, SaveItem({}))
    fake.broken = status
    with pytest.raises(RegistryUnavailableError):
        item_changes(registry=RestRegistry(fake.url)).decode(value)


def test_a_registry_that_is_gone_parks_nothing(fake: FakeSchemaRegistry) -> None:
    """A refused connection counts as no answer too."""
    fake.server.shutdown()
    fake.server.server_close()
    with pytest.raises(RegistryUnavailableError):
        RestRegistry(fake.url).find(100)


@pytest.mark.parametrize("status", [409, 422])
def test_a_schema_that_the_registry_refuses_stops_the_start(fake: FakeSchemaRegistry, status: int) -> None:
    """An incompatible schema is for people to mend, not for retries."""
    fake.broken = status
    with pytest.raises(SchemaError):
        RestRegistry(fake.url).current("stagewire.items.ItemDeleted")


_RECURSIVE = {"type": "record", "name": "SaveItem", "namespace": "stagewire.changes", "fields": [
    {"name": "next", "type": ["null", "SaveItem"]}]}  # fmt: skip


@pytest.mark.parametrize(
    "schema",
    [
        "not json",
        json.dumps("string"),
        json.dumps(_RECURSIVE),
        json.dumps({**_RECURSIVE, "fields": [{"name": "a", "type": {"type": "array", "items": "null"}}]}),
        json.dumps({**_RECURSIVE, "fields": []}),
        json.dumps({**_RECURSIVE, "fields": [{"name": "frame", "type": "string"}]}),
        json.dumps([[["string"]]]),
        "[" * 2_000 + "]" * 2_000,
    ],
    ids=["no json", "no record", "recursive", "array of null", "empty", "other shape", "nested unions", "deep"],
)
def test_an_unsafe_schema_of_a_registry_is_not_used(fake: FakeSchemaRegistry, schema: str) -> None:
    """Whoever may register schemas still cannot end a worker with one."""
    schema_id = fake.register(schema)
    with pytest.raises(UnreadableError, match="unknown_schema"):
        item_changes(registry=RestRegistry(fake.url)).decode(b"\0" + schema_id.to_bytes(4, "big") + b"\0" * 50)


def test_an_older_shape_in_a_registry_is_read_with_defaults(fake: FakeSchemaRegistry) -> None:
    """A platform that still writes last year's schema is understood: what it lacks has its default."""
    registry = RestRegistry(fake.url)
    now = json.loads((Path(__file__).parents[2] / "schemas/avro/changes/SaveItem.avsc").read_text())
    old = {**now, "fields": [field for field in now["fields"] if field["name"] != "run_automation"]}
    value = item_changes(registry=registry).encode(FRAME, SaveItem({"a": 1}))
    older = b"\0" + fake.register(json.dumps(old)).to_bytes(4, "big") + value[5:-1]
    assert item_changes(registry=registry).decode(older) == (FRAME, SaveItem({"a": 1}))
