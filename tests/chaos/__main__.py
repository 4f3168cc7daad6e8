"""`python -m tests.chaos --minutes 10 --faults 60 --workers 2 --stream toy`."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import click

from tests.chaos.mutants import MUTANTS
from tests.chaos.plan import Plan
from tests.chaos.run import run


def _known(_: click.Context, __: click.Parameter, revision: str) -> str:
    """Refuse a revision that git does not have before anything is started."""
    if revision and subprocess.run(["git", "cat-file", "-e", f"{revision}^{{commit}}"], check=False).returncode:
        raise click.BadParameter(f"git knows no commit {revision}")
    return revision


@click.command()
@click.option("--stream", default="toy", show_default=True, help="A module as tests.chaos.toy, by its dotted name.")
@click.option("--stack", is_flag=True, help="All services that write, instead of one stream.")
@click.option("--ledger", default="", help="URL of a PostgreSQL database: two notifiers share it.")
@click.option("--minutes", type=float, default=2.0, show_default=True)
@click.option("--faults", type=int, default=12, show_default=True)
@click.option("--workers", type=int, default=2, show_default=True)
@click.option("--brokers", type=int, default=1, show_default=True, help="With 3, all is kept three times.")
@click.option("--partitions", type=int, default=4, show_default=True)
@click.option("--rate", type=int, default=300, show_default=True, help="Changes a second.")
@click.option("--seed", type=int, default=lambda: int(time.time()), help="Draws the faults; printed.")
@click.option("--mutant", type=click.Choice(sorted(MUTANTS)), default="none", show_default=True)
@click.option("--other-commit", default="", callback=_known, help="Revision whose worker runs beside at times.")
@click.option("--only", multiple=True, help="Draw from these faults alone.")
@click.option("--home", type=click.Path(path_type=Path), default=None, help="Keeps logs and data here.")
def main(home: Path | None, minutes: float, **chosen: object) -> None:
    """Break a running cluster of workers, and compare what came out with the model."""
    plan = Plan(seconds=60 * minutes, **chosen)  # type: ignore[arg-type]  # click has checked them
    click.echo(f"{plan}")
    with tempfile.TemporaryDirectory(prefix="stagewire-chaos-") as made:
        report = asyncio.run(run(plan, home or Path(made), _say))
    for example in report.verdict.examples:
        click.echo(f"  {example}")
    click.echo(f"{report}")
    sys.exit(1 if report.verdict.bad else 0)


def _say(text: str) -> None:
    click.echo(f"{time.strftime('%H:%M:%S')} {text}")


if __name__ == "__main__":
    main()
