"""What people write of business processes: templates with their steps (spec 1.3, 1.8, 5.1)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import ConfigDict, Discriminator, Field, Tag, model_validator

from automation.definitions.base import Code, Definition, Duration, Id
from automation.definitions.runnable import Runnable
from automation.envelope import CRM_ALL
from automation.values import FieldType

DOCUMENTS = ("feed_item", "drive_file")
"""Documents outside the CRM that processes run on (spec 1.1)."""
PROCESSED = (*CRM_ALL, *DOCUMENTS)
MOST_STEPS = 1_000
MOST_ITERATIONS = 10_000
MOST_DEPTH = 50
"""Blocks inside each other."""
_CONSTRUCTS = ("if", "parallel", "while", "bp_iterator", "process", "set", "end")
_TAGS = (*_CONSTRUCTS, "action")


class Written(Definition):
    """What people write of templates; its schema is published, with the texts below the fields."""

    model_config = ConfigDict(use_attribute_docstrings=True)


class Parameter(Written):
    """A start parameter or a variable (spec 1.8)."""

    code: Code
    title: str = Field(default="", max_length=500)
    type: FieldType
    required: bool = False
    multiple: bool = False
    default: Any = None


class Constant(Written):
    """A constant of a template; it is fixed when the template is saved."""

    code: Code
    type: FieldType
    value: Any


class StepBase(Written):
    """What every step has: an id of its own in the template, and a title."""

    id: Code
    title: str = Field(default="", max_length=500)


class OnError(Written):
    """What follows a failed step: first so many more tries, then the process goes on, takes a branch, or stops."""

    retry: int = Field(default=0, ge=0, le=20)
    retry_after: Duration = 60_000
    then: Literal["continue", "branch", "stop"] = "continue"
    """`stop` raises an incident: this path of the process waits until somebody retries or skips the step."""
    steps: tuple[Step, ...] = ()
    """Of the branch; the process goes on behind the failed step afterwards."""


class Timeout(Written):
    """How long a step may wait; then it has failed with `timeout`, and these steps run."""

    after: Duration
    steps: tuple[Step, ...] = ()


class ActionStep(StepBase):
    """A feature of the catalogue: `type` is its id."""

    type: Code
    params: dict[str, Any] = Field(default_factory=dict)
    on_error: OnError | None = None
    timeout: Timeout | None = None


class Branch(Written):
    """Steps that run where the condition holds."""

    title: str = Field(default="", max_length=500)
    when: Any
    steps: tuple[Step, ...] = ()


class IfStep(StepBase):
    """The first branch whose condition holds, else the steps of `otherwise` (spec 4.43)."""

    type: Literal["if"]
    branches: tuple[Branch, ...] = Field(min_length=1, max_length=100)
    otherwise: tuple[Step, ...] = ()


class Path(Written):
    """One of several paths that run side by side."""

    title: str = Field(default="", max_length=500)
    steps: tuple[Step, ...] = Field(min_length=1)


class ParallelStep(StepBase):
    """Paths side by side; the process goes on when all of them have ended, or the first, which stops the others."""

    type: Literal["parallel"]
    paths: tuple[Path, ...] = Field(min_length=1, max_length=50)
    join: Literal["all", "first"] = "all"


class WhileStep(StepBase):
    """Repeats while the condition holds; after `most` rounds it has failed with `loop_limit`."""

    type: Literal["while"]
    condition: Any
    most: int = Field(default=100, ge=1, le=MOST_ITERATIONS)
    steps: tuple[Step, ...] = Field(min_length=1)


class IteratorStep(StepBase):
    """Once for every element of `source`, in order; the source is read once, at the start (spec 4.43)."""

    type: Literal["bp_iterator"]
    source: str = Field(max_length=1_000)
    steps: tuple[Step, ...] = Field(min_length=1)


class ProcessStep(StepBase):
    """Runs another template on the same item; its results are the values of the variables that it names."""

    type: Literal["process"]
    template: Id
    params: dict[str, Any] = Field(default_factory=dict)
    wait: bool = True
    """Otherwise the process goes on at once, and there are no results."""


class SetStep(StepBase):
    """Assigns variables, all of them with the values before the step."""

    type: Literal["set"]
    values: dict[Code, Any] = Field(min_length=1, max_length=100)


class EndStep(StepBase):
    """Ends the process here, whatever else of it runs."""

    type: Literal["end"]


def _tag(raw: Any) -> str:
    found = raw.get("type") if isinstance(raw, dict) else getattr(raw, "type", None)
    return found if isinstance(found, str) and found in _CONSTRUCTS else "action"


Step: TypeAlias = Annotated[
    Annotated[ActionStep, Tag("action")]
    | Annotated[IfStep, Tag("if")]
    | Annotated[ParallelStep, Tag("parallel")]
    | Annotated[WhileStep, Tag("while")]
    | Annotated[IteratorStep, Tag("bp_iterator")]
    | Annotated[ProcessStep, Tag("process")]
    | Annotated[SetStep, Tag("set")]
    | Annotated[EndStep, Tag("end")],
    Discriminator(_tag),
]
"""One step; `type` is a construct, or else the id of an action of the catalogue."""


def without_tags(loc: tuple[int | str, ...]) -> tuple[int | str, ...]:
    """Return the place of an error as it was written: the models name the kind of step behind its number."""
    return tuple(part for at, part in enumerate(loc) if at < 2 or part not in _TAGS or loc[at - 2] != "steps")


def blocks(step: Any) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Yield the lists of steps inside a step, each with its path from the step."""
    match step:
        case IfStep():
            for at, branch in enumerate(step.branches):
                yield f"branches[{at}].steps", branch.steps
            yield "otherwise", step.otherwise
        case ParallelStep():
            for at, path in enumerate(step.paths):
                yield f"paths[{at}].steps", path.steps
        case WhileStep() | IteratorStep():
            yield "steps", step.steps
        case ActionStep():
            if step.timeout:
                yield "timeout.steps", step.timeout.steps
            if step.on_error:
                yield "on_error.steps", step.on_error.steps


