"""`stagewire send`: changes into the automation, from options or JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, BinaryIO

import click
from pydantic import TypeAdapter, ValidationError

from automation.envelope import Key
from services.cli.definitions.store import DefinitionStore, open_store
from services.cli.edge import cut, json_option, last_definitions, run, shown, tenant_option, topics
from services.cli.sending.answers import Answer, listen
from services.cli.sending.bodies import Asked, Options, from_json, from_options, key_of
from services.edge.clock import SystemClock
from services.edge.codec import item_changes
from services.edge.kafka import KafkaSettings, producer
from services.gateway.bodies import ChangeBody
from services.gateway.changes import Origin, letter_of
from services.gateway.problems import Problem
from services.gateway.sending import Letter

_WAIT_SECONDS = 15.0
_BODY: TypeAdapter[Any] = TypeAdapter(ChangeBody)


@click.command("send", short_help="Send one change, or a file of changes.")
@click.argument("item", required=False)
@click.option("--file", type=click.File("rb"), help="JSON: one change, or one on each line; - for standard input.")
@click.option("--create", "kind", flag_value="create", help="Create the item.")
@click.option("--delete", "kind", flag_value="delete", help="Delete the item.")
@click.option("--comment", metavar="TEXT", help="Add a comment.")
@click.option("--complete-activity", "activity_id", metavar="ID", help="Complete a planned activity.")
@click.option("--field", "fields", multiple=True, metavar="CODE=VALUE", help="New value, such as amount='20 EUR'.")
@click.option("--stage", help="New stage.")
@click.option("--pipeline", help="New pipeline.")
@click.option("--responsible", metavar="USER", help="New responsible employee.")
@click.option("--user", default="", help="On whose account the change is made.")
@click.option("--change-key", default="", help="Id of the change: a repeat has no second effect.")
@click.option("--wait", is_flag=True, help="Wait until it was decided, and show the events.")
@tenant_option()
@json_option("Print one JSON object for each change.")
def COMMAND(  # noqa: N802  # the name by which the command folder is loaded
    item: str | None, file: BinaryIO | None, kind: str | None, comment: str | None,
    wait: bool, tenant: str, as_json: bool, **given: Any,
) -> None:  # fmt: skip
    """Send a change of ITEM (tenant/type/id, or type/id): a save, unless an option says otherwise."""
    if (item is None) == (file is None):
        raise click.UsageError("name an ITEM, or give --file")
    meant = "comment" if comment else "complete_activity" if given["activity_id"] else "save"
    options = Options(kind or meant, comment=comment, **given)
    try:
        asked = from_json(file.read(), tenant) if file else [Asked(key_of(item or "", tenant), {})]
    except ValueError as problem:
        raise click.ClickException(str(problem)) from problem
    refused = run(_send(asked, options if file is None else None, wait, as_json))
    click.get_current_context().exit(1 if refused else 0)


async def _send(asked: Sequence[Asked], options: Options | None, wait: bool, as_json: bool) -> int:
    """Send in the order given; return how many were refused (known only after waiting)."""
    kafka, named = KafkaSettings(), topics()
    refused = 0
    async with open_store(kafka, named) as store:
        letters = [_letter(store, one, options) for one in asked]
    sender = producer(kafka)
    await sender.start()
    try:
        for letter in letters:
            value = item_changes().encode(letter.frame, letter.change)
            if not wait:
                record = await sender.send_and_wait(named.changes, value, letter.key.text.encode())
                _say_sent(letter, f"{record.partition}:{record.offset}", as_json)
                continue
            async with listen(kafka, named, letter.key) as listener:
                await sender.send_and_wait(named.changes, value, letter.key.text.encode())
                answer = await listener.answer(letter.key, letter.frame.change_id, value, _WAIT_SECONDS)
            _say_answer(letter, answer, as_json)
            refused += not answer.events
    finally:
        await sender.stop()
    return refused


def _letter(store: DefinitionStore, asked: Asked, options: Options | None) -> Letter:
    """Check a change with the tenant's definitions, stamped so that it is decided with at least these."""
    view, key = store.view(asked.key.tenant), asked.key
    try:
        body = from_options(key, options, view).body if options else asked.body
        origin = Origin(key.tenant, SystemClock().now(), "")
        letter = letter_of(store.book, origin, key, _BODY.validate_json(json.dumps(body)))
    except Problem as problem:
        told = [f"{fault.path}: {fault.message} [{fault.rule}]" for fault in problem.errors]
        raise click.ClickException("\n".join([f"{key.text}: {problem.detail}", *told])) from problem
    except ValidationError as problem:
        told = [f"{'.'.join(map(str, found['loc']))}: {found['msg']}" for found in problem.errors()]
        raise click.ClickException("\n".join([f"{key.text}: not a change", *told])) from problem
    except ValueError as problem:
        raise click.ClickException(str(problem)) from problem
    needed = max(letter.frame.definitions_version, last_definitions(topics().prefix))
    return letter._replace(frame=letter.frame._replace(definitions_version=needed))


def _say_sent(letter: Letter, place: str, as_json: bool) -> None:
    facts = {"item": letter.key.text, "change_id": letter.frame.change_id, "at": place}
    click.echo(json.dumps(facts) if as_json else cut(f"sent {letter.key.text} as {letter.frame.change_id}"))


def _say_answer(letter: Letter, answer: Answer, as_json: bool) -> None:
    events = [{"version": r.envelope.version, "type": type(r.event).__name__} for r in answer.events]
    reason = answer.refused.fault.reason if answer.refused else "" if events else "no_answer"
    detail = answer.refused.fault.detail if answer.refused else ""
    if as_json:
        facts = {"item": letter.key.text, "change_id": letter.frame.change_id, "events": events,
                 "refused": reason, "detail": detail}  # fmt: skip
        click.echo(json.dumps(facts))
        return
    for event in events:
        click.echo(cut(f"{_name(letter.key)} {event['version']:>4} {event['type']}"))
    if reason:
        click.echo(cut(shown(f"{_name(letter.key)} refused: {reason} {detail}")))


def _name(key: Key) -> str:
    return shown(key.text)
