"""What a run shall do, and what came of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.chaos.checker import Verdict


@dataclass(frozen=True)
class Plan:
    """What a run shall do; the same seed draws the same faults."""

    stream: str = "toy"
    seconds: float = 60.0
    faults: int = 6
    workers: int = 2
    """Of each stream."""
    brokers: int = 1
    """Three keep three replicas, and one of them is killed at a time."""
    partitions: int = 4
    rate: int = 300
    seed: int = 1
    mutant: str = "none"
    other_commit: str = ""
    only: Sequence[str] = ()
    """Names of faults to draw from; all when empty."""
    stack: bool = False
    """Run all services that write, instead of one stream."""
    ledger: str = ""
    """URL of an empty PostgreSQL database for the ledger, which two notifiers share then; else SQLite and one."""


@dataclass
class Report:
    """What came of it."""

    verdict: Verdict
    fired: Counter[str] = field(default_factory=Counter)
    exits: Counter[int] = field(default_factory=Counter)
    settled_s: float = 0.0

    def __str__(self) -> str:
        fired = ", ".join(f"{name} {count}" for name, count in sorted(self.fired.items()))
        exits = ", ".join(f"{code}: {count}" for code, count in sorted(self.exits.items()))
        faults = f"{self.fired.total()} faults: {fired}"
        return f"{self.verdict}\n{faults}\nexits: {exits}; settled in {self.settled_s:.0f} s"
