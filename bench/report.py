"""The outcome as a table for people and as JSON for machines."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.trial import Counted, Latency, Throughput

Outcome = Throughput | Latency | str  # a string says why there is none


def machine() -> dict[str, Any]:
    """What the figures depend on: processor, cores, load at this moment, versions."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    return {
        "cpu": model or platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "load": [round(load, 2) for load in os.getloadavg()],
        "python": platform.python_version(),
        "system": platform.platform(terse=True),
    }


def table(outcomes: Mapping[str, Outcome], base: str) -> str:
    """One line a peer, compared with `base` = 1: above 1 it does more changes a second, or has a longer p99.

    "by CPU" compares the changes that one second of CPU time does; on a busy machine it misleads less.
    """
    measured = {name: o for name, o in outcomes.items() if not isinstance(o, str)}
    if any(isinstance(o, Latency) for o in measured.values()):
        head = ["peer", "changes/s", "p50 ms", "p95 ms", "p99 ms", "max ms", f"{base} =1", "events", "lost", "doubled"]
    else:
        head = ["peer", "changes/s", "events/s", "CPU us/change", f"{base} =1", "by CPU", "events", "lost", "doubled"]
    rows = [[name, *_cells(outcome, measured.get(base))] for name, outcome in measured.items()]
    skipped = [f"{name}: {why}" for name, why in outcomes.items() if isinstance(why, str)]
    return "\n".join([*_aligned([head, *rows]), *skipped])


def _cells(outcome: Throughput | Latency, base: Throughput | Latency | None) -> list[str]:
    if isinstance(outcome, Latency):
        times = (outcome.p50, outcome.p95, outcome.p99, outcome.worst)
        ratio = outcome.p99 / base.p99 if isinstance(base, Latency) else None
        return [f"{outcome.rate:g}", *(f"{t:.0f}" for t in times), _ratio(ratio), *_counts(outcome.counted)]
    ratio = outcome.changes_per_s / base.changes_per_s if isinstance(base, Throughput) else None
    rates = [f"{outcome.changes_per_s:,.0f}", f"{outcome.events_per_s:,.0f}", f"{outcome.cpu_us:.1f}"]
    by_cpu = base.cpu_us / outcome.cpu_us if isinstance(base, Throughput) and outcome.cpu_us else None
    return [*rates, _ratio(ratio), _ratio(by_cpu), *_counts(outcome.counted)]


def _ratio(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _counts(counted: Counted) -> list[str]:
    lost = "?" if counted.lost is None else f"{counted.lost:,}"
    return [f"{counted.events:,}", lost, f"{counted.doubled:,}"]


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(c.ljust(w) if i == 0 else c.rjust(w) for i, (c, w) in enumerate(zip(row, widths, strict=True)))
        for row in rows
    ]


def as_json(outcomes: Mapping[str, Outcome], facts: Mapping[str, Any]) -> dict[str, Any]:
    """The same figures, with nothing rounded."""
    return {"machine": dict(facts), "peers": {name: _plain(outcome) for name, outcome in outcomes.items()}}


def _plain(outcome: Outcome) -> dict[str, Any]:
    if isinstance(outcome, str):
        return {"skipped": outcome}
    return outcome._asdict() | {"counted": outcome.counted._asdict()}
