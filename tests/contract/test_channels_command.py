"""`stagewire channels` against a gateway that answers as it is told."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from automation.definitions import models as m
from services.cli.commands.channels import COMMAND
from tests.http_server import HttpServer

SMS = {
    "id": "sms", "name": "", "channel": "sms", "provider": "twilio", "sender": "+1", "active": True, "secret": "t",
    "secret_found": True, "limits": {},
}  # fmt: skip


async def _listed(monkeypatch: pytest.MonkeyPatch, *connections: dict[str, Any], words: tuple[str, ...] = ()) -> str:
    """Return what the list prints where the gateway knows these connections."""
    async with HttpServer(body=json.dumps({"connections": connections}).encode()).serving() as server:
        monkeypatch.setenv("STAGEWIRE_API_URL", server.url)
        monkeypatch.setenv("STAGEWIRE_API_KEY", "key")
        result = await asyncio.to_thread(CliRunner().invoke, COMMAND, ["list", *words])
    assert result.exit_code == 0
    return result.output


async def test_connections_are_listed_with_what_stops_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing secret, being inactive, limits; else they are ready."""
    limited = {"sms": {"daily_cap": 5, "quiet_from": "22:00", "quiet_until": "08:00"}}
    shown = await _listed(
        monkeypatch, SMS, {**SMS, "id": "a", "secret_found": False}, {**SMS, "id": "b", "active": False},
        {**SMS, "id": "c", "limits": limited},
    )  # fmt: skip
    for told in ("twilio", "ready", "secret is missing", "inactive", "5 a day", "quiet 22:00-08:00"):
        assert told in shown
    assert "No connections" not in shown


async def test_without_connections_the_list_says_how_to_add_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """The example is a connection as it stands; JSON stays JSON."""
    shown = await _listed(monkeypatch)
    assert shown.startswith("No connections yet.")
    assert "stagewire definitions apply" in shown
    written = yaml.safe_load(shown.partition("\n\n")[2])
    assert written.pop("kind") == "connection"
    assert m.Connection(**written) == m.Connection(id="sms", channel="sms", provider="recording")
    assert all(len(line) <= 120 for line in shown.splitlines())
    assert json.loads(await _listed(monkeypatch, words=("--json",))) == {"connections": []}
