"""The performance: sends the month, lets clients pay, goes on with what was paid, until nothing is left to do."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any

from automation.envelope import Key
from automation.items.changes import DeleteItem
from automation.items.events import TriggerFired
from automation.items.human_events import PeopleAsked
from automation.payments.events import PaymentDocumentCreated, PaymentDocumentPaid
from services.cli.demo.deciding import decision
from services.cli.demo.paying import after_move, payment
from services.cli.demo.paying_client import PayingClient
from services.cli.demo.sending import Sender
from services.cli.demo.story import Plan, Step
from services.cli.demo.tally import Tally
from services.cli.demo.watching import Seen, Watcher
from services.cli.stack.look import cluster
from services.edge.kafka import KafkaSettings
from services.edge.topics import Topics

_STALLED_SECONDS = 60.0


class StalledError(Exception):
    """Nothing has happened for a minute although something should; the message says what is awaited."""


@dataclass(slots=True)
class Progress:
    """What has happened so far; times in seconds of the monotonic clock."""

    sent: int = 0
    decided: int = 0
    began: float = 0.0
    sent_at: float = 0.0
    month_at: float = 0.0
    """When the last change of the month itself was decided; what follows payments comes on top."""
    ended: float = 0.0
    settled: float = 0.0
    tally: Tally = field(default_factory=Tally)
    refused: Counter[str] = field(default_factory=Counter)
    links: dict[str, str] = field(default_factory=dict)
    """Links that are not paid, by payable."""
    moved: list[Key] = field(default_factory=list)
    """Items that a payment has moved."""


class Performance:
    """One run of the demo; `listen` hears of progress."""

    def __init__(
        self, plan: Plan, sender: Sender, watcher: Watcher, client: PayingClient, listen: Callable[[Progress], None]
    ) -> None:
        self._plan = plan
        self._sender = sender
        self._watcher = watcher
        self._client = client
        self._listen = listen
        self._month: set[str] = set()
        self._deleted: set[Key] = set()
        """Items that the month deletes: what is asked about them may be withdrawn before it is answered."""
        self._open: set[str] = set()
        self._work: set[asyncio.Task[None]] = set()
        self._lock = asyncio.Lock()
        self.progress = Progress()

    async def run(self, steps: Sequence[Step]) -> Progress:
        """Send the steps and follow what they lead to, until each has left its trace and each call its answer."""
        self._month = {step.frame.change_id for step in steps}
        self._deleted = {step.key for step in steps if isinstance(step.change, DeleteItem)}
        self.progress.began = last = time.monotonic()
        self._spawn(self._send_month(steps))
        while self._busy():
            seen = await self._watcher.look()
            if any(seen):
                last = time.monotonic()
                self._take(seen)
            elif time.monotonic() - last > _STALLED_SECONDS:
                raise StalledError(
                    f"{len(self._open)} changes and {len(self.progress.tally.open)} items without answer"
                )
            self._listen(self.progress)
        self.progress.ended = last
        return self.progress

    async def settle(self, kafka: KafkaSettings, topics: Topics) -> None:
        """Wait until every service is at the end of what it reads, and nothing new comes of it."""
        while True:
            status = await cluster(kafka, topics)
            seen = await self._watcher.look()
            self._take(seen)
            if not any(seen) and not self._busy() and not any(lag.records for lag in status.lags):
                self.progress.settled = time.monotonic()
                return
            self._listen(self.progress)

    def _busy(self) -> bool:
        for done in [task for task in self._work if task.done()]:
            self._work.remove(done)
            done.result()  # what went wrong there ends the demo
        return bool(self._work or self._open or self.progress.tally.open)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        self._work.add(asyncio.create_task(work))

    async def _send_month(self, steps: Sequence[Step]) -> None:
        await self._send(steps)
        self.progress.sent_at = time.monotonic()

    async def _send(self, steps: Sequence[Step]) -> None:
        self._open.update(step.frame.change_id for step in steps)
        await self._sender.send(steps, self._sent)

    def _sent(self, count: int) -> None:
        self.progress.sent += count

    # --- what is seen in the logs ------------------------------------------------------------------------------

    def _take(self, seen: Seen) -> None:
        for recorded in seen.items:
            self.progress.tally.item(recorded)
            self._decided(recorded.envelope.change_id)
            if isinstance(recorded.event, TriggerFired):
                self._go_on(recorded.envelope.key, recorded.event.to_stage, recorded.envelope.occurred_at)
            elif isinstance(recorded.event, PeopleAsked):
                self._ask(recorded.envelope.key, recorded.event, recorded.envelope.occurred_at)
        for recorded in seen.payments:
            self.progress.tally.payment(recorded)
            self._decided(recorded.envelope.change_id)
            self._look_at_payment(recorded.envelope.key, recorded.event, recorded.envelope.occurred_at)
        for letter in seen.refused:
            self.progress.refused[letter.fault.reason] += 1
            self._decided(self._watcher.change_of(letter))

    def _decided(self, change_id: str) -> None:
        if change_id in self._open:
            self._open.remove(change_id)
            self.progress.decided += 1
            if self._month and change_id in self._month:
                self._month.remove(change_id)
                self.progress.month_at = time.monotonic()

    def _go_on(self, key: Key, stage: str, at: int) -> None:
        if self._is_ours(key):
            self.progress.moved.append(key)
            self._send_later(list(after_move(self._plan, key, stage, at)))

    def _ask(self, key: Key, asked: PeopleAsked, at: int) -> None:
        if self._is_ours(key) and key not in self._deleted:
            self._send_later(decision(self._plan, key, asked, at))

    def _send_later(self, steps: Sequence[Step]) -> None:
        if steps:
            self._open.update(step.frame.change_id for step in steps)
            self._spawn(self._send_alone(steps))

    async def _send_alone(self, steps: Sequence[Step]) -> None:
        async with self._lock:
            await self._send(steps)

    def _look_at_payment(self, key: Key, event: object, at: int) -> None:
        if not self._is_ours(key):
            return
        if isinstance(event, PaymentDocumentCreated):
            self.progress.links[key.text] = event.link
            will = payment(self._plan, event, at)
            self._send_later(will.steps)
            if will.notices:
                self._spawn(self._client.deliver(will.notices))
        elif isinstance(event, PaymentDocumentPaid):
            self.progress.links.pop(key.text, None)

    def _is_ours(self, key: Key) -> bool:
        return key.tenant == self._plan.tenant and key.item_id.startswith(f"{self._plan.mark}-")
