"""What the end of a call means is decided by what is known about its fate."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.channel import Rejected, Result, Retry, Sent, Unknown
from services.notifier.policy import ATTEMPTS, DELAYS, LONGEST_DELAY, settle

NOW = 1_700_000_000_000
RESULTS = st.one_of(
    st.builds(Sent, st.text(max_size=5)),
    st.builds(Retry, st.just("busy"), st.integers(0, 10**9)),
    st.builds(Rejected, st.just("delivery")),
    st.builds(Unknown, st.just("no answer"), st.booleans()),
)


@given(result=RESULTS, tries=st.integers(1, ATTEMPTS), keys=st.booleans())
def test_every_end_is_another_attempt_or_an_outcome(result: Result, tries: int, keys: bool) -> None:
    """A row either waits for a later moment or its item is told, never both and never neither."""
    mark = settle(result, tries=tries, recognises_key=keys, now=NOW)
    assert (mark.state == "queued") == (mark.status == "") == (mark.next_due > NOW)
    assert tries < ATTEMPTS or mark.state != "queued"


@given(tries=st.integers(1, ATTEMPTS))
def test_an_unknown_fate_is_never_tried_again_without_a_key(tries: int) -> None:
    """Nothing but the channel's word allows a second call."""
    mark = settle(Unknown("no answer"), tries=tries, recognises_key=False, now=NOW)
    assert (mark.state, mark.status, mark.reason) == ("unknown", "failed", "delivery_unknown")


@given(tries=st.integers(1, ATTEMPTS))
def test_a_provider_that_recognises_the_key_is_called_again_with_growing_delay(tries: int) -> None:
    """Five times in all (spec 6.2), although its channel knows others that do not; then its fate stays unknown."""
    mark = settle(Unknown("http 500", True), tries=tries, recognises_key=False, now=NOW)
    if tries < ATTEMPTS:
        assert (mark.state, mark.next_due) == ("queued", NOW + DELAYS[tries - 1])
    else:
        assert (mark.state, mark.reason) == ("unknown", "delivery_unknown")


@pytest.mark.parametrize(
    ("asked", "waited"), [(0, DELAYS[0]), (60_000, 60_000), (10**12, LONGEST_DELAY)], ids=["none", "longer", "absurd"]
)
def test_a_provider_may_ask_for_a_longer_pause_within_limits(asked: int, waited: int) -> None:
    """Retry-After is honoured up to an hour, and never shortens our own delay."""
    assert settle(Retry("429", asked), tries=1, recognises_key=False, now=NOW).next_due == NOW + waited


def test_a_fate_that_stays_unknown_is_told_as_unknown() -> None:
    """After the last repeat nobody guesses that it failed."""
    mark = settle(Unknown("no answer"), tries=ATTEMPTS, recognises_key=True, now=NOW)
    assert (mark.state, mark.reason) == ("unknown", "delivery_unknown")
