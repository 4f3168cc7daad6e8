"""Posts in the news feed: for their recipients only, found by tag and text (spec 1.15, 3.2.3, 6.5)."""

from __future__ import annotations

from dataclasses import dataclass

from automation.envelope import Envelope, Key
from automation.errors import ChangeRefusedError
from automation.items.changes import AskItem
from automation.items.events import ChangeSeen
from automation.plan import Answer
from automation.records.asked import text_of, texts_of
from automation.records.model import RecordType, Shown
from automation.records.turn import RecordTurn
from automation.records.types.feed_post.changes import AddFeedPost
from automation.records.types.feed_post.events import FeedPostAdded
from automation.values import Personal

LONGEST_TAG = 1_000
MOST_RECIPIENTS = 10_000


@dataclass(frozen=True, slots=True)
class FeedPost:
    """Whose post it is, and who may read it."""

    author: str = ""
    recipients: tuple[str, ...] = ()


def _added(_post: FeedPost, _env: Envelope, event: FeedPostAdded) -> FeedPost:
    return FeedPost(event.author, event.recipients)


def _post(turn: RecordTurn, asked: AskItem) -> Answer:
    """Post for an item; a repeat finds the post there."""
    if not turn.exists:
        author, tag, item = (text_of(asked, name) for name in ("author", "tag", "item"))
        subject, text = (Personal(text_of(asked, name)) for name in ("subject", "text"))
        recipients, files = texts_of(asked, "recipients"), texts_of(asked, "attachments")
        turn.emit(FeedPostAdded(author, recipients, subject, text, tag, files, item))
    return Answer("completed", "", {"post_id": turn.key.item_id})


def _check(_key: Key, _user: str, change: AddFeedPost) -> None:
    if not change.text.text.strip():
        raise ChangeRefusedError("missing_value", "text: a post has a text")
    if len(change.tag) > LONGEST_TAG:
        raise ChangeRefusedError("invalid_value", f"tag: over {LONGEST_TAG} characters")
    if len(change.recipients) > MOST_RECIPIENTS:
        raise ChangeRefusedError("invalid_value", f"recipients: more than {MOST_RECIPIENTS}")


def _write(turn: RecordTurn, change: AddFeedPost) -> None:
    if turn.exists:
        turn.emit(ChangeSeen("already_exists"))
        return
    recipients = tuple(dict.fromkeys(change.recipients))
    unknown = [user for user in recipients if not turn.view.directory.is_active(user)]
    if unknown or not recipients:
        raise ChangeRefusedError("no_recipient", f"recipients: {', '.join(unknown)[:200] or 'there are none'}")
    author = turn.user or "system"
    turn.emit(FeedPostAdded(author, recipients, change.subject, change.text, change.tag, change.attachments, ""))


def _show(event: FeedPostAdded) -> Shown:
    marks = [("member", user) for user in event.recipients]
    marks += [(relation, value) for relation, value in (("item", event.item), ("tag", event.tag.casefold())) if value]
    return Shown(
        event.subject.text, "posted", event.author,
        {"text": event.text, "tag": event.tag, "attachments": event.attachments, "item": event.item},
        tuple(marks), text=f"{event.subject.text}\n{event.text.text}",
    )  # fmt: skip


def _reads_from(post: FeedPost, user: str) -> int | None:
    return 0 if user == post.author or user in post.recipients else None


RECORD = RecordType(
    name="feed_post",
    title="Feed post",
    body=FeedPost,
    folds={FeedPostAdded: _added},
    changes={AddFeedPost: _write},
    questions={"add_feed_post": _post},
    creates=frozenset[type | str]((AddFeedPost, "add_feed_post")),
    shows={FeedPostAdded: _show},
    checks={AddFeedPost: _check},
    entries=(FeedPostAdded,),
    reads_from=_reads_from,
)
