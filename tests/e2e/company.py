"""The example company on a running stack, seen from outside: the command line, HTTP, and what a provider sends."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urlsplit

from automation.payments.changes import ProviderNotice
from automation.values import Money
from services.payment_tracker.provider import load_providers

T = TypeVar("T")
EXAMPLES = Path(__file__).parents[2] / "examples" / "company"
PATIENCE_SECONDS = 120.0
"""A machine in use starts a process in many seconds; who has what is asked for does not wait."""
_PAUSE_SECONDS = 0.05


def eventually(look: Callable[[], T | None], instead: Callable[[], object] = lambda: "") -> T:
    """Return what `look` finds, as soon as it finds something; `instead` is what to show where nothing comes."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (found := look()):
        assert time.monotonic() < deadline, f"nothing in time {instead()}"
        time.sleep(_PAUSE_SECONDS)
    return found


class Reply(NamedTuple):
    """An answer of the HTTP API."""

    status: int
    text: str
    headers: Mapping[str, str]

    @property
    def data(self) -> Any:
        """The body as JSON."""
        return json.loads(self.text)


class Company:
    """`stagewire` with a home and topics of its own, and its HTTP API."""

    tenant = "acme"

    def __init__(self, home: Path, bootstrap: str) -> None:
        self.home = home
        self.prefix = f"e{uuid.uuid4().hex[:8]}."
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("STAGEWIRE_", "KAFKA_"))}
        self._env = kept | {
            "STAGEWIRE_HOME": str(home), "KAFKA_BOOTSTRAP_SERVERS": bootstrap, "STAGEWIRE_PARTITIONS": "2",
            "STAGEWIRE_TOPIC_PREFIX": self.prefix,
        }  # fmt: skip
        self._address = ""

    def shell(self, *args: str) -> Any:
        """Run a command with `--json` and return what it says; it has to succeed."""
        done = self._run(*args)
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)

    def _run(self, *args: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "services.cli", *args, "--json"], env=self._env, capture_output=True, text=True,
            timeout=300, check=False, cwd=EXAMPLES.parents[1],
        )  # fmt: skip

    def open(self) -> None:
        """Start everything and apply the company's definitions."""
        self._address = self.shell("up")["gateway"]
        self.define("apply", str(EXAMPLES))

    def define(self, *args: str) -> Any:
        """Save definitions by the command line; waits until the gateway, which follows within moments, has them.

        It stamps changes with the version that it has seen, and only that one is sure to decide them.
        """
        saved = self.shell("definitions", *args)
        eventually(lambda: self.get("/v1/definitions?kind=none")["version"] >= saved["version"])
        return saved

    def call(self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Reply:
        """Send one request; a body that is not bytes is sent as JSON, with the local API key."""
        raw = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        sent = {"Content-Type": "application/json", "Authorization": f"Bearer {self._key()}"} | dict(headers or {})
        connection = http.client.HTTPConnection(urlsplit(self._address).netloc, timeout=30)
        try:
            connection.request(method, path, raw, sent)
            answer = connection.getresponse()
            return Reply(answer.status, answer.read().decode(errors="replace"), dict(answer.headers))
        finally:
            connection.close()

    def _key(self) -> str:
        return (self.home / "api-key").read_text().strip()

    def get(self, path: str) -> Any:
        """Return the JSON of a page that has to be there."""
        reply = self.call("GET", path)
        assert reply.status == 200, reply
        return reply.data

    def decided(self, path: str, body: Mapping[str, Any]) -> Reply:
        """Send a change and the very same one again until it was decided, or refused; a busy machine takes longer."""
        sent = {"change_key": uuid.uuid4().hex, **body}

        def look() -> Reply | None:
            reply = self.call("POST", f"{path}?wait=10", sent)
            return None if reply.status == 202 else reply

        return eventually(look)

    # --- payments ----------------------------------------------------------------------------------------------

    def notice(self, payment_id: str, amount: Money, status: str, notice_id: str) -> Reply:
        """Deliver a signed notice of the generic provider."""
        provider, now = load_providers()["generic"], int(time.time() * 1_000)
        secrets: Mapping[str, Any] = json.loads((self.home / "webhook_secrets.json").read_text())
        body = provider.compose(ProviderNotice("generic", notice_id, payment_id, status, amount, now))
        signed = provider.sign(notice_id, body, secrets[self.tenant]["generic"][0], now)
        return self.call("POST", f"/v1/webhooks/payments/{self.tenant}/generic", body, signed)

    def press_pay(self, link: str) -> Reply:
        """Press the button of a payment page, as soon as the page is there."""
        path = urlsplit(link).path
        eventually(lambda: self.call("GET", path).status == 200)
        return self.call("POST", path, b"", {"Content-Type": "application/x-www-form-urlencoded"})

    def told(self, user: str, about: str) -> Sequence[str]:
        """Return an employee's notifications that mention an item's title."""
        page = self.get(f"/v1/notifications?user={user}&limit=200")
        return [one["text"] for one in page["notifications"] if about in one["text"]]

    def mails(self, item: Item) -> Sequence[Mapping[str, Any]]:
        """Return the e-mails recorded for an item."""
        page = self.get("/v1/messages?limit=200")
        return [one for one in page["messages"] if one["item_key"] == f"{self.tenant}/{item.path}"]

    def at_rest(self) -> bool:
        """Say whether every service has read all that there is, and performed it; one that is not ready has not."""
        done = self._run("status")
        if done.returncode or any(lag["records"] for lag in json.loads(done.stdout)["lag"]):
            return False
        return not any(self.get(f"/v1/messages/sent?limit=1&state={one}")["messages"] for one in ("queued", "sending"))


class Item:
    """One item of the company, with a title of its own."""

    def __init__(self, company: Company, item_type: str, amount: Money, **fields: Any) -> None:
        self.company = company
        self.id = uuid.uuid4().hex[:10]
        self.path = f"{item_type}/{self.id}"
        self.title = f"Desk {self.id}"
        self.amount = amount
        self.fields = {"title": self.title, "amount": amount_body(amount), **fields}

    @classmethod
    def found(cls, company: Company, item_type: str, item_id: str) -> Item:
        """Return an item that automation made, as soon as it can be read."""
        item = cls(company, item_type, Money(0, "EUR"))
        item.id, item.path = item_id, f"{item_type}/{item_id}"
        eventually(lambda: company.call("GET", f"/v1/items/{item.path}").status == 200)
        item.fields = item.state()["fields"]
        item.title = item.fields.get("title", "")
        return item

    def create(self, responsible: str = "ann", **more: Any) -> Item:
        """Create the item; waits until the history shows it."""
        return self.change(kind="create", fields=self.fields, responsible=responsible, **more)

    def save(self, **more: Any) -> Item:
        """Save the item."""
        return self.change(kind="save", **more)

    def change(self, **body: Any) -> Item:
        """Make a change and wait until it was decided."""
        reply = self.company.decided(f"/v1/items/{self.path}/changes", body)
        assert reply.status == 200, reply
        return self

    def delete(self) -> Item:
        """Delete the item."""
        reply = self.company.call("DELETE", f"/v1/items/{self.path}")
        assert reply.status == 202, reply
        eventually(lambda: self.state()["deleted"])
        return self

    def state(self) -> Any:
        """Return the current state."""
        return self.company.get(f"/v1/items/{self.path}")

    def reach(self, stage: str) -> Item:
        """Wait until the item is on a stage."""
        eventually(lambda: self.state()["stage"] == stage)
        return self

    def firings(self) -> list[tuple[str, str, str]]:
        """Return what triggers did: id, status, reason."""
        found = self.company.get(f"/v1/items/{self.path}/runs")["firings"]
        return [(one["trigger_id"], one["status"], one["reason"]) for one in found]

    def run(self, rule: str) -> Any:
        """Return the last run of a rule once it has ended."""

        def look() -> Any:
            runs = [one for one in self.company.get(f"/v1/items/{self.path}/runs")["runs"] if one["rule_id"] == rule]
            return runs[-1] if runs and runs[-1]["ended_at"] else None

        return eventually(look)

    def ending(self, rule: str) -> tuple[str, str]:
        """Return how the last run of a rule ended: status and reason."""
        found = self.run(rule)
        return found["status"], found["reason"]

    def link(self, rule: str = "link") -> Mapping[str, Any]:
        """Return the results of the rule that makes the payment link."""
        found: Mapping[str, Any] = self.run(rule)["results"]
        return found

    def timeline(self, kind: str) -> list[Any]:
        """Return the timeline's entries of one kind, oldest first."""
        entries = self.company.get(f"/v1/items/{self.path}/timeline?limit=200")["entries"]
        return [one for one in reversed(entries) if one["kind"] == kind]

    def paid(self) -> bool:
        """Say whether the item's timeline shows a paid payment."""
        return any(one["facts"]["status"] == "paid" for one in self.timeline("payment"))

    def alerts(self, user: str = "ann") -> Sequence[str]:
        """Return what an employee was told about payments of the item."""
        return [text for text in self.company.told(user, self.title) if "was paid. Stage" in text]


def amount_body(amount: Money) -> dict[str, Any]:
    """Return an amount as the API takes it."""
    return {"minor": amount.minor, "currency": amount.currency}
