"""Ports of this machine that nobody listens on."""

from __future__ import annotations

import random
import socket
from collections.abc import Collection

LOOPBACK, EVERYWHERE = "127.0.0.1", ""
_OURS = range(20_000, 32_000)
"""Below those that systems give to outgoing connections (from 32768 on Linux): a restart needs the same port again."""
_TRIES = 1_000


def is_free(port: int, host: str = LOOPBACK) -> bool:
    """Tell whether a server could listen there."""
    with socket.socket() as trial:
        # As servers do themselves: connections that linger after a kill do not count as taken.
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host, port))
        except OSError:
            return False
    return True


def free_port(taken: Collection[int] = (), host: str = LOOPBACK) -> int:
    """Return a port that is free now and not among `taken`; raises OSError where there is none."""
    for _ in range(_TRIES):
        port = random.choice(_OURS)  # noqa: S311  two that start at once should not try the same ones
        if port not in taken and is_free(port, host):
            return port
    raise OSError(f"no free port from {_OURS.start} to {_OURS.stop}")
