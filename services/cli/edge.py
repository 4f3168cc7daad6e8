"""What all commands share: options, and how problems reach the person at the terminal."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from pathlib import Path
from textwrap import wrap
from typing import Any, TypeVar

import click
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaConnectionError, KafkaError, UnknownTopicOrPartitionError
from pydantic import ValidationError

from automation.values import Moment
from services.edge.broker import BrokerError, home_dir
from services.edge.kafka import KafkaSettings, bootstrap_servers
from services.edge.stream import UnreadableError
from services.edge.topics import Topics, TopicSettings

T = TypeVar("T")
Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

WIDTH = 80
_TOPIC_SECONDS = 10.0


def tenant_option() -> Decorator:
    """Return `--tenant`, which may stand in STAGEWIRE_TENANT."""
    return click.option("--tenant", envvar="STAGEWIRE_TENANT", default="acme", show_default=True, callback=_tenant,
                        help="Whose data it is about (STAGEWIRE_TENANT).")  # fmt: skip


def _tenant(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    if not value or "/" in value or not value.isprintable():
        raise click.BadParameter("a tenant is a printable text without '/'")
    return value


def json_option(text: str = "Print one JSON object.") -> Decorator:
    """Return `--json`."""
    return click.option("--json", "as_json", is_flag=True, help=text)


def topics() -> Topics:
    """Return the topics of this installation."""
    return Topics.of(TopicSettings())


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a command's work; what people can do something about is told in a sentence, without a traceback."""
    try:
        return asyncio.run(work)
    except ValidationError as problem:
        places = ", ".join(".".join(map(str, found["loc"])) for found in problem.errors())
        raise click.ClickException(f"settings are wrong: {places}") from None
    except KafkaError as problem:
        raise click.ClickException(kafka_told(problem)) from problem
    except (BrokerError, UnreadableError, LookupError, FileNotFoundError) as problem:
        raise click.ClickException(str(problem)) from problem


def quiet_libraries() -> None:
    """Keep the log lines of libraries off the terminal: what people can do something about is told in a sentence."""
    for name in ("aiokafka", "asyncio"):
        logging.getLogger(name).setLevel(logging.CRITICAL)


def kafka_told(problem: KafkaError) -> str:
    """Return what Kafka's error means to whoever sits at the terminal."""
    if isinstance(problem, KafkaConnectionError):
        return f"no Kafka at {_servers()}: start it, or set KAFKA_BOOTSTRAP_SERVERS"
    if isinstance(problem, UnknownTopicOrPartitionError):
        return f"Kafka at {_servers()} lacks topics: run `stagewire topics apply`"
    return f"Kafka at {_servers()}: {problem}"


async def wait_for_topic(reader: AIOKafkaConsumer, name: str) -> None:
    """Wait until the reader knows a topic (assigning one never seen fails); raises UnknownTopicOrPartitionError."""
    try:
        async with asyncio.timeout(_TOPIC_SECONDS):
            await reader._client._wait_on_metadata(name)
    except TimeoutError as error:
        raise UnknownTopicOrPartitionError(name) from error


def _servers() -> str:
    try:
        return bootstrap_servers(KafkaSettings())
    except BrokerError:
        return "(no address)"


def shown(text: str) -> str:
    """Return text from outside so that it cannot steer a terminal."""
    return "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in text)


def moment_text(moment: Moment) -> str:
    """Return a moment as a person reads it, in UTC."""
    return f"{datetime.fromtimestamp(moment / 1000, UTC):%Y-%m-%d %H:%M:%S}Z"


def wrapped(line: str, width: int = WIDTH) -> str:
    """Return a line in as many as it takes, indented more behind the first; what has no blank is not broken."""
    indent = " " * (len(line) - len(line.lstrip()) + 4)
    parts = wrap(line, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
    return "\n".join(parts)


def cut(text: str, width: int = WIDTH) -> str:
    """Return one line of at most so many characters."""
    return text if len(text) <= width else text[: width - 1] + "…"


# --- the version that was saved last from here: changes sent next are decided with it (design section 2) --------


def _version_file() -> Path:
    return home_dir() / "run" / "definitions.json"


def remember_definitions(prefix: str, version: int) -> None:
    """Remember the version of a save."""
    path = _version_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"prefix": prefix, "version": version}), "utf-8")


def last_definitions(prefix: str) -> int:
    """Return the version of the last save from here; 0 if there was none."""
    try:
        found = json.loads(_version_file().read_text("utf-8"))
    except (FileNotFoundError, ValueError):
        return 0
    return int(found["version"]) if found.get("prefix") == prefix else 0
