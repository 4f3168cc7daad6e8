"""`stagewire files`: put a file on the drive, get one, list them."""

from __future__ import annotations

import json
import mimetypes
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from services.cli.api import ApiError, call, download, upload
from services.cli.edge import WIDTH, json_option

_UNKNOWN = "application/octet-stream"


@click.group("files", short_help="Files of the drive.")
def COMMAND() -> None:  # noqa: N802  # loaded by this name
    """Files of the drive: what rules attach, what fields of type `file` name, documents that automation made."""


@COMMAND.command(short_help="Put a file on the drive.")
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--name", help="Another name than the file's own.")
@click.option("--type", "media", help="Media type; guessed from the name unless given.")
@json_option()
def put(path: Path, name: str | None, media: str | None, as_json: bool) -> None:
    """Upload PATH and print the id that fields and rules name it by."""
    title = name or path.name
    media = media or mimetypes.guess_type(title)[0] or _UNKNOWN
    try:
        with path.open("rb") as file:
            made = upload("/v1/files", {"name": title}, file, media)
    except ApiError as problem:
        raise click.ClickException(str(problem)) from problem
    click.echo(json.dumps(made) if as_json else made["id"])


@COMMAND.command(short_help="Get a file of the drive.")
@click.argument("file_id")
@click.option(
    "--to", "target", type=click.Path(path_type=Path), help="Where to; under the file's own name unless given."
)
@click.option("--link", is_flag=True, help="Print a download link for people instead.")
def get(file_id: str, target: Path | None, link: bool) -> None:
    """Download the file FILE_ID; a file that is there is not overwritten."""
    try:
        found = call("GET", f"/v1/files/{quote(file_id, safe='')}")
        if link:
            click.echo(found["link"])
            return
        path = target or Path(Path(found["name"]).name)
        with path.open("xb") as file:
            download(f"/v1/files/{found['id']}/content", file)
    except ApiError as problem:
        raise click.ClickException(str(problem)) from problem
    except FileExistsError as problem:
        raise click.ClickException(f"{problem.filename} is there already: name another with --to") from problem
    click.echo(str(path))


@COMMAND.command("list", short_help="List the drive.")
@click.option("--after", default="", help="The last id of the page before.")
@click.option("--limit", type=click.IntRange(1, 200), default=50, show_default=True)
@json_option()
def list_files(after: str, limit: int, as_json: bool) -> None:
    """List files, the newest first."""
    try:
        found = call("GET", "/v1/files", {"after": after, "limit": limit})
    except ApiError as problem:
        raise click.ClickException(str(problem)) from problem
    if as_json:
        click.echo(json.dumps(found))
    else:
        _print(found["files"])


def _print(files: list[dict[str, Any]]) -> None:
    table = Table(width=WIDTH, box=None)
    table.add_column("id", no_wrap=True)
    table.add_column("when", no_wrap=True)
    table.add_column("bytes", justify="right", no_wrap=True)
    table.add_column("name", overflow="fold", ratio=1)
    for one in files:
        when = datetime.fromtimestamp(one["made_at"] / 1000, UTC).strftime("%m-%d %H:%M")
        table.add_row(one["id"], when, str(one["size"]), Text(one["name"]))
    Console(width=WIDTH).print(table)
