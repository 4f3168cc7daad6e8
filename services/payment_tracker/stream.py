"""The stream of payables: `crm.payments` decided into `crm.payment-events` (design sections 1 and 3)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from automation.envelope import Recorded
from automation.items.changes import ChangeFrame
from automation.payments.changes import PaymentChange
from automation.payments.checks import flaw
from automation.payments.decide import LinkFor, decide
from automation.payments.evolve import FOLD_VERSION, evolve
from automation.payments.outputs import outputs
from automation.payments.state import PayableState, initial
from automation.values import Moment
from services.edge.avro_stream import AvroStream
from services.edge.codec import ChangeCodec, EventCodec, RecordCodec
from services.edge.stream import Decision, Headers, Output, Timer, UnreadableError
from services.edge.topics import Topics

Framed = tuple[ChangeFrame, PaymentChange]


class PaymentStream(AvroStream[PayableState]):
    """The `Stream` of payables for the transactional loop; it needs no definitions and sets no timers.

    `payments` reads and checks signed changes of `crm.payments`, `items` writes and signs those for `crm.changes`.
    """

    fold_version = FOLD_VERSION

    def __init__(
        self, topics: Topics, payments: ChangeCodec, events: EventCodec, items: ChangeCodec, link_for: LinkFor,
        release: str,
    ) -> None:  # fmt: skip
        self.name = f"{topics.prefix}payment_tracker"
        self.inbox = topics.payments
        self.log = topics.payment_events
        self.snapshots = topics.payment_snapshots
        self.dead_letters = topics.dead_letters
        self._item_changes = topics.changes
        super().__init__(payments, events, RecordCodec(PayableState))
        self._items = items
        self._link_for = link_for
        self._release = release

    def read_change(self, key: bytes | None, value: bytes | None, headers: Headers) -> Framed:
        """Decode one record of `crm.payments`; key, body and tenant must agree."""
        frame, change = super().read_change(key, value, headers)
        if problem := flaw(frame, change):
            raise UnreadableError("invalid", problem, tenant=frame.tenant)
        return frame, change

    def definitions_needed(self, change: Framed) -> int:
        """Return 0: payments are decided without definitions."""
        return 0

    def definitions_version(self) -> int:
        """Return 0: there are none."""
        return 0

    async def catch_up(self, version: int | None) -> None:
        """Return at once: there is nothing to read."""

    def initial(self) -> PayableState:
        """Return the state of an unknown payable."""
        return initial()

    def decide(self, state: PayableState, change: Framed, now: Moment) -> Decision:
        """Decide on a change."""
        decided = decide(state, *change, now, self._link_for, self._release)
        return Decision(decided.state, decided.events)

    def timers(self, state: PayableState) -> Iterable[Timer]:
        """Return nothing: a payment link has no end of its own."""
        return ()

    def fire(self, key: bytes, state: PayableState, timer: Timer, now: Moment) -> Decision:
        """Leave the state as it is: no timer was ever set."""
        return Decision(state, ())

    def evolve(self, state: PayableState, recorded: Recorded) -> PayableState:
        """Fold one event."""
        return evolve(state, recorded)

    def outputs(self, recorded: Recorded) -> Sequence[Output]:
        """Return what the items concerned are told, signed."""
        return [
            Output(self._item_changes, key.text.encode(), self._items.encode(frame, change))
            for key, frame, change in outputs(recorded)
        ]
