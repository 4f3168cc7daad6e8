"""The contact points of items in one normal form, so that equal ones are found equal (spec 4.3, 4.6, 4.7)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

from automation.envelope import Key
from automation.items.contacts import ADDRESS_TYPES, PHONE_TYPES
from automation.items.effects import ItemAsked
from automation.plan import Call, Context, Failed
from automation.values import Value, plain

CODES = (*(f"email_{kind}" for kind in ADDRESS_TYPES), *(f"phone_{kind}" for kind in PHONE_TYPES))
"""The fields that hold them."""
CLIENTS = ("contact", "company")
_LONGEST_EMAIL = 320
_EMAIL = re.compile(r"[^\s@<>]+@[^\s@<>]+")
_NUMBER = re.compile(r"[0-9\s()+./\-]*")


class ContactPoint(NamedTuple):
    """An e-mail address in small letters, or a telephone number: E.164, or bare digits where its country is unknown."""

    kind: Literal["email", "phone"]
    value: str


def email(text: str) -> str:
    """Return an e-mail address in its normal form; empty for what is none. `Ann <ann@x.test>` is taken, too."""
    found = text.strip().lower()
    found = found[:-1].rpartition("<")[2] if found.endswith(">") else found
    return found if len(found) <= _LONGEST_EMAIL and _EMAIL.fullmatch(found) else ""


def phone(text: str, calling_code: str) -> str:
    """Return a telephone number in its normal form; empty for what is none.

    One written without a country is of the country with this calling code.
    """
    written = text.strip().lower().removeprefix("tel:").replace("(0)", "")
    signs = _NUMBER.match(written)
    number = signs.group().strip() if signs else ""  # what follows is an extension
    digits = re.sub("[^0-9]", "", number)
    if number.startswith("+"):
        return _international(digits)
    if digits.startswith("00"):
        return _international(digits[2:])
    if calling_code:
        return _international(calling_code + digits.removeprefix("0")) if digits else ""
    return digits if 3 <= len(digits) <= 15 else ""


def _international(digits: str) -> str:
    return f"+{digits}" if 7 <= len(digits) <= 15 else ""


def points_of(fields: Mapping[str, Value], calling_code: str) -> tuple[ContactPoint, ...]:
    """Return the contact points in an item's fields, each once."""
    return tuple(dict.fromkeys(_points(fields, calling_code)))


def _points(fields: Mapping[str, Value], calling_code: str) -> Iterator[ContactPoint]:
    for code in CODES:
        held = plain(fields.get(code))
        for text in held if isinstance(held, tuple) else (held,):
            if isinstance(text, str):
                mail = code.startswith("email")
                found = email(text) if mail else phone(text, calling_code)
                if found:
                    yield ContactPoint("email" if mail else "phone", found)


def primary_clients(context: Context) -> tuple[tuple[str, str], ...]:
    """Return type and id of the primary contact and company (spec 1.14)."""
    found = ((kind, context.item.linked(kind)) for kind in CLIENTS)
    return tuple(one for one in found if one[1] and one != context.key[1:])


def linked_clients(context: Context) -> tuple[tuple[str, str], ...]:
    """Return type and id of every contact and company that the item names or is linked with."""
    links = ((link.item_type, link.item_id) for link in context.item.links if link.item_type in CLIENTS)
    return tuple(dict.fromkeys(one for one in (*primary_clients(context), *links) if one != context.key[1:]))


def gathered(context: Context, clients: Sequence[tuple[str, str]]) -> tuple[ContactPoint, ...] | Call | Failed:
    """Return the contact points of the item and of these clients, or whom to ask first; who is gone has none."""
    missing = [one for one in clients if context.answer(_place(one)) is None]
    if missing:
        return Call(tuple(_asked(context, one) for one in missing))
    code = context.tenant.settings.calling_code
    found = list(points_of(context.item.fields, code))
    for one in clients:
        answer = context.answer(_place(one))
        if answer is not None and answer.ok:
            found += points_of(answer.results, code)
        elif answer is not None and answer.reason != "item_not_found":
            return Failed(answer.reason)
    return tuple(dict.fromkeys(found))


def _place(client: tuple[str, str]) -> str:
    return f"points:{client[0]}/{client[1]}"


def _asked(context: Context, client: tuple[str, str]) -> ItemAsked:
    target = Key(context.key.tenant, *client).text
    return ItemAsked(context.effect_id(_place(client)), context.run_id, target, "fields", {"codes": CODES})
