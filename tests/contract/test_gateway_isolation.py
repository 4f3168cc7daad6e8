"""Two tenants, four roles, every route of the OpenAPI document: a new route cannot be forgotten here."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from services.edge.files import file_id
from services.gateway.app import load_routers, routes_only
from services.gateway.keys import ROLES
from services.gateway.openapi import document
from tests.gateway_world import CANARY, TENANTS, TOKEN, World, payment_of, world

__all__ = ["world"]

ORDER = {"order_id": "A1", "amount": {"minor": 1, "currency": "EUR"}, "items": []}
DELETE = {"kind": "delete"}
BODIES: dict[str, dict[str, Any]] = {
    "ChangeBody": {"kind": "comment", "text": "x"},
    "BatchBody": {"changes": [{"item_type": "deal", "item_id": "other-1", "change": DELETE}]},
    "ReadMarks": {"user": "ann", "ids": ["n1"]},
    "DefinitionsBody": {"definitions": [{"kind": "role", "id": "r", "body": {"id": "r", "members": []}}]},
    "OrderBody": ORDER,
    "ItemRef": {"item_type": "deal", "item_id": "other-1"},
    "PaymentBody": {"status": "paid"},
    "StatusBody": {},
    "CopyBody": {"item_type": "deal", "pipeline": "main", "to_item_type": "deal", "to_pipeline": "other"},
    "DryRunBody": {"item": {"item_type": "deal", "item_id": "other-1"}},
    "PreviewBody": {},
    "EnrolBody": {"version": 1},
    "RecordChangeBody": {"kind": "post_chat_message", "text": "x"},
    "TestBody": {"to": "+491701"},
    "DecisionBody": {"user": "ann", "decision": "answer", "values": {"budget": {"minor": 1, "currency": "EUR"}}},
    "DelegationBody": {"user": "ann", "to": "boss"},
    "StartBody": {"template": "round"},
    "ControlBody": {"action": "stop"},
    "TryStartBody": {"item": {"item_type": "deal", "item_id": "other-1"}},
    "IncidentsPreviewBody": {},
    "IncidentsResolveBody": {"action": "retry", "upto": 1},
    "StartsPreviewBody": {},
    "StartsBody": {"version": 1},
}
MASS = ("tenant", "tenant_id", "owner", "role", "roles", "version", "created_at", "is_admin", "actor", "signature")


def _operations() -> list[tuple[str, str, dict[str, Any]]]:
    paths = document(routes_only())["paths"]
    return [(method.upper(), path, found) for path, methods in paths.items() for method, found in methods.items()]


OPERATIONS = _operations()
KEYED = [one for one in OPERATIONS if one[2]["x-role"] != "public"]
NAMES = [f"{method} {path}" for method, path, _ in KEYED]


def _address(path: str, operation: dict[str, Any], ids: str) -> str:
    """Fill a path with an id, and the queries that it cannot do without."""
    given = {
        "item_type": "deal", "item_id": f"{ids}-1", "change_id": f"change-{ids}-1-1", "order_id": "A1",
        "record_type": "chat", "record_id": f"{ids}-1",
        "name": "stages", "user": "ann", "payment_id": payment_of(ids) if ids in TENANTS else ids,
        "file_id": file_id(1, ids), "kind": "rule", "definition_id": ids, "rule_id": ids, "enrolment_id": ids,
        "entry_id": "add_item_comment", "task_id": f"{ids}-1",
        "template_id": ids, "instance_id": ids, "batch_id": ids, "connection_id": ids, "since": "0", "until": "1",
    }  # fmt: skip
    query = []
    for parameter in operation.get("parameters", ()):
        name = parameter["name"]
        path = path.replace("{" + name + "}", given[name]) if parameter["in"] == "path" else path
        if parameter["in"] == "query" and parameter.get("required"):
            query.append(f"{name}={given[name]}")
    return f"{path}?{'&'.join(query)}"


def _body(operation: dict[str, Any]) -> dict[str, Any] | None:
    if "requestBody" not in operation:
        return None
    content = operation["requestBody"]["content"]
    if "application/json" not in content:
        return None
    schema = content["application/json"]["schema"]["$ref"]
    return BODIES[schema.rpartition("/")[2]]


def _about_one_thing(path: str) -> bool:
    return path.startswith(("/v1/items/{item_type}", "/v1/payments/", "/v1/records/{record_type}/", "/v1/human-tasks/"))


@pytest.mark.parametrize(("method", "path", "operation"), KEYED, ids=NAMES)
async def test_no_route_shows_or_touches_what_is_another_tenant_s(world: World, method, path, operation):
    """Whoever's id is named: no canary of the other tenant in the answer, and nothing written under its keys."""
    before = world.shelf.book.tenant("other").versions.copy()
    headers = ({}, {"x-tenant": "other"}, {"tenant": "other", "x-tenant-id": "other"})
    for ids, extra in product(("other", "acme", "0b1c6f2e9d7a4c55", "1", "Desk"), headers):
        reply = await world.call(method, _address(path, operation, ids), _body(operation), headers=extra)
        assert reply.status < 500
        assert CANARY["other"].encode() not in reply.body
        assert b"other@home.test" not in reply.body
        if method == "GET" and _about_one_thing(path) and ids != "acme":
            assert (reply.status, reply.code) == (404, "not_found")
        if path.startswith("/v1/payments/") and ids != "acme":
            assert reply.status == 404
    assert {letter.key.tenant for letter in world.outbox.letters} <= {"acme"}
    assert {record.tenant for record in world.shelf.records} <= {"acme"}
    assert world.shelf.book.tenant("other").versions == before
    assert world.ports.inbox().unread("other", "ann") == 1


