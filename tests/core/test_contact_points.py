"""Contact points in their normal form (spec 4.3, 4.6, 4.7)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automation.contact_points import ContactPoint, email, phone, points_of
from automation.values import Personal


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("  Ann@Example.TEST ", "ann@example.test"),
        ("Ann Example <Ann@x.test>", "ann@x.test"),
        ("", ""), ("ann", ""), ("a@b@c", ""), ("a b@c.test", ""), ("@x.test", ""), ("a" * 320 + "@x.test", ""),
    ],
)  # fmt: skip
def test_addresses_are_trimmed_and_in_small_letters(written: str, found: str) -> None:
    """What is no address is none."""
    assert email(written) == found


@pytest.mark.parametrize(
    ("written", "calling_code", "found"),
    [
        ("+49 (170) 123-4567", "", "+491701234567"),
        ("0049/170.1234567", "", "+491701234567"),
        ("+49 (0)170 1234567", "", "+491701234567"),
        ("tel:+49-170-1234567", "", "+491701234567"),
        ("0170 1234567", "49", "+491701234567"),
        ("(415) 555-2671", "1", "+14155552671"),
        ("+49 170 1234567", "1", "+491701234567"),
        ("0170 1234567", "", "01701234567"),
        ("+49 170 1234567 ext. 12", "", "+491701234567"),
        ("", "", ""), ("abc", "49", ""), ("12", "", ""), ("+123", "", ""), ("+" + "1" * 16, "", ""),
    ],
)  # fmt: skip
def test_numbers_are_written_in_one_way(written: str, calling_code: str, found: str) -> None:
    """Without a country, and none in the settings, only the digits are known."""
    assert phone(written, calling_code) == found


@given(text=st.text(max_size=40), code=st.sampled_from(("", "1", "49")))
def test_a_normal_form_is_its_own(text: str, code: str) -> None:
    """Whatever was written."""
    assert email(email(text)) == email(text)
    assert phone(phone(text, code), code) == phone(text, code)


def test_each_point_of_an_item_is_found_once() -> None:
    """In fields of one value and of several."""
    fields = {
        "email_work": Personal("Ann@x.test"), "email_home": "ann@x.test", "phone_mobile": Personal("+49 170 1234567"),
        "phone_other": ("0170 1234567", "no number"), "name": Personal("b@x.test"),
    }  # fmt: skip
    assert points_of(fields, "49") == (ContactPoint("email", "ann@x.test"), ContactPoint("phone", "+491701234567"))
