"""Effects and outcomes in Avro (`services/edge/codec`)."""

from __future__ import annotations

from automation.envelope import Recorded
from automation.items.changes import ChangeFrame, ReportOutcome
from services.edge.codec import ChangeCodec, EventCodec, UnknownEventError
from services.edge.stream import Headers, Output, UnreadableError
from services.notifier.ports import NewerReleaseError


class AvroCodec:
    """Reads item events; writes signed changes for the topic `changes`."""

    def __init__(self, events: EventCodec, outcomes: ChangeCodec, changes: str) -> None:
        self._events = events
        self._outcomes = outcomes
        self._changes = changes

    def read_effect(self, value: bytes, headers: Headers) -> Recorded:
        """Decode an effect; a schema id just above ours is of a newer release, any other unknown one is a mistake."""
        try:
            return self._events.decode(value)
        except UnknownEventError as error:
            cause = error.__cause__
            if isinstance(cause, UnreadableError) and cause.ours:
                raise NewerReleaseError(str(error)) from error
            raise UnreadableError("unknown_schema", str(error)) from error

    def write_outcome(self, frame: ChangeFrame, outcome: ReportOutcome) -> Output:
        """Encode and sign an outcome, keyed by its item."""
        return Output(self._changes, frame.key.text.encode(), self._outcomes.encode(frame, outcome))
