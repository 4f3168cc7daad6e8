"""The deal stream with changes for many items: most deals ask for one payment only, so few deals are few payments."""

from __future__ import annotations

import random
from collections.abc import Iterator

from services.edge.stream import Headers
from tests.chaos import deal
from tests.chaos.deal import is_output, stream, topics

_ITEMS = 1_500


def changes(rng: random.Random) -> Iterator[tuple[bytes, bytes, Headers]]:
    """Yield changes as those of `deal`."""
    return deal.changes(rng, _ITEMS)


__all__ = ["changes", "is_output", "stream", "topics"]
