"""What is printed when the month is over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from rich.table import Table

from automation.envelope import Key
from services.cli.demo.performing import Progress
from services.cli.demo.process_tally import ProcessTally

_MAILS, _NOTES, _ALERTS = "ClientEmailRequested", "NotificationRequested", "Alert"


def figures(progress: Progress, month: int) -> dict[str, Any]:
    """Return all figures as plain data; `month` is the number of changes that the month itself had."""
    tally, seconds = progress.tally, progress.month_at - progress.began
    answered = {kind: tally.calls[kind, "completed"] for kind in (_MAILS, _NOTES, _ALERTS)}
    return {
        "changes": month,
        "changes_after_payments": progress.decided - month,
        "events": tally.events + tally.payments.total(),
        "seconds": round(seconds, 1),
        "changes_per_second": round(month / seconds) if seconds else 0,
        "sent_seconds": round(progress.sent_at - progress.began, 1),
        "all_answered_seconds": round(progress.ended - progress.began, 1),
        "rule_runs": dict(tally.outcomes()),
        "reasons": {f"{outcome}({why})": n for (outcome, why), n in tally.runs.most_common() if why},
        "delayed_runs": tally.delayed,
        "triggers_fired": dict(tally.fired.most_common()),
        "triggers_held": dict(tally.held.most_common()),
        "payments_created": tally.payments["PaymentDocumentCreated"],
        "payments_paid": tally.payments["PaymentDocumentPaid"],
        "notices_without_effect": dict(tally.ignored.most_common()),
        "emails_recorded": answered[_MAILS],
        "notifications": answered[_NOTES],
        "alerts": answered[_ALERTS],
        **_processes(tally.processes),
        "calls_failed": sum(n for (_, status), n in tally.calls.items() if status == "failed"),
        "dead_letters": dict(progress.refused),
    }


def _processes(tally: ProcessTally) -> dict[str, Any]:
    ended: Counter[str] = Counter()
    for (_, outcome), count in tally.ended.items():
        ended[outcome] += count
    return {
        "processes_started": dict(tally.started.most_common()),
        "processes_not_started": dict(tally.not_started.most_common()),
        "processes_ended": dict(ended.most_common()),
        "processes_waiting": dict(Counter(tally.waiting.values()).most_common()),
        "incidents": dict(tally.incidents.most_common()),
        "incidents_open": tally.incidents.total() - tally.resolved,
        "human_tasks": dict(tally.asked.most_common()),
        "human_tasks_decided": dict(tally.decided.most_common()),
    }


def table(found: Mapping[str, Any]) -> Table:
    """Return the figures as a table of two columns."""
    made = Table(box=None, show_header=False, pad_edge=False)
    made.add_column(style="bold", no_wrap=True)
    made.add_column(overflow="fold")
    for name, text in _lines(found):
        made.add_row(name, text)
    return made


def _lines(found: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "changes", f"{found['changes']:,} decided in {found['seconds']} s: {found['changes_per_second']:,} a second"
    yield "", f"{found['changes_after_payments']:,} more followed payments; {found['events']:,} events in the logs"
    yield "", f"every call answered, every payment handled after {found['all_answered_seconds']} s"
    yield "rule runs", _listed(found["rule_runs"])
    yield "", _listed(found["reasons"])
    yield "triggers fired", _listed(found["triggers_fired"])
    yield "triggers held back", _listed(found["triggers_held"])
    yield "payments", f"{found['payments_created']:,} asked for, {found['payments_paid']:,} paid"
    yield "notices ignored", _listed(found["notices_without_effect"])
    yield "e-mails", f"{found['emails_recorded']:,} recorded"
    yield "notifications", f"{found['notifications']:,}, and {found['alerts']:,} alerts about payments"
    yield from _process_lines(found)
    yield "dead letters", _listed(found["dead_letters"])


def _process_lines(found: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "processes started", _listed(found["processes_started"])
    yield "", f"ended: {_listed(found['processes_ended'])}; waiting: {sum(found['processes_waiting'].values()):,}"
    if found["processes_not_started"]:
        yield "", f"not started: {_listed(found['processes_not_started'])}"
    yield "incidents", _listed(found["incidents"])
    yield "human tasks", _listed(found["human_tasks"])
    yield "", f"decided: {_listed(found['human_tasks_decided'])}"


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.items()) or "none"


def links(gateway: str, key_file: Path, pay: Iterable[str], moved: Iterable[Key], *, asked: bool) -> Iterator[str]:
    """Yield what to look at next, one line each."""
    yield f"HTTP API        {gateway}/"
    yield f"its key         {key_file}"
    for link in pay:
        yield f"a payment page  {link}"
    for key in moved:
        yield f"a timeline      stagewire item timeline {key.text}"
        yield f"why it moved    stagewire item runs {key.text}"
    if asked:
        yield "its processes   stagewire process list --template onboarding"
        yield "what people do  stagewire human-tasks list"
