"""Compares what the notifier did with `crm.effects`: the ledger, the notes of providers, the outcomes in the inbox."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from automation.envelope import stable_id
from automation.items import events as e
from automation.items.changes import ReportOutcome
from services.edge.codec import item_changes, item_events
from services.edge.sql import open_database
from services.edge.stream import UnreadableError
from tests.chaos.checker import Verdict
from tests.chaos.deal import SIGNER
from tests.chaos.providers import UNKEYED, Call

_FINAL = ("sent", "delivered", "failed", "unknown", "dead")
_ROWS = "SELECT tenant, effect_id, channel, state, status, reason, outcome FROM ledger"
_REST = f"SELECT COUNT(*) AS n FROM ledger WHERE state NOT IN {_FINAL} OR outcome <> 'sent'"

Name = tuple[str, str]
"""Tenant and effect id."""


class Seen(NamedTuple):
    """All that is known about effects."""

    asked: Counter[Name]
    ledger: Mapping[Name, Any]
    calls: Counter[Name]
    outcomes: Mapping[Name, Counter[str]]
    """Change ids of outcomes in the inbox, by effect."""
    answers: Counter[Name]
    """Outcomes that their items took over, by effect."""
    parked: int


def unfinished(url: str) -> int:
    """Return how many effects of the ledger have no outcome yet, or have one that is not reported."""
    database = open_database(url)
    try:
        return int(database.read(_REST, {})[0]["n"])
    finally:
        database.close()


def see(effects: Iterable[Any], changes: Iterable[Any], log: Iterable[Any], url: str, calls: Iterable[Call],
        parked: int) -> Seen:  # fmt: skip
    """Read records, ledger and notes."""
    events = item_events()
    asked = Counter(_name(events.decode(record.value)) for record in effects)
    database = open_database(url)
    try:
        ledger = {(row["tenant"], row["effect_id"]): row for row in database.read(_ROWS, {})}
    finally:
        database.close()
    called = Counter((call.tenant, call.effect_id) for call in calls)
    answers = Counter(
        _name(recorded)
        for recorded in (events.decode(record.value) for record in log)
        if isinstance(recorded.event, e.EffectAnswered)
    )
    return Seen(asked, ledger, called, _outcomes(changes), answers, parked)


def _name(recorded: Any) -> Name:
    return recorded.envelope.tenant, recorded.event.effect_id


def _outcomes(changes: Iterable[Any]) -> Mapping[Name, Counter[str]]:
    codec, found = item_changes(SIGNER), defaultdict[Name, Counter[str]](Counter)
    for record in changes:
        try:
            frame, change = codec.decode(record.value)
        except UnreadableError:
            continue
        if isinstance(change, ReportOutcome) and frame.source == "system":
            found[frame.tenant, change.effect_id][frame.change_id] += 1
    return found


def judge(seen: Seen) -> Verdict:
    """Every effect has one row with a final outcome that its item learned once, and was performed once or not known."""
    found = Verdict()
    found.lost += len(seen.asked.keys() - seen.ledger.keys())
    found.phantom += len(seen.ledger.keys() - seen.asked.keys()) + len(seen.calls.keys() - seen.asked.keys())
    found.phantom += seen.parked
    found.doubled += sum(count - 1 for count in seen.asked.values())
    for name, row in seen.ledger.items():
        _judge(found, seen, name, row)
    repeats = sum(count - 1 for each in seen.outcomes.values() for count in each.values())
    found.counted |= {
        "effects": len(seen.asked), "calls": seen.calls.total(), "outcome records repeated": repeats,
        "calls repeated under a recognised key": seen.calls.total() - len(seen.calls),
    } | dict(Counter(f"{row['channel']} {row['state']}" for row in seen.ledger.values()))  # fmt: skip
    return found


def _judge(found: Verdict, seen: Seen, name: Name, row: Any) -> None:
    calls, outcomes = seen.calls[name], seen.outcomes.get(name, Counter())
    wanted = stable_id("outcome", *name, row["status"])
    final = row["state"] in _FINAL and row["outcome"] == "sent"
    found.unknown += row["reason"] == "delivery_unknown"
    faults = {
        "lost": not final or wanted not in outcomes or not seen.answers[name],
        "doubled": len(outcomes) > 1 or seen.answers[name] > 1,
        "phantom": row["state"] == "sent" and not calls,
        "twice": row["channel"] == UNKEYED and calls > 1,
    }
    for figure, wrong in faults.items():
        setattr(found, figure, getattr(found, figure) + wrong)
    if any(faults.values()) and len(found.examples) < 10:
        found.examples.append(f"{name} {dict(row)}: {calls} calls, {seen.answers[name]} answers, {dict(outcomes)}")


def calls_file(home: Path) -> Path:
    """Return where providers note their calls."""
    return home / "calls.tsv"