def walk(steps: tuple[Any, ...], path: str = "steps") -> Iterator[tuple[str, Any]]:
    """Yield every step with its path, those inside others behind them."""
    for at, step in enumerate(steps):
        yield f"{path}[{at}]", step
        for inner, block in blocks(step):
            yield from walk(block, f"{path}[{at}].{inner}")


def depth(steps: tuple[Any, ...]) -> int:
    """Return how many blocks stand inside each other."""
    return 1 + max((depth(block) for step in steps for _, block in blocks(step)), default=0) if steps else 0


class Template(Runnable, Written):
    """A business-process template for one type of document (spec 1.3)."""

    id: Id
    item_type: Id
    description: str = Field(default="", max_length=5_000)
    autostart_on_add: bool = False
    autostart_on_change: bool = False
    condition: Any = None
    """An automatic start happens where it holds; nothing is said of those that do not start."""
    params: tuple[Parameter, ...] = Field(default=(), max_length=100)
    variables: tuple[Parameter, ...] = Field(default=(), max_length=100)
    constants: tuple[Constant, ...] = Field(default=(), max_length=100)
    results: tuple[Code, ...] = Field(default=(), max_length=100)
    """Variables that are the results of the process for one that runs it."""
    steps: tuple[Step, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _check(self) -> Template:
        for name in ("params", "variables", "constants"):
            _unique(name, [one.code for one in getattr(self, name)])
        ids = [step.id for _, step in walk(self.steps)]
        _unique("steps", ids)
        if len(ids) > MOST_STEPS:
            raise ValueError(f"steps: more than {MOST_STEPS}")
        if depth(self.steps) > MOST_DEPTH:
            raise ValueError(f"steps: more than {MOST_DEPTH} blocks inside each other")
        return self


def _unique(name: str, codes: list[str]) -> None:
    seen: set[str] = set()
    for code in codes:
        if code in seen:
            raise ValueError(f"{name}: id {code} stands twice")
        seen.add(code)


for _model in (OnError, Timeout, ActionStep, Branch, IfStep, Path, ParallelStep, WhileStep, IteratorStep, Template):
    _model.model_rebuild()
