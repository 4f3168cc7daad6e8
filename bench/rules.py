"""What rules that do not apply cost: the same changes with ten rules and with 10,000 more on a stage never entered."""

from __future__ import annotations

import argparse
import time

from bench.deals import Deals, stream, written
from bench.peer import say

_ROUNDS = 5


def run(chosen: argparse.Namespace) -> str:
    """Measure CPU time per change of reading, deciding and encoding; the best of interleaved rounds."""
    count = 4_000 if chosen.quick else 20_000
    say(f"rules: {_ROUNDS} rounds of {count:,} changes, with 10 rules and with {chosen.rules:,} more")
    given = written(count)
    streams = {10: stream(), 10 + chosen.rules: stream(extra_rules=chosen.rules)}
    best = dict.fromkeys(streams, float("inf"))
    for _ in range(_ROUNDS):
        for rules, by in streams.items():
            began = time.process_time()
            Deals(by).take(given)
            best[rules] = min(best[rules], (time.process_time() - began) / count * 1e6)
    few, many = best.values()
    lines = [f"{rules:>9,} rules  {cpu:6.1f} us of CPU a change" for rules, cpu in best.items()]
    return "\n".join(["rules that do not apply", *lines, f"ratio {many / few:.2f}"])
