"""Structured logs: one JSON object a line, secrets blanked, a line never longer than 8 kB."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import orjson
import structlog

from services.edge import names

LONGEST_LINE = 8_192
_LONGEST_VALUE = 2_048
_SECRET = re.compile(
    r"secret|password|passwd|token|api[_-]?key|authorization|cookie|signature|credential", re.IGNORECASE
)
_BLANK = "[secret]"

Event = MutableMapping[str, Any]


def set_up_logging(level: str = "info") -> None:
    """Send the log, that of libraries too, to standard error as JSON lines; called once by each service's bootstrap."""
    handler = LibraryHandler()
    handler.addFilter(Throttle())
    logging.basicConfig(
        level=max(logging.WARNING, logging.getLevelNamesMapping()[level.upper()]), handlers=[handler], force=True
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
            structlog.processors.format_exc_info,
            redact,
            to_line,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def logger(**bound: object) -> structlog.typing.FilteringBoundLogger:
    """Return a logger that carries the given fields."""
    found: structlog.typing.FilteringBoundLogger = structlog.get_logger(**bound)
    return found


class Throttle(logging.Filter):
    """Lets ten lines of libraries a second pass: while a broker is down they would fill the disk."""

    def __init__(self, lines_per_second: int = 10) -> None:
        super().__init__()
        self._limit = lines_per_second
        self._second = 0
        self._passed = 0

    def filter(self, record: logging.LogRecord) -> bool:
        """Count by the second in which the line was written."""
        if int(record.created) != self._second:
            self._second, self._passed = int(record.created), 0
        self._passed += 1
        return self._passed <= self._limit


class LibraryHandler(logging.Handler):
    """Writes what libraries log in the form of our own lines."""

    def emit(self, record: logging.LogRecord) -> None:
        """Pass the line on."""
        log = structlog.get_logger(library=record.name)
        log.log(record.levelno, names.LOG_LIBRARY, detail=record.getMessage())


def redact(_logger: object, _method: str, event: Event) -> Event:
    """Blank every value whose name sounds secret, at any depth."""
    return {name: _redacted(name, value) for name, value in event.items()}


def to_line(_logger: object, _method: str, event: Event) -> str:
    """Encode an event as one line of JSON: control characters are escaped, long values and lines are cut."""
    line = orjson.dumps(
        {name: _short(value) for name, value in event.items()}, default=str, option=orjson.OPT_NON_STR_KEYS
    )
    if len(line) <= LONGEST_LINE:
        return line.decode()
    kept = {name: event[name] for name in ("at", "level", "event") if name in event}
    return orjson.dumps({**kept, "cut": line[: LONGEST_LINE // 2].decode(errors="replace")}, default=str).decode()


def _redacted(name: str, value: Any) -> Any:
    if _SECRET.search(name):
        return _BLANK
    if isinstance(value, dict):
        return {inner: _redacted(str(inner), each) for inner, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_redacted("", each) for each in value]
    return value


def _short(value: Any) -> Any:
    if isinstance(value, str) and len(value) > _LONGEST_VALUE:
        return value[:_LONGEST_VALUE] + "…"
    if isinstance(value, bytes):
        return value[:_LONGEST_VALUE].decode(errors="replace")
    return value
