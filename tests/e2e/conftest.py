"""One running stack with the example company for all end-to-end tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from services.edge.broker import RunningBroker
from tests.e2e.company import Company


@pytest.fixture(scope="session")
def company(broker: RunningBroker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """The example company on a stack of its own; stopped when the session ends."""
    made = Company(tmp_path_factory.mktemp("company"), broker.bootstrap)
    try:
        made.open()
        yield made
    finally:
        made.shell("down")
