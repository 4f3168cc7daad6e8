"""How the events of a human task change it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from automation.dates import DAY
from automation.envelope import Envelope
from automation.records.types.human_task import events as e
from automation.records.types.human_task.body import OPEN, HumanTask, HumanVote

CHECK_EVERY = DAY
"""How often an open task looks whether those it waits for are still there."""


def _opened(_: HumanTask, env: Envelope, event: e.HumanTaskOpened) -> HumanTask:
    every = event.remind_every
    return HumanTask(
        OPEN, event.kind, event.title, event.text, event.assignees, event.policy, event.quorum, event.deadline,
        event.escalate_to, event.escalate_at, every, env.recorded_at + every if every else 0,
        env.recorded_at + CHECK_EVERY, event.form, event.item, event.step, event.instance_id, event.asked_by,
        event.effect_id, event.run_id, event.reply_to,
    )  # fmt: skip


def _voted(task: HumanTask, env: Envelope, event: e.HumanTaskVoted) -> HumanTask:
    return replace(task, votes=(*task.votes, HumanVote(event.by, event.verdict, event.comment, event.values)))


def _delegated(task: HumanTask, env: Envelope, event: e.HumanTaskDelegated) -> HumanTask:
    def instead(people: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(event.to if user == event.by else user for user in people)

    return replace(
        task, assignees=instead(task.assignees), escalated=instead(task.escalated),
        delegated={**task.delegated, event.to: event.by},
    )  # fmt: skip


def _reminded(task: HumanTask, env: Envelope, event: e.HumanTaskReminded) -> HumanTask:
    return replace(task, remind_at=env.recorded_at + task.remind_every)


def _escalated(task: HumanTask, env: Envelope, event: e.HumanTaskEscalated) -> HumanTask:
    return replace(task, escalate_to=(), escalate_at=0, escalated=event.people)


def _checked(task: HumanTask, env: Envelope, event: e.HumanTaskChecked) -> HumanTask:
    left = tuple(user for user in task.assignees if user not in event.gone)
    return replace(task, assignees=left, check_at=env.recorded_at + CHECK_EVERY)


def _closed(task: HumanTask, env: Envelope, event: e.HumanTaskClosed) -> HumanTask:
    return replace(task, status=event.status)


FOLDS: Mapping[type, Callable[[Any, Envelope, Any], HumanTask]] = {
    e.HumanTaskOpened: _opened,
    e.HumanTaskVoted: _voted,
    e.HumanTaskDelegated: _delegated,
    e.HumanTaskReminded: _reminded,
    e.HumanTaskEscalated: _escalated,
    e.HumanTaskChecked: _checked,
    e.HumanTaskClosed: _closed,
}
