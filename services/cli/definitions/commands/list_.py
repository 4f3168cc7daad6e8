"""`stagewire definitions list`: rules and triggers with status, version and what stops them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import NamedTuple

import click

from automation.definitions.models import Automation
from automation.definitions.runnable import Runnable
from automation.definitions.tenant_view import TenantView
from services.cli.definitions.store import open_store
from services.cli.edge import json_option, run, shown, tenant_option, topics
from services.edge.kafka import KafkaSettings


class _Row(NamedTuple):
    kind: str
    id: str
    status: str
    """`draft`, `active`, `inactive` (`active: false`) or `archived`."""
    version: int
    place: str
    type: str
    stopped_by: str


@click.command("list")
@tenant_option()
@click.option("--status", type=click.Choice(["draft", "active", "inactive", "archived"]), default=None)
@json_option()
def COMMAND(tenant: str, status: str | None, as_json: bool) -> None:  # noqa: N802
    """List rules, triggers and templates in the order of their stages; a draft stands beside the version in force."""
    rows = [row for row in run(_rows(tenant)) if status in (None, row.status)]
    if as_json:
        click.echo(json.dumps([row._asdict() for row in rows]))
        return
    for row in rows:
        halted = f"  stopped by {row.stopped_by}" if row.stopped_by else ""
        click.echo(shown(f"{row.kind}/{row.id} v{row.version}  {row.status}  {row.place}  {row.type}{halted}"))


async def _rows(tenant: str) -> list[_Row]:
    async with open_store(KafkaSettings(), topics()) as store:
        return list(_listed(store.view(tenant)))


def _listed(view: TenantView) -> Iterator[_Row]:
    in_force = [(kind, made) for (kind, _), made in view.current.items() if isinstance(made, Runnable)]
    drafts = [(kind, made) for (kind, _), made in view.drafts.items()]
    for kind, made in sorted([*in_force, *drafts], key=lambda pair: _order(view, *pair)):
        status = "inactive" if made.status == "active" and not made.active else made.status
        draft = made.status == "draft"
        version = view.versions[kind, made.id] if draft else view.version_in_force(kind, made.id)
        place, type_ = _place(made)
        yield _Row(kind, made.id, status, version, place, type_, view.stopped_by(kind, made.id))


def _place(made: Runnable) -> tuple[str, str]:
    """Return where a definition stands, and what it is an instance of."""
    if isinstance(made, Automation):
        return f"{made.item_type}/{made.pipeline}/{made.stage}", made.type
    return str(getattr(made, "item_type", "")), "process"


def _order(view: TenantView, kind: str, made: Runnable) -> tuple[str, str, int, str, int, str]:
    if not isinstance(made, Automation):
        return str(getattr(made, "item_type", "")), "", -1, kind, 0, made.id
    owner = view.pipelines.get((made.item_type, made.pipeline))
    rank = owner.rank(made.stage) if owner and owner.has(made.stage) else -1
    return made.item_type, made.pipeline, rank, kind, made.order, made.id
