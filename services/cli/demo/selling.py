"""Leads and deals on order: from the first call to the invoice, with everything that people do in between."""

from __future__ import annotations

from automation.envelope import Key
from automation.items.parts import Link
from automation.values import Money, Value
from services.cli.demo import people
from services.cli.demo.billing import bill, quote
from services.cli.demo.calendar import day_of
from services.cli.demo.people import Client
from services.cli.demo.story import Story

_STAGES = ("qualified", "proposal", "invoice_sent")
_GO_ON = (0.86, 0.76, 0.74)
_DELETED, _TO_THE_SHOP = 0.03, 0.03


def lead(story: Story, client: Client) -> None:
    """A lead is called, and becomes a deal or junk; some are forgotten."""
    key, user = story.key("lead"), story.rng.choice(people.SALES)
    source = story.rng.choice(("crm_form", "crm_form", "incoming_call", "incoming_email"))
    interest = story.rng.choice(("desk", "chair", "office", "other"))
    budget = people.amount(story.rng) if story.chance(0.5) else None
    story.create(key, {"title": f"{client.company_name}: {interest}", "interest": interest, "budget": budget,
                       "contact": client.contact, "email_work": client.email}, user, source)  # fmt: skip
    if story.chance(0.15):
        return
    story.wait(3).save(key, user, {"callback_at": story.at + 86_400_000}, stage="contacted")
    for _ in range(story.rng.randint(0, 2)):
        story.wait(6).activity(key)
    if story.chance(0.45):
        story.wait(20).save(key, user, stage="junk")
        return
    story.wait(12).save(key, user, stage="converted")
    deal(story, client, user, (Link("lead", key.item_id, "source"),))


def deal(story: Story, client: Client, user: str = "", links: tuple[Link, ...] = ()) -> None:
    """A deal on order, up to the moment at which it waits for its payment."""
    key, user = story.key("deal"), user or story.rng.choice(people.SALES)
    billing, worth = _create(story, key, client, user, links)
    for stage, share in zip(_STAGES, _GO_ON, strict=True):
        _busy(story, key, user, worth)
        if _leaves(story, key, user):
            return
        if not story.chance(share):
            story.wait(30).save(key, user, stage="lost")
            return
        story.wait(26).save(key, user, {"delivery_date": day_of(story.at, story.rng.randint(14, 40))}, stage=stage)
        if stage == "proposal" and story.chance(0.4):
            quote(story, key, worth, user)
    if billing == "invoice":
        bill(story, key, worth, client)
    _afterwards(story, key, user)


def _create(story: Story, key: Key, client: Client, user: str, links: tuple[Link, ...]) -> tuple[str, Money]:
    rng = story.rng
    rows = people.rows(rng, 3) if story.chance(0.3) else ()
    worth = people.sum_of(rows) if rows else people.amount(rng)
    (billing,) = rng.choices(("link", "invoice"), (65, 35))
    fields: dict[str, Value] = {
        "title": f"{rng.choice(people.FURNITURE)} for {client.company_name}", "amount": worth, "billing": billing,
        "contact": client.contact, "company": client.company, "channel": rng.choice(("web", "phone", "fair")),
        "priority": rng.choice(("low", "normal", "normal", "high")),
        "email_work": client.email if story.chance(0.6) else "",
    }  # fmt: skip
    story.create(key, fields, user, rng.choice(("manual", "manual", "crm_form", "rest_api")), rows=rows, links=links)
    return billing, worth


def _busy(story: Story, key: Key, user: str, worth: Money) -> None:
    """Let people work on the deal for some days."""
    for _ in range(story.rng.randint(0, 4)):
        story.wait(8)
        (what,) = story.rng.choices(("edit", "comment", "activity", "colleague", "repeat"), (40, 22, 28, 5, 5))
        if what == "edit":
            _edit(story, key, user, worth)
        elif what == "comment":
            story.comment(key, user, story.rng.choice(people.REMARKS))
        elif what == "activity":
            story.activity(key)
        elif what == "colleague":
            story.save(key, user, responsible=story.rng.choice(people.SALES))
        else:
            story.save(key, user, {"amount": worth})  # saved without a change


def _edit(story: Story, key: Key, user: str, worth: Money) -> None:
    (code,) = story.rng.choices(("priority", "comments", "tags", "delivery_date"), (3, 4, 2, 3))
    values: dict[str, Value] = {
        "priority": story.rng.choice(("low", "normal", "high")), "comments": story.rng.choice(people.REMARKS),
        "tags": tuple(sorted(story.rng.sample(("rush", "export", "repeat", "sample"), 2))),
        "delivery_date": day_of(story.at, story.rng.randint(10, 60)),
    }  # fmt: skip
    story.save(key, user, {code: values[code]})


def _leaves(story: Story, key: Key, user: str) -> bool:
    """Say whether the deal was deleted as a mistake, or turned out to be one for the web shop."""
    if story.chance(_DELETED / len(_STAGES)):
        story.wait(4).delete(key, user)
        return True
    if story.chance(_TO_THE_SHOP / len(_STAGES)):
        story.wait(4).save(key, user, pipeline="shop", stage="cart")
        return True
    return False


def _afterwards(story: Story, key: Key, user: str) -> None:
    """While the client has the link, a few deals are given up, and some are handled further without waiting."""
    if story.chance(0.03):
        story.wait(60).delete(key, user)
    elif story.chance(0.05):
        story.wait(60).save(key, user, stage="lost")
    elif story.chance(0.4):
        story.wait(30).activity(key)
