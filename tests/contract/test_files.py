"""The contract of the object store: a local folder and a bucket of S3 behave alike (spec 1.15, design section 2)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import obstore
import pytest

from services.edge.files import (
    BlobMissingError,
    FileConflictError,
    FileLinks,
    FileRefusedError,
    Files,
    Linked,
    file_id,
    open_files,
)
from tests.files_world import LARGEST, local_settings, new_file, s3_settings

T = 1_700_000_000_000
ONE, TWO, THREE = (file_id(T + at, "acme", at) for at in range(3))
ACME = "acme"


@pytest.fixture(scope="module")
def bucket() -> Iterator[Files]:
    """Yield a store in a bucket; tests keep apart by tenant."""
    with s3_settings() as settings:
        yield open_files(settings)


@pytest.fixture(params=["local", "s3"])
def files(request: pytest.FixtureRequest, tmp_path: Path) -> Files:
    """Return an object store of each kind."""
    if request.param == "local":
        return open_files(local_settings(tmp_path / "files"))
    store: Files = request.getfixturevalue("bucket")
    return store


@pytest.fixture
def tenant(request: pytest.FixtureRequest) -> str:
    """Return a tenant of this test's own."""
    return f"acme.{request.node.name}"


async def pieces(*parts: bytes) -> AsyncIterator[bytes]:
    """Yield parts of a file."""
    for part in parts:
        yield part


async def test_a_file_comes_back_as_it_was(files: Files, tenant: str) -> None:
    """Streamed in, streamed out, with what is known of it."""
    made = await files.put(tenant, new_file(ONE, "Фото é €.png"), pieces(b"abc", b"", b"def"))

    assert (made.size, made.name, len(made.sha256)) == (6, "Фото é €.png", 64)
    assert await files.load(tenant, ONE) == b"abcdef"
    assert await files.find(tenant, ONE) == made


async def test_a_large_file_goes_up_in_parts(files: Files, tenant: str) -> None:
    """Larger than one part of a multipart upload."""
    part = bytes(range(256)) * 4096  # 1 MiB
    await files.put(tenant, new_file(ONE), pieces(*[part] * 7))

    sizes = [len(chunk) async for chunk in files.read(tenant, ONE)]
    assert (sum(sizes), len(sizes) > 1) == (7 * len(part), True)


async def test_the_same_file_again_changes_nothing(files: Files, tenant: str) -> None:
    """An effect that is performed twice leaves one file."""
    first = await files.put(tenant, new_file(ONE), b"abc")
    again = await files.put(tenant, new_file(ONE)._replace(made_at=T + 9), b"abc")

    assert again == first
    assert await files.list(tenant) == [first]


async def test_another_content_under_the_same_id_is_refused(files: Files, tenant: str) -> None:
    """The first one stays: a file never changes."""
    await files.put(tenant, new_file(ONE), b"abc")

    with pytest.raises(FileConflictError):
        await files.put(tenant, new_file(ONE), b"xyz")
    assert await files.load(tenant, ONE) == b"abc"


async def test_the_newest_file_is_listed_first_page_by_page(files: Files, tenant: str) -> None:
    """A page begins after the last file of the page before."""
    for made in (TWO, ONE, THREE):
        await files.put(tenant, new_file(made), made.encode())

    assert [file.id for file in await files.list(tenant, most=2)] == [THREE, TWO]
    assert [file.id for file in await files.list(tenant, after=TWO)] == [ONE]
    assert await files.list(tenant, after=ONE) == []


async def test_a_tenant_sees_its_own_files_alone(files: Files, tenant: str) -> None:
    """The id of another tenant's file names nothing."""
    await files.put(tenant, new_file(ONE), b"abc")
    other = f"{tenant}.b"

    assert await files.find(other, ONE) is None
    assert await files.list(other) == []
    with pytest.raises(BlobMissingError):
        await files.load(other, ONE)


@pytest.mark.parametrize("bad", ["", "..", "../x", "a" * 31, "g" * 32, "A" * 32, f"{ONE}/", f"/{ONE}", "0" * 33])
async def test_what_is_no_id_never_becomes_a_path(files: Files, tenant: str, bad: str) -> None:
    """There is no such file, whatever lies in the folders around."""
    assert await files.find(tenant, bad) is None
    with pytest.raises(BlobMissingError):
        files.read(tenant, bad)


@pytest.mark.parametrize("name", ["..", ".", "A", "a b", "Ж" * 200, "%2e", "a%62"])
async def test_tenants_of_any_name_keep_apart(files: Files, tmp_path: Path, name: str) -> None:
    """No name reaches another folder, nor the one of a tenant that is spelled alike."""
    await files.put(name, new_file(ONE), b"abc")

    assert await files.load(name, ONE) == b"abc"
    assert await files.find(name.lower() + "x", ONE) is None
    assert await asyncio.to_thread(_stray, tmp_path) == []


