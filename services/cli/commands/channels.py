"""`stagewire channels`: connections that messages leave through, and tests of them."""

from __future__ import annotations

import json
import time
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from services.cli.api import ApiError, call

_WIDTH = 80
_PAUSE = 0.5
_ENDED = frozenset({"sent", "delivered", "failed", "unknown", "dead"})

_NONE = """\
No connections yet. SMS and messengers need one; e-mail goes over STAGEWIRE_SMTP_HOST, else it is recorded.
To add one, write a file such as this and run `stagewire definitions apply FILE`:

kind: connection
id: sms
channel: sms          # email, sms, messenger, crm_webhook
provider: recording   # keeps messages; twilio, sms_http, smtp, telegram and others send them
"""
"""Said instead of an empty table; the example can be applied as it stands."""

_as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


@click.group("channels", short_help="List connections of messages, and send tests over them.")
def COMMAND() -> None:  # noqa: N802  # loaded by this name
    """List the connections that messages leave through, and send tests over them."""


@COMMAND.command("list")
@_as_json
def list_(as_json: bool) -> None:
    """List connections: channel, provider, limits, and whether the secret that each names is there."""
    found = _asked("GET", "/v1/connections")
    if as_json:
        click.echo(json.dumps(found))
        return
    if not found["connections"]:
        click.echo(_NONE)
        return
    table = Table(width=_WIDTH, box=None)
    for column in ("id", "channel", "provider", "sender", "state"):
        table.add_column(column, overflow="fold")
    for one in found["connections"]:
        table.add_row(*(Text(one[name]) for name in ("id", "channel", "provider", "sender")), _state(one))
    Console(width=_WIDTH).print(table)


def _state(one: dict[str, Any]) -> str:
    if not one["active"]:
        return "inactive"
    if not one["secret_found"]:
        return "secret is missing"
    limits = [text for found in one["limits"].values() if (text := _limits(found))]
    return "; ".join(dict.fromkeys(limits)) or "ready"


def _limits(found: dict[str, Any]) -> str:
    quiet = f"quiet {found['quiet_from']}-{found['quiet_until']}" if found["quiet_from"] else ""
    cap = f"{found['daily_cap']} a day" if found["daily_cap"] else ""
    return ", ".join(filter(None, (cap, quiet)))


@COMMAND.command("test")
@click.argument("connection")
@click.option("--to", default="", help="Number, address or chat.")
@click.option("--text", default="This is a test message.", show_default=True)
@click.option("--wait", type=click.FloatRange(0, 300), default=10.0, show_default=True, help="Seconds to wait for it.")
@_as_json
def test(connection: str, to: str, text: str, wait: float, as_json: bool) -> None:
    """Send a test over CONNECTION and say what became of it; ends with 1 where it was not sent."""
    queued = _asked("POST", f"/v1/connections/{connection}/test", {"to": to, "text": text})
    found = _followed(connection, queued["message_id"], wait)
    if as_json:
        click.echo(json.dumps(found))
    else:
        told = " ".join(filter(None, (found["reason"], found["detail"])))
        click.echo(f"{found['state']} {found['provider_id'] or told}".strip())
    if found["state"] in ("failed", "unknown", "dead"):
        raise click.exceptions.Exit(1)


def _followed(connection: str, message_id: str, wait: float) -> dict[str, Any]:
    """Return the message as it is when it has ended, or when the time is up."""
    end = time.monotonic() + wait
    while True:
        listed = _asked("GET", "/v1/messages/sent", query={"item": f"connection/{connection}", "limit": 200})
        found: dict[str, Any] = next(one for one in listed["messages"] if one["effect_id"] == message_id)
        if found["state"] in _ENDED or time.monotonic() >= end:
            return found
        time.sleep(_PAUSE)


def _asked(method: str, path: str, body: Any = None, query: dict[str, Any] | None = None) -> Any:
    try:
        return call(method, path, query, body=body)
    except ApiError as problem:
        raise click.ClickException(str(problem)) from problem
