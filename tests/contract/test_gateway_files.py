"""The drive over HTTP: uploads, listing, downloads, and links for people (spec 1.15)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.files_world import LARGEST
from tests.gateway_world import NOW, Reply, World, world

__all__ = ["world"]

PDF = b"%PDF-1.7 content"


async def put(world: World, name: str = "terms.pdf", body: bytes = PDF, **more: Any) -> Reply:
    """Upload a file as a client would."""
    media = more.pop("media", "application/pdf")
    headers = {"content-type": media, **more.pop("headers", {})}
    return await world.call("POST", f"/v1/files?name={name}", body, headers=headers, **more)


async def test_a_file_goes_up_and_comes_down(world: World) -> None:
    """With its name, its type, its size and who brought it; never shown by a browser."""
    made = await put(world)
    got = await world.call("GET", f"/v1/files/{made.json['id']}/content")

    assert (made.status, made.json["size"], made.json["made_by"]) == (201, len(PDF), "key:acme")
    assert (got.status, got.body, got.headers["content-type"]) == (200, PDF, "application/pdf")
    assert got.headers["content-disposition"] == "attachment; filename=\"terms.pdf\"; filename*=UTF-8''terms.pdf"
    assert (got.headers["x-content-type-options"], got.headers["cache-control"]) == ("nosniff", "no-store")
    assert "sandbox" in got.headers["content-security-policy"]


async def test_a_name_of_any_signs_stays_in_its_header(world: World) -> None:
    """Quotes and letters beyond ASCII are encoded."""
    made = await put(world, "%D0%A4%20%22x%22.pdf")
    got = await world.call("GET", f"/v1/files/{made.json['id']}/content")

    assert made.json["name"] == 'Ф "x".pdf'
    assert got.headers["content-disposition"] == (
        "attachment; filename=\"_ _x_.pdf\"; filename*=UTF-8''%D0%A4%20%22x%22.pdf"
    )


async def test_the_drive_is_listed_page_by_page(world: World) -> None:
    """The newest first."""
    for name in ("a.pdf", "b.pdf", "c.pdf"):
        await put(world, name)
        world.clock.move_to(world.clock.now() + 1)

    first = (await world.call("GET", "/v1/files?limit=2")).json
    rest = (await world.call("GET", f"/v1/files?limit=2&after={first['next']}")).json

    assert [file["name"] for file in (*first["files"], *rest["files"])] == ["c.pdf", "b.pdf", "a.pdf"]
    assert rest["next"] is None


async def test_a_link_for_people_works_without_a_key_until_it_expires(world: World) -> None:
    """It is signed: another file's id, or a later end, cannot be written into it."""
    made = (await put(world)).json["id"]
    told = (await world.call("GET", f"/v1/files/{made}")).json
    path = told["link"].removeprefix("http://127.0.0.1")

    assert (await world.call("GET", path, key=None)).body == PDF
    assert (await world.call("GET", path[:-2] + "AA", key=None)).status == 404
    world.clock.move_to(told["link_until"] + 1)
    assert (await world.call("GET", path, key=None)).status == 404
    assert told["link_until"] == NOW + 3_600_000


async def test_another_tenants_file_is_an_unknown_one(world: World) -> None:
    """In every route, and in the list."""
    made = (await put(world)).json["id"]

    for path in (f"/v1/files/{made}", f"/v1/files/{made}/content"):
        assert (await world.call("GET", path, key="other")).status == 404
    assert (await world.call("GET", "/v1/files", key="other")).json["files"] == []


async def test_a_repeat_with_the_same_key_gives_the_same_file(world: World) -> None:
    """There is one file afterwards; the key with another name is refused."""
    headers = {"idempotency-key": "k1"}
    first, again = await put(world, headers=headers), await put(world, headers=headers)
    other = await put(world, "other.pdf", headers=headers)

    assert (again.json, again.headers["idempotency-replayed"]) == (first.json, "true")
    assert (other.status, other.code) == (422, "idempotency_key_reused")
    assert len((await world.call("GET", "/v1/files")).json["files"]) == 1


async def test_a_refused_upload_leaves_its_key_free(world: World) -> None:
    """The corrected request may use it."""
    headers = {"idempotency-key": "k2"}
    refused = await put(world, media="text/html", headers=headers)

    assert (refused.status, refused.code) == (415, "type_not_allowed")
    assert (await put(world, headers=headers)).status == 201


@pytest.mark.parametrize(
    ("name", "body", "media", "status", "code"),
    [
        ("x.svg", PDF, "image/svg+xml", 415, "type_not_allowed"),
        ("x.pdf", PDF, "", 415, "type_not_allowed"),
        ("..%2Fx.pdf", PDF, "application/pdf", 422, "invalid_name"),
        ("x%0D%0Ay.pdf", PDF, "application/pdf", 422, "invalid_name"),
        ("", PDF, "application/pdf", 422, "invalid"),
        ("x.pdf", b"", "application/pdf", 422, "empty"),
        ("x.pdf", b"x" * (LARGEST + 1), "application/pdf", 413, "too_large"),
    ],
)
async def test_what_is_refused(world: World, name: str, body: bytes, media: str, status: int, code: str) -> None:
    """Each with its own code, and nothing is kept."""
    reply = await put(world, name, body, media=media)

    assert (reply.status, reply.code) == (status, code)
    assert (await world.call("GET", "/v1/files")).json["files"] == []


async def test_roles_and_keys_are_asked_for_before_a_byte_is_read(world: World) -> None:
    """Without `write` nothing goes up, without `read` nothing comes down."""
    assert (await put(world, key=None)).status == 401
    assert (await put(world, key="acme read")).status == 403
    assert world.received == 0
    made = (await put(world, key="acme write")).json["id"]
    for path in ("/v1/files", f"/v1/files/{made}", f"/v1/files/{made}/content"):
        assert (await world.call("GET", path, key="acme write")).status == 403


async def test_other_bodies_stay_small(world: World) -> None:
    """The allowance of uploads is theirs alone."""
    reply = await world.call("POST", "/v1/changes", b"x" * 300_000)

    assert (reply.status, reply.code) == (413, "too_large")
