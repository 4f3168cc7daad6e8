"""The action `bp_add_to_exceptions` (spec 4.3), and what the list keeps away."""

from __future__ import annotations

from typing import Any

import pytest

from automation.envelope import Key
from automation.errors import ChangeRefusedError
from automation.items import admission_events as ad
from automation.items import changes as c
from automation.items import effects
from automation.items import events as e
from automation.items import process_events as p
from automation.items.admission import GUARDED
from automation.items.parts import Link
from automation.items.process_changes import StartProcess
from automation.records.types.exception.changes import RemoveException
from automation.records.types.exception.events import ExceptionListed, ExceptionRemoved
from automation.records.types.exception.ids import exception_id
from automation.values import Personal
from services.edge.codec import StateCodec, item_events
from services.history.current import current_rows
from services.history.records import log_record
from tests.core.spec import PEOPLE, TENANT, Story, action, book_of, deal, pipeline, rule, template
from tests.core.world import World

MAIL, PHONE = Personal("Ann@x.test"), Personal("+49 170 1234567")
BLOCKED = {"email_work": Personal(" ann@X.test")}
KEY = Key(TENANT, "deal", "2")


def entry(kind: str, value: str) -> str:
    """Return the record of an entry."""
    return f"exception/{exception_id(TENANT, kind, value)}"


def listing(**fields: Any) -> World:
    """Return a world in which a process has put deal 1 on the list."""
    note = rule("note", "add_item_comment", "new", {"text": "began"})
    listed = template(action("bp_add_to_exceptions"), action("bp_add_comment", comment="goes on"))
    world = World(book_of(pipeline(), pipeline("lead", "leads"), *PEOPLE, note, listed))
    world.tell("contact/c1", c.CreateItem({"email_home": MAIL}))
    world.tell("company/f", c.CreateItem({"phone_work": PHONE}))
    world.tell("deal/1", c.CreateItem(fields, responsible="ann"))
    return world.tell("deal/1", StartProcess("process", {}))


def incoming(world: World, source: str = "incoming_email", item: str = "deal/2", **fields: Any) -> World:
    """Let an item come from outside."""
    return world.tell(item, c.CreateItem(fields or BLOCKED), source=source, actor="")


# --- listing -------------------------------------------------------------------------------------------------


def test_the_item_its_contact_points_and_those_of_its_primary_clients_are_listed() -> None:
    """Each is an entry of its own, found by the item; the item is kept and the process goes on."""
    world = listing(email_work=Personal("Own@x.test"), contact="c1", company="f")
    wanted = [("item", "deal/1"), ("email", "own@x.test"), ("email", "ann@x.test"), ("phone", "+491701234567")]
    found = [world.events(entry(*one), ExceptionListed) for one in wanted]

    assert found == [[ExceptionListed(kind, Personal(value), "deal/1")] for kind, value in wanted]
    assert world.state("deal/1").exists
    assert [one.text.text for one in world.events("deal/1", e.CommentAdded)] == ["began", "goes on"]
    assert next(one.results for one in world.events("deal/1", p.StepCompleted)) == {}


def test_a_key_does_not_show_an_address() -> None:
    """Nor does one tenant's tell anything of another's."""
    assert "ann" not in entry("email", "ann@x.test")
    assert exception_id("a", "email", "ann@x.test") != exception_id("b", "email", "ann@x.test")


def test_without_contact_points_the_item_alone_is_listed() -> None:
    """And the step is done."""
    world = listing()
    assert [key.text for key in world.stories if key.item_type == "exception"] == [
        f"{TENANT}/{entry('item', 'deal/1')}"
    ]
    assert world.events("deal/1", p.StepCompleted)


def test_listing_again_changes_nothing() -> None:
    """By the same item or another one."""
    world = listing(email_work=MAIL).tell("deal/1", StartProcess("process", {}))
    world.tell("deal/3", c.CreateItem({"email_home": MAIL})).tell("deal/3", StartProcess("process", {}))
    assert len(world.events(entry("email", "ann@x.test"), ExceptionListed)) == 1
    assert len(world.events("deal/1", p.ProcessEnded)) == 2


def test_a_contact_that_does_not_answer_is_not_left_out_in_silence() -> None:
    """The step fails; one that is gone has no contact points."""
    story = deal(contact="c1").run("bp_add_to_exceptions")
    story.answer(story.only(effects.ItemAsked), "failed", "delivery_unknown")
    assert story.only(p.StepFailed).reason == "delivery_unknown"
    gone = deal(contact="c1").run("bp_add_to_exceptions")
    gone.answer(gone.only(effects.ItemAsked), "failed", "item_not_found")
    assert gone.only(effects.ItemAsked).question == "list"


