"""`python -m bench`: run every peer in turn on the same changes and print how they compare.

`rules`, `restore`, `memory`, `processes`, `history` and `templates` measure Stagewire alone; `all` does all of it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from bench import history, memory, processes, restore, rules, templates
from bench.broker import broker
from bench.peer import Peer, UnavailableError, load_peers, say
from bench.process import HARNESS_CORE, PeerFailedError, pin
from bench.report import Outcome, as_json, machine, table
from bench.trial import FIRST, Setting, latency, throughput
from bench.workload import changes

ALONE: Mapping[str, Callable[[argparse.Namespace], str]] = {
    "rules": rules.run,
    "restore": restore.run,
    "memory": memory.run,
    "processes": processes.run,
    "history": history.run,
    "templates": templates.run,
}


def options(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("what", nargs="?", default="peers", choices=["peers", *ALONE, "all"])
    parser.add_argument("--peers", default="", help="names of peers with commas between them; default: all")
    parser.add_argument("--changes", type=int, default=200_000, help="how many changes are preloaded")
    parser.add_argument("--quick", action="store_true", help="40,000 changes, and a tenth of the items")
    parser.add_argument("--rules", type=int, default=10_000, help="rules that do not apply, for `rules`")
    parser.add_argument("--partitions", type=int, default=4)
    parser.add_argument("--rate", type=float, help="send at this many changes a second and measure latency instead")
    parser.add_argument("--seconds", type=float, default=30.0, help="how long to measure, with --rate")
    parser.add_argument("--warm-up", type=float, default=30.0, help="seconds of sending before that, with --rate")
    parser.add_argument(
        "--free", action="store_true", help="keep no process to a core: how late events are, not how fast"
    )
    parser.add_argument("--base", default="stagewire", help="the peer to which the others are compared")
    parser.add_argument("--bootstrap", help="a broker to use; default: one is started")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    return parser.parse_args(argv)


def how_many(chosen: argparse.Namespace) -> int:
    """The number of changes of a run."""
    if chosen.rate:
        return FIRST + int(chosen.rate * (chosen.warm_up + chosen.seconds))
    wanted: int = 40_000 if chosen.quick else chosen.changes
    return wanted


def measure(peer: Peer, setting: Setting, rate: float | None) -> Outcome:
    """The peer's figures, or why there are none."""
    say(f"{peer.name}: {peer.about}")
    try:
        peer.prepare()
        return asyncio.run(_trial(peer, setting, rate))
    except (UnavailableError, PeerFailedError) as why:
        say(str(why))
        return f"no figures: {str(why).splitlines()[0]}"


async def _trial(peer: Peer, setting: Setting, rate: float | None) -> Outcome:
    return await (latency(peer, setting, rate) if rate else throughput(peer, setting))


def main() -> None:
    chosen = options()
    if not chosen.free:
        pin(HARNESS_CORE)
    print("\n".join(f"{name}: {fact}" for name, fact in machine().items()))
    if chosen.what in ("peers", "all"):
        _compare(chosen)
    for name, run in ALONE.items():
        if chosen.what in (name, "all"):
            print(f"\n{run(chosen)}", flush=True)


def _compare(chosen: argparse.Namespace) -> None:
    peers = load_peers([name for name in chosen.peers.split(",") if name])
    facts = machine()
    with broker(chosen.bootstrap) as bootstrap:
        setting = Setting(bootstrap, chosen.partitions, list(changes(how_many(chosen))), chosen.warm_up)
        outcomes = {peer.name: measure(peer, setting, chosen.rate) for peer in peers}
    print(f"changes: {len(setting.given):,}, partitions: {setting.partitions}\n")
    print(table(outcomes, chosen.base), flush=True)
    if chosen.json:
        chosen.json.write_text(json.dumps(as_json(outcomes, facts), indent=2) + "\n")


if __name__ == "__main__":
    main()