def _stray(folder: Path) -> list[Path]:
    """Return files beside the store's own folder."""
    return [path for path in folder.rglob("*") if path.is_file() and folder / "files" not in path.parents]


async def test_a_file_that_is_too_large_leaves_nothing(files: Files, tenant: str) -> None:
    """It is refused on its way, whatever its length was said to be."""
    chunk = b"x" * (1024 * 1024)
    with pytest.raises(FileRefusedError) as refused:
        await files.put(tenant, new_file(ONE), pieces(*[chunk] * 9))

    assert (refused.value.rule, LARGEST) == ("too_large", 8 * len(chunk))
    assert await files.find(tenant, ONE) is None
    with pytest.raises(BlobMissingError):
        await files.load(tenant, ONE)


async def test_an_upload_that_breaks_off_leaves_nothing(files: Files, tenant: str) -> None:
    """A half of a file is no file."""

    async def broken() -> AsyncIterator[bytes]:
        yield b"abc"
        raise ConnectionResetError

    with pytest.raises((ConnectionResetError, obstore.exceptions.BaseError)):
        await files.put(tenant, new_file(ONE), broken())
    with pytest.raises(BlobMissingError):
        await files.load(tenant, ONE)


@pytest.mark.parametrize(
    ("name", "content_type", "content", "rule"),
    [
        ("x.html", "text/html", b"x", "type_not_allowed"),
        ("x.svg", "image/svg+xml", b"x", "type_not_allowed"),
        ("../x.png", "image/png", b"x", "invalid_name"),
        ("a\\b.png", "image/png", b"x", "invalid_name"),
        ("x\r\nSet-Cookie: a", "image/png", b"x", "invalid_name"),
        ("", "image/png", b"x", "invalid_name"),
        ("é" * 128, "image/png", b"x", "invalid_name"),
        ("x.png", "image/png", b"", "empty"),
    ],
)
async def test_what_files_may_not_be(
    files: Files, tenant: str, name: str, content_type: str, content: bytes, rule: str
) -> None:
    """Types that a browser would run, names that are paths or headers, no bytes at all."""
    with pytest.raises(FileRefusedError) as refused:
        await files.put(tenant, new_file(ONE, name, content_type), content)

    assert refused.value.rule == rule
    assert await files.list(tenant) == []


async def test_two_that_store_the_same_file_at_once(files: Files, tenant: str) -> None:
    """One complete file is left."""
    await asyncio.gather(*(files.put(tenant, new_file(ONE), b"abc" * 1000) for _ in range(8)))

    assert await files.load(tenant, ONE) == b"abc" * 1000
    assert len(await files.list(tenant)) == 1


def test_ids_of_files_are_in_the_order_of_their_moments() -> None:
    """And depend on nothing but moment and parts."""
    assert sorted([THREE, ONE, TWO]) == [ONE, TWO, THREE]
    assert file_id(T, "acme", 0) == ONE


# --- download links --------------------------------------------------------------------------------------------

LINKS = FileLinks([b"s" * 32])
LINKED = Linked(ACME, ONE, T + 1_000)


def test_a_link_is_for_one_file_until_a_moment() -> None:
    """After that moment it is as good as forged."""
    token = LINKS.token(LINKED)

    assert LINKS.read(token, T) == LINKED
    assert LINKS.read(token, T + 1_001) is None


def test_a_public_link_does_not_expire() -> None:
    """A document stays where its recipient was told to find it."""
    assert LINKS.read(LINKS.token(Linked(ACME, ONE, 0)), T * 2) == Linked(ACME, ONE, 0)


def test_a_link_of_an_older_secret_is_accepted() -> None:
    """So that secrets can be rotated; one of an unknown secret is not."""
    assert FileLinks([b"n" * 32, b"s" * 32]).read(LINKS.token(LINKED), T) == LINKED
    assert FileLinks([b"n" * 32]).read(LINKS.token(LINKED), T) is None


@pytest.mark.parametrize("token", ["", ".", "a.b", "é.é", "=" * 9, "A" * 5_000, "YQ.YQ"])
def test_a_broken_link_names_nothing(token: str) -> None:
    """Whatever it is made of."""
    assert LINKS.read(token, T) is None


def test_a_link_cannot_be_changed() -> None:
    """Neither file nor end."""
    token, longer = LINKS.token(LINKED), LINKS.token(LINKED._replace(until=0))

    assert LINKS.read(f"{longer.partition('.')[0]}.{token.partition('.')[2]}", T) is None
