"""`stagewire keys`: API keys of the gateway."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager

import click

from services.edge.clock import SystemClock
from services.gateway.keys import ROLES, SqlKeys, new_key
from services.gateway.settings import GatewaySettings
from services.gateway.store import open_store

_as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group("keys", short_help="Create, list and revoke API keys.")
def COMMAND() -> None:  # noqa: N802  # the name by which the command folder is loaded
    """Create, list and revoke API keys; only their hashes are kept."""


@COMMAND.command()
@click.option("--tenant", required=True)
@click.option("--name", required=True, help="What the key is for; revoking goes by this name.")
@click.option("--role", "roles", multiple=True, type=click.Choice(ROLES), required=True, help="May be given again.")
@_as_json
def create(tenant: str, name: str, roles: tuple[str, ...], as_json: bool) -> None:
    """Create a key and print it: this is the only time that it is shown."""
    key = new_key()
    with _store() as keys:
        try:
            keys.add(key, tenant, name, roles)
        except ValueError as problem:
            raise click.ClickException(str(problem)) from problem
    click.echo(json.dumps({"key": key, "tenant": tenant, "name": name, "roles": roles}) if as_json else key)


@COMMAND.command("list")
@_as_json
def list_keys(as_json: bool) -> None:
    """List all keys, revoked ones included."""
    with _store() as keys:
        rows = keys.rows()
    if as_json:
        click.echo(json.dumps([row._asdict() for row in rows]))
        return
    for row in rows:
        click.echo(f"{row.tenant:<20} {row.name:<24} {row.roles}{'  (revoked)' if row.revoked_at else ''}")


@COMMAND.command()
@click.option("--tenant", required=True)
@click.option("--name", required=True)
@_as_json
@click.pass_context
def revoke(context: click.Context, tenant: str, name: str, as_json: bool) -> None:
    """Revoke a tenant's keys of a name; every gateway refuses them within 30 seconds."""
    with _store() as keys:
        count = keys.revoke(tenant, name)
    click.echo(json.dumps({"revoked": count}) if as_json else f"revoked: {count}")
    context.exit(0 if count else 1)


@contextmanager
def _store() -> Iterator[SqlKeys]:
    with closing(open_store(GatewaySettings().database_url.get_secret_value())) as database:
        yield SqlKeys(database, SystemClock())
