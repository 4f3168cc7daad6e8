"""The action `bp_add_to_facebook_audience` (spec 4.6), and what `bp_add_to_google_ads_audience` shares with it."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from automation.definitions import models as m
from automation.items import changes as c
from automation.items import process_events as p
from automation.items.ads_effects import AudienceRequested
from automation.items.effects import ItemAsked
from automation.items.parts import Link
from automation.items.process_changes import StartProcess
from automation.values import Personal
from tests.core.spec import PEOPLE, Story, action, book_of, deal, pipeline, template
from tests.core.world import World

FACEBOOK, GOOGLE = "bp_add_to_facebook_audience", "bp_add_to_google_ads_audience"
PROVIDER = {FACEBOOK: "facebook_ads", GOOGLE: "google_ads"}
BOTH = pytest.mark.parametrize("type_", [FACEBOOK, GOOGLE])
FIELDS = {"email_work": Personal(" Ann@X.test"), "email_home": Personal("ann@x.test"),
          "phone_mobile": Personal("+49 (170) 123-4567")}  # fmt: skip


def hashed(value: str) -> str:
    """Return what leaves in place of a value."""
    return hashlib.sha256(value.encode()).hexdigest()


def connected(provider: str, **more: Any) -> m.Connection:
    """Return the connection `ads`."""
    return m.Connection(id="ads", channel="ads_audience", provider=provider, **more)  # type: ignore[arg-type]


def asked(type_: str, fields: dict[str, Any], *definitions: m.Definition, **params: Any) -> Story:
    """Return a deal on which the action runs over the connection `ads`."""
    made = definitions or (connected(PROVIDER[type_]),)
    return deal(*made, **fields).run(type_, **{"audience": "ads/77", **params})


@BOTH
def test_values_leave_normalised_hashed_and_once(type_: str) -> None:
    """Facebook compares numbers as digits alone, Google in E.164; nothing readable is in the effect."""
    call = asked(type_, FIELDS).only(AudienceRequested)
    number = "491701234567" if type_ == FACEBOOK else "+491701234567"

    assert (call.connection, call.audience) == ("ads", "77")
    assert (call.emails, call.phones) == ((hashed("ann@x.test"),), (hashed(number),))
    assert "x.test" not in repr(call)
    assert "1234567" not in repr(call)


@pytest.mark.parametrize(("wanted", "emails", "phones"), [("emails", 1, 0), ("phones", 0, 1), ("both", 1, 1)])
def test_only_the_chosen_kind_is_added(wanted: str, emails: int, phones: int) -> None:
    """`both` unless said otherwise."""
    call = asked(FACEBOOK, FIELDS, contact_points=wanted).only(AudienceRequested)
    assert (len(call.emails), len(call.phones)) == (emails, phones)


@BOTH
def test_the_service_says_how_many_were_added(type_: str) -> None:
    """As the result."""
    story = asked(type_, FIELDS)
    story.answer(story.only(AudienceRequested), added_count="2")
    assert story.only(p.StepCompleted).results == {"added_count": 2}


@BOTH
@pytest.mark.parametrize("fields", [{}, {"email_work": Personal("nonsense")}])
def test_without_contact_points_there_is_nothing_to_add(type_: str, fields: dict[str, Any]) -> None:
    """What is no address is none."""
    assert asked(type_, fields).only(p.StepSkipped).reason == "no_contact_points"


def test_a_number_without_its_country_may_be_somebody_elses() -> None:
    """It is added only where the settings say of which country such numbers are."""
    fields = {"phone_work": Personal("0170 1234567")}
    assert asked(FACEBOOK, fields).only(p.StepSkipped).reason == "no_contact_points"
    settled = asked(FACEBOOK, fields, connected("facebook_ads"), m.Settings(calling_code="49"))
    assert settled.only(AudienceRequested).phones == (hashed("491701234567"),)


@BOTH
@pytest.mark.parametrize(
    "made",
    [(m.Settings(),), (connected("recording", active=False),),
     (m.Connection(id="ads", channel="sms", provider="recording"),)],
)  # fmt: skip
def test_without_a_connection_of_its_service_it_fails(type_: str, made: tuple[m.Definition, ...]) -> None:
    """None, an inactive one, one of another channel or service."""
    other = connected(PROVIDER[GOOGLE if type_ == FACEBOOK else FACEBOOK])
    assert asked(type_, FIELDS, *made).only(p.StepFailed).reason == "not_connected"
    assert asked(type_, FIELDS, other).only(p.StepFailed).reason == "not_connected"


@pytest.mark.parametrize(("told", "reason"), [("no_provider", "not_connected"), ("delivery", "delivery")])
def test_a_call_that_fails_fails_the_step(told: str, reason: str) -> None:
    """A connection that is gone by then is not connected."""
    story = asked(FACEBOOK, FIELDS)
    story.answer(story.only(AudienceRequested), "failed", told)
    assert story.only(p.StepFailed).reason == reason


def test_the_connection_may_name_the_audience() -> None:
    """Neither it nor the step: a value is missing."""
    own = asked(GOOGLE, FIELDS, connected("google_ads", sender="88"), audience="ads")
    assert own.only(AudienceRequested).audience == "88"
    assert asked(GOOGLE, FIELDS, audience="ads").only(p.StepFailed).reason == "missing_value:audience"
    assert asked(GOOGLE, FIELDS, audience="{{field:comments}}").only(p.StepFailed).reason == "missing_value:audience"


def _world() -> World:
    step = template(action(FACEBOOK, audience="ads/77"))
    world = World(book_of(pipeline(), *PEOPLE, connected("recording"), step))
    world.tell("contact/c1", c.CreateItem({"email_work": Personal("C1@x.test")}))
    world.tell("contact/c2", c.CreateItem({"email_home": Personal("c2@x.test"), "phone_work": Personal("+15550000")}))
    world.tell("company/f", c.CreateItem({"email_other": Personal("ann@x.test")}))
    return world


def test_linked_contacts_and_companies_are_asked() -> None:
    """Each point once, whoever has it; a client that is gone has none."""
    world = _world()
    links = (Link("contact", "c2", "client"), Link("contact", "gone", "client"), Link("deal", "9", "related"))
    fields = {"email_work": Personal("ann@x.test"), "contact": "c1", "company": "f"}
    world.tell("deal/1", c.CreateItem(fields, responsible="ann", links=links))
    world.tell("deal/1", StartProcess("process", {}))
    (call,) = [one for one in world.asked if isinstance(one, AudienceRequested)]

    assert call.emails == tuple(map(hashed, ("ann@x.test", "c1@x.test", "c2@x.test")))
    assert call.phones == (hashed("15550000"),)


def test_a_client_that_does_not_answer_is_not_left_out_in_silence() -> None:
    """The step fails."""
    story = deal(connected("recording"), contact="c1").run(FACEBOOK, audience="ads/77")
    story.answer(story.only(ItemAsked), "failed", "delivery_unknown")
    assert story.only(p.StepFailed).reason == "delivery_unknown"


def test_many_points_are_added_in_several_calls() -> None:
    """A hundred in each; the counts are summed up."""
    many = [f"{at}@x.test" for at in range(150)]
    fields = m.Fields(
        item_type="deal", fields=(m.FieldDef(code="email_work", title="E", type="string", multiple=True),)
    )
    story = deal(connected("recording"), fields, email_work=tuple(many)).run(FACEBOOK, audience="ads/77")
    first, second = [event for event in story.events if isinstance(event, AudienceRequested)]
    assert (len(first.emails), len(second.emails)) == (100, 50)
    story.answer(first, added_count="100")
    story.answer(second, added_count="49")
    assert story.only(p.StepCompleted).results == {"added_count": 149}
