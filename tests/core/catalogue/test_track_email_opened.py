"""The trigger `track_email_opened` (spec 2.3)."""

from __future__ import annotations

from typing import Any

import pytest

from automation.envelope import STAGED, Key
from automation.errors import ChangeRefusedError
from automation.items import changes as c
from automation.items import events as e
from automation.items.effects import NotificationRequested
from tests.core.spec import CATALOGUE, TENANT, Story, book_of, deal, pipeline, trigger

OPENED = trigger("opened", "track_email_opened", "assembly")


def seen(story: Story, mail: str = "m1", kind: str = "opened", seen_id: str = "s1", link: str = "") -> Story:
    """Report that the client opened a mail, or followed a link."""
    return story.when(c.ReportEmailSeen(mail, kind, seen_id, link), source="app", actor="system")


def test_the_first_opening_moves_the_item_without_an_alert() -> None:
    """One firing, one move; nobody is notified."""
    story = seen(deal(OPENED))

    assert story.only(e.TriggerFired).fact_id == "m1"
    assert story.only(e.StageMoved).to_stage == "assembly"
    assert NotificationRequested.__name__ not in story.kinds()


def test_later_openings_are_nothing() -> None:
    """The item may have moved back meanwhile: it stays there."""
    story = seen(deal(OPENED))
    story.when(c.SaveItem({}, stage="new"))

    assert seen(story, seen_id="s2").kinds() == ["ChangeSeen"]
    assert story.state.stage == "new"


def test_another_mail_is_another_fact() -> None:
    """Each mail is opened once."""
    story = seen(deal(OPENED))
    story.when(c.SaveItem({}, stage="new"))

    assert seen(story, mail="m2").only(e.StageMoved).to_stage == "assembly"


def test_a_click_opens_a_mail_whose_pictures_were_not_shown() -> None:
    """Both facts, one firing; a later click is activity only."""
    story = seen(deal(OPENED), kind="clicked", link="https://pay.test/1")
    assert story.kinds()[:2] == ["ClientEmailOpened", "ActivityRecorded"]
    assert story.only(e.ActivityRecorded).subject.text == "https://pay.test/1"
    assert story.only(e.TriggerFired).fact_id == "m1"
    seen(story, kind="clicked", seen_id="s2", link="https://pay.test/2")

    assert story.kinds() == ["ActivityRecorded"]
    assert seen(story, seen_id="s3").kinds() == ["ChangeSeen"]


def test_a_repeated_change_is_dropped() -> None:
    """Kafka may deliver it twice."""
    story = deal(OPENED)
    change, frame = c.ReportEmailSeen("m1", "opened", "s1", ""), story.frame(source="app")
    story.repeat(frame, change)

    assert story.repeat(frame, change).events == []


def test_the_move_algorithm_is_that_of_every_trigger() -> None:
    """Conditions, and no way back unless allowed."""
    strict = trigger("opened", "track_email_opened", "assembly", condition={"field": "title", "op": "eq", "value": "x"})
    back = trigger("opened", "track_email_opened", "invoice_sent")
    free = trigger("opened", "track_email_opened", "invoice_sent", allow_previous_stage=True)

    assert seen(deal(strict)).kinds() == ["ClientEmailOpened"]
    assert seen(deal(back, stage="assembly")).only(e.TriggerSkipped).reason == "previous_stage_not_allowed"
    assert seen(deal(free, stage="won")).only(e.StageMoved).to_stage == "invoice_sent"
    assert seen(deal(OPENED, stage="assembly")).kinds() == ["ClientEmailOpened"]


@pytest.mark.parametrize("item_type", ["lead", "deal", "invoice", "quote", "spa_item.repair"])
def test_every_staged_type_has_it(item_type: str) -> None:
    """The same move on each type."""
    entry = CATALOGUE["track_email_opened"]
    assert (entry.types, entry.payment, entry.params.model_fields) == (STAGED, False, {})
    book = book_of(pipeline(item_type), trigger("opened", "track_email_opened", "assembly", item_type=item_type))
    story = Story(book, Key(TENANT, item_type, "1")).when(c.CreateItem({"title": "x"}))

    assert seen(story).only(e.StageMoved).to_stage == "assembly"


def test_a_deleted_item_stays_where_it_is() -> None:
    """Nothing fires."""
    story = deal(OPENED).when(c.DeleteItem())

    assert seen(story).kinds() == ["ChangeSeen"]


@pytest.mark.parametrize(
    "broken", [{"kind": "read"}, {"mail": ""}, {"seen_id": ""}, {"link": "https://x.test/\n"}, {"link": "h" * 4_001}]
)
def test_what_no_gateway_sends_is_refused(broken: dict[str, Any]) -> None:
    """It never reaches a decision."""
    with pytest.raises(ChangeRefusedError):
        seen(deal(OPENED), **broken)
