"""What a deployment may set of the transactional loop."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from services.edge.local_store import StoreLimits


@dataclass(frozen=True, slots=True)
class Ceiling:
    """When to stop instead of parking: more than `share` of the last `window` changes failed through our own fault.

    At least `minimum` of them; and they are of more than one tenant, where the window holds several.
    """

    share: float = 0.2
    window: int = 1_000
    minimum: int = 50


@dataclass(frozen=True, slots=True)
class ProcessorSettings:
    """Sizes, times and places of one worker; times in milliseconds unless the name says otherwise."""

    data_dir: Path | None = None
    """Holds a directory per input partition; None keeps state in memory (tests)."""
    instance_id: str | None = None
    """Static membership: a restart under the same id finds its partitions without a rebalance."""
    batch_records: int = 500
    """Changes and timers in one transaction, at most."""
    batch_outputs: int = 4_000
    batch_bytes: int = 4_000_000
    batch_ms: int = 100
    """Time spent deciding one batch, at most."""
    commit_interval_ms: int = 25
    """From the start of a partition's batch to the start of its next, unless `batch_records` wait."""
    queue_records: int = 2_000
    """Fetched records of a partition that wait; beyond, it is paused."""
    largest_record: int = 10_000_000
    largest_of: Mapping[str, int] = field(default_factory=dict)
    """Largest record by topic where it is not `largest_record`, in bytes."""
    cached_items: int = 20_000
    """Decoded states kept per partition."""
    checkpoint_keys: int = 20_000
    checkpoint_s: float = 10.0
    """What waits for the local store at most, by number and by age: after a kill it is folded from the log again."""
    snapshot_every: int = 50_000
    """Events of a partition's log between two sweeps: what a restore without a local store folds at most."""
    snapshots_per_batch: int = 100
    timer_grace_ms: int = 50
    """The clock fires a timer when the broker, asked this long after it was due, has nothing unread.

    Clocks differ, and a leader may have what its high watermark does not show yet.
    """
    fetch_wait_ms: int = 100
    """How long the broker holds an empty fetch; partitions resumed meanwhile wait for it."""
    compression: str | None = None
    """Of log, outputs and snapshots. `lz4` makes a fifth of the bytes for 6 % of a worker's CPU time (aiokafka packs at
    level 9); the topics' `compression.type` has the broker do it."""
    session_timeout_ms: int = 10_000
    transaction_timeout_ms: int = 15_000
    stop_timeout_s: float = 25.0
    stuck_after_s: float = 60.0
    """Without progress for so long although work waits, the worker says it is not alive."""
    restore_at_once: int = 4
    """Partitions restored at the same time."""
    ceiling: Ceiling = field(default_factory=Ceiling)
    store_limits: StoreLimits = field(default_factory=StoreLimits)
