"""`stagewire definitions dry-run`: what a rule would do on an item, and why; nothing is performed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click
from pydantic import ValidationError

from automation.definitions.compiled import CompiledRule
from automation.definitions.tenant_view import TenantView
from automation.definitions.validation import check
from automation.dry_run import dry_run
from automation.envelope import Key
from automation.errors import ChangeRefusedError
from automation.given import Given, state_of
from automation.items.state import ItemState
from automation.scenarios.play import TENANT, book_of
from automation.shown import Shower, secrets_of
from automation.values import Money
from services.cli.commands.item import KeyType
from services.cli.definitions.files import read_files
from services.cli.definitions.saving import stop_on
from services.cli.definitions.store import open_store
from services.cli.definitions.yaml_lines import YamlError, read_yaml
from services.cli.edge import json_option, run, shown, tenant_option, topics, wrapped
from services.cli.values import money_text
from services.deal_stream.bootstrap import catalogue
from services.edge.clock import SystemClock
from services.edge.holidays import with_holidays
from services.edge.kafka import KafkaSettings
from services.history.bootstrap import open_queries

_FILE = click.Path(exists=True, path_type=Path)


@click.command("dry-run")
@click.argument("rule_id")
@click.option("--item", type=KeyType(), metavar="TENANT/TYPE/ID", help="An item as it is now.")
@click.option("--given", type=_FILE, help="A file that describes an item, as `item` of a test does.")
@click.option("--file", "files", multiple=True, type=_FILE, help="Definitions to use instead of those in force.")
@click.option("--version", type=click.IntRange(1), default=None, help="A saved version, a draft for example.")
@click.option("--personal", is_flag=True, help="Show texts about people instead of masking them.")
@tenant_option()
@json_option()
def COMMAND(  # noqa: N802
    rule_id: str, item: Key | None, given: Path | None, files: Sequence[Path], version: int | None,
    personal: bool, tenant: str, as_json: bool,
) -> None:  # fmt: skip
    """Say what a rule would do on an item, and why: each condition with its values, parameters, calls and changes."""
    if (item is None) == (given is None):
        raise click.UsageError("give one of --item and --given")
    tenant = item.tenant if item else TENANT if files else tenant
    view = _from_files(files, tenant, as_json) if files else run(_in_force(tenant))
    rule = _rule(view, rule_id, version)
    state = _logged(item) if item else _described(view, given)
    found = dry_run(view, state, rule, SystemClock().now())
    facts = (Shower() if personal else Shower(secrets_of(state))).dry_run(found)
    click.echo(json.dumps(facts, ensure_ascii=False) if as_json else "\n".join(map(wrapped, _lines(facts))))


def _rule(view: TenantView, rule_id: str, version: int | None) -> CompiledRule:
    wanted = version or view.version_in_force("rule", rule_id) or view.versions.get(("rule", rule_id), 0)
    found = view.rule_version(rule_id, wanted)
    if found is None:
        raise click.ClickException(f"there is no rule {rule_id!r}" + (f" in version {version}" if version else ""))
    return found


def _from_files(paths: Sequence[Path], tenant: str, as_json: bool) -> TenantView:
    files = read_files(paths)
    checked = check(catalogue(), tenant, {}, with_holidays(files.definitions, SystemClock().now()))
    stop_on([fault for fault in files.faults + files.faults_of(checked) if fault.flaw.severity == "error"], as_json)
    made = {name: one for name, one in checked.definitions.items() if one is not None}
    return book_of(catalogue(), made, tenant).tenant(tenant) or TenantView(tenant, catalogue())


async def _in_force(tenant: str) -> TenantView:
    async with open_store(KafkaSettings(), topics()) as store:
        return store.view(tenant)


def _logged(key: Key) -> ItemState:
    try:
        history = open_queries()
    except FileNotFoundError as problem:
        raise click.ClickException(str(problem)) from problem
    try:
        if not history.exists(key):
            raise click.ClickException(f"history knows no item {key.text}")
        state: ItemState = history.state_as_of(key).state
        return state
    finally:
        history.close()


def _described(view: TenantView, path: Path | None) -> ItemState:
    try:
        documents = list(read_yaml(path.read_text("utf-8"))) if path else []
        return state_of(view, Given.model_validate(documents[0].data if documents else None), SystemClock().now())
    except (YamlError, ValidationError, ChangeRefusedError) as problem:
        raise click.ClickException(f"{path}: {problem}") from problem


def _lines(facts: dict[str, Any]) -> Iterator[str]:
    reason = f" ({facts['reason']})" if facts["reason"] else ""
    yield f"rule/{facts['rule_id']} v{facts['rule_version']}: {facts['outcome']}{reason}"
    yield "condition"
    yield from _trace(facts["condition"], 1)
    for name in ("params", "results"):
        if facts[name]:
            yield name
            yield from (f"  {key}: {_text(value)}" for key, value in facts[name].items())
    for name in ("events", "effects"):
        for one in facts[name]:
            held = ", ".join(f"{k}={_text(v)}" for k, v in one.items() if k != "type" and v not in ("", [], None))
            yield f"{name.removesuffix('s')}  {one['type']}  {held}"
    if facts["refusal"]:
        yield f"an enrolment would run nothing: {facts['refusal']}"


def _trace(trace: dict[str, Any], depth: int) -> Iterator[str]:
    sign = "yes" if trace["holds"] else "no "
    for mode in ("all", "any"):
        if mode in trace:
            yield f"{'  ' * depth}{sign}  {mode} of" if trace[mode] else f"{'  ' * depth}{sign}  always"
            for part in trace[mode]:
                yield from _trace(part, depth + 1)
            return
    right = "" if trace["op"] in ("empty", "not_empty", "changed") else f" {_text(trace['expected'])}"
    note = f" [{trace['note']}]" if trace["note"] else ""
    yield f"{'  ' * depth}{sign}  {trace['reads']} {trace['op']}{right}: {_text(trace['actual'])}{note}"


def _text(value: Any) -> str:
    read = _read(value)
    return shown(read) if isinstance(read, str) else json.dumps(read, ensure_ascii=False)


def _read(value: Any) -> Any:
    """Return a value with the amounts in it as people read them."""
    if isinstance(value, list):
        return [_read(part) for part in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"minor", "currency"}:
        return money_text(Money(**value))
    return {name: _read(part) for name, part in value.items()}
