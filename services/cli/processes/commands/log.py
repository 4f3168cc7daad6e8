"""`stagewire process log`: what each step of a process did, and why it went where it went."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import click

from services.cli.edge import json_option
from services.cli.processes.talking import ask, facts_of, instance_argument, instance_path, text_of, when, wrapped

_UNDER = 22


@click.command("log")
@instance_argument
@json_option("Print one JSON array.")
def COMMAND(instance: str, as_json: bool) -> None:  # noqa: N802
    """Show the log of a process in order: steps with outcome and results, branches with their conditions."""
    found = ask("GET", instance_path(instance))
    if as_json:
        click.echo(json.dumps(found["log"]))
        return
    for line in found["log"]:
        title = f" {line['title']}" if line.get("title", "") not in ("", line["place"]) else ""
        wrapped(f"{when(line['at'])}  {line['place']}{title}{': ' if line['place'] else ''}{_told(line)}", _UNDER)
        for below in _below(line):
            wrapped(f"{'':{_UNDER}}{below}", _UNDER + 2)


def _told(line: Mapping[str, Any]) -> str:
    reason = f" ({line['reason']})" if line["reason"] else ""
    attempt = f", attempt {line['attempt'] + 1}" if line["attempt"] else ""
    by = f" by {line['by']}" if line["by"] else ""
    until = f" until {when(line['due'])}" if line["due"] else ""
    ended = f", ended {when(line['ended_at'])}" if line["kind"] == "step" and line["ended_at"] != line["at"] else ""
    what = line["status"] if line["kind"] == "step" else f"{line['kind'].replace('_', ' ')} {line['status']}".rstrip()
    return f"{what}{reason}{attempt}{until}{by}{ended if line['ended_at'] else ''}"


def _below(line: Mapping[str, Any]) -> Iterator[str]:
    facts = facts_of(line["facts"])
    if facts:
        yield facts
    for one in line["why"]:
        yield from _verdict(one["condition"], one["title"])
    for one in line["calls"]:
        yield f"{one['channel']} {one['status']} {one['reason']}".rstrip()


def _verdict(trace: Mapping[str, Any], title: str) -> Iterator[str]:
    sign = "yes" if trace["holds"] else "no"
    named = f"{title}: " if title else ""
    for mode in ("all", "any"):
        if mode in trace:
            yield f"{sign}  {named}{mode} of {len(trace[mode])}"
            for part in trace[mode]:
                yield from _verdict(part, "")
            return
    yield f"{sign}  {named}{trace['reads']} {trace['op']} {text_of(trace['expected'])}, was {text_of(trace['actual'])}"