# --- what it keeps away --------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", GUARDED)
@pytest.mark.parametrize("item", ["deal/2", "lead/2", "contact/2", "company/2"])
def test_later_mail_calls_and_forms_create_no_items(source: str, item: str) -> None:
    """In whatever field and way the address is written; it is an outcome of its own and no dead letter."""
    world = incoming(listing(email_work=MAIL), source, item, email_other=Personal("ANN@x.test"))
    assert [one.reason for one in world.events(item, ad.CreationRefused)] == ["on_exceptions_list"]
    assert not world.events(item, e.ItemCreated)
    assert not world.state(item).exists
    assert not world.state(item).held


def test_one_listed_point_among_several_is_enough() -> None:
    """Whichever answers first."""
    world = listing(phone_mobile=PHONE)
    incoming(world, email_work=Personal("new@x.test"), phone_home=Personal("0049 170 1234567"))
    assert not world.events("deal/2", e.ItemCreated)


def test_a_contact_on_the_list_creates_no_items_either() -> None:
    """Where the process ran on the contact itself."""
    world = listing()
    world.book = book_of(pipeline(), *PEOPLE, template(action("bp_add_to_exceptions"), item_type="contact"))
    world = World(world.book).tell("contact/c1", c.CreateItem({})).tell("contact/c1", StartProcess("process", {}))
    assert not incoming(world, "crm_form", contact="c1").events("deal/2", e.ItemCreated)
    assert incoming(world, "crm_form", "deal/3", contact="c2").events("deal/3", e.ItemCreated)


@pytest.mark.parametrize("source", ["manual", "rest_api", "app", "file_import", "automation_rule"])
def test_other_sources_are_not_asked_about(source: str) -> None:
    """What people and programs create is created at once."""
    world = incoming(listing(email_work=MAIL), source)
    assert world.events("deal/2", e.ItemCreated)
    assert not world.events("deal/2", ad.ChangeHeld)


@pytest.mark.parametrize("source", GUARDED)
def test_who_is_not_listed_creates_items_as_ever(source: str) -> None:
    """The rules of the first stage run, in the name of the same source."""
    world = incoming(listing(email_work=MAIL), source, email_work=Personal("bob@x.test"), title="Roof")
    (created,) = world.recorded("deal/2", e.ItemCreated)
    assert (created.envelope.source, created.envelope.actor, created.event.stage) == (source, "system", "new")
    assert created.envelope.on_behalf_of == ""
    assert [one.text.text for one in world.events("deal/2", e.CommentAdded)] == ["began"]
    assert (world.state("deal/2").exists, world.state("deal/2").held) == (True, ())


def test_asking_about_a_stranger_is_no_failure_and_leaves_nothing_behind() -> None:
    """The answer is no; whoever looks for calls that failed does not find every item that came from outside."""
    world = incoming(listing(email_work=MAIL), email_work=Personal("bob@x.test"))
    (answer,) = world.events("deal/2", e.EffectAnswered)
    assert (answer.status, answer.reason, answer.results) == ("completed", "", {"listed": False})
    assert not world.state(entry("email", "bob@x.test")).version


def test_without_contact_points_nobody_is_asked() -> None:
    """There is nothing to be found on the list."""
    assert not incoming(listing(), title="Roof").events("deal/2", ad.ChangeHeld)


def test_what_cannot_be_created_is_refused_at_once() -> None:
    """As ever."""
    with pytest.raises(ChangeRefusedError, match="unknown_stage"):
        listing().tell("deal/2", c.CreateItem(BLOCKED, stage="nowhere"), source="crm_form")


def test_people_take_entries_off_the_list() -> None:
    """From then on the address creates items again, also those that were refused before; it may be listed anew."""
    world = incoming(listing(email_work=MAIL))
    name = entry("email", "ann@x.test")
    world.tell(name, RemoveException()).tell(name, RemoveException())
    assert world.events(name, ExceptionRemoved) == [ExceptionRemoved("ann")]
    assert incoming(world).state("deal/2").exists
    world.tell("deal/1", StartProcess("process", {}))
    assert not incoming(world, item="deal/3").state("deal/3").exists


# --- while it waits ------------------------------------------------------------------------------------------


def waiting() -> Story:
    """Return a deal that waits for the answer about one address."""
    story = Story(book_of(pipeline(), *PEOPLE), KEY)
    return story.when(c.CreateItem({"email_work": MAIL, "title": "Roof"}), source="crm_form", actor="")


