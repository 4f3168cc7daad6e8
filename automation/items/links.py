"""Links both ways: who is linked learns of it and links back (spec 3.1.2, 6.1)."""

from __future__ import annotations

from automation.envelope import CRM_ALL, Key, stable_id
from automation.items import changes as c
from automation.items import effects
from automation.items import events as e
from automation.items.parts import Link
from automation.items.turn import Turn

BACK = {"source": "created", "created": "source", "invoice": "source"}
"""The relation on the other side; links of other relations are seen from one side alone."""


def tell(turn: Turn, link: Link, what: str) -> None:
    """Let the other side `link` or `unlink` this item in turn."""
    relation = BACK.get(link.relation)
    if relation is None or link.item_type.partition(".")[0] not in CRM_ALL:
        return
    target = Key(turn.key.tenant, link.item_type, link.item_id).text
    effect_id = stable_id("fact", what, turn.key_text, turn.state.version, target)
    args = {"item_type": turn.key.item_type, "item_id": turn.key.item_id, "relation": relation}
    turn.emit(effects.ItemAsked(effect_id, "", target, what, args))


def take(turn: Turn, asked: c.AskItem) -> None:
    """Link or unlink the item that says so; it is not told in turn."""
    args = asked.args
    link = Link(*(str(args.get(name, "")) for name in ("item_type", "item_id", "relation")))
    known = link in turn.state.links or (asked.question == "link" and _linked_otherwise(turn, link))
    if known == (asked.question == "link"):
        turn.emit(e.ChangeSeen("no_change"))
    elif known:
        turn.emit(e.ItemUnlinked(link))
    else:
        turn.emit(e.ItemLinked(link))


def _linked_otherwise(turn: Turn, link: Link) -> bool:
    """Say whether the link stands here under another name of the same relation: `invoice` for `created`."""
    back = BACK.get(link.relation)
    return any(
        (old.item_type, old.item_id) == (link.item_type, link.item_id) and BACK.get(old.relation) == back
        for old in turn.state.links
    )
