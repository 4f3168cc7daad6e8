"""Compare what came of a scenario with what was expected: both as plain data of one shape, so that a diff is short."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from automation.definitions.book import Book
from automation.envelope import Recorded
from automation.items import events as e
from automation.scenarios import processes
from automation.scenarios.model import Expected, Scenario
from automation.scenarios.play import Played, play, to_itself
from automation.shown import Shower

_SHOWER = Shower()
_NONE = "none"
_VALUES = ("fields", "variables", "results")
"""Where an empty value is one that is expected."""


class Verdict(NamedTuple):
    """The verdict on one scenario: it passed where `expected` and `actual` are equal."""

    name: str
    expected: Mapping[str, Any]
    actual: Mapping[str, Any]

    @property
    def passed(self) -> bool:
        """Say whether all came as expected."""
        return self.expected == self.actual


def judge(book: Book, scenario: Scenario) -> Verdict:
    """Play a scenario and return the verdict."""
    played, then = play(book, scenario), scenario.then
    expected = then.model_dump(mode="json", exclude_none=True, exclude=set(_VALUES))
    expected |= {name: getattr(then, name) for name in _VALUES if getattr(then, name) is not None}
    actual = {name: _actual(name, then, played) for name in expected}
    if played.refused:
        actual["refused"] = played.refused
    return Verdict(scenario.name, expected, actual)


def _actual(name: str, then: Expected, played: Played) -> Any:
    match name:
        case "fields":
            return {code: _SHOWER.plain(played.state.fields.get(code)) for code in then.fields or ()}
        case "outcomes":
            found = outcomes(played.events) | processes.outcomes(played.events)
            return {what: found.get(what, _NONE) for what in then.outcomes or ()}
        case "variables":
            return _named(then.variables or {}, processes.variables(played.events))
        case "results":
            return _named(then.results or {}, processes.results(played.events))
        case "effects":
            return _effects(then.effects or (), played.events)
        case "comments":
            return [one.event.text.text for one in played.events if isinstance(one.event, e.CommentAdded)]
        case _:
            return getattr(played.state, name)


def _named(wanted: Mapping[str, Any], found: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _SHOWER.plain(found.get(name)) for name in wanted}


def outcomes(events: Sequence[Recorded]) -> dict[str, str]:
    """Return the last outcome of each rule and trigger, as it is written in tests."""
    found: dict[str, str] = {}
    for _, event in events:
        told = _outcome(event)
        if told:
            kind = "trigger" if hasattr(event, "trigger_id") else "rule"
            found[f"{kind}/{getattr(event, f'{kind}_id')}"] = told
    return found


def _outcome(event: Any) -> str:
    match event:
        case e.RuleRunCompleted():
            return "completed"
        case e.RuleRunSkipped(reason=reason) | e.TriggerSkipped(reason=reason):
            return f"skipped({reason})"
        case e.RuleRunFailed(reason=reason):
            return f"failed({reason})"
        case e.RuleRunCancelled(cause=cause):
            return f"cancelled({cause})"
        case e.RuleRunStarted():
            return "running"
        case e.RuleRunDelayed():
            return "waiting"
        case e.TriggerFired():
            return "moved"
        case _:
            return ""


def _effects(expected: Sequence[Mapping[str, Any]], events: Sequence[Recorded]) -> list[dict[str, Any]]:
    """Return the calls that were made: each with the fields that its expectation names, without one with all."""
    made = [_SHOWER.event(one.event) for one in events if hasattr(one.event, "CHANNEL") and not to_itself(one)]
    return [
        {name: effect.get(name) for name in expected[at]} if at < len(expected) else _filled(effect)
        for at, effect in enumerate(made)
    ]


def _filled(effect: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in effect.items() if value not in ("", None, [], {}, False, 0)}
