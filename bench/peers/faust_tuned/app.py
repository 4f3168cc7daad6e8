"""The plain Faust program with what its settings offer for speed."""

from __future__ import annotations

import sys

import mode.loop

if __name__ == "__main__":
    mode.loop.use("uvloop")  # before Faust is imported

    from bench.peers.faust_plain.app import build, work

    work(
        build(
            *sys.argv[1:4],
            cython_optimizations=True,
            stream_buffer_maxsize=65_536,
            consumer_max_fetch_size=16 * 1024 * 1024,
            producer_linger=0.005,
            producer_max_batch_size=512 * 1024,
        )
    )
