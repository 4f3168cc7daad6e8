"""The action `bp_add_to_google_ads_audience` (spec 4.7): what it does not share with that of Facebook."""

from __future__ import annotations

import hashlib

from automation.definitions import models as m
from automation.items import process_events as p
from automation.items.ads_effects import AudienceRequested
from automation.values import Personal
from tests.core.spec import deal

ADS = m.Connection(id="ads", channel="ads_audience", provider="google_ads", account="1", sender="88")


def test_numbers_are_hashed_in_e164() -> None:
    """With the sign in front."""
    story = deal(ADS, phone_work=Personal("0044 20 7946 0000")).run("bp_add_to_google_ads_audience", audience="ads/7")
    call = story.only(AudienceRequested)
    assert (call.audience, call.emails) == ("7", ())
    assert call.phones == (hashlib.sha256(b"+442079460000").hexdigest(),)


def test_all_that_was_added_is_counted() -> None:
    """As the result; a repeat of the answer changes nothing."""
    story = deal(ADS, email_work=Personal("a@x.test")).run("bp_add_to_google_ads_audience", audience="ads")
    call = story.only(AudienceRequested)
    story.answer(call, added_count="1")
    assert story.only(p.StepCompleted).results == {"added_count": 1}
    assert "StepCompleted" not in story.answer(call, added_count="1").kinds()
