"""Cross checks of rules and triggers: place, type, condition, parameters, results that they insert (spec 1.7, 6.8)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, get_origin

from automation.catalogue import Entry, Kind
from automation.conditions import Condition, InvalidConditionError, condition_references, parse_condition
from automation.definitions import delay_checks
from automation.definitions.arguments import Arguments, InvalidParamsError, Problem, compile_arguments, literal_problems
from automation.definitions.checks import Found, item_type, known_principal
from automation.definitions.compiled import schema_for
from automation.definitions.models import Automation, Rule, Trigger
from automation.definitions.tenant_view import TenantView
from automation.insertion import InvalidTemplateError, parse_template
from automation.params import Takes
from automation.scope import WATCHED_PEOPLE, Reference, Schema, Scope

_UNKNOWN_RESULT = re.compile(r"unknown result '([^']+)'")


def rule(made: Rule, view: TenantView) -> Iterator[Found]:
    """Check a rule against everything that it names."""
    yield from _place(made, view)
    yield from delay_checks.delay(made, view)
    schema = schema_for(view, made.item_type, made.pipeline, made.stage)
    condition, problems = _condition(made, schema)
    yield from (_explained(found, made, view) for found in problems)
    if condition is not None:
        yield from _results(condition_references(condition), "condition", made, view)
    entry, wrong = _entry(made, "rule", view)
    yield from wrong
    if entry is not None:
        yield from _params(made, entry, schema, view)


def trigger(made: Trigger, view: TenantView) -> Iterator[Found]:
    """Check a trigger against everything that it names."""
    yield from _place(made, view)
    entry, wrong = _entry(made, "trigger", view)
    yield from wrong
    if entry is not None:
        schema = schema_for(view, made.item_type, made.pipeline, fact=entry.fact)
        yield from _condition(made, schema)[1]
        yield from _params(made, entry, schema, view)
    if made.on_behalf_of:
        yield from known_principal(made.on_behalf_of, "on_behalf_of", view, single=True)


def with_codes(made: Rule, view: TenantView) -> Rule:
    """Return the rule with titles in its insertions resolved to codes (spec 1.9): a title may change later."""
    schema = schema_for(view, made.item_type, made.pipeline, made.stage)
    return made.model_copy(update={"params": _coded(made.params, schema)})


def _coded(value: Any, schema: Schema) -> Any:
    if isinstance(value, Mapping):
        return {name: _coded(part, schema) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_coded(part, schema) for part in value]
    if not isinstance(value, str) or "{{" not in value:
        return value
    try:
        return parse_template(value, schema).text
    except InvalidTemplateError:
        return value  # the check of the parameters says so


def _place(made: Automation, view: TenantView) -> Iterator[Found]:
    yield from item_type(made.item_type)
    pipeline = view.pipelines.get((made.item_type, made.pipeline))
    if pipeline is None:
        yield Found("pipeline", "unknown_pipeline", f"{made.item_type} has no pipeline {made.pipeline[:60]!r}")
    elif all(stage.id != made.stage for stage in pipeline.stages):
        yield Found("stage", "unknown_stage", f"pipeline {made.pipeline!r} has no stage {made.stage[:60]!r}")


def _entry(made: Automation, kind: Kind, view: TenantView) -> tuple[Entry | None, list[Found]]:
    entry = view.catalogue.get(made.type)
    if entry is None or entry.kind != kind:
        known = ", ".join(sorted(found.id for found in view.catalogue.values() if found.kind == kind))
        return None, [Found("type", "unknown_type", f"{made.type!r} is no {kind}; there are {known}")]
    if not entry.allows(made.item_type):
        why = f"{made.type} may be used on {', '.join(entry.types)}, not on {made.item_type}"
        return entry, [Found("type", "type_not_allowed", why)]
    return entry, []


def _condition(made: Automation, schema: Schema) -> tuple[Condition | None, list[Found]]:
    try:
        return parse_condition(made.condition, schema), []
    except InvalidConditionError as error:
        return None, [Found(f"condition{e.path.removeprefix('$')}", "condition", e.message) for e in error.errors]


def _params(made: Automation, entry: Entry, schema: Schema, view: TenantView) -> Iterator[Found]:
    yield from _people(made, entry, view)
    yield from _fields(made, entry, view)
    yield from _connections(made, entry, view)
    try:
        arguments = compile_arguments(entry.params, made.params, schema)
    except InvalidParamsError as error:
        problems = (Found(f"params.{path}", "params", message) for path, message in error.errors)
        yield from (_explained(found, made, view) for found in problems)
        return
    yield from _literals(arguments, made)
    if isinstance(made, Rule):
        yield from _results(arguments.references, "params", made, view)


def _connections(made: Automation, entry: Entry, view: TenantView) -> Iterator[Found]:
    """Warn of a provider that is not connected: until it is, runs fail with `no_provider`."""
    for name, info in entry.params.model_fields.items():
        takes = next((found for found in info.metadata if isinstance(found, Takes) and found.connection), None)
        given = made.params.get(info.alias or name)
        if takes and isinstance(given, str) and "{{" not in given and not view.connection(given, takes.connection):
            why = f"no active connection {given[:60]!r} for {takes.connection}: set it up before the rule runs"
            yield Found(f"params.{info.alias or name}", "no_provider", why, "warning")


def _literals(arguments: Arguments, made: Automation) -> Iterator[Found]:
    """Try parameters that insert nothing: what can be known now is not left to fail at run time."""
    for problem in dict.fromkeys((*_whole(arguments), *literal_problems(arguments, made.params))):
        reason, _, name = problem.reason.partition(":")
        yield Found(f"params.{name}", reason, "the value does not fit the parameter")


def _whole(arguments: Arguments) -> Iterator[Problem]:
    """Yield what is wrong with all parameters together, where it is known."""
    resolved = None if arguments.references else arguments.resolve(Scope({}))
    if isinstance(resolved, Problem):
        yield resolved


def _people(made: Automation, entry: Entry, view: TenantView) -> Iterator[Found]:
    for name, info in entry.params.model_fields.items():
        if any(isinstance(found, Takes) and found.people for found in info.metadata):
            several = get_origin(info.annotation) is tuple
            for path, text in _texts(made.params.get(info.alias or name), f"params.{info.alias or name}"):
                yield from known_principal(text, path, view, single=not several)


def _fields(made: Automation, entry: Entry, view: TenantView) -> Iterator[Found]:
    """Check parameters that name fields; responsible and observers change by a save, too."""
    known = {*view.fields(made.item_type), *WATCHED_PEOPLE}
    for name, info in entry.params.model_fields.items():
        if any(isinstance(found, Takes) and found.fields for found in info.metadata):
            for at, code in enumerate(made.params.get(name) or ()):
                if code not in known:
                    why = f"items of type {made.item_type} have no field {str(code)[:60]!r}"
                    yield Found(f"params.{name}[{at}]", "unknown_field", why)


def _texts(raw: Any, path: str) -> Iterator[tuple[str, str]]:
    """Yield literal texts with their paths; inserted people are known at run time only."""
    if isinstance(raw, str) and raw and "{{" not in raw:
        yield path, raw
    elif isinstance(raw, list | tuple):
        for at, part in enumerate(raw):
            yield from _texts(part, f"{path}[{at}]")


# --- results of other rules ------------------------------------------------------------------------------------


def _owner(result: str, rules: Iterable[Rule]) -> Rule | None:
    """Return the rule that publishes `<rule id>.<name>`; an id may hold dots itself."""
    named = [found for found in rules if result.startswith(f"{found.id}.")]
    return max(named, key=lambda found: len(found.id), default=None)


def _results(references: Iterable[Reference], path: str, made: Rule, view: TenantView) -> Iterator[Found]:
    listed = view.current_rules((made.item_type, made.pipeline, made.stage))
    for reference in sorted(references):
        owner = _owner(reference.name, listed) if reference.kind == "result" else None
        if owner is not None:
            yield from _order(owner, made, listed, f"{path}: {reference.name}", path)


def _order(owner: Rule, made: Rule, listed: tuple[Rule, ...], what: str, path: str) -> Iterator[Found]:
    at, own = listed.index(owner), listed.index(made)
    between = [found for found in listed[at + 1 : own + 1] if found.runs]
    if at >= own:
        yield Found(path, "later_result", f"{what} is published by a rule that does not run before this one")
    elif not owner.runs:
        yield Found(path, "inactive_result", f"{what} is published by an inactive rule: it is empty", "warning")
    elif any(found.run_mode == "parallel" for found in between):
        yield Found(path, "parallel_result", f"{what} may be empty: its rule may still run at that time", "warning")


def _explained(found: Found, made: Automation, view: TenantView) -> Found:
    """Say why a result is unknown where a rule of another stage publishes it (spec 1.7)."""
    match = _UNKNOWN_RESULT.search(found.message)
    every = (rule for rule in view.current.values() if isinstance(rule, Rule))
    owner = _owner(match[1], every) if match else None
    if owner is None or (owner.item_type, owner.pipeline, owner.stage) == (made.item_type, made.pipeline, made.stage):
        return found
    why = f"rule {owner.id!r} is on stage {owner.stage!r}, and a result is for its own stage: keep it in a field"
    return found._replace(rule="result_of_other_stage", message=why)
