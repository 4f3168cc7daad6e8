"""How the log of a process, and the conditions in it, are printed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from services.cli.processes.talking import facts_of, text_of, when, wrapped

_UNDER = 22


def log_lines(line: Mapping[str, Any]) -> None:
    """Print one entry of a log with what belongs to it below."""
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
        yield from trace_lines(one["condition"], one["title"])
    for one in line["calls"]:
        yield f"{one['channel']} {one['status']} {one['reason']}".rstrip()


def trace_lines(trace: Mapping[str, Any], title: str) -> Iterator[str]:
    """Yield a condition with the verdict of each part and the values that it met."""
    sign = "yes" if trace["holds"] else "no"
    named = f"{title}: " if title else ""
    for mode in ("all", "any"):
        if mode in trace:
            yield f"{sign}  {named}{mode} of {len(trace[mode])}" if trace[mode] else f"{sign}  {named}always"
            for part in trace[mode]:
                yield from trace_lines(part, "")
            return
    yield f"{sign}  {named}{trace['reads']} {trace['op']} {text_of(trace['expected'])}, was {text_of(trace['actual'])}"
