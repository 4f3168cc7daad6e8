"""`stagewire human-tasks`: what processes ask people, and what people say."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

import click

from automation.values import Money, Value
from services.cli.api import ApiError, call
from services.cli.edge import moment_text
from services.cli.values import from_text, several

_as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
_task = click.argument("task_id", metavar="ID")


def _said(command: Callable[..., None]) -> Callable[..., None]:
    """Add what all decisions have in common."""
    for option in (
        _as_json,
        click.option("--wait", type=click.FloatRange(0, 10), default=10, show_default=True, help="Seconds to wait."),
        click.option("--comment", default="", help="What is said besides."),
        click.option("--user", required=True, help="The employee who says it."),
        _task,
    ):
        command = option(command)
    return command


@click.group("human-tasks", short_help="Show and decide what processes ask people.")
def COMMAND() -> None:  # noqa: N802  # the name by which the command folder is loaded
    """Show what business processes ask people, and decide: approve, reject, acknowledge, answer, delegate."""


def _call(method: str, path: str, query: Mapping[str, Any] | None = None, body: Any = None) -> Any:
    try:
        return call(method, f"/v1/human-tasks{path}", query, body)
    except ApiError as problem:
        raise click.ClickException(str(problem)) from problem


def _path(task_id: str) -> str:
    return f"/{quote(task_id, safe='')}"


@COMMAND.command("list")
@click.option("--user", default="", help="Those that wait for this employee.")
@click.option("--item", default="", help="type/id of the item that they are about.")
@click.option("--status", default="open", show_default=True, help="open, approved, rejected, …, or all.")
@click.option("--limit", type=click.IntRange(1, 200), default=50, show_default=True, help="At most so many.")
@_as_json
def list_(user: str, item: str, status: str, limit: int, as_json: bool) -> None:
    """List what people are asked, last changed first."""
    found = _call("GET", "", {"user": user, "item": item, "status": status, "limit": limit})
    if as_json:
        click.echo(json.dumps(found))
        return
    for one in found["tasks"]:
        until = f"  until {moment_text(one['deadline'])}" if one["deadline"] else ""
        click.echo(f"{one['id']}  {one['status']:<9}  {one['kind']:<11}  {one['item']}  {one['title']}{until}")


@COMMAND.command("show")
@_task
@_as_json
def show(task_id: str, as_json: bool) -> None:
    """Show what is asked, who has said what, and whose word is missing."""
    found = _call("GET", _path(task_id))
    if as_json:
        click.echo(json.dumps(found))
        return
    task = found["state"]
    lines = [("title", found["title"]), ("status", found["status"]), ("kind", task["kind"]), ("item", task["item"])]
    lines += [("text", task["text"]), ("policy", task["policy"]), ("waits for", ", ".join(found["waiting"]))]
    lines += [("escalated to", ", ".join(task["escalated"]))]
    lines += [("said", f"{vote['by']}: {vote['verdict']} {vote['comment']}".rstrip()) for vote in task["votes"]]
    lines += [("delegated", f"{by} to {to}") for to, by in task["delegated"].items()]
    lines += [("asks for", _field(field)) for field in task["form"]]
    for name, value in lines:
        if value:
            click.echo(f"{name:<14} {value}")


def _field(field: Mapping[str, Any]) -> str:
    kind = f"{field['type']}{', several' if field['multiple'] else ''}{', required' if field['required'] else ''}"
    chosen = f": {', '.join(field['options'])}" if field["options"] else ""
    return f"{field['code']} ({kind}) {field['title']}{chosen}"


@COMMAND.command("approve")
@_said
def approve(**given: Any) -> None:
    """Approve."""
    _decide("approve", **given)


@COMMAND.command("reject")
@_said
def reject(**given: Any) -> None:
    """Reject."""
    _decide("reject", **given)


@COMMAND.command("acknowledge")
@_said
def acknowledge(**given: Any) -> None:
    """Say that it has been read."""
    _decide("acknowledge", **given)


@COMMAND.command("answer")
@click.option("--value", "values", multiple=True, metavar="CODE=TEXT", help="A field of the form; may be repeated.")
@_said
def answer(values: tuple[str, ...], task_id: str, **given: Any) -> None:
    """Fill in the form; several values of one field are separated by commas."""
    form = {field["code"]: field for field in _call("GET", _path(task_id))["state"]["form"]} if values else {}
    _decide("answer", task_id, values=dict(_value(form, text) for text in values), **given)


def _value(form: Mapping[str, Mapping[str, Any]], text: str) -> tuple[str, Any]:
    code, equals, written = text.partition("=")
    field = form.get(code)
    if not equals or field is None:
        raise click.BadParameter(f"{text[:60]!r} is no CODE=TEXT of the form; it has {', '.join(form) or 'no fields'}")
    try:
        read = several(written, field["type"]) if field["multiple"] else from_text(written, field["type"])
    except ValueError as error:
        raise click.BadParameter(f"{code}: {error}") from error
    return code, _json(read)


def _json(value: Value) -> Any:
    return {"minor": value.minor, "currency": value.currency} if isinstance(value, Money) else value


@COMMAND.command("delegate")
@click.option("--to", "to", required=True, help="The employee who is to decide instead.")
@_said
def delegate(task_id: str, to: str, user: str, comment: str, wait: float, as_json: bool) -> None:
    """Let another employee decide instead."""
    _send(task_id, "delegation", {"user": user, "to": to, "comment": comment}, wait, as_json)


def _decide(
    decision: str, task_id: str, user: str, comment: str, wait: float, as_json: bool, **more: Any
) -> None:  # fmt: skip
    _send(task_id, "decision", {"user": user, "decision": decision, "comment": comment, **more}, wait, as_json)


def _send(task_id: str, part: str, body: Mapping[str, Any], wait: float, as_json: bool) -> None:
    found = _call("POST", f"{_path(task_id)}/{part}?wait={wait:g}", body=body)
    click.echo(json.dumps(found) if as_json else f"{found['status']} {found['change_id']}")
