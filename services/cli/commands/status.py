"""`stagewire status`: does everything run, and is it up to date?"""

from __future__ import annotations

import json
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from services.cli.api import ApiError, call
from services.cli.definitions.stops import StopStatus, stops
from services.cli.edge import WIDTH, cut, json_option, moment_text, run, shown, topics
from services.cli.stack.look import KafkaStatus, UnitStatus, cluster, processes
from services.cli.stack.place import gateway_url
from services.edge.broker import BrokerError, home_dir
from services.edge.kafka import KafkaSettings, bootstrap_servers

_NOT_READY, _NOT_RUNNING = 1, 3


@click.command("status")
@json_option()
@click.pass_context
def COMMAND(context: click.Context, /, as_json: bool) -> None:  # noqa: N802  # the name by which the folder is loaded
    """Show broker, services, lag, dead letters, business processes and kill switches that are on.

    Exit code 0: all is ready; 1: something is not; 3: nothing runs.
    """
    units = processes(home_dir())
    bootstrap, kafka, problem = _ask()
    halted = run(stops(KafkaSettings(), topics())) if kafka is not None else []
    business = _business() if any(unit.name == "gateway" and not unit.not_ready for unit in units) else None
    if as_json:
        facts = {"problem": problem, "stopped": [one._asdict() for one in halted], "business_processes": business}
        click.echo(json.dumps(_facts(units, kafka, bootstrap) | facts))
    else:
        _print(units, kafka, problem or bootstrap)
        _print_business(business)
        _print_stops(halted)
    context.exit(_code(units, kafka))


def _ask() -> tuple[str, KafkaStatus | None, str]:
    """Return the cluster's address, what it tells, and why it tells nothing."""
    bootstrap = ""
    try:
        bootstrap = bootstrap_servers(KafkaSettings())
        return bootstrap, run(cluster(KafkaSettings(), topics())), ""
    except BrokerError as problem:
        return bootstrap, None, str(problem)
    except click.ClickException as problem:
        return bootstrap, None, problem.message


def _business() -> dict[str, int] | None:
    """Count the open business processes of the tenant of the API key; None where the API does not say."""
    try:
        templates = call("GET", "/v1/processes/totals")["templates"]
    except ApiError:
        return None
    return {what: sum(one[what] for one in templates) for what in ("running", "paused", "incidents")}


def _code(units: list[UnitStatus], kafka: KafkaStatus | None) -> int:
    if not any(unit.running for unit in units):
        return _NOT_RUNNING
    return _NOT_READY if kafka is None or any(unit.not_ready for unit in units) else 0


def _facts(units: list[UnitStatus], kafka: KafkaStatus | None, bootstrap: str) -> dict[str, Any]:
    return {
        "kafka": {"bootstrap": bootstrap, "reachable": kafka is not None},
        "gateway": gateway_url(home_dir()),
        "services": [unit._asdict() for unit in units],
        "lag": [lag._asdict() for lag in kafka.lags] if kafka else [],
        "dead_letters": kafka.dead_letters if kafka else None,
    }


def _print(units: list[UnitStatus], kafka: KafkaStatus | None, told: str) -> None:
    console = Console(width=WIDTH, highlight=False)
    click.echo(f"Kafka     {told}")
    click.echo(cut(f"HTTP API  {gateway_url(home_dir())}"))
    if not units:
        click.echo("nothing was started here yet: stagewire up")
        return
    console.print(_services(units))
    if kafka is None:
        return
    lags = Table("service", "topic", "records behind", "seconds behind", box=None, header_style="bold")
    for lag in kafka.lags:
        lags.add_row(lag.service, lag.topic, str(lag.records), f"{lag.seconds:.1f}")
    console.print(lags)
    click.echo(f"dead letters: {kafka.dead_letters}" + (" (stagewire dead-letters list)" if kafka.dead_letters else ""))


def _print_business(business: dict[str, int] | None) -> None:
    if business is not None:
        running, paused, incidents = business["running"], business["paused"], business["incidents"]
        hint = " (stagewire process incidents)" if incidents else ""
        click.echo(f"business processes: {running} running, {paused} paused, {incidents} incidents{hint}")


def _print_stops(halted: list[StopStatus]) -> None:
    """Tell which kill switches are on: what they stop does not run, whatever else is ready."""
    for one in halted:
        why = f": {one.reason}" if one.reason else ""
        click.echo(cut(shown(f"STOPPED   {one.what} by {one.author or '-'} since {moment_text(one.since)}{why}")))


def _services(units: list[UnitStatus]) -> Table:
    table = Table("service", "process", "up", "restarts", box=None, header_style="bold")
    table.add_column("ready", overflow="fold")
    for unit in units:
        up = f"{unit.up_seconds} s" if unit.running else "-"
        ready = cut(shown(unit.not_ready), 80) or "yes"
        table.add_row(unit.name, str(unit.pid or "-"), up, str(unit.restarts), ready)
    return table
