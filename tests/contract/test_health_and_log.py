"""The health port and the log lines, as an operator meets them."""

from __future__ import annotations

import json
import logging

import aiohttp
import pytest
from prometheus_client import CollectorRegistry, Counter

from services.edge.health import HealthPort
from services.edge.log import LONGEST_LINE, Throttle, redact, to_line


async def test_the_health_port_tells_why_not() -> None:
    """200 and `ok`, or 503 and the reason; metrics in the format of Prometheus."""
    registry = CollectorRegistry()
    Counter("things", "things", registry=registry).inc()
    port = HealthPort(lambda: "", lambda: "restoring partitions [1]", registry, 0, "127.0.0.1")
    await port.start()
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port.port}") as session:
        answers = [await (await session.get(path)).text() for path in ("/livez", "/readyz", "/metrics")]
        statuses = [(await session.get(path)).status for path in ("/livez", "/readyz", "/metrics")]
    await port.stop()
    assert statuses == [200, 503, 200]
    assert answers[:2] == ["ok\n", "restoring partitions [1]\n"]
    assert "things_total 1.0" in answers[2]


@pytest.mark.parametrize("name", ["password", "api_key", "Authorization", "sasl_password", "hmac_secret", "token"])
def test_values_with_secret_names_are_blanked_at_any_depth(name: str) -> None:
    """In lists and dictionaries too."""
    line = to_line(None, "", redact(None, "", {"event": "x", "outer": [{name: "canary"}], name: "canary"}))
    assert "canary" not in line


def test_a_log_event_is_one_line_of_limited_length() -> None:
    """Line breaks and terminal codes are escaped; what is too long is cut and still JSON."""
    line = to_line(
        None, "", {"event": "x", "text": "a\n\x1b[31m", **{f"f{number}": "y" * 5_000 for number in range(9)}}
    )
    assert "\n" not in line
    assert "\x1b" not in line
    assert len(line.encode()) <= LONGEST_LINE
    assert json.loads(line)["event"] == "x"


def test_libraries_get_ten_lines_a_second() -> None:
    """While a broker is down, its clients would fill the disk."""
    throttle = Throttle()
    record = logging.LogRecord("lib", logging.WARNING, "", 0, "down", None, None)
    assert sum(throttle.filter(record) for _ in range(100)) == 10
    record.created += 1
    assert throttle.filter(record)
