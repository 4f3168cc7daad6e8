"""Chats and the feed from outside: rules of several stages, a file of the item, readers; all services, a real Kafka.

What each rule decides is told in tests/core/catalogue; here everything between the parts is real.
"""

from __future__ import annotations

from typing import Any

import pytest

from automation.values import Money
from tests.e2e.company import Company, Item, eventually

pytestmark = pytest.mark.kafka

EUR_20K = Money(2_000_000, "EUR")
EUR_10K = Money(1_000_000, "EUR")
STAFF = {"ines", "berta", "ann", "cem", "dora", "emil", "hugo", "ida", "marta", "nils", "tom", "lena"}


def project(company: Company, amount: Money = EUR_20K, **fields: Any) -> Item:
    """Return a planned office project of Ann's."""
    return Item(company, "deal", amount, **fields).create(pipeline="projects")


def records(company: Company, kind: str, **sought: str) -> list[Any]:
    """Return the records that the command line lists."""
    options = [part for name, value in sought.items() for part in (f"--{name}", value)]
    found: list[Any] = company.shell("record", "list", kind, *options)["records"]
    return found


def said(company: Company, chat: str, user: str) -> list[tuple[str, str, str]]:
    """Return sender, kind and text of the messages that an employee may read."""
    found = company.shell("record", "entries", "chat", chat, "--user", user)["entries"]
    return [(one["sender"], one["kind"], one["text"]) for one in found]


def upload(company: Company, name: str, content: bytes) -> str:
    """Put a file on the drive and return its id."""
    reply = company.call("POST", f"/v1/files?name={name}", content, {"Content-Type": "image/png"})
    assert reply.status == 201, reply
    return str(reply.data["id"])


def test_a_big_success_is_congratulated_in_the_feed_with_a_file(company: Company) -> None:
    """Its post names the amount, has the photo, reaches the company and nobody else, and is found by tag and text."""
    photo = upload(company, "review.png", b"\x89PNG\r\n\x1a\n" + b"\0" * 40)
    deal = project(company, photos=[photo]).save(stage="done")
    assert deal.ending("congratulate") == ("completed", "")
    post = deal.run("congratulate")["results"]["post_id"]

    found = eventually(lambda: records(company, "feed_post", member="nils", tag="SUCCESS", text=deal.title))
    assert [one["id"] for one in found] == [post]
    assert (found[0]["title"], found[0]["owner"]) == (f"{deal.title} is done", "ann")
    assert found[0]["text"] == f"Ann Example has won {deal.title} for 20000.00 EUR. Congratulations!"
    assert (found[0]["attachments"], found[0]["item"]) == ([photo], deal.path)
    assert company.call("GET", f"/v1/files/{photo}").status == 200
    shown = company.shell("record", "show", "feed_post", post)
    assert set(shown["state"]["recipients"]) == STAFF
    assert company.call("GET", f"/v1/records/feed_post/{post}/entries?user=olaf").status == 403
    assert [one["kind"] for one in deal.timeline("comment")] == []


def test_a_success_of_ten_thousand_is_not_celebrated(company: Company) -> None:
    """Only what is above; the reminder to accounts goes out all the same, into the chat of the two."""
    deal = project(company, EUR_10K).save(stage="done")
    assert deal.ending("congratulate") == ("skipped", "condition_not_met")
    assert deal.ending("remind-lena") == ("completed", "")

    direct = lambda: records(company, "chat", member="lena", status="direct")  # noqa: E731
    (chat,) = eventually(lambda: [one for one in direct() if one["owner"] == "ann"])
    reminder = ("ann", "general", f"Please invoice {deal.title}: 10000.00 EUR")
    assert eventually(lambda: reminder in said(company, chat["id"], "lena"))
    assert records(company, "feed_post", item=deal.path) == []


def test_a_chat_made_at_one_stage_is_used_at_a_later_one(company: Company) -> None:
    """Its id waits in a field; who is added later reads from then on, and strangers read nothing."""
    deal = project(company, delivery_date="2026-12-01")
    assert deal.ending("keep-chat") == ("completed", "")
    chat = deal.state()["fields"]["chat_id"]
    assert chat == deal.run("project-chat")["results"]["chat_id"]
    (listed,) = eventually(lambda: records(company, "chat", item=deal.path))
    assert (listed["id"], listed["title"], listed["by_rule"]) == (chat, f"Project {deal.title}", True)
    hello = '{"kind": "post_chat_message", "text": "Who measures?", "user": "lena"}'
    assert company.shell("record", "change", "chat", chat, hello)["status"] == "applied"

    deal.save(stage="building")
    assert deal.ending("add-builders") == deal.ending("tell-chat") == ("completed", "")
    begins = ("ann", "important", f"{deal.title} begins, deliver by 2026-12-01")
    asked = ("lena", "general", "Who measures?")
    eventually(lambda: said(company, chat, "nils"))
    assert said(company, chat, "nils") == [begins]
    assert said(company, chat, "berta") == [asked, begins]
    assert company.call("GET", f"/v1/records/chat/{chat}/entries?user=ida").status == 403
    members = company.shell("record", "show", "chat", chat)["state"]["members"]
    assert set(members) == {"ann", "berta", "lena", "marta", "nils", "tom"}

    deal.save(stage="planned").save(stage="building")
    eventually(lambda: len(records(company, "chat", item=deal.path)) == 2)


def test_rules_leave_chats_of_employees_alone(company: Company) -> None:
    """An open chat that Ann made takes neither members nor messages from rules; an unknown one does not exist."""
    chat = Item(company, "deal", EUR_20K).id
    made = f'{{"kind": "create_chat", "chat_type": "open", "members": ["cem"], "name": "All {chat}", "user": "ann"}}'
    assert company.shell("record", "change", "chat", chat, made)["status"] == "applied"
    for chat_id, added, told in ((chat, "chat_not_created_by_rule", "chat_not_private_group"),
                                 ("no-such-chat", "chat_not_found", "chat_not_found"),
                                 ("", "chat_not_found", "chat_not_found")):  # fmt: skip
        deal = project(company)
        deal.run("keep-chat")
        deal.save(stage="building", fields={"chat_id": chat_id})
        assert (deal.ending("add-builders"), deal.ending("tell-chat")) == (("failed", added), ("failed", told))


def test_the_log_of_the_records_folds_to_what_is_kept(company: Company) -> None:
    """Index and local stores agree with a fold of the whole log, chats and posts included."""
    project(company).save(stage="done").run("congratulate")
    eventually(company.at_rest)
    found = company.shell("replay", "verify")

    assert [log["differences"] for log in found.values()] == [0, 0]
