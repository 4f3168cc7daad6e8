"""Details records through the HTTP API (spec 1.14)."""

from __future__ import annotations

from typing import get_args

import pytest

from automation.addresses import ADDRESS_PARTS, ADDRESS_TYPES
from automation.items import changes as c
from automation.values import Personal
from services.gateway import bodies as b
from tests.gateway_world import World, world

__all__ = ["world"]

CHANGES = "/v1/items/contact/c1/changes"
FIELDS = [{"code": "passport", "title": "Passport", "type": "string", "personal": True}]
TEMPLATE = {"id": "person", "title": "Person", "entity": "person", "fields": FIELDS}
RECORD = {"kind": "save_details", "record_id": "1", "template": "person"}


@pytest.fixture
async def defined(world: World) -> World:
    """A tenant with a details template."""
    saved = [{"kind": "details_template", "id": "person", "body": TEMPLATE}]
    assert (await world.call("PUT", "/v1/definitions", {"definitions": saved})).status == 200
    return world


async def test_a_record_is_saved_and_deleted(defined: World):
    """Personal texts and addresses arrive marked."""
    body = {**RECORD, "fields": {"passport": "P-1"}, "addresses": {"legal": {"city": "Lyon", "street": None}}}
    assert (await defined.call("POST", CHANGES, body)).status == 202
    assert (await defined.call("POST", CHANGES, {"kind": "delete_details", "record_id": "1"})).status == 202
    values = {"passport": Personal("P-1"), "legal.city": Personal("Lyon"), "legal.street": None}
    assert [letter.change for letter in defined.outbox.letters] == [
        c.SaveDetails("1", "person", values),
        c.DeleteDetails("1"),
    ]


@pytest.mark.parametrize(
    ("path", "more", "fault"),
    [
        (CHANGES, {"template": "moon"}, ("template", "unknown_template")),
        ("/v1/items/deal/7/changes", {}, ("item_type", "no_details")),
        (CHANGES, {"fields": {"passport": 7}}, ("fields.passport", "invalid_field")),
        (CHANGES, {"fields": {"shoe": "44"}}, ("fields.shoe", "unknown_field")),
    ],
)
async def test_what_is_wrong_is_named(defined: World, path: str, more: dict[str, object], fault: tuple[str, str]):
    """Path and rule, and nothing is sent."""
    reply = await defined.call("POST", path, RECORD | more)
    assert (reply.status, reply.paths) == (422, [fault])
    assert not defined.outbox.letters


def test_the_body_names_the_addresses_of_the_core():
    """Types and parts are those that rules may read."""
    assert get_args(b.AddressTypeName) == ADDRESS_TYPES
    assert get_args(b.AddressPart) == ADDRESS_PARTS
