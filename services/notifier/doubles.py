"""Doubles of what `notifier` talks to: a provider, Kafka and a codec, all in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from automation.envelope import Recorded
from automation.items.changes import ChangeFrame, ReportOutcome
from services.edge.stream import Headers, Output, UnreadableError
from services.notifier.channel import Delivery, Result, Sent
from services.notifier.ports import Parked


class MemoryProvider:
    """An outside service: counts calls and their effects per key, and drops repeats if it recognises keys."""

    def __init__(
        self,
        *,
        recognises_key: bool,
        answers: Callable[[Delivery], Result] = lambda delivery: Sent(f"id-{delivery.effect_id}"),
        drops_repeats: bool | None = None,
        boundary: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.recognises_key = recognises_key
        self.calls: Counter[str] = Counter()
        self.effects: Counter[str] = Counter()
        self._drops_repeats = recognises_key if drops_repeats is None else drops_repeats
        self._answers = answers
        self.boundary = boundary

    async def send(self, delivery: Delivery) -> Result:
        """Answer as told; what is answered with `Sent` had its effect."""
        self.boundary("before the call")
        self.calls[delivery.effect_id] += 1
        answer = self._answers(delivery)
        if isinstance(answer, Sent) and not (self._drops_repeats and self.effects[delivery.effect_id]):
            self.effects[delivery.effect_id] += 1
        self.boundary("after the call")
        return answer


class MemoryRecords:
    """Kafka, as far as outcomes and dead letters go there."""

    def __init__(self, boundary: Callable[[str], None] = lambda _: None) -> None:
        self.outputs: list[Output] = []
        self.parked: list[Parked] = []
        self.boundary = boundary

    async def send(self, outputs: Sequence[Output]) -> None:
        """Keep the records one by one."""
        for output in outputs:
            self.boundary("before a record")
            self.outputs.append(output)
        self.boundary("after the records")

    async def park(self, parked: Sequence[Parked]) -> None:
        """Keep the dead letters."""
        self.boundary("before dead letters")
        self.parked.extend(parked)
        self.boundary("after dead letters")


class MemoryCodec:
    """Reads values that it was given beforehand, and keeps the outcomes it writes as values."""

    def __init__(self, effects: Mapping[bytes, Recorded], changes: str = "crm.changes") -> None:
        self._effects = effects
        self._changes = changes
        self.written: list[tuple[ChangeFrame, ReportOutcome]] = []

    def read_effect(self, value: bytes, headers: Headers) -> Recorded:
        """Return the event known under this value."""
        try:
            return self._effects[value]
        except KeyError:
            raise UnreadableError("undecodable", "unknown value") from None

    def write_outcome(self, frame: ChangeFrame, outcome: ReportOutcome) -> Output:
        """Keep the outcome; the record's value is its change id."""
        self.written.append((frame, outcome))
        return Output(self._changes, frame.key.text.encode(), frame.change_id.encode())
