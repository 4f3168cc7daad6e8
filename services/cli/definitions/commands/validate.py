"""`stagewire definitions validate`: check files without Kafka."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import click

from automation.definitions.validation import check
from services.cli.definitions.files import read_files
from services.cli.definitions.saving import paths_argument, stop_on, told
from services.cli.edge import json_option, tenant_option
from services.deal_stream.bootstrap import catalogue
from services.edge.clock import SystemClock
from services.edge.holidays import with_holidays


@click.command("validate")
@paths_argument
@tenant_option()
@json_option()
def COMMAND(paths: Sequence[Path], tenant: str, as_json: bool) -> None:  # noqa: N802
    """Check files by themselves, as the whole of a company's definitions; needs no Kafka."""
    files = read_files(paths)
    filled = with_holidays(files.definitions, SystemClock().now())
    faults = files.faults + files.faults_of(check(catalogue(), tenant, {}, filled))
    stop_on(faults, as_json)
    facts = {"definitions": len(files.definitions), "warnings": told(faults)}
    click.echo(json.dumps(facts) if as_json else f"{len(files.definitions)} definitions are in order")
