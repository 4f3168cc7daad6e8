"""`stagewire definitions enrol`: let items that stood in a stage before its rule did run it, after a preview."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import click

from services.cli.api import ApiError, call
from services.cli.edge import cut, json_option, shown


@click.command("enrol")
@click.argument("rule_id", required=False)
@click.option("--run", "version", type=click.IntRange(1), default=None, metavar="VERSION",
              help="Begin, with the version that the preview named.")  # fmt: skip
@click.option("--per-second", type=click.IntRange(1, 100), default=10, show_default=True, help="Items a second.")
@click.option("--user", default="", help="Who asks for it; shown beside each run.")
@click.option("--limit", type=click.IntRange(1, 50), default=20, show_default=True, help="Items that a preview tries.")
@click.option("--cancel", default="", metavar="ENROLMENT", help="Take no more items of an enrolment.")
@json_option()
def COMMAND(  # noqa: N802
    rule_id: str | None, version: int | None, per_second: int, user: str, limit: int, cancel: str, as_json: bool
) -> None:
    """Preview an enrolment in RULE_ID; begin it with --run; without a rule, list enrolments.

    Uses the API (STAGEWIRE_API_URL, STAGEWIRE_API_KEY). A rule runs at most once for each stage entry of an item.
    """
    try:
        if cancel:
            _print(call("DELETE", f"/v1/enrolments/{quote(cancel, safe='')}"), as_json)
        elif rule_id is None:
            _list(call("GET", "/v1/enrolments"), as_json)
        elif version is None:
            _preview(call("POST", f"{_path(rule_id)}/preview", body={"limit": limit}), as_json)
        else:
            _print(
                call("POST", _path(rule_id), body={"version": version, "per_second": per_second, "user": user}), as_json
            )
    except ApiError as problem:
        raise click.ClickException(str(problem)) from problem


def _path(rule_id: str) -> str:
    return f"/v1/rules/{quote(rule_id.removeprefix('rule/'), safe='')}/enrolments"


def _preview(found: dict[str, Any], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
        return
    click.echo(f"version {found['version']}: {found['total']} items in the stage, {len(found['items'])} tried")
    for told, count in found["outcomes"].items():
        click.echo(f"{count:>6}  {shown(told)}")
    for one in found["items"]:
        tried = one["dry_run"]
        done = ", ".join(part["type"] for part in (*tried["events"], *tried["effects"]))
        click.echo(cut(shown(f"  {one['item_id']}: {tried['refusal'] or tried['outcome']} {tried['reason']} {done}")))
    click.echo(f"begin: --run {found['version']}")


def _list(found: dict[str, Any], as_json: bool) -> None:
    for one in () if as_json else found["enrolments"]:
        _print(one, as_json=False)
    if as_json:
        click.echo(json.dumps(found["enrolments"]))


def _print(one: dict[str, Any], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(one))
        return
    what = f"rule/{one['rule_id']} v{one['rule_version']}"
    click.echo(shown(f"{one['id']}  {what}  {one['status']}  {one['sent']}/{one['total']}  by {one['asked_by']}"))
