"""Documents: what the channel makes of an effect, in a folder and in a bucket, and what the PDF shows (spec 4.21)."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from pypdf import PdfReader

from automation.files import file_id
from automation.items.document_effects import DocumentRequested
from automation.values import Personal
from services.edge.files import FileLinks, Files, Linked, open_files
from services.edge.sql import open_database
from services.notifier.attachments import Attachment
from services.notifier.catalogue import load_channels
from services.notifier.channel import Channel, Delivery, Rejected, Resources, Retry, Sent
from services.notifier.drive import Drive
from services.notifier.pdf import ConversionError, render
from services.notifier.settings import NotifierSettings
from tests.files_world import local_settings, new_file, s3_settings

T = 1_700_000_000_000
TEXT_ID, PDF_ID, IMAGE_ID, STAMP_ID = (file_id(T, name) for name in ("text", "pdf", "image", "stamp"))
LINKS = FileLinks([b"s" * 32])
TEXT = """# Angebot / Oferta / Предложение O-0007

Für **Ада Łukaszewicz-Żółć**, société Été & Fils: 1 234,50 €

- one
- two
  1. inside

| Product | Sum |
| --- | ---: |
| Desk \\| oak | 3.00 EUR |
| **Total** | **3.00 EUR** |

---

Last line.
"""
DELIVERY = Delivery("acme", "e1", "acme/deal/1", None, 1, T)


def effect(form: str, **more: Any) -> DocumentRequested:
    """Return what the rule asks for."""
    made = DocumentRequested(
        f"e-{form}", "r1", form, "d1", Personal("Offer Ж"), Personal(TEXT if form == "text" else ""),
        TEXT_ID, PDF_ID, False, (), T,
    )  # fmt: skip
    return replace(made, **more)


def picture(kind: str = "PNG", size: tuple[int, int] = (60, 30)) -> bytes:
    """Return an image."""
    out = BytesIO()
    Image.new("RGB", size, "navy").save(out, kind)
    return out.getvalue()


def shown(pdf: bytes) -> str:
    """Return the text of a PDF as another library reads it."""
    return "\n".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages)


@pytest.fixture(scope="module")
def bucket() -> Iterator[Files]:
    """Yield a store in a bucket."""
    with s3_settings() as settings:
        yield open_files(settings)


@pytest.fixture(params=["local", "s3"])
def files(request: pytest.FixtureRequest, tmp_path: Path) -> Files:
    """Return an object store of each kind."""
    return open_files(local_settings(tmp_path)) if request.param == "local" else request.getfixturevalue("bucket")


@pytest.fixture
def channel(files: Files) -> Channel:
    """Return the channel as the service opens it."""
    drive = Drive(files, LINKS, "https://crm.test/files/")
    return load_channels()["document"].open(
        Resources(open_database("sqlite:///:memory:"), NotifierSettings(), drive=drive)
    )


@pytest.fixture
def delivery(request: pytest.FixtureRequest) -> Delivery:
    """Return a delivery of a tenant of this test's own."""
    return DELIVERY._replace(tenant=f"acme {request.node.name}")


async def test_text_and_pdf_are_files_of_the_drive(channel: Channel, files: Files, delivery: Delivery) -> None:
    """Under the ids that the effect names, with the item as their maker."""
    text = await channel.send(delivery._replace(event=effect("text")))
    pdf = await channel.send(delivery._replace(event=effect("pdf")))
    listed = await files.list(delivery.tenant)

    assert (text, pdf) == (Sent(TEXT_ID, {"file": TEXT_ID}), Sent(PDF_ID, {"pdf_file": PDF_ID}))
    assert {(file.name, file.content_type, file.made_by) for file in listed} == {
        ("Offer Ж.md", "text/markdown", "acme/deal/1"), ("Offer Ж.pdf", "application/pdf", "acme/deal/1"),
    }  # fmt: skip
    assert await files.load(delivery.tenant, TEXT_ID) == TEXT.encode()
    assert "Ада Łukaszewicz-Żółć" in shown(await files.load(delivery.tenant, PDF_ID))


async def test_the_same_effect_again_makes_the_same_files(channel: Channel, files: Files, delivery: Delivery) -> None:
    """Byte by byte: a repeat after a crash has no second effect."""
    for form in ("text", "pdf"):
        await channel.send(delivery._replace(event=effect(form)))
    first = await files.load(delivery.tenant, PDF_ID)
    for form in ("text", "pdf"):
        assert isinstance(await channel.send(delivery._replace(event=effect(form), attempt=2)), Sent)

    assert await files.load(delivery.tenant, PDF_ID) == first == render(TEXT, "Offer Ж", T)
    assert len(await files.list(delivery.tenant)) == 2


async def test_the_public_link_leads_to_the_pdf_and_does_not_expire(channel: Channel, delivery: Delivery) -> None:
    """It is signed, so nobody can guess another one."""
    told = await channel.send(delivery._replace(event=effect("text", public_link=True)))

    assert isinstance(told, Sent)
    base, _, token = told.results["public_link"].rpartition("/")
    assert (base, LINKS.read(token, T * 9)) == ("https://crm.test/files", Linked(delivery.tenant, PDF_ID, 0))


