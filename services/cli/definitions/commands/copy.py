"""`stagewire definitions copy`: take the rules and triggers of a pipeline over to another one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import click

from automation.definitions.copying import PipelineKey, Wish, copy_automation
from automation.definitions.models import Automation
from automation.definitions.tenant_view import TenantView
from automation.definitions.validation import DefinitionId
from services.cli.definitions.saving import Name, author_option, change, in_force, stop_on
from services.cli.edge import json_option, tenant_option


class _Pair(click.ParamType):
    def __init__(self, sign: str, name: str) -> None:
        self.sign, self.name = sign, name

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        first, sign, second = str(value).partition(self.sign)
        if not (first and sign and second):
            self.fail(f"{value!r} is not of the form {self.name}", param, ctx)
        return first, second


_PIPELINE = _Pair("/", "item_type/pipeline")


@click.command("copy")
@click.argument("source", type=_PIPELINE)
@click.argument("target", type=_PIPELINE)
@click.option(
    "--stage", "stages", multiple=True, type=_Pair("=", "old=new"), help="Stages that differ in id and title."
)
@click.option("--only", multiple=True, type=Name(), help="Copy these instead of all.")
@click.option("--active", is_flag=True, help="Put the copies into force at once, instead of as drafts.")
@tenant_option()
@author_option
@json_option()
def COMMAND(  # noqa: N802
    source: PipelineKey, target: PipelineKey, stages: Sequence[tuple[str, str]], only: Sequence[DefinitionId],
    active: bool, tenant: str, author: str, as_json: bool,
) -> None:  # fmt: skip
    """Copy active rules and triggers from SOURCE to TARGET (each `item_type/pipeline`).

    A stage is found by its id, else by its title, else by --stage. If anything does not fit, all of it is listed and
    nothing is copied. The copies are named `<target pipeline>-<id>`.
    """
    wish = Wish(source, target, dict(stages), only, "active" if active else "draft")
    change(tenant, author, as_json, lambda view: _copies(view, wish, as_json))


def _copies(view: TenantView, wish: Wish, as_json: bool) -> Mapping[DefinitionId, Automation]:
    copied = copy_automation(view, wish)
    stop_on([in_force(flaw) for flaw in copied.flaws], as_json)
    return copied.definitions