@pytest.mark.parametrize(("method", "path", "operation"), KEYED, ids=NAMES)
async def test_each_route_is_open_to_its_role_alone(world: World, method, path, operation):
    """Without a key 401, with any other role 403, with its own role neither."""
    address, body = _address(path, operation, "acme"), _body(operation)
    assert (await world.call(method, address, body, key=None)).status == 401
    for role in ROLES:
        status = (await world.call(method, address, body, key=f"acme {role}")).status
        assert (status == 403) == (role != operation["x-role"])


@pytest.mark.parametrize(("method", "path", "operation"), [one for one in KEYED if _body(one[2])])
async def test_no_body_takes_more_than_it_says(world: World, method, path, operation):
    """Fields that would give rights or another tenant are refused, and nothing is written."""
    for name in MASS:
        body = {**(_body(operation) or {}), name: "other"}
        assert (await world.call(method, _address(path, operation, "acme"), body)).status == 422
    assert not world.outbox.letters
    assert not world.shelf.records


def test_every_route_states_its_role():
    """A route without a role would be refused; here it is found before."""
    routes = [route for router in load_routers() for route in router.routes]
    assert len(routes) == len(OPERATIONS)
    assert {route.openapi_extra["x-role"] for route in routes} <= {*ROLES, "public"}


async def test_a_route_without_a_role_is_refused(world: World):
    """Default deny: a forgotten role opens nothing, whatever roles the caller has."""
    world.app.add_api_route("/v1/forgotten", lambda: "open")
    assert (await world.call("GET", "/v1/forgotten")).status == 403


async def test_public_pages_say_nothing_of_other_tenants(world: World):
    """A link shows its own payment and no other."""
    page = await world.call("GET", f"/pay/{TOKEN['acme']}", key=None)
    assert CANARY["other"].encode() not in page.body
    public = {path for _, path, found in OPERATIONS if found["x-role"] == "public"}
    assert public == {
        "/", "/files/{token}", "/pay/{token}", "/t/c/{token}", "/t/o/{token}",
        "/v1/webhooks/messages/{tenant}/{connection_id}/{message_id}",
        "/v1/webhooks/payments/{tenant}/{provider}",
    }  # fmt: skip
