"""Entries of the exceptions list that people add by hand (spec 4.3)."""

from __future__ import annotations

import pytest

from automation.definitions import models as m
from automation.envelope import Key
from automation.errors import ChangeRefusedError
from automation.items import changes as c
from automation.items.events import ChangeSeen
from automation.records.decide import check
from automation.records.types.exception.changes import AddException, RemoveException
from automation.records.types.exception.events import ExceptionListed
from automation.records.types.exception.ids import EXCEPTION, exception_id
from automation.records.types.exception.record import RECORD
from automation.values import Personal
from services.gateway.record_bodies import CHANGES, change_of
from tests.core.spec import PEOPLE, TENANT, book_of, pipeline
from tests.core.world import World

ANN = AddException(email=Personal("Ann Example <Ann@x.test>"))
MAIL = f"{EXCEPTION}/{exception_id(TENANT, 'email', 'ann@x.test')}"
PHONE = f"{EXCEPTION}/{exception_id(TENANT, 'phone', '+491701234567')}"
BLOCKED = c.CreateItem({"email_work": Personal("ann@X.test"), "phone_home": Personal("+49 170 1234567")})


def world(*definitions: m.Definition) -> World:
    """Return a world of nothing but definitions."""
    return World(book_of(pipeline(), *PEOPLE, *definitions))


def refused_deal(made: World, number: str) -> bool:
    """Say whether the list keeps a deal away that comes by mail."""
    return made.tell(f"deal/{number}", BLOCKED, source="incoming_email", actor="").state(f"deal/{number}").refused


def test_an_address_that_somebody_adds_keeps_its_sender_away() -> None:
    """In its normal form, for no item, until somebody takes it off; then it may be added again."""
    made = world().tell(MAIL, ANN)
    assert made.events(MAIL, ExceptionListed) == [ExceptionListed("email", Personal("ann@x.test"), "")]
    assert made.recorded(MAIL, ExceptionListed)[0].envelope.actor == "user:ann"
    assert refused_deal(made, "1")

    assert not refused_deal(made.tell(MAIL, RemoveException()), "2")
    assert refused_deal(made.tell(MAIL, ANN), "3")


def test_what_is_listed_already_stays_as_it_is() -> None:
    """The second change only leaves that it was seen."""
    made = world().tell(MAIL, ANN).tell(MAIL, ANN)

    assert (len(made.events(MAIL, ExceptionListed)), len(made.events(MAIL, ChangeSeen))) == (1, 1)


@pytest.mark.parametrize("written", ["+49 (0)170 123-4567", "0049 170 1234567", "0170 1234567"])
def test_a_number_is_one_of_the_tenants_country_where_it_has_none(written: str) -> None:
    """However it is written, it is the number that items carry."""
    made = world(m.Settings(calling_code="49")).tell(PHONE, AddException(phone=Personal(written)))

    assert made.events(PHONE, ExceptionListed) == [ExceptionListed("phone", Personal("+491701234567"), "")]
    assert refused_deal(made, "1")


@pytest.mark.parametrize(
    ("change", "reason", "path"),
    [
        (AddException(), "missing_value", "email"),
        (AddException(Personal(" ")), "missing_value", "email"),
        (AddException(Personal("a@x.test"), Personal("+49 170 1234567")), "missing_value", "email"),
        (AddException(Personal("nobody")), "invalid_value", "email"),
        (AddException(phone=Personal("none")), "invalid_value", "phone"),
        (AddException(Personal("bob@x.test")), "invalid_key", "key"),
        (AddException(phone=Personal("+1 555 0100 100")), "invalid_key", "key"),
    ],
)
def test_what_is_no_contact_point_or_another_entrys_is_refused_beforehand(
    change: AddException, reason: str, path: str
) -> None:
    """The caller learns at once, and nothing is left behind."""
    with pytest.raises(ChangeRefusedError) as refused:
        check(RECORD, Key.parse(f"{TENANT}/{MAIL}"), "ann", change)
    assert (refused.value.reason, refused.value.detail.partition(":")[0]) == (reason, path)
    with pytest.raises(ChangeRefusedError, match=reason):
        world().tell(MAIL, change)


def test_a_refusal_names_the_id_of_the_entry() -> None:
    """So nobody needs to know how ids are made; without a country that is known by the settings alone."""
    number = AddException(phone=Personal("0170 1234567"))
    check(RECORD, Key.parse(f"{TENANT}/{MAIL}"), "ann", number)
    for given in (number, AddException(phone=Personal("+49 170 1234567"))):
        with pytest.raises(ChangeRefusedError, match=PHONE.partition("/")[2]):
            world(m.Settings(calling_code="49")).tell(MAIL, given)


def test_callers_send_it_as_any_change_of_a_record() -> None:
    """With one of the two."""
    body = CHANGES["add_exception"].body

    assert change_of(body(kind="add_exception", email="a@x.test")) == AddException(Personal("a@x.test"))
    assert change_of(body(kind="add_exception", phone="1")) == AddException(phone=Personal("1"))
