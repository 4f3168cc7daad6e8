"""Dry runs of rules for the API: which rule, on which item, and what the caller may see of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from pydantic import ValidationError

from automation.definitions.compiled import CompiledRule, compile_rule
from automation.definitions.models import Rule
from automation.definitions.tenant_view import TenantView
from automation.definitions.validation import check, read
from automation.dry_run import DryRun, dry_run
from automation.envelope import Key
from automation.errors import ChangeRefusedError
from automation.given import Given, state_of
from automation.items.state import ItemState
from automation.shown import Shower, secrets_of
from automation.values import Moment
from services.gateway.definition_bodies import DryRunBody
from services.gateway.keys import Caller
from services.gateway.ports import Ports
from services.gateway.problems import Fault, Problem, faults_of, not_found
from services.history.queries import History, ItemPage

_PAGE = 500


class Place(NamedTuple):
    """Where a rule stands."""

    item_type: str
    pipeline: str
    stage: str


def view_of(ports: Ports, tenant: str) -> TenantView:
    """Return what a tenant has defined; an empty view for a new one."""
    return ports.shelf.book.tenant(tenant) or TenantView(tenant, ports.catalogue)


def saved_rule(view: TenantView, rule_id: str, version: int) -> CompiledRule:
    """Return a version of a rule, else the one in force, else its draft; raises `Problem` (404)."""
    wanted = version or view.version_in_force("rule", rule_id) or view.versions.get(("rule", rule_id), 0)
    found = view.rule_version(rule_id, wanted)
    if found is None:
        raise not_found("rule")
    return found


async def unsaved_rule(view: TenantView, rule_id: str, body: Mapping[str, Any]) -> CompiledRule:
    """Return a rule that is not saved; raises `Problem` (422) with everything that saving it would refuse."""
    made, flaws = read("rule", body)
    errors = [flaw for flaw in flaws if flaw.severity == "error"]
    name = ("rule", rule_id)
    if isinstance(made, Rule) and made.id != rule_id:
        raise Problem(422, "invalid", "another rule", errors=[Fault("rule.id", "id_differs", f"not {rule_id}"[:200])])
    if isinstance(made, Rule):
        checked = await asyncio.to_thread(check, view.catalogue, view.tenant, dict(view.current), {name: made})
        errors, made = list(checked.errors), checked.definitions[name]
    if errors or not isinstance(made, Rule):
        faults = [Fault(f"rule.{flaw.path}".rstrip("."), flaw.rule, flaw.message) for flaw in errors]
        raise Problem(422, "invalid_definitions", "the rule could not be saved", errors=faults)
    return compile_rule(made, view.versions.get(name, 0) + 1, view)


async def state_for(ports: Ports, view: TenantView, body: DryRunBody) -> ItemState:
    """Return the item to try a rule on; raises `Problem` (404, 422)."""
    if (body.item is None) == (body.given is None):
        raise Problem(422, "invalid", "give one of item and given")
    if body.item is not None:
        key = Key(view.tenant, body.item.item_type, body.item.item_id)
        return await asyncio.to_thread(lambda: _state(ports.history(), key, body.as_of))
    try:
        return state_of(view, Given.model_validate(body.given), ports.clock.now())
    except ValidationError as error:
        raise Problem(422, "invalid", "the given item is not well formed", errors=faults_of(error, "given")) from None
    except ChangeRefusedError as refused:
        path, _, message = refused.detail.partition(": ")
        fault = Fault(f"given.{path}", refused.reason, message)
        raise Problem(422, "invalid", "no item can be as given", errors=[fault]) from refused


def _state(history: History, key: Key, as_of: Moment | None) -> ItemState:
    found = history.state_as_of(key, recorded_at=as_of) if history.exists(key) else None
    if found is None or not found.version:
        raise not_found("item")
    state: ItemState = found.state
    return state


def try_on(ports: Ports, view: TenantView, state: ItemState, rule: CompiledRule) -> DryRun:
    """Return what the rule would do now."""
    return dry_run(view, state, rule, ports.clock.now(), ports.shelf.book.version)


def shown(caller: Caller, state: ItemState, found: DryRun) -> dict[str, Any]:
    """Return a dry run as the caller may see it."""
    return shower_for(caller, state).dry_run(found)


def shower_for(caller: Caller, state: ItemState) -> Shower:
    """Return what shows values to a caller: texts about people are for those who may read items."""
    return Shower() if "read" in caller.roles else Shower(secrets_of(state))


def place_of(view: TenantView, rule_id: str) -> Place:
    """Return where the version in force of a rule stands; raises `Problem` (404)."""
    made = view.current.get(("rule", rule_id))
    if not isinstance(made, Rule):
        raise not_found("rule")
    return Place(made.item_type, made.pipeline, made.stage)


def items_in(history: History, tenant: str, at: Place, most: int) -> list[str]:
    """Return the ids of all items in a stage, those that arrive meanwhile included; at most `most` and one.

    Items that change while pages are read move to the first page: it is read again until nothing is newer.
    """
    found: dict[str, None] = {}
    newest = _sweep(history, tenant, at, found, most, down_to=0)
    while len(found) <= most:
        newer = _sweep(history, tenant, at, found, most, down_to=newest)
        if newer == newest:
            break
        newest = newer
    return list(found)


def _sweep(history: History, tenant: str, at: Place, found: dict[str, None], most: int, down_to: Moment) -> Moment:
    """Add the items changed after a moment; return the moment of the newest."""
    newest, before = down_to, None
    while len(found) <= most:
        page = _page(history, tenant, at, before)
        newest = max([newest, *(row.recorded_at for row in page.items)])
        fresh = [row for row in page.items if row.recorded_at > down_to]
        found.update(dict.fromkeys(row.item_id for row in fresh))
        before = page.before
        if before is None or len(fresh) < len(page.items):
            break
    return newest


def _page(history: History, tenant: str, at: Place, before: tuple[int, str] | None) -> ItemPage:
    return history.items(tenant, at.item_type, pipeline=at.pipeline, stage=at.stage, before=before, limit=_PAGE)


def tried_on_each(
    history: History, tenant: str, item_ids: Sequence[str], item_type: str, work: Callable[[ItemState], dict[str, Any]]
) -> list[dict[str, Any]]:
    """Return what a rule would do on each of these items; blocks."""
    states = (history.state_as_of(Key(tenant, item_type, item_id)).state for item_id in item_ids)
    return [{"item_id": state.item_id, "dry_run": work(state)} for state in states]
