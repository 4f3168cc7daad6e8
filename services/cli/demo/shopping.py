"""Orders of the web shop, and repairs."""

from __future__ import annotations

from collections.abc import Mapping

from automation.values import Money, Value
from services.cli.demo import people
from services.cli.demo.people import Client
from services.cli.demo.story import Story


def shop(story: Story, client: Client) -> None:
    """A cart is filled and ordered; some are left, some are cancelled although the payment is under way."""
    key, user = story.key("deal"), story.rng.choice(people.SHOP)
    rows = people.rows(story.rng, 4)
    fields: Mapping[str, Value] = {
        "title": f"Cart of {client.name}", "amount": people.sum_of(rows), "contact": client.contact,
        "channel": "web", "email_home": client.email,
        "delivery_address": f"{story.rng.randint(1, 99)} Example Street",
    }  # fmt: skip
    story.create(key, fields, user, "app", pipeline="shop", rows=rows)
    if story.chance(0.3):
        rows = people.rows(story.rng, 4)
        story.at += 240_000
        story.save(key, "", {"amount": people.sum_of(rows)}, rows=rows)
    if story.chance(0.2):
        return
    order_id = story.id()
    story.at += 600_000
    story.order(order_id, people.sum_of(rows), key, rows)
    story.save(key, "", {"order_id": order_id, "title": f"Order {order_id}"}, stage="ordered")
    if story.chance(0.06):
        story.wait(10).save(key, user, stage="cancelled")
    elif story.chance(0.2):
        story.wait(10).activity(key)


def repair(story: Story, client: Client) -> None:
    """A piece is reported broken and estimated; it is repaired once that is paid, or at once under warranty."""
    key, warranty = story.key("spa_item.repair"), story.chance(0.35)
    device = story.rng.choice(people.FURNITURE)
    fields: Mapping[str, Value] = {
        "title": f"{device} of {client.name}", "device": device, "contact": client.contact,
        "under_warranty": warranty, "email_work": client.email,
    }  # fmt: skip
    story.create(key, fields, people.SERVICE, "incoming_call")
    story.wait(10).comment(key, people.SERVICE, story.rng.choice(people.REMARKS))
    cost = Money(story.rng.randint(20, 250) * 100, "EUR")
    story.wait(20).save(key, people.SERVICE, {"amount": cost}, stage="estimated")
    if warranty:
        story.wait(12).save(key, people.SERVICE, stage="in_repair")
        story.wait(40).save(key, people.SERVICE, stage="returned")
