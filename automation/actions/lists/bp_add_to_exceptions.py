"""Put the item and its contact points on the exceptions list (spec 4.3)."""

from __future__ import annotations

from automation.catalogue import Entry, Params
from automation.contact_points import gathered, primary_clients
from automation.envelope import CRM_ALL
from automation.plan import Call, Completed, Context, Failed, Plan
from automation.records.asking import ask
from automation.records.types.exception.ids import EXCEPTION, ITEM, LIST, exception_id
from automation.values import Personal


def plan(context: Context, _params: Params) -> Plan:
    """List the item itself, and the e-mails and phones of it and of its primary contact and company."""
    points = gathered(context, primary_clients(context))
    if isinstance(points, Call | Failed):
        return points
    itself = f"{context.key.item_type}/{context.key.item_id}"
    entries = {exception_id(context.key.tenant, *one): one for one in ((ITEM, itself), *points)}
    answers = {name: context.answer(name) for name in entries}
    missing = [name for name, answer in answers.items() if answer is None]
    if missing:
        return Call(tuple(effect for name in missing for effect in _list(context, name, entries[name], itself).effects))
    failed = next((answer.reason for answer in answers.values() if answer is not None and not answer.ok), "")
    return Failed(failed) if failed else Completed()


def _list(context: Context, name: str, entry: tuple[str, str], item: str) -> Call:
    kind, value = entry
    return ask(context, name, (EXCEPTION, name), LIST, {"kind": kind, "value": Personal(value), "item": item})


ENTRY = Entry(
    id="bp_add_to_exceptions",
    kind="action",
    group="lists",
    title="Add to exceptions",
    description="Lists the item and its contact points: mail, calls and forms from them create no items any more.",
    spec="4.3",
    types=CRM_ALL,
    plan=plan,
)
