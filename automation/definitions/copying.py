"""Copy the rules and triggers of a pipeline to another one: all that is wrong is told, and nothing is half copied."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple

from automation.definitions.models import Automation, Pipeline, Rule, Stage, Status
from automation.definitions.tenant_view import TenantView
from automation.definitions.validation import DefinitionId, Flaw

PipelineKey = tuple[str, str]
"""Item type and pipeline."""
_RESULT = re.compile(r"\{\{\s*result:([^{}]+?)\s*\}\}")


class Wish(NamedTuple):
    """What is to be copied."""

    source: PipelineKey
    target: PipelineKey
    stages: Mapping[str, str]
    """Stage of the source to stage of the target; others are found by id, then by title."""
    only: Collection[DefinitionId] = ()
    """Empty for all rules and triggers."""
    status: Status = "draft"


class Copied(NamedTuple):
    """The copies, by the definitions that they are; or why there are none."""

    definitions: Mapping[DefinitionId, Automation]
    flaws: tuple[Flaw, ...]


def copy_automation(view: TenantView, wish: Wish) -> Copied:
    """Return the copies with new ids, in their stages, their results named anew; none of them if a flaw is found."""
    source, target = view.pipelines.get(wish.source), view.pipelines.get(wish.target)
    if source is None or target is None:
        return Copied({}, tuple(_unknown(wish, source is None, target is None)))
    chosen = _chosen(view, wish)
    stages = _stage_map(source, target, wish.stages)
    flaws = [*_wrong_map(source, target, wish.stages), *_missing(view, wish), *_unmapped(chosen, stages, target)]
    names = {name: f"{target.id}-{name[1]}" for name in chosen}
    flaws += [_taken(*name, names[name]) for name in chosen if (name[0], names[name]) in view.versions]
    if flaws:
        return Copied({}, tuple(flaws))
    rules = {name: new for (kind, name), new in names.items() if kind == "rule"}
    return Copied(
        {(name[0], names[name]): _copy(made, names[name], stages, rules, wish) for name, made in chosen.items()}, ()
    )


def _unknown(wish: Wish, no_source: bool, no_target: bool) -> Iterator[Flaw]:
    for missing, key in ((no_source, wish.source), (no_target, wish.target)):
        if missing:
            yield Flaw("pipeline", key[1], "", "unknown_pipeline", f"{key[0]} has no pipeline {key[1][:60]!r}")


def _chosen(view: TenantView, wish: Wish) -> dict[DefinitionId, Automation]:
    return {
        name: made
        for name, made in sorted(view.current.items())
        if isinstance(made, Automation)
        and (made.item_type, made.pipeline) == wish.source
        and made.status == "active"
        and (not wish.only or name in wish.only)
    }


def _missing(view: TenantView, wish: Wish) -> Iterator[Flaw]:
    chosen = _chosen(view, wish)
    for kind, name in wish.only:
        if (kind, name) not in chosen:
            yield Flaw(kind, name, "", "unknown", f"pipeline {wish.source[1]!r} has no active {kind} {name[:60]!r}")


def _stage_map(source: Pipeline, target: Pipeline, given: Mapping[str, str]) -> dict[str, str]:
    found = {stage.id: _like(stage, target) for stage in source.stages}
    return {old: new for old, new in {**found, **given}.items() if new}


def _like(stage: Stage, target: Pipeline) -> str:
    """Return the stage of the target with the same id, else the only one with the same title; else empty."""
    if target.has(stage.id):
        return stage.id
    titled = [other.id for other in target.stages if other.title.casefold() == stage.title.casefold()]
    return titled[0] if len(titled) == 1 else ""


def _wrong_map(source: Pipeline, target: Pipeline, given: Mapping[str, str]) -> Iterator[Flaw]:
    for old, new in given.items():
        for owner, stage in ((source, old), (target, new)):
            if not owner.has(stage):
                why = f"pipeline {owner.id!r} has no stage {stage[:60]!r}"
                yield Flaw("pipeline", owner.id, "stages", "unknown_stage", why)


def _unmapped(chosen: Mapping[DefinitionId, Automation], stages: Mapping[str, str], target: Pipeline) -> Iterator[Flaw]:
    for (kind, name), made in chosen.items():
        if made.stage not in stages:
            why = f"pipeline {target.id!r} has no stage with the id or title of {made.stage!r}: map it"
            yield Flaw(kind, name, "stage", "unmapped_stage", why)


def _taken(kind: str, name: str, new: str) -> Flaw:
    return Flaw(kind, name, "id", "twice", f"there is a {kind} {new!r} already: it was copied before")


def _copy(made: Automation, name: str, stages: Mapping[str, str], rules: Mapping[str, str], wish: Wish) -> Automation:
    item_type, pipeline = wish.target
    new = {"id": name, "item_type": item_type, "pipeline": pipeline, "stage": stages[made.stage], "status": wish.status}
    named = {"params": _renamed(made.params, rules), "condition": _renamed(made.condition, rules)}
    return made.model_copy(update={**new, **(named if isinstance(made, Rule) else {})})


def _renamed(value: Any, rules: Mapping[str, str]) -> Any:
    """Return parameters or a condition with the results of copied rules under their new names."""
    if isinstance(value, Mapping):
        return {
            key: _new_name(part, rules) if key == "result" and isinstance(part, str) else _renamed(part, rules)
            for key, part in value.items()
        }
    if isinstance(value, list | tuple):
        return [_renamed(part, rules) for part in value]
    if isinstance(value, str):
        return _RESULT.sub(lambda found: f"{{{{result:{_new_name(found[1], rules)}}}}}", value)
    return value


def _new_name(result: str, rules: Mapping[str, str]) -> str:
    owner = max((rule for rule in rules if result.startswith(f"{rule}.")), key=len, default="")
    return rules[owner] + result[len(owner) :] if owner else result
