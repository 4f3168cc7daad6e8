"""Checks of the parameters of rules, triggers and steps: values, people, and what they name; titles become codes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, get_origin

from automation.catalogue import Entry
from automation.definitions.arguments import Arguments, InvalidParamsError, Problem, compile_arguments, literal_problems
from automation.definitions.checks import Found, known_principal
from automation.definitions.tenant_view import TenantView
from automation.insertion import InvalidTemplateError, parse_template
from automation.params import Takes
from automation.scope import WATCHED_PEOPLE, Reference, Schema, Scope


class Given(NamedTuple):
    """Parameters as they were written, and the entry that they are for."""

    params: Mapping[str, Any]
    entry: Entry


def check(given: Given, schema: Schema, view: TenantView) -> tuple[list[Found], frozenset[Reference]]:
    """Return what is wrong with parameters, each with its path below `params`, and the names that they insert."""
    found = [*_people(given, view), *_fields(given, schema, view), *_connections(given, view), *_named(given, view)]
    try:
        arguments = compile_arguments(given.entry.params, given.params, schema)
    except InvalidParamsError as error:
        return [*found, *(Found(f"params.{path}", "params", message) for path, message in error.errors)], frozenset()
    return [*found, *_literals(arguments, given.params)], arguments.references


def coded(value: Any, schema: Schema) -> Any:
    """Return a value with titles in its insertions resolved to codes (spec 1.9): a title may change later."""
    if isinstance(value, Mapping):
        return {name: coded(part, schema) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [coded(part, schema) for part in value]
    if not isinstance(value, str) or "{{" not in value:
        return value
    try:
        return parse_template(value, schema).text
    except InvalidTemplateError:
        return value  # the check of the parameters says so


def _connections(given: Given, view: TenantView) -> Iterator[Found]:
    """Warn of a provider that is not connected: until it is, runs fail with `no_provider`."""
    for name, raw, takes in _literal_texts(given):
        if takes.connection and not view.connection(raw, takes.connection):
            why = f"no active connection {raw[:60]!r} for {takes.connection}: set it up before this runs"
            yield Found(f"params.{name}", "no_provider", why, "warning")


def _named(given: Given, view: TenantView) -> Iterator[Found]:
    """Warn of a definition that is not there: until it is, runs fail with `invalid_value`."""
    for name, raw, takes in _literal_texts(given):
        if takes.names and raw and (takes.names, raw) not in view.current:
            why = f"there is no {takes.names} {raw[:60]!r}: make it before this runs"
            yield Found(f"params.{name}", "unknown_definition", why, "warning")


def _literal_texts(given: Given) -> Iterator[tuple[str, str, Takes]]:
    """Yield the parameters that are texts and insert nothing, with what each takes."""
    for field, info in given.entry.params.model_fields.items():
        name = info.alias or field
        raw = given.params.get(name)
        if isinstance(raw, str) and "{{" not in raw:
            yield from ((name, raw, takes) for takes in info.metadata if isinstance(takes, Takes))


def _literals(arguments: Arguments, params: Mapping[str, Any]) -> Iterator[Found]:
    """Try parameters that insert nothing: what can be known now is not left to fail at run time."""
    for problem in dict.fromkeys((*_whole(arguments), *literal_problems(arguments, params))):
        reason, _, name = problem.reason.partition(":")
        yield Found(f"params.{name}", reason, "the value does not fit the parameter")


def _whole(arguments: Arguments) -> Iterator[Problem]:
    """Yield what is wrong with all parameters together, where it is known."""
    resolved = None if arguments.references else arguments.resolve(Scope({}))
    if isinstance(resolved, Problem):
        yield resolved


def _people(given: Given, view: TenantView) -> Iterator[Found]:
    for name, info in given.entry.params.model_fields.items():
        if any(isinstance(found, Takes) and found.people for found in info.metadata):
            several = get_origin(info.annotation) is tuple
            for path, text in _texts(given.params.get(info.alias or name), f"params.{info.alias or name}"):
                yield from known_principal(text, path, view, single=not several)


def _fields(given: Given, schema: Schema, view: TenantView) -> Iterator[Found]:
    """Check parameters that name fields; responsible and observers change by a save, too."""
    known = {*view.fields(schema.item_type), *WATCHED_PEOPLE}
    for name, info in given.entry.params.model_fields.items():
        if any(isinstance(found, Takes) and found.fields for found in info.metadata):
            for path, code in _texts(given.params.get(name), f"params.{name}"):
                if code not in known:
                    why = f"items of type {schema.item_type} have no field {code[:60]!r}"
                    yield Found(path, "unknown_field", why)


def _texts(raw: Any, path: str) -> Iterator[tuple[str, str]]:
    """Yield literal texts with their paths; inserted people are known at run time only."""
    if isinstance(raw, str) and raw and "{{" not in raw:
        yield path, raw
    elif isinstance(raw, list | tuple):
        for at, part in enumerate(raw):
            yield from _texts(part, f"{path}[{at}]")
