"""`stagewire demo`: a month of the example company, streamed through everything."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from automation.envelope import Key
from services.cli.commands.up import start
from services.cli.demo import report
from services.cli.demo.applying import COMPANY, CompanyError, apply_company
from services.cli.demo.month import month
from services.cli.demo.paying import PROVIDER
from services.cli.demo.paying_client import PayingClient, WebhookRefusedError
from services.cli.demo.performing import Performance, StalledError
from services.cli.demo.performing import Progress as Done
from services.cli.demo.sending import Sender
from services.cli.demo.story import Plan, Step
from services.cli.demo.watching import watch
from services.cli.edge import WIDTH, json_option, run, topics
from services.cli.stack.place import gateway_url
from services.edge.broker import home_dir
from services.edge.kafka import KafkaSettings, producer
from services.gateway.local import KEY_FILE, SECRETS_FILE, TENANT
from services.payment_tracker.provider import load_providers
from services.payment_tracker.webhook_secrets import WebhookSecrets


@click.command("demo", short_help="Start everything and stream the example company's month.")
@click.option("--changes", type=click.IntRange(100, 500_000), default=30_000, show_default=True, help="Size of it.")
@click.option("--seed", type=int, default=1, show_default=True, help="Another seed, another month.")
@click.option("--no-up", is_flag=True, help="Everything runs already.")
@click.option("--workers", type=click.IntRange(1, 32), default=1, show_default=True, help="Processes of deal_stream.")
@click.option("--company", type=click.Path(exists=True, file_okay=False, path_type=Path), default=COMPANY,
              help="Folder of definitions.  [default: examples/company]")  # fmt: skip
@json_option()
def COMMAND(  # noqa: N802  # the name by which the command folder is loaded
    changes: int, seed: int, no_up: bool, workers: int, company: Path, as_json: bool
) -> None:
    """Start everything, apply the example company, and stream its month: leads, deals, invoices, payments.

    Clients pay their links through the simulated provider, some twice, some out of order. What runs is left running.
    """
    if not no_up:
        start(workers)
    plan = Plan(changes, seed, _mark(), TENANT)
    try:
        done = run(_perform(plan, company, Console(stderr=True, quiet=as_json)))
    except (CompanyError, StalledError, WebhookRefusedError) as problem:
        raise click.ClickException(str(problem)) from problem
    _print(done, changes, as_json)


def _mark() -> str:
    """Return what tells this run's items from those of others: the seconds since the epoch in base 36, shortened."""
    number, digits = int(time.time()) % 36**5, ""
    for _ in range(5):
        number, digit = divmod(number, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + digits
    return digits


async def _perform(plan: Plan, company: Path, console: Console) -> Done:
    kafka, named = KafkaSettings(), topics()
    changed, version = await apply_company(company, plan.tenant, kafka, named)
    console.print(f"definitions: {changed} applied, version {version}")
    with console.status(f"making up {plan.changes:,} changes"):
        steps = month(plan)
    sender = producer(kafka)
    await sender.start()
    try:
        async with watch(kafka, named) as watcher, aiohttp.ClientSession() as session:
            with _bars(console, steps) as listen:
                play = Performance(plan, Sender(sender, named, version), watcher, _client(session, plan), listen)
                await play.run(steps)
            with console.status("waiting until every service has caught up"):
                await play.settle(kafka, named)
            return play.progress
    finally:
        await sender.stop()


def _client(session: aiohttp.ClientSession, plan: Plan) -> PayingClient:
    secrets = WebhookSecrets.read(home_dir() / SECRETS_FILE).of(plan.tenant, PROVIDER)
    url = f"{gateway_url(home_dir())}/v1/webhooks/payments/{plan.tenant}/{PROVIDER}"
    return PayingClient(session, url, load_providers()[PROVIDER], secrets[0])


@contextmanager
def _bars(console: Console, steps: list[Step]) -> Iterator[Any]:
    columns = (TextColumn("{task.description:<8}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=console.quiet) as bars:
        sent, decided = (bars.add_task(name, total=len(steps)) for name in ("sent", "decided"))
        paid = bars.add_task("paid", total=None)

        def listen(done: Done) -> None:
            whole = max(len(steps), done.sent)  # what follows a payment comes on top
            bars.update(sent, completed=done.sent, total=whole)
            bars.update(decided, completed=done.decided, total=whole)
            counted = done.tally.payments
            bars.update(paid, completed=counted["PaymentDocumentPaid"], total=counted["PaymentDocumentCreated"])

        yield listen


def _print(done: Done, changes: int, as_json: bool) -> None:
    found, gateway = report.figures(done, changes), gateway_url(home_dir())
    pages = [link for key, link in done.links.items() if "/deal/" in key][:1]
    if as_json:
        moved = [key.text for key in _deals(done)]
        click.echo(json.dumps({**found, "gateway": gateway, "payment_page": pages, "moved": moved}))
        return
    Console(width=WIDTH, highlight=False).print(report.table(found))
    asked = bool(found["human_tasks"])
    for line in report.links(gateway, _shown(home_dir() / KEY_FILE), pages, _deals(done), asked=asked):
        click.echo(line)
    click.echo("everything runs on; stagewire status, stagewire down")


def _deals(done: Done) -> list[Key]:
    """Return a deal that a payment has moved, if there is one."""
    return [key for key in done.moved if key.item_type == "deal"][:1]


def _shown(path: Path) -> Path:
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path
