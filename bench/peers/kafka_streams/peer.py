from __future__ import annotations

import hashlib
import shutil
from collections.abc import Sequence
from pathlib import Path

from bench import workload
from bench.peer import CACHE, Peer, UnavailableError, run, say

HERE = Path(__file__).parent
HOME = CACHE / "kafka_streams"


def prepare() -> None:
    """Fetch the jars and compile, unless that was done for these very sources."""
    if missing := [tool for tool in ("mvn", "javac", "java") if not shutil.which(tool)]:
        raise UnavailableError(f"needs {', '.join(missing)} on the path (Java 17, Maven)")
    sources = sorted(HERE.glob("*.java"))
    digest = hashlib.sha256(b"".join(p.read_bytes() for p in [HERE / "pom.xml", *sources])).hexdigest()
    stamp = HOME / "installed"
    if stamp.exists() and stamp.read_text() == digest:
        return
    say(f"kafka_streams: fetching jars and compiling into {HOME}")
    shutil.rmtree(HOME, ignore_errors=True)
    jars = HOME / "jars"
    pom = str(HERE / "pom.xml")
    run(["mvn", "--quiet", "--batch-mode", "-f", pom, "dependency:copy-dependencies", f"-DoutputDirectory={jars}"])
    run(["javac", "--release", "17", "-cp", f"{jars}/*", "-d", str(HOME / "classes"), *map(str, sources)])
    stamp.write_text(digest)


def command(bootstrap: str, in_topic: str, out_topic: str, n: int) -> Sequence[str]:
    path = f"{HOME}/classes:{HOME}/jars/*"
    return ["java", "-Xmx1g", "-cp", path, "DealStream", bootstrap, in_topic, out_topic, str(workload.SCHEMAS)]


PEER = Peer("kafka_streams", "Kafka Streams 4.4 on Java 17, exactly once v2, RocksDB state", prepare, command)
