"""`stagewire run`: one service in the foreground."""

from __future__ import annotations

import os
import runpy

import click
import uvloop

from services.cli.stack.place import SERVICES, Unit, environment
from services.edge.broker import home_dir


@click.command("run")
@click.argument("service", type=click.Choice(SERVICES))
def COMMAND(service: str) -> None:  # noqa: N802  # the name by which the command folder is loaded
    """Run one service until SIGTERM or Ctrl-C.

    Settings come from STAGEWIRE_… and KAFKA_… variables; what is not set is taken from STAGEWIRE_HOME.
    """
    name = f"{service}-1" if service == "deal_stream" else service
    for variable, value in environment(home_dir(), Unit(name, service)).items():
        os.environ.setdefault(variable, value)
    uvloop.install()
    try:
        runpy.run_module(f"services.{service}", run_name="__main__", alter_sys=True)
    except ImportError as problem:
        if problem.name and problem.name.startswith(f"services.{service}"):
            raise click.ClickException(f"this installation has no {service}") from problem
        raise