async def test_signature_and_stamp_stand_on_the_page(channel: Channel, files: Files, delivery: Delivery) -> None:
    """Both images, from the drive."""
    await files.put(delivery.tenant, new_file(IMAGE_ID), picture())
    await files.put(delivery.tenant, new_file(STAMP_ID, "stamp.jpg", "image/jpeg"), picture("JPEG"))
    await channel.send(delivery._replace(event=effect("text")))
    await channel.send(delivery._replace(event=effect("pdf", images=(IMAGE_ID, STAMP_ID))))

    (page,) = PdfReader(BytesIO(await files.load(delivery.tenant, PDF_ID))).pages
    assert len(page.images) == 2


@pytest.mark.parametrize(
    "content", [b"no image", picture("GIF"), picture(size=(5_000, 5_000))], ids=["bytes", "gif", "huge"]
)
async def test_what_is_no_image_fails_the_conversion(
    channel: Channel, files: Files, delivery: Delivery, content: bytes
) -> None:
    """Another kind of file, and one that is small on the drive and huge on the page."""
    await files.put(delivery.tenant, new_file(IMAGE_ID), content)
    await channel.send(delivery._replace(event=effect("text")))
    told = await channel.send(delivery._replace(event=effect("pdf", images=(IMAGE_ID,))))

    assert isinstance(told, Rejected)
    assert told.reason == "pdf_conversion"
    assert await files.find(delivery.tenant, PDF_ID) is None


async def test_missing_files_fail_the_conversion(channel: Channel, delivery: Delivery) -> None:
    """A text that was never kept, an image that is not on the drive of this tenant."""
    assert await channel.send(delivery._replace(event=effect("pdf"))) == Rejected("pdf_conversion", "a file is missing")
    await channel.send(delivery._replace(event=effect("text")))
    gone = await channel.send(delivery._replace(event=effect("pdf", images=(IMAGE_ID,))))

    assert gone == Rejected("pdf_conversion", "a file is missing")


async def test_a_store_that_cannot_be_reached_is_tried_again(tmp_path: Path) -> None:
    """Nothing has happened."""
    (tmp_path / "file").write_text("in the way")
    drive = Drive(open_files(local_settings(tmp_path / "file")), LINKS, "https://crm.test/files")
    entry = load_channels()["document"]
    channel = entry.open(Resources(open_database("sqlite:///:memory:"), NotifierSettings(), drive=drive))

    assert isinstance(await channel.send(DELIVERY._replace(event=effect("text"))), Retry)


async def test_what_is_attached_to_a_mail_is_read_from_the_drive(files: Files, delivery: Delivery) -> None:
    """By its id; one of another tenant, an unknown one, and one that servers would refuse are none."""
    drive = Drive(files, LINKS, "")
    await files.put(delivery.tenant, new_file(IMAGE_ID), b"abc")

    assert await drive.read(delivery.tenant, IMAGE_ID) == Attachment("photo.png", "image/png", b"abc")
    assert await drive.read("other", IMAGE_ID) is None
    assert await drive.read(delivery.tenant, "../x") is None


# --- the PDF ---------------------------------------------------------------------------------------------------


def test_a_pdf_shows_every_kind_of_block_in_every_script() -> None:
    """Headings, emphasis, lists, tables; Latin with accents, Polish, Cyrillic, the euro sign."""
    text = shown(render(TEXT, "T", T))

    for part in ("Предложение O-0007", "Für Ада", "société Été & Fils: 1 234,50 €", "• one", "1. inside",
                 "Desk | oak", "3.00 EUR", "Last line."):  # fmt: skip
        assert part in text


def test_what_markdown_could_reach_is_text() -> None:
    """No images, no links, no HTML: nothing is fetched, nothing is run."""
    text = shown(render("![x](/etc/passwd) <script>a</script> [l](http://x.test/) <b>b</b> `c`", "T", T))

    assert "![x](/etc/passwd) <script>a</script> [l](http://x.test/) <b>b</b> `c`" in text
    (page,) = PdfReader(BytesIO(render("[l](http://x.test/) http://y.test", "T", T))).pages
    assert "/Annots" not in page


def test_a_long_document_has_several_pages() -> None:
    """Tables go on as well."""
    rows = "\n".join(f"| row {number} | {number} |" for number in range(200))
    found = PdfReader(BytesIO(render(f"| a | b |\n| --- | --- |\n{rows}\n", "T", T)))

    assert len(found.pages) > 3
    assert "row 199" in found.pages[-1].extract_text()


@pytest.mark.parametrize(
    "text", ["", "\n", "|", "- " * 500, "#" * 1_000, "> " * 900, "\u2028" * 50, "x" * 5_000, "\x00a"]
)
def test_odd_texts_are_converted(text: str) -> None:
    """Or refused in order; nothing else is raised."""
    with contextlib.suppress(ConversionError):
        assert PdfReader(BytesIO(render(text, "T", T))).pages
