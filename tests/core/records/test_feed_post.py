"""Posts of the feed: by rules and by users, once, for their recipients only (spec 3.2.3, 6.5)."""

from __future__ import annotations

from typing import Any

import pytest

from automation.errors import ChangeRefusedError
from automation.records.types.feed_post.changes import AddFeedPost
from automation.records.types.feed_post.events import FeedPostAdded
from automation.records.types.feed_post.record import RECORD
from automation.values import Personal
from tests.core.record_spec import record

ARGS: dict[str, Any] = {
    "author": "ann", "recipients": ("ann", "boss"), "subject": "Won", "text": Personal("Well done"), "tag": "Won Deals",
    "attachments": ("f1",), "item": "deal/1",
}  # fmt: skip


def test_a_rule_posts_once() -> None:
    """A second request finds the post."""
    post = record("feed_post").ask("add_feed_post", **ARGS)
    assert post.only(FeedPostAdded) == FeedPostAdded(
        "ann", ("ann", "boss"), Personal("Won"), Personal("Well done"), "Won Deals", ("f1",), "deal/1"
    )

    assert post.ask("add_feed_post", **ARGS).kinds() == ["ItemAnswered"]


def test_recipients_and_author_read_it_and_nobody_else() -> None:
    """Whoever else knows its id."""
    post = record("feed_post").ask("add_feed_post", **{**ARGS, "recipients": ("boss",)})

    assert [RECORD.reads_from(post.body, user) for user in ("ann", "boss", "cid")] == [0, 0, None]


def test_it_is_found_by_recipient_item_and_tag_in_any_case() -> None:
    """A post without tag or item has no such mark."""
    event = record("feed_post").ask("add_feed_post", **ARGS).only(FeedPostAdded)
    assert set(RECORD.shows[FeedPostAdded](event).add) == {
        ("member", "ann"), ("member", "boss"), ("item", "deal/1"), ("tag", "won deals")
    }  # fmt: skip

    bare = FeedPostAdded("ann", ("boss",), Personal(""), Personal("x"), "", (), "")
    assert RECORD.shows[FeedPostAdded](bare).add == (("member", "boss"),)


def test_a_user_posts() -> None:
    """As its author."""
    post = record("feed_post").when(AddFeedPost(Personal("Hello"), ("boss", "boss"), Personal("")))

    assert (post.only(FeedPostAdded).author, post.only(FeedPostAdded).recipients) == ("ann", ("boss",))
    assert post.when(AddFeedPost(Personal("Again"), ("boss",), Personal(""))).kinds() == ["ChangeSeen"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (AddFeedPost(Personal("x"), (), Personal("")), "no_recipient"),
        (AddFeedPost(Personal("x"), ("old",), Personal("")), "no_recipient"),
        (AddFeedPost(Personal(" "), ("boss",), Personal("")), "missing_value"),
        (AddFeedPost(Personal("x"), ("boss",), Personal(""), "t" * 1_001), "invalid_value"),
    ],
)
def test_what_is_no_post_is_refused(change: AddFeedPost, reason: str) -> None:
    """With a code."""
    with pytest.raises(ChangeRefusedError) as refused:
        record("feed_post").when(change)

    assert refused.value.reason == reason
