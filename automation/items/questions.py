"""Questions and facts of other items (spec 6.1: other records are reached by requests)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from automation.items import asked_saves, details, effects, facts, links, saves, tasks, waiters
from automation.items import changes as c
from automation.items import events as e
from automation.items.contacts import email_of, phone_of
from automation.items.invoices import FIELD_PREFIX
from automation.items.scope import scope_of
from automation.items.sizes import REQUEST_LIMIT, weight
from automation.items.turn import Turn
from automation.plan import Answer
from automation.processes import autostart
from automation.values import Money


def _contact_point(turn: Turn, asked: c.AskItem) -> Answer:
    """Read an e-mail address of the item; `address_type` empty or `any` takes the first there is.

    With `kind` `phone` it is a telephone number.
    """
    if asked.args.get("kind") == "phone":
        return Answer("completed", "", {"phone": phone_of(turn.state)})
    wanted = asked.args.get("address_type")
    found = email_of(turn.state, wanted if isinstance(wanted, str) else "")
    return Answer("completed", "", {"email": found})


READ_SYSTEM = ("id", "item_type", "pipeline", "stage", "responsible", "creator", "observers", "created_at")
"""What every item has beside its fields and can be asked for."""


def _fields(turn: Turn, asked: c.AskItem) -> Answer:
    """Read fields of the item by their codes; unset ones are left out."""
    codes, system = asked.args.get("codes"), scope_of(turn).system
    values = {**turn.state.fields, **{code: system[code] for code in READ_SYSTEM}}
    wanted = codes if isinstance(codes, tuple) else ()
    return Answer("completed", "", {code: values[code] for code in wanted if values.get(code) not in (None, "", ())})


def _delete(turn: Turn, asked: c.AskItem) -> Answer:
    """Delete the item (spec 4.23); what runs on it ends, a process that asks for it included."""
    saves.delete(turn)
    return Answer("completed", "", {})


_QUESTIONS: Mapping[str, Callable[[Turn, c.AskItem], Answer | None]] = {
    "await_activity": waiters.await_activity,
    "await_stage": waiters.await_stage,
    "contact_point": _contact_point,
    "delete": _delete,
    "details_values": details.answer_values,
    "edit_details": details.edit,
    "fields": _fields,
    "save": asked_saves.save,
}


def answer(turn: Turn, asked: c.AskItem) -> None:
    """Answer a question, or take a fact over."""
    take = _FACTS.get(asked.question)
    if take is not None:
        take(turn, asked)
        return
    if asked.on_behalf_of:
        turn.act(turn.actor, turn.source, asked.on_behalf_of, turn.cause)
    reply = _QUESTIONS.get(asked.question)
    told = reply(turn, asked) if reply else Answer("failed", "unknown_question", {})
    if told is None:
        return
    if weight(told.results) > REQUEST_LIMIT:
        told = Answer("failed", "item_too_large", {})
    turn.emit(
        effects.ItemAnswered(asked.effect_id, asked.run_id, asked.reply_to, told.status, told.reason, told.results)
    )


def _invoice_paid(turn: Turn, asked: c.AskItem) -> None:
    amount = asked.args.get("amount")
    money = amount if isinstance(amount, Money) else Money(0, "")
    own = {code.removeprefix(FIELD_PREFIX): v for code, v in asked.args.items() if code.startswith(FIELD_PREFIX)}
    invoice_id = str(asked.args.get("invoice_id"))
    turn.emit(e.InvoicePaidNoted(invoice_id, money, own))
    facts.fire(turn, "invoice_paid", asked.effect_id, money, own)


def _link(turn: Turn, asked: c.AskItem) -> None:
    """Take a link or its end over: a change like any other, whose source is the one of the other side (spec 5.2)."""
    before = len(turn.events)
    links.take(turn, asked)
    autostart.after_change(turn, before)


_FACTS: Mapping[str, Callable[[Turn, c.AskItem], None]] = {
    "invoice_paid": _invoice_paid,
    "link": _link,
    "task_end": tasks.take,
    "task_open": tasks.take,
    "unlink": _link,
    "withdraw": waiters.withdraw,
}
"""What other items tell: nobody waits for an answer."""
