"""Where each event of a batch belongs: appended, a repeat, or an anomaly (design section 3, rule 6)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from services.history.records import Anomaly, Fault, LogRecord

Spot: TypeAlias = tuple[str, int]
"""Stream id and version."""


class Placed(NamedTuple):
    """The verdict on a batch; `added` keeps the order of the log."""

    added: list[LogRecord]
    repeated: int
    anomalies: list[Anomaly]

    @property
    def late(self) -> set[str]:
        """Return the streams whose row does not follow from what came last."""
        return {found.stream_id for found in self.anomalies if found.fault == "late"}


def spots_to_compare(records: Iterable[LogRecord], heads: Mapping[str, int]) -> list[Spot]:
    """Return the places that may be taken already: what is stored there has to be read and compared."""
    return [(r.stream_id, r.version) for r in records if r.version <= heads.get(r.stream_id, 0)]


def place(records: Sequence[LogRecord], heads: Mapping[str, int], stored: Mapping[Spot, bytes]) -> Placed:
    """Judge a batch against the highest stored versions (`heads`) and what is stored at the places to compare.

    A repeat with the same bytes is dropped. A different event at a taken version is reported and not stored. An event
    after a gap, or one that fills a gap late, is reported and stored: the log is the truth, and dropping it would
    lose a fact.
    """
    placed = Placed([], 0, [])
    tips, taken, repeated = dict(heads), dict(stored), 0
    for record in records:
        spot = (record.stream_id, record.version)
        if record.version != tips.get(record.stream_id, 0) + 1:
            fault = _fault(record, tips, taken)
            if fault is None:
                repeated += 1
                continue
            placed.anomalies.append(_anomaly(record, fault, tips))
            if fault == "different":
                continue
        placed.added.append(record)
        taken[spot] = record.value
        tips[record.stream_id] = max(record.version, tips.get(record.stream_id, 0))
    return placed._replace(repeated=repeated)


def _fault(record: LogRecord, tips: Mapping[str, int], taken: Mapping[Spot, bytes]) -> Fault | None:
    known = taken.get((record.stream_id, record.version))
    if known is not None:
        return None if known == record.value else "different"
    return "gap" if record.version > tips.get(record.stream_id, 0) else "late"


def _anomaly(record: LogRecord, fault: Fault, tips: Mapping[str, int]) -> Anomaly:
    detail = f"version {record.version} came when {tips.get(record.stream_id, 0)} was the highest"
    return Anomaly(
        record.stream_id,
        record.tenant,
        record.version,
        fault,
        record.context,
        record.offset,
        detail,
        record.recorded_at,
    )
