"""`stagewire record` against a gateway that answers as it is told."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from click.testing import CliRunner

from services.cli.commands.record import COMMAND
from tests.http_server import HttpServer

MESSAGE = {"version": 3, "type": "ChatMessagePosted", "recorded_at": 0, "actor": "rule:r", "sender": "ann"}


async def _entries(monkeypatch: pytest.MonkeyPatch, *entries: dict[str, Any]) -> list[str]:
    """Return the lines that are printed for what a chat holds."""
    body = json.dumps({"entries": entries, "next": None}).encode()
    async with HttpServer(body=body).serving() as server:
        monkeypatch.setenv("STAGEWIRE_API_URL", server.url)
        monkeypatch.setenv("STAGEWIRE_API_KEY", "key")
        result = await asyncio.to_thread(CliRunner().invoke, COMMAND, ["entries", "chat", "c"])
    assert result.exit_code == 0, result.output
    return result.output.splitlines()


async def test_messages_show_their_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    """Important ones and notifications can be told from the others."""
    kinds = ("general", "important", "notification")
    shown = await _entries(monkeypatch, *({**MESSAGE, "kind": kind, "text": "Hello"} for kind in kinds))

    assert [line[28:] for line in shown] == ["Hello", "(important) Hello", "(notification) Hello"]
    assert shown[0][:28].split() == ["01-01", "00:00:00", "ann"]


async def test_long_texts_fit_and_cannot_steer_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """At most 80 columns; control characters are escaped."""
    shown = await _entries(monkeypatch, {**MESSAGE, "kind": "general", "text": "word " * 40 + "\x1b[31m"})

    assert len(shown) > 2
    assert max(map(len, shown)) <= 80
    assert "\x1b" not in "".join(shown)


async def test_what_is_no_message_shows_what_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody who joined, for one."""
    (line,) = await _entries(
        monkeypatch, {"version": 1, "type": "ChatMembersAdded", "recorded_at": 0, "actor": "rule:r"}
    )

    assert line.endswith("rule:r      ChatMembersAdded")
