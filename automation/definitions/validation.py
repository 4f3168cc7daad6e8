"""What saving definitions checks: each against its model, then all of a tenant's together (spec 1.17, 6.8).

Pure, and the same for everyone who saves: command line, gateway, import of a directory.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, TypeAlias

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from automation.catalogue import Entry
from automation.definitions import checks, document_checks, new_fields, process_checks, process_models, rule_checks
from automation.definitions.checks import Found
from automation.definitions.document_models import DocumentTemplate, OwnCompany
from automation.definitions.models import (
    MODELS,
    Absence,
    Calendar,
    Definition,
    Department,
    DetailsTemplate,
    Fields,
    Pipeline,
    Rates,
    Role,
    Rule,
    Runnable,
    Settings,
    Stop,
    Template,
    Trigger,
    User,
)
from automation.definitions.tenant_view import TenantView

DefinitionId: TypeAlias = tuple[str, str]
"""Kind and id: the last two parts of the key `tenant/kind/id`."""
LARGEST_BODY = 1_000_000
"""Characters of one definition as JSON."""
MOST_CHANGES = 5_000
"""Definitions in one `apply`, which is one transaction."""

_NO_DRAFTS: Mapping[DefinitionId, Runnable] = MappingProxyType({})
_SINGLE = ("lead", "invoice", "quote")
_NO_VERSION = 1


class Flaw(NamedTuple):
    """One thing wrong with a definition: where, which rule it breaks, and why in a sentence."""

    kind: str
    id: str
    path: str
    """Inside the body: `stages[0].kind`; empty for the definition as a whole."""
    rule: str
    """A stable code, such as `unknown_stage`."""
    message: str
    severity: Literal["error", "warning"] = "error"


class Checked(NamedTuple):
    """What came of a check: the definitions in their stored form (`None`: deleted), and all flaws at once."""

    definitions: Mapping[DefinitionId, Definition | None]
    flaws: tuple[Flaw, ...]

    @property
    def errors(self) -> tuple[Flaw, ...]:
        """The flaws that forbid saving."""
        return tuple(flaw for flaw in self.flaws if flaw.severity == "error")


def id_of(made: Definition) -> str:
    """Return the id under which a definition is kept: fields by item type, what a tenant has once by its kind."""
    if isinstance(made, Rates | Settings):
        return "rates" if isinstance(made, Rates) else "settings"
    return str(made.item_type if isinstance(made, Fields) else getattr(made, "id", ""))


def read(kind: str, body: Mapping[str, Any]) -> tuple[Definition | None, tuple[Flaw, ...]]:
    """Return a definition from what a person wrote, or everything that its model finds wrong."""
    name = str(body.get("id", body.get("item_type", "")))[:200]
    model = MODELS.get(kind)
    if model is None:
        return None, (Flaw(kind[:200], name, "kind", "unknown_kind", f"a kind is one of {', '.join(MODELS)}"),)
    try:
        text = json.dumps(body, allow_nan=False)
    except (ValueError, TypeError, RecursionError) as error:
        return None, (Flaw(kind, name, "", "invalid_value", str(error)),)
    if len(text) > LARGEST_BODY:
        return None, (Flaw(kind, name, "", "too_large", f"more than {LARGEST_BODY} characters"),)
    try:
        return model.model_validate_json(text), ()
    except ValidationError as error:
        return None, tuple(_model_flaw(kind, name, found, model) for found in _errors(error))


def _errors(error: ValidationError) -> Iterator[ErrorDetails]:
    """Yield the errors of a model; a list is not also too short where it lacks just what is wrong inside it."""
    every = error.errors(include_url=False)
    for found in every:
        at = found["loc"]
        inside = (other["loc"][: len(at)] == at for other in every if len(other["loc"]) > len(at))
        if found["type"] != "too_short" or not any(inside):
            yield found


def _model_flaw(kind: str, name: str, found: ErrorDetails, model: type[Definition]) -> Flaw:
    if found["type"] == "json_invalid":  # what was written is JSON by now: only its depth can be wrong
        return Flaw(kind, name, "", "too_deep", "the values are nested too deeply")
    loc = process_models.without_tags(found["loc"]) if model is Template else found["loc"]
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc).lstrip(".")
    message = found["msg"].removeprefix("Value error, ")
    field, colon, rest = message.partition(": ")
    if not path and colon and field in model.model_fields:
        path, message = field, rest
    return Flaw(kind, name, path, found["type"], message)


def check(
    catalogue: Mapping[str, Entry], tenant: str, current: Mapping[DefinitionId, Definition],
    changed: Mapping[DefinitionId, Definition | None], drafts: Mapping[DefinitionId, Runnable] = _NO_DRAFTS,
) -> Checked:  # fmt: skip
    """Check changed definitions together with those in force; a flaw that was there before is not blamed on them.

    A draft is checked as if it and the other `drafts` were activated now. Fields that templates add to an item type
    (spec 4.11) stand among the definitions to be saved.
    """
    changed = {**changed, **new_fields.added(catalogue, {**current, **_without_drafts(changed)})}
    if len(changed) > MOST_CHANGES:
        return Checked(changed, (Flaw("", "", "", "too_many", f"more than {MOST_CHANGES} definitions at once"),))
    wanted = _without_drafts(changed)
    view = view_of(catalogue, tenant, {**current, **wanted})
    old = frozenset(flaws_of(view_of(catalogue, tenant, current))) if current else frozenset()
    flaws = [f for f in flaws_of(view) if (f.kind, f.id) in wanted or f not in old]
    if len(wanted) < len(changed):
        active = _activated({**current, **drafts, **changed})
        view = view_of(catalogue, tenant, {**active, **new_fields.added(catalogue, active)})
        flaws += [f for f in flaws_of(view) if (f.kind, f.id) in changed.keys() - wanted.keys()]
    return Checked({name: _stored(made, view) for name, made in changed.items()}, tuple(flaws))


def _is_draft(made: Definition | None) -> bool:
    return isinstance(made, Runnable) and made.status == "draft"


def _without_drafts(changed: Mapping[DefinitionId, Definition | None]) -> dict[DefinitionId, Definition | None]:
    return {name: made for name, made in changed.items() if not _is_draft(made)}


def _activated(definitions: Mapping[DefinitionId, Definition | None]) -> dict[DefinitionId, Definition | None]:
    return {
        name: made.model_copy(update={"status": "active"}) if made is not None and _is_draft(made) else made
        for name, made in definitions.items()
    }


def view_of(
    catalogue: Mapping[str, Entry], tenant: str, definitions: Mapping[DefinitionId, Definition | None]
) -> TenantView:
    """Return the view of a tenant that has just these definitions."""
    view = TenantView(tenant, catalogue)
    for (kind, name), made in definitions.items():
        # A time zone that does not exist must reach its own check, not stop the view.
        if made is not None and not (isinstance(made, Settings) and checks.unknown_zone(made.time_zone)):
            view.put(kind, name, _NO_VERSION, made, _NO_VERSION)
        elif made is not None:
            view.current[kind, name] = made
    return view


def flaws_of(view: TenantView) -> Iterator[Flaw]:
    """Yield everything that is wrong with a tenant's definitions as a whole."""
    for (kind, name), made in view.current.items():
        if isinstance(made, Runnable) and made.status == "archived":
            continue  # what it stood on may be gone: it is checked when it is activated again
        look = _CHECKS.get(type(made))
        for found in look(made, view) if look else ():
            yield Flaw(kind, name, *found)
    for department, found in checks.cycle(view):
        yield Flaw("department", department, *found)
    for pipeline, found in _too_many_pipelines(view):
        yield Flaw("pipeline", pipeline, *found)


