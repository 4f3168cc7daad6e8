"""Golden logs: what the events of every release fold to never changes (design section 2)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from automation.envelope import Recorded
from automation.items import evolve as items
from automation.payments import evolve as payments
from automation.payments.state import initial as no_payable
from services.edge.codec.registry import SCHEMA_FOLDER
from tests import golden

FOLDS: Mapping[str, tuple[Any, Callable[[Any, Recorded], Any]]] = {
    "items": (items.initial(), items.evolve),
    "payments": (no_payable(), payments.evolve),
}
RELEASES = sorted(path.name for path in (SCHEMA_FOLDER / "released").iterdir())
CASES = [(release, name) for release in RELEASES for name in FOLDS]


def _log(release: str, name: str) -> list[Recorded]:
    return golden.read(f"{release}.{name}.avro-log", golden.LOGS[name][1]())


def _known(found: Any, expected: Any) -> Any:
    """Return what was found without the fields that a later release added to a record."""
    if isinstance(expected, dict) and isinstance(found, dict):
        names = expected if "" in expected else found
        return {name: _known(found.get(name), expected.get(name)) for name in names}
    if isinstance(expected, list) and isinstance(found, list) and len(found) == len(expected):
        return [_known(*pair) for pair in zip(found, expected, strict=True)]
    return found


def _differences(found: dict[str, Any], expected: dict[str, Any]) -> list[str]:
    """Return one line for each step at which a state differs in a field that it had in the release."""
    lines = []
    for number, (step, wanted) in enumerate(zip(found["steps"], expected["steps"], strict=True)):
        changed = {name: new for name, new in step["changed"].items() if name in expected["fields"]}
        got = {**step, "changed": _known(changed, wanted["changed"])}
        if got != wanted:
            lines.append(f"{number}: {got} instead of {wanted}")
    return lines


def _expected(release: str, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((golden.FOLDER / f"{release}.{name}.json").read_text())
    return found


@pytest.mark.parametrize(("release", "name"), CASES)
def test_a_released_log_folds_to_the_states_it_always_folded_to(release: str, name: str) -> None:
    """A change of `evolve`, or of how a released record is read, shows here, field by field."""
    assert _differences(golden.fold(_log(release, name), *FOLDS[name]), _expected(release, name)) == []


@pytest.mark.parametrize(("release", "name"), CASES)
def test_a_golden_log_holds_every_type_of_event_of_its_release(release: str, name: str) -> None:
    """An event type that no golden log holds could change its meaning unseen."""
    released: set[str] = {path.stem for path in Path(SCHEMA_FOLDER / "released" / release / name).glob("*.avsc")}
    assert {type(recorded.event).__name__ for recorded in _log(release, name)} == released


@pytest.mark.parametrize("name", FOLDS)
def test_the_generator_makes_the_same_events_twice(name: str) -> None:
    """Two runs of the deciding functions on the same changes agree to the byte."""
    make, codec = golden.LOGS[name]
    encode = codec().encode
    assert list(map(encode, make())) == list(map(encode, make()))


def test_a_changed_fold_is_found() -> None:
    """The comparison above is not blind: one field folded otherwise is a difference."""
    start, evolve = FOLDS["items"]
    other = golden.fold(_log("0.1.0", "items"), start, lambda state, each: evolve(state, each)._replace(entry=0))
    assert len(_differences(other, _expected("0.1.0", "items"))) > 5
