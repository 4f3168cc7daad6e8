"""Which kill switches are on, for whom, by whom and since when."""

from __future__ import annotations

from typing import NamedTuple

from aiokafka.errors import UnknownTopicOrPartitionError

from automation.definitions.tenant_view import ALL_AUTOMATION, EVERYWHERE, TenantView
from automation.values import Moment
from services.cli.definitions.store import open_store
from services.edge.kafka import KafkaSettings
from services.edge.topics import Topics


class StopStatus(NamedTuple):
    """One kill switch that is on."""

    tenant: str
    """`*` for every tenant."""
    id: str
    reason: str
    author: str
    since: Moment

    @property
    def what(self) -> str:
        """What does not run."""
        whose = "of every tenant" if self.tenant == EVERYWHERE else f"of {self.tenant}"
        return f"{'all automation' if self.id == ALL_AUTOMATION else self.id} {whose}"


async def stops(kafka: KafkaSettings, topics: Topics) -> list[StopStatus]:
    """Return the kill switches that are on, those of every tenant first; none where nothing was ever defined."""
    try:
        async with open_store(kafka, topics) as store:
            views = [store.book.everywhere, *(store.view(tenant) for tenant in sorted(store.book.tenants))]
            return [_status(view, name) for view in views for name in sorted(view.stops)]
    except UnknownTopicOrPartitionError:
        return []


def _status(view: TenantView, name: str) -> StopStatus:
    saved = view.saved["stop", name][-1]
    return StopStatus(view.tenant, name, view.stops[name].reason, saved.author, saved.saved_at)
