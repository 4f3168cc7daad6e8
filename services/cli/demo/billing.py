"""Quotes and invoices of a deal: items of their own, linked to it."""

from __future__ import annotations

from collections.abc import Mapping

from automation.envelope import Key
from automation.items.parts import Link
from automation.values import Money, Value
from services.cli.demo import people
from services.cli.demo.calendar import day_of
from services.cli.demo.people import Client
from services.cli.demo.story import Story


def quote(story: Story, deal: Key, worth: Money, user: str) -> None:
    """Send a quote for the deal; the client takes it or not."""
    key = story.key("quote")
    fields: Mapping[str, Value] = {
        "title": f"Offer {key.item_id}", "amount": worth, "valid_until": day_of(story.at, 30),
        "email_work": f"client-{key.item_id}@example.test",
    }  # fmt: skip
    story.create(key, fields, user, links=(Link("deal", deal.item_id, "source"),))
    story.wait(2).save(key, user, stage="sent")
    if story.chance(0.8):
        story.wait(24).save(key, user, stage="accepted" if story.chance(0.8) else "declined")


def bill(story: Story, deal: Key, worth: Money, client: Client) -> None:
    """Write an invoice for the deal; most are paid through their link, some by transfer, a few never."""
    key = story.key("invoice")
    fields: Mapping[str, Value] = {
        "title": f"Invoice {key.item_id}", "number": f"R-{key.item_id}", "amount": worth,
        "due_date": day_of(story.at, 14), "contact": client.contact, "email_work": client.email,
    }  # fmt: skip
    story.wait(2).create(key, fields, people.ACCOUNTS, links=(Link("deal", deal.item_id, "source"),))
    story.wait(2).save(key, people.ACCOUNTS, stage="sent")
    if by_transfer(story.plan.seed, key):
        story.wait(60).save(key, people.ACCOUNTS, stage="paid")


def by_transfer(seed: int, invoice: Key) -> bool:
    """Say whether an accountant finds the money on the bank account, so that nobody pays the link."""
    digits = invoice.item_id.rpartition("-")[2]
    return (int(digits) * 31 + seed) % 4 == 0
