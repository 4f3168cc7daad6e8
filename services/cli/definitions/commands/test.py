"""`stagewire definitions test`: run the tests that stand beside definitions; needs no Kafka."""

from __future__ import annotations

import difflib
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import yaml
from pydantic import ValidationError

from automation.definitions.validation import Flaw, check
from automation.scenarios.judge import Verdict, judge
from automation.scenarios.model import Scenario
from automation.scenarios.play import TENANT, book_of
from services.cli.definitions.files import TEST, Fault, Files, Written, read_files
from services.cli.definitions.saving import paths_argument, stop_on
from services.cli.edge import json_option
from services.deal_stream.bootstrap import catalogue
from services.edge.clock import SystemClock
from services.edge.holidays import with_holidays


@click.command("test")
@paths_argument
@click.option("-k", "part", default="", help="Run only tests whose name holds this text.")
@json_option()
@click.pass_context
def COMMAND(context: click.Context, /, paths: Sequence[Path], part: str, as_json: bool) -> None:  # noqa: N802
    """Run the tests (`kind: test`) among the files, against the definitions among them.

    Exit code 0: all passed; 1: a definition or test is wrong, or a test failed.
    """
    files, began = read_files(paths), time.perf_counter()
    verdicts = list(_verdicts(files, part, as_json))
    failed = [(place, verdict) for place, verdict in verdicts if not verdict.passed]
    spent = round((time.perf_counter() - began) * 1000)
    if as_json:
        click.echo(json.dumps([_facts(*one) for one in verdicts], ensure_ascii=False))
    for place, verdict in () if as_json else failed:
        click.echo(f"FAILED  {verdict.name}  ({_where(place)})")
        click.echo("\n".join(f"    {line}" for line in difference(verdict)))
    if not as_json:
        click.echo(f"{len(verdicts) - len(failed)} passed, {len(failed)} failed in {spent} ms")
    context.exit(1 if failed or not verdicts else 0)


def _verdicts(files: Files, part: str, as_json: bool) -> Iterator[tuple[Written, Verdict]]:
    checked = check(catalogue(), TENANT, {}, with_holidays(files.definitions, SystemClock().now()))
    scenarios, faults = read_scenarios(files)
    stop_on(
        [fault for fault in files.faults_of(checked) if fault.flaw.severity == "error"] + files.faults + faults, as_json
    )
    book = book_of(catalogue(), {name: made for name, made in checked.definitions.items() if made is not None})
    for place, scenario in scenarios:
        if part in scenario.name:
            yield place, judge(book, scenario)


def read_scenarios(files: Files) -> tuple[list[tuple[Written, Scenario]], list[Fault]]:
    """Return the tests of the files, and all that is wrong with how they are written."""
    found: list[tuple[Written, Scenario]] = []
    faults: list[Fault] = []
    for place, body in files.tests:
        try:
            found.append((place, Scenario.model_validate(body)))
        except ValidationError as error:
            faults += [place.fault(_flaw(body, one)) for one in error.errors(include_url=False)]
    return found, faults


def _flaw(body: Mapping[str, Any], found: Any) -> Flaw:
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in found["loc"]).lstrip(".")
    return Flaw(TEST, str(body.get("name", ""))[:100], path, found["type"], found["msg"].removeprefix("Value error, "))


def difference(verdict: Verdict) -> Iterator[str]:
    """Yield the lines of a diff from what was expected to what came."""
    expected, came = _yaml(verdict.expected).splitlines(), _yaml(verdict.actual).splitlines()
    yield from difflib.unified_diff(expected, came, "expected", "came", lineterm="", n=2)


def _yaml(value: Mapping[str, Any]) -> str:
    return str(yaml.safe_dump(dict(sorted(value.items())), allow_unicode=True, sort_keys=False, width=100))


def _where(place: Written) -> str:
    return f"{place.file}:{place.document.line(place.prefix)}"


def _facts(place: Written, verdict: Verdict) -> dict[str, Any]:
    facts = {"name": verdict.name, "place": _where(place), "passed": verdict.passed}
    return facts if verdict.passed else {**facts, "expected": verdict.expected, "actual": verdict.actual}
