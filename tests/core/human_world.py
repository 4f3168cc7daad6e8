"""A deal whose process asks people, with the human task that it makes."""

from __future__ import annotations

from typing import Any

from automation.definitions import models as m
from automation.definitions.arguments import InvalidParamsError, compile_arguments, literal_problems
from automation.items import changes as c
from automation.items import process_events as p
from automation.items.effects import NotificationRequested
from automation.items.process_changes import ControlProcess, StartProcess
from automation.records.types.human_task.changes import DecideHumanTask, DelegateHumanTask
from automation.scope import Schema
from automation.values import Personal
from tests.core.spec import CATALOGUE, PEOPLE, action, book_of, pipeline, put, template
from tests.core.world import World

HOUR = 3_600_000
TEAM = ("ann", "bob", "cid", "dan", "eve")
STAFF = tuple(m.User(id=name, name=name.capitalize(), department="team") for name in TEAM[1:])
TEAM_UNIT = m.Department(id="team", name="Team")


class Asking(World):
    """A process with one step that asks people."""

    def __init__(self, type_: str, /, *more: m.Definition, **params: Any) -> None:
        made = template(action(type_, "ask", **{"title": "Offer {{field:title}}", **params}))
        super().__init__(book_of(pipeline(), *PEOPLE, TEAM_UNIT, *STAFF, made, *more))
        self.tell("deal/1", c.CreateItem({"title": "Desk"}, responsible="ann"))
        self.tell("deal/1", StartProcess("process", {}))

    @property
    def name(self) -> str:
        """Type and id of the human task."""
        return "/".join(self.task.key[1:])

    @property
    def task(self) -> Any:
        """The story of the human task."""
        (found,) = [story for key, story in self.stories.items() if key.item_type == "human_task"]
        return found

    def says(self, user: str, decision: str, comment: str = "", **values: Any) -> Asking:
        """Let an employee decide."""
        change: Any = DecideHumanTask(decision, Personal(comment), values)  # type: ignore[arg-type]
        self.tell(self.name, change, actor=f"user:{user}")
        return self

    def delegates(self, user: str, to: str) -> Asking:
        """Let an employee delegate."""
        change: Any = DelegateHumanTask(to)
        self.tell(self.name, change, actor=f"user:{user}")
        return self

    def wakes(self) -> Asking:
        """Let the earliest timer of the task fire."""
        self.wake(self.name)
        return self

    def dismisses(self, *users: str) -> Asking:
        """Let employees leave the company."""
        for user in users:
            put(self.book, m.User(id=user, name=user.capitalize(), active=False))
        return self

    def stops(self) -> Asking:
        """Stop the process by hand."""
        (instance,) = self.state("deal/1").processes
        self.tell("deal/1", ControlProcess(instance, "stop"))
        return self

    @property
    def status(self) -> str:
        """How the task stands."""
        return str(self.task.body.status)

    @property
    def results(self) -> dict[str, Any]:
        """What the step published."""
        (found,) = self.events("deal/1", p.StepCompleted)
        return dict(found.results)

    @property
    def decision(self) -> str:
        """The decision that the step published; empty while it waits."""
        found = self.events("deal/1", p.StepCompleted)
        return str(found[0].results["decision"]) if found else ""

    @property
    def failure(self) -> str:
        """Why the step failed."""
        (found,) = self.events("deal/1", p.StepFailed)
        return str(found.reason)

    def told(self) -> list[tuple[str, str]]:
        """Return whom the last turn of the task notified of what."""
        sent = [event for event in self.task.events if isinstance(event, NotificationRequested)]
        return [(one.recipient, one.text.text) for one in sent]


def wrong(type_: str, params: dict[str, Any]) -> set[str]:
    """Return the parameters of a step that are refused when it is saved."""
    try:
        arguments = compile_arguments(CATALOGUE[type_].params, params, Schema({}))
    except InvalidParamsError as error:
        return {path for path, _ in error.errors}
    return {problem.reason.removeprefix("invalid_value:") for problem in literal_problems(arguments, params)}
