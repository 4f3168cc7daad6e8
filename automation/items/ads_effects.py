"""Contact points for advertising audiences (spec 4.6, 4.7); to `notifier`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class AudienceRequested:
    """Contact points are to join an audience; only their SHA-256 hashes are here, in the form the service compares."""

    CHANNEL: ClassVar[str] = "ads_audience"
    effect_id: str
    run_id: str
    connection: str
    audience: str
    """Id of the audience at the service."""
    emails: tuple[str, ...]
    phones: tuple[str, ...]
