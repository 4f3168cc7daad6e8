"""What a local installation keeps in STAGEWIRE_HOME: secrets, ports, logs, and the environment made of them."""

from __future__ import annotations

import importlib.util
import json
import os
import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from services.edge.ports import EVERYWHERE, free_port, is_free

SERVICES = ("deal_stream", "payment_tracker", "notifier", "history", "live_views", "gateway")

_SIGNING_FILE = "STAGEWIRE_SIGNING_SECRET_FILE"
_SIGNING = "STAGEWIRE_SIGNING_SECRETS"
_USUAL_PORTS = {
    "gateway": 8080, "gateway.health": 8086, "live_views": 8087, "live_views.health": 8085,
    "deal_stream-1.health": 8081,
    "payment_tracker.health": 8082, "history.health": 8083, "notifier.health": 8084,
}  # fmt: skip
_HTTP = ("gateway", "live_views")
"""Services with a port of their own beside the health port."""


class Unit(NamedTuple):
    """One process of the stack; of `deal_stream` there may be several."""

    name: str
    service: str


def units(workers: int) -> tuple[Unit, ...]:
    """Return the processes of the stack: all services that this installation has."""
    found = [name for name in SERVICES if importlib.util.find_spec(f"services.{name}.__main__")]
    engines = [Unit(f"deal_stream-{number + 1}", "deal_stream") for number in range(workers)]
    return (*engines, *(Unit(name, name) for name in found if name != "deal_stream"))


def run_dir(home: Path) -> Path:
    """Return the folder of what is known about running processes."""
    return home / "run"


def log_file(home: Path, name: str) -> Path:
    """Return the log of one process."""
    return home / "logs" / f"{name}.log"


# --- secrets ---------------------------------------------------------------------------------------------------


def _secret_file(home: Path, name: str) -> Path:
    given = os.environ.get(_SIGNING_FILE) if name == "signing" else None
    return Path(given) if given else home / "secrets" / name


def make_secrets(home: Path) -> None:
    """Make the secrets that do not exist yet, each in a file that only its owner may read."""
    for name in ("signing", "payment_links", "live_views"):
        _write_once(_secret_file(home, name), secrets.token_urlsafe(48))


def _write_once(path: Path, text: str) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(handle, "w") as out:
        out.write(text)


def _secret(home: Path, name: str) -> str:
    try:
        return _secret_file(home, name).read_text("utf-8").strip()
    except FileNotFoundError:
        return ""


def signing_secrets(home: Path) -> list[bytes]:
    """Return the signing secrets of this installation, the newest first; empty where there are none."""
    text = os.environ.get(_SIGNING) or _secret(home, "signing")
    return [part.strip().encode() for part in text.split(",") if part.strip()]


# --- ports -----------------------------------------------------------------------------------------------------


def ports(home: Path) -> Mapping[str, int]:
    """Return the ports of the last start, by `<unit>.health` or `<unit>`."""
    try:
        found: dict[str, int] = json.loads((run_dir(home) / "ports.json").read_text("utf-8"))
    except FileNotFoundError:
        return {}
    return found


def choose_ports(home: Path, started: Iterable[Unit]) -> Mapping[str, int]:
    """Return a port for each face of each unit and remember it: as last time, else the usual one, else a free one."""
    before, chosen = ports(home), dict[str, int]()
    for unit in started:
        for name in (f"{unit.name}.health", *((unit.name,) if unit.name in _HTTP else ())):
            wanted, taken = before.get(name) or _USUAL_PORTS.get(name, 0), set(chosen.values())
            usable = wanted and wanted not in taken and is_free(wanted, EVERYWHERE)  # health ports listen there
            chosen[name] = wanted if usable else free_port(taken, EVERYWHERE)
    run_dir(home).mkdir(parents=True, exist_ok=True)
    (run_dir(home) / "ports.json").write_text(json.dumps(chosen), "utf-8")
    return chosen


# --- environment -----------------------------------------------------------------------------------------------


def environment(home: Path, unit: Unit) -> dict[str, str]:
    """Return the variables that a process of this installation is started with; what is set already wins."""
    chosen, prefix = ports(home), f"STAGEWIRE_{unit.service.upper()}_"
    made = {
        "STAGEWIRE_HOME": str(home),
        _SIGNING: _secret(home, "signing"),
        "STAGEWIRE_PAYMENT_TRACKER_LINK_SECRET": _secret(home, "payment_links"),
        "STAGEWIRE_LIVE_VIEWS_TOKEN": _secret(home, "live_views"),
        "STAGEWIRE_GATEWAY_LIVE_VIEWS_TOKEN": _secret(home, "live_views"),
        "STAGEWIRE_GATEWAY_LOCAL": "true",
        "STAGEWIRE_PUBLIC_URL": gateway_url(home),
        "STAGEWIRE_PAYMENT_TRACKER_LINK_BASE": f"{gateway_url(home)}/pay",
        "STAGEWIRE_FILES_LINK_BASE": f"{gateway_url(home)}/files",
        "STAGEWIRE_GATEWAY_LIVE_VIEWS_URL": f"http://127.0.0.1:{chosen.get('live_views', 0)}",
        f"{prefix}DATA_DIR": str(home / unit.service / unit.name),
        f"{prefix}INSTANCE_ID": unit.name,
    }
    for face, variable in ((f"{unit.name}.health", "HEALTH_PORT"), (unit.name, "PORT")):
        if face in chosen:
            made[f"{prefix}{variable}"] = str(chosen[face])
    return {name: value for name, value in made.items() if value and name not in os.environ} | dict(os.environ)


def gateway_url(home: Path) -> str:
    """Return the address of the HTTP API on this machine."""
    return f"http://127.0.0.1:{ports(home).get('gateway', _USUAL_PORTS['gateway'])}"
