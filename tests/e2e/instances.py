"""Business processes from outside: their definitions applied, instances followed, and all that people see of them."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from services.edge.kafka import KafkaSettings
from tests.e2e.company import Company, Item, eventually
from tests.e2e.redelivery import at_rest, deliver_again

_FILES = Path(__file__).parent / "processes"
_SEEN = ("", "/timeline?limit=200", "/journal?limit=200", "/activities", "/runs", "/processes?limit=200")
"""What is read of an item, behind its path."""


@contextmanager
def applied(company: Company, name: str) -> Iterator[Company]:
    """Apply a file of definitions by the command line; they are gone afterwards."""
    file = _FILES / name
    made = yaml.safe_load(file.read_text())
    company.define("apply", str(file))
    yield company
    gone = [{"kind": one["kind"], "id": one.get("id") or one["item_type"], "delete": True} for one in made]
    reply = company.call("PUT", "/v1/definitions", {"definitions": gone})
    assert reply.status == 200, reply


class Instance:
    """One instance of a template on an item."""

    def __init__(self, item: Item, instance_id: str) -> None:
        self.item = item
        self.id = instance_id

    def entry(self) -> Any:
        """Return it as it is now, with its log."""
        return self.item.company.get(f"/v1/items/{self.item.path}/processes/{self.id}")

    def at(self, *titles: str) -> Instance:
        """Wait until just the steps of these titles have begun and not ended."""
        eventually(lambda: sorted(one["title"] for one in self.entry()["current"]) == sorted(titles), self.entry)
        return self

    def ended(self) -> Instance:
        """Wait for its end."""
        eventually(lambda: self.entry()["ended_at"], self.entry)
        return self

    def outcome(self) -> tuple[str, str]:
        """Return how it ended, and the cause."""
        entry = self.ended().entry()
        return entry["status"], entry["cause"]

    def steps(self) -> dict[str, str]:
        """Return the outcomes of its steps by place, with their reasons; of one tried again, the last."""
        lines = [line for line in self.entry()["log"] if line["kind"] == "step"]
        return {line["place"]: f"{line['status']} {line['reason']}".strip() for line in lines}

    def result(self, name: str) -> Any:
        """Return a result, `<step>.<name>`."""
        return self.entry()["results"][name]


def start(item: Item, template: str, user: str = "ann", **params: Any) -> Instance:
    """Start a template by hand."""
    body = {"template": template, "params": params, "user": user}
    reply = item.company.decided(f"/v1/items/{item.path}/processes", body)
    assert reply.status == 200, reply
    return Instance(item, reply.data["instance_id"])


def instances(item: Item, template: str = "") -> list[Instance]:
    """Return the instances on an item, started first first."""
    listed = item.company.get(f"/v1/items/{item.path}/processes?limit=200")["processes"]
    return [Instance(item, one["instance_id"]) for one in reversed(listed) if template in ("", one["template_id"])]


def instance(item: Item, template: str) -> Instance:
    """Return the only instance of a template on an item, as soon as it has begun."""
    (found,) = eventually(lambda: instances(item, template))
    return found


def item_of(company: Company, path: str) -> Item:
    """Return an item that automation made, `<type>/<id>`, as soon as it can be read."""
    found = Item.__new__(Item)
    found.company, found.path, found.id = company, path, path.partition("/")[2]
    eventually(lambda: company.call("GET", f"/v1/items/{path}").status == 200)
    return found


def journal(item: Item) -> list[Any]:
    """Return the entries of an item's journal, oldest first."""
    return list(reversed(item.company.get(f"/v1/items/{item.path}/journal?limit=200")["entries"]))


def records(item: Item) -> list[str]:
    """Return the texts of the records that processes added to the journal."""
    return [one["text"] for one in journal(item) if one["kind"] != "field_changed"]


def comments(item: Item) -> list[str]:
    """Return the texts of the item's comments, oldest first."""
    return [one["facts"]["text"] for one in item.timeline("comment")]


def seen(company: Company, items: Iterable[Item], users: Iterable[str]) -> Mapping[str, Any]:
    """Return what people see of these items and their processes, and which items, records and messages there are."""
    items = tuple(items)
    pages = [f"/v1/items/{item.path}{page}" for item in items for page in _SEEN]
    pages += [f"/v1/items/{item.path}/processes/{one.id}" for item in items for one in instances(item)]
    lists = [f"/v1/items?item_type={kind}" for kind in ("lead", "deal", "contact", "company", "invoice", "quote")]
    lists += ["/v1/records/task?", "/v1/human-tasks?status=all", "/v1/messages?", "/v1/files?"]
    lists += [f"/v1/notifications?user={user}" for user in users]
    return {page: company.get(page) for page in pages} | {
        page: _about(company.get(f"{page}&limit=200"), items if "notifications" in page else ()) for page in lists
    }


def _about(page: Mapping[str, Any], items: tuple[Item, ...]) -> list[str]:
    """Return which rows a list has: other tests' own may change, but none is added."""
    (rows,) = (rows for rows in page.values() if isinstance(rows, list))
    texts = {json.dumps(row): row for row in rows}
    return sorted(
        text if items else str(row.get("id") or row.get("item_id") or row.get("effect_id"))
        for text, row in texts.items()
        if not items or any(item.id in text for item in items)
    )


def now_ms() -> int:
    """Return the moment since which records are to be delivered again."""
    return int(time.time() * 1_000)


async def changed_by_redelivery(
    company: Company, kafka: KafkaSettings, since: int, items: Iterable[Item], users: Iterable[str]
) -> Mapping[str, Any]:
    """Deliver all since a moment again, twice; return the pages that are not what they were, as before and after."""
    items, users = tuple(items), tuple(users)
    look = partial(seen, company, items, users)
    before = await asyncio.to_thread(at_rest, company, look)
    count = await deliver_again(kafka, company.prefix, since)
    assert count > 10, count

    after = await asyncio.to_thread(at_rest, company, look)
    return {page: (before[page], after[page]) for page in before if after[page] != before[page]}
