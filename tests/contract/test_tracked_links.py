"""Tokens of tracked e-mails: nobody makes one up, and none leads where its mail did not."""

from __future__ import annotations

import pytest

from automation.envelope import Key
from services.edge.tracked_links import Tracked, TrackedLinks

OLD, NEW = b"o" * 32, b"n" * 32
LINKS = TrackedLinks("https://crm.example/", [NEW, OLD])
ITEM = "acme/deal/4/2"


def _token(url: str) -> str:
    return url.rpartition("/")[2]


def test_a_pixel_tells_its_mail_and_item() -> None:
    """Tenant, item and effect come back, whatever signs an id holds."""
    url = LINKS.pixel(ITEM, "e1")
    assert url.startswith("https://crm.example/t/o/")
    assert LINKS.read(_token(url), "opened") == Tracked("opened", Key("acme", "deal", "4/2"), "e1")


def test_a_click_leads_where_the_mail_did() -> None:
    """The link travels inside the signed part."""
    link = "https://pay.example/1?a=1&b=ü#x"
    token = _token(LINKS.click(ITEM, "e1", link))
    assert LINKS.read(token, "clicked") == Tracked("clicked", Key("acme", "deal", "4/2"), "e1", link)


@pytest.mark.parametrize(
    "link",
    ["mailto:a@b.example", "javascript:alert(1)", "ftp://x.example/", "//evil.example", "/pay", "https://", "",
     "https://x.example/ y", "https://x.example/\r\nSet-Cookie: a=b", "http://[", "https://x.example/" + "a" * 5_000],
)  # fmt: skip
def test_what_is_no_web_link_is_not_rewritten(link: str) -> None:
    """Only http and https become redirects."""
    assert LINKS.click(ITEM, "e1", link) == link


def test_a_token_is_good_for_its_own_kind_only() -> None:
    """A pixel's token is no click, and the other way round."""
    assert LINKS.read(_token(LINKS.pixel(ITEM, "e1")), "clicked") is None
    assert LINKS.read(_token(LINKS.click(ITEM, "e1", "https://a.example")), "opened") is None


def test_every_changed_sign_makes_a_token_worthless() -> None:
    """Each sign of content and hash is covered."""
    token = _token(LINKS.click(ITEM, "e1", "https://a.example/"))
    for at in range(len(token)):
        other = "A" if token[at] != "A" else "B"
        changed = token[:at] + other + token[at + 1 :]
        assert LINKS.read(changed, "clicked") in (None, LINKS.read(token, "clicked"))
        if at < token.index("."):
            assert LINKS.read(changed, "clicked") is None


@pytest.mark.parametrize("token", ["", ".", "a", "a.b", "é.é", "=.=", "W10." + "A" * 24, "x" * 9_000, "\x00.\x00"])
def test_rubbish_is_no_token(token: str) -> None:
    """Nothing raises, nothing is believed."""
    assert LINKS.read(token, "opened") is None


def test_links_outlive_a_rotation_of_secrets() -> None:
    """What the former secret signed is still read; what a stranger's did is not."""
    former, strange = TrackedLinks("https://c.example", [OLD]), TrackedLinks("https://c.example", [b"x" * 32])
    assert LINKS.read(_token(former.pixel(ITEM, "e1")), "opened") is not None
    assert LINKS.read(_token(strange.pixel(ITEM, "e1")), "opened") is None


def test_every_attempt_makes_the_same_links() -> None:
    """A mail sent again has the same bytes."""
    assert LINKS.click(ITEM, "e1", "https://a.example") == LINKS.click(ITEM, "e1", "https://a.example")
