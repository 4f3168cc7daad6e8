"""`stagewire item`: what an item is, was, and why; read from the index of `history`."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import click
import orjson

from automation.envelope import Key
from automation.money import amount_text
from automation.values import Moment, Money, Personal
from services.cli.edge import moment_text, shown
from services.history.bootstrap import open_queries
from services.history.queries import AsOf, History
from services.history.run_log import RunEntry, RunLog
from services.history.timeline import JournalEntry, TimelineEntry
from services.history.values import jsonable

WIDTH = 80
"""Columns that a line of text takes at most."""
_UNDER = 29
"""Where what an entry tells begins, if it does not fit beside its head: below the kind."""
_MOMENTS = frozenset({"start", "end", "due", "opened_at"})
"""Facts of the timeline that are moments, or 0 for none."""
_ID = re.compile(r"\b[0-9a-f]{24,}\b|\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")

_as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_limit = click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 1000), help="Entries at most.")
_before = click.option("--before", type=click.IntRange(1), default=None, help="Only entries of earlier versions.")


class KeyType(click.ParamType):
    """A key as text: tenant/type/id."""

    name = "tenant/type/id"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Key:
        """Read the key."""
        try:
            return value if isinstance(value, Key) else Key.parse(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


class MomentType(click.ParamType):
    """A moment: ISO 8601 (UTC where no zone is given), or milliseconds since the epoch."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Moment:
        """Read the moment."""
        if isinstance(value, int) or value.isdigit():
            return int(value)
        try:
            found = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is neither ISO 8601 nor milliseconds since the epoch", param, ctx)
        return int((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp() * 1000)


_key = click.argument("key", type=KeyType(), metavar="TENANT/TYPE/ID")


@click.group("item")
def COMMAND() -> None:  # noqa: N802  # the name by which the command folder is loaded
    """Show an item: its state at any time, its timeline, its journal, and why its rules did what they did."""


@COMMAND.command("show")
@_key
@click.option("--as-of", type=MomentType(), default=None, help="State after the last event recorded by then.")
@click.option("--version", type=click.IntRange(0), default=None, help="State after this event.")
@_as_json
def show(key: Key, as_of: Moment | None, version: int | None, as_json: bool) -> None:
    """Show the state of an item: now, as of a time, or at a version."""
    with _history(key) as history:
        found = history.state_as_of(key, version=version, recorded_at=as_of)
    if as_json:
        _print_json(_state_facts(key, found))
        return
    if not found.version:
        click.echo(f"{key.text} did not exist then")
        return
    for name, value in _state_facts(key, found)["state"].items():
        _print_state_line(name, value)


@COMMAND.command("timeline")
@_key
@_before
@_limit
@_as_json
def timeline(key: Key, before: int | None, limit: int, as_json: bool) -> None:
    """Show the timeline, newest first."""
    with _history(key) as history:
        page = history.timeline(key, before=before, limit=limit)
    if as_json:
        _print_json({"entries": [_facts(entry) for entry in page.entries], "before": page.before})
        return
    for entry in page.entries:
        _print_entry(entry, entry.kind, _told({**entry.facts, **_behalf(entry)}))
    if page.before:
        click.echo(f"more: --before {page.before}")


@COMMAND.command("journal")
@_key
@_before
@_limit
@_as_json
def journal(key: Key, before: int | None, limit: int, as_json: bool) -> None:
    """Show every field change, and the records that processes added, newest first."""
    with _history(key) as history:
        entries = history.journal(key, before=before, limit=limit)
    if as_json:
        _print_json([_facts(entry) for entry in entries])
        return
    for entry in entries:
        told = f"{_text(entry.old)} -> {_text(entry.new)}" if entry.field else _text(entry.text)
        _print_entry(entry, entry.field or entry.kind, told)


@COMMAND.command("runs")
@_key
@_as_json
def runs(key: Key, as_json: bool) -> None:
    """Show each run of a rule and each firing of a trigger, with outcome, reason and calls."""
    with _history(key) as history:
        found = history.run_log(key)
    if as_json:
        _print_json({"runs": [_facts(run) for run in found.runs], "firings": [_facts(one) for one in found.firings]})
        return
    for line in _run_lines(found):
        _print_wrapped(line, 22)


@COMMAND.command("activities")
@_key
@_as_json
def activities(key: Key, as_json: bool) -> None:
    """Show each activity, call and meeting: planned, completed or taken back."""
    with _history(key) as history:
        found = history.activities(key)
    if as_json:
        _print_json([_facts(one) for one in found])
        return
    for one in found:
        what = one.activity
        when = f" at {moment_text(what.start)}" if what.start else ""
        click.echo(f"{one.status:<10} {shown(what.activity_id)}")  # whole: it is what completes the activity
        _print_wrapped(f"{'':11}{what.kind}{when} for {shown(what.responsible)}: {_text(what.subject)}", 11)


@contextmanager
def _history(key: Key) -> Iterator[History]:
    """Open the index and make sure that it knows the item; what people did wrong is told without a traceback."""
    try:
        history = open_queries()
        try:
            if not history.exists(key):
                raise LookupError(f"history knows no item {key.text}")
            yield history
        finally:
            history.close()
    except (LookupError, ValueError, FileNotFoundError) as problem:
        raise click.ClickException(str(problem)) from problem


def _state_facts(key: Key, found: AsOf) -> dict[str, Any]:
    about = {"key": key.text, "version": found.version, "recorded_at": found.recorded_at}
    state = _facts(found.state) if found.version else None
    if state:
        for memory in ("seen", "opened"):  # 16 bytes for each id: the engine's memory, not the item's
            state.pop(memory, None)
    return {**about, "state": state}


def _print_state_line(name: str, value: Any) -> None:
    if name == "fields":
        for code, held in value.items():
            _print_wrapped(f"{'fields.' + code:>24}  {_text(held)}", 26)
    elif value not in ("", 0, [], {}, None):
        _print_wrapped(f"{name:>24}  {_text(value)}", 26)


def _until(run: RunEntry) -> str:
    """Return until when a delayed run waits; a date field that is empty says nothing yet."""
    if run.status != "waiting":
        return ""
    return f" until {moment_text(run.due)}" if run.due else " for a date"


def _tries(tries: int) -> str:
    return f", {tries} tries" if tries > 1 else ""


def _run_lines(found: RunLog) -> Iterator[str]:
    for run in found.runs:
        reason = f" ({run.reason})" if run.reason else _until(run)
        reason += "".join(f", {shown(note)}" for note in run.notes)
        reason += f", enrolled by {shown(run.enrolled_by)}" if run.enrolled_by else ""
        what = f"rule {run.rule_id} v{run.rule_version} in {run.stage}"
        yield f"{moment_text(run.began_at)}  {what}: {run.status}{reason}"
        for call in run.calls:
            why = f" ({call.reason})" if call.reason else ""
            yield f"{'':21}  {call.channel} {call.effect_id}: {call.status}{why}{_tries(call.tries)}"
    for firing in found.firings:
        told = firing.to_stage or firing.reason
        yield f"{moment_text(firing.at)}  trigger {firing.trigger_id} v{firing.trigger_version}: {firing.status} {told}"


def _print_entry(entry: TimelineEntry | JournalEntry, what: str, told: str) -> None:
    """Print one entry: what was told goes below where there is no room beside it."""
    head = f"{moment_text(entry.recorded_at)}  {entry.version:>5}  {shown(what):<20} {shown(entry.actor):<20}".rstrip()
    if len(_shortened(f"{head} {told}")) <= WIDTH:
        click.echo(_shortened(f"{head} {told}").rstrip())
        return
    _print_wrapped(head, _UNDER)
    _print_wrapped(f"{'':{_UNDER}}{told}", _UNDER)


def _print_wrapped(line: str, under: int) -> None:
    """Print a line, what is too long below its beginning: `under` columns from the left."""
    told = line.lstrip(" ")
    lines = textwrap.wrap(
        _shortened(told),
        WIDTH,
        initial_indent=" " * (len(line) - len(told)),
        subsequent_indent=" " * under,
        drop_whitespace=True,
        break_on_hyphens=False,
    )
    click.echo("\n".join(lines))


def _shortened(text: str) -> str:
    """Return a text with the beginnings of ids of machines; `--json` prints them whole."""
    return _ID.sub(lambda found: f"{found[0][:8]}…", text)


def _behalf(entry: TimelineEntry) -> Mapping[str, str]:
    """Return on whose behalf automation acted, where the entry names no author of its own."""
    return {} if "created_by" in entry.facts else {"for": entry.on_behalf_of}


def _told(facts: Mapping[str, Any]) -> str:
    telling = {
        name: value for name, value in facts.items() if value or (name not in _MOMENTS and value not in ("", None))
    }
    return "  ".join(f"{name}={_fact(name, value)}" for name, value in telling.items())


def _fact(name: str, value: Any) -> str:
    """Return a fact as a person reads it; moments are known by their names."""
    return moment_text(value) if name in _MOMENTS else _text(value)


def _facts(value: Any) -> Any:
    """Return nested records as plain JSON types, kinds of values kept."""
    return jsonable(_plain(value))


def _plain(value: Any) -> Any:
    shape: Mapping[type, Callable[[Any], Any]] = {dict: _plain_map, Money: _same, Personal: _same}
    if type(value) in shape:
        return shape[type(value)](value)
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return _plain_map(value._asdict())
    if hasattr(value, "__dataclass_fields__"):
        return {name: _plain(getattr(value, name)) for name in value.__dataclass_fields__}
    if isinstance(value, Mapping):
        return _plain_map(value)
    if isinstance(value, Sequence | frozenset | set) and not isinstance(value, str | bytes):
        return [_plain(one) for one in value]
    return value.hex() if isinstance(value, bytes) else value


def _plain_map(value: Mapping[Any, Any]) -> dict[str, Any]:
    return {str(name): _plain(held) for name, held in value.items()}


def _same(value: Any) -> Any:
    return value


def _print_json(value: Any) -> None:
    click.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode())


def _text(value: Any) -> str:
    """Return a value as a person reads it; what could steer a terminal is escaped."""
    if isinstance(value, Personal):
        return shown(value.text)
    if isinstance(value, Money):
        return f"{amount_text(value)} {value.currency}"
    if isinstance(value, dict) and set(value) == {"personal"}:
        return shown(str(value["personal"]))
    if isinstance(value, dict) and set(value) == {"minor", "currency"}:
        return _text(Money(value["minor"], value["currency"]))
    return shown(value if isinstance(value, str) else orjson.dumps(jsonable(_plain(value))).decode())