def test_what_comes_meanwhile_is_done_after_the_creation_in_order() -> None:
    """Each in its sender's name, and once."""
    story = waiting()
    (asked,) = [event for event in story.events if isinstance(event, effects.ItemAsked)]
    assert not story.state.exists
    frame = story.frame(source_seq=7)
    story.repeat(frame, c.SaveItem({"title": "Roof and door"}, stage="assembly"))
    story.when(c.AddComment(Personal("one"))).when(c.AddComment(Personal("two")), actor="user:boss")
    assert story.repeat(frame, c.SaveItem({"title": "again"})).events == []

    story.answer(asked, listed=False)
    comments = [one for one in story.last.events if isinstance(one.event, e.CommentAdded)]
    assert story.kinds()[:4] == ["EffectAnswered", "CreationAdmitted", "ItemCreated", "FieldsChanged"]
    assert [(one.event.text.text, one.event.created_by) for one in comments] == [("one", "ann"), ("two", "boss")]
    assert comments[0].event.comment_id != comments[1].event.comment_id
    assert (story.state.stage, story.state.fields["title"]) == ("assembly", "Roof and door")
    assert story.repeat(frame, c.SaveItem({"title": "again"})).events == []


def test_what_came_meanwhile_for_a_refused_item_ends_with_it() -> None:
    """Changes do nothing, questions are answered: there is no such item."""
    story = waiting()
    (asked,) = [event for event in story.events if isinstance(event, effects.ItemAsked)]
    story.when(c.AddComment(Personal("one")))
    story.when(c.AskItem("e9", "r9", "contact_point", {}, "acme/deal/1"), source="automation_rule")
    story.answer(asked, listed=True)
    assert story.kinds() == ["EffectAnswered", "CreationRefused", "ChangeSeen", "ItemAnswered"]
    assert story.only(e.ChangeSeen).reason == "refused"
    assert story.only(effects.ItemAnswered).reason == "item_not_found"
    assert story.when(c.AddComment(Personal("late"))).only(e.ChangeSeen).reason == "refused"


def test_a_change_that_cannot_be_done_stops_nothing() -> None:
    """Its reason is in the log."""
    story = waiting()
    (asked,) = [event for event in story.events if isinstance(event, effects.ItemAsked)]
    story.when(c.SaveItem({}, stage="nowhere")).when(c.AddComment(Personal("one")))
    story.answer(asked, "failed", "item_not_found")
    assert story.only(ad.HeldChangeRefused).reason == "unknown_stage"
    assert story.only(e.CommentAdded).text == Personal("one")


def test_all_answers_are_waited_for() -> None:
    """But for one that decides."""
    story = Story(book_of(pipeline(), *PEOPLE), KEY)
    story.when(c.CreateItem({"email_work": MAIL, "phone_work": PHONE}), source="incoming_call", actor="")
    first, second = [event for event in story.events if isinstance(event, effects.ItemAsked)]
    assert story.answer(second, listed=False).kinds() == ["EffectAnswered"]
    assert "ItemCreated" in story.answer(first, "failed", "item_not_found").kinds()


def test_a_repeat_of_the_creation_or_of_an_answer_has_no_second_effect() -> None:
    """Delivered again before and after the end."""
    world = listing(email_work=MAIL)
    story = world.story(KEY)
    frame = story.frame(source="crm_form", actor="")
    change = c.CreateItem({"email_work": Personal("bob@x.test")})
    world.tell("deal/2", change, **frame._asdict())
    version = world.state("deal/2").version
    for recorded in world.recorded("deal/2", effects.ItemAsked):
        world.redeliver(recorded)
    world.tell("deal/2", change, **frame._asdict())
    assert world.state("deal/2").version == version


def test_the_log_is_read_back_as_it_was_written() -> None:
    """With the change that was held in it, and the state at rest, too."""
    codec, story = item_events(), waiting()
    story.when(c.AskItem("e9", "r9", "link", {"n": 1}, "acme/deal/1")).when(c.DeleteItem())
    for recorded in story.last.events:
        assert codec.decode(codec.encode(recorded)) == recorded
    assert StateCodec().decode(StateCodec().encode(story.state)) == story.state


def test_lists_of_items_show_it_only_when_it_exists() -> None:
    """Neither one that waits nor one that was refused."""
    story = waiting()
    (asked,) = [event for event in story.events if isinstance(event, effects.ItemAsked)]
    held = list(story.last.events)
    admitted = held + list(story.answer(asked, listed=False).last.events)
    for events, deleted in ((held, True), (admitted, False)):
        (row,) = current_rows({}, [log_record("item", one, b"", "t-0", at) for at, one in enumerate(events)])
        assert row.deleted == deleted


def test_a_link_that_another_item_tells_meanwhile_is_kept() -> None:
    """It is a change like any other."""
    story = waiting()
    (asked,) = [event for event in story.events if isinstance(event, effects.ItemAsked)]
    args = {"item_type": "deal", "item_id": "1", "relation": "source"}
    story.when(c.AskItem("e8", "", "link", args, ""), source="automation_rule")
    story.answer(asked, listed=False)
    assert story.state.links == (Link("deal", "1", "source"),)
