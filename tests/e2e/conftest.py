"""One running stack with the example company for all end-to-end tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from services.edge.broker import RunningBroker
from tests.e2e.company import Company

_HERE = Path(__file__).parent
_RUNNING = pytest.StashKey[Company]()


@pytest.fixture(scope="session")
def company(
    broker: RunningBroker, tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config
) -> Iterator[Company]:
    """The example company on a stack of its own; stopped with the last end-to-end test."""
    made = pytestconfig.stash[_RUNNING] = Company(tmp_path_factory.mktemp("company"), broker.bootstrap)
    try:
        made.open()
        yield made
    finally:
        _stop(pytestconfig)


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Leave the machine to the tests of other folders, which come later in the session."""
    if nextitem is None or _HERE not in nextitem.path.parents:
        _stop(item.config)


def _stop(config: pytest.Config) -> None:
    made = config.stash.get(_RUNNING, None)
    if made is not None:
        del config.stash[_RUNNING]
        made.shell("down")