def _too_many_pipelines(view: TenantView) -> Iterator[tuple[str, Found]]:
    """Leads, invoices and quotes have one pipeline, and no type has two default ones (spec 1.2)."""
    seen: dict[str, str] = {}
    default: dict[str, str] = {}
    for (item_type, name), pipeline in sorted(view.pipelines.items()):
        if item_type in _SINGLE and item_type in seen:
            why = f"{item_type}s have one pipeline, and {seen[item_type]!r} is it"
            yield name, Found("item_type", "one_pipeline", why)
        if pipeline.default and item_type in default:
            yield name, Found("default", "one_default", f"{default[item_type]!r} is the default of {item_type} already")
        seen.setdefault(item_type, name)
        if pipeline.default:
            default.setdefault(item_type, name)


def _stored(made: Definition | None, view: TenantView) -> Definition | None:
    if isinstance(made, Rule):
        return rule_checks.with_codes(made, view)
    return process_checks.with_codes(made, view) if isinstance(made, Template) else made


_CHECKS: Mapping[type, Callable[[Any, TenantView], Iterator[Found]]] = {
    Fields: checks.fields,
    DetailsTemplate: checks.details_template,
    Pipeline: checks.pipeline,
    Rule: rule_checks.rule,
    Trigger: rule_checks.trigger,
    Template: process_checks.template,
    User: checks.user,
    Department: checks.department,
    Role: checks.role,
    Absence: checks.absence,
    Calendar: checks.calendar,
    Settings: checks.settings,
    Stop: checks.stop,
    DocumentTemplate: document_checks.template,
    OwnCompany: document_checks.own_company,
}
