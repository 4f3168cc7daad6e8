"""Keeps the processes of the stack running: starts them, and starts anew what dies, later each time.

`python -m services.cli.stack.supervisor <home> <workers>`; SIGTERM stops all of them, then it ends.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import BinaryIO

from services.cli.stack import marks
from services.cli.stack.place import Unit, environment, log_file, units
from services.edge.log import logger, set_up_logging

NAME = "supervisor"
STOP_SECONDS = 25.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 15.0
_STEADY_SECONDS = 30.0
_LARGEST_LOG = 16 * 1024 * 1024


def command(service: str) -> list[str]:
    """Return the command line of one service."""
    return [sys.executable, "-m", "services.cli", "run", service]


class Keeper:
    """One unit: a process, restarted with growing pauses until it is told to stop."""

    def __init__(self, home: Path, unit: Unit) -> None:
        self._home = home
        self._unit = unit
        self._process: asyncio.subprocess.Process | None = None
        self._stopping = asyncio.Event()
        self._log = logger(unit=unit.name)

    async def keep(self) -> None:
        """Run until `stop`."""
        pause, restarts = _FIRST_PAUSE, 0
        while not self._stopping.is_set():
            began = asyncio.get_running_loop().time()
            code = await self._run_once(restarts)
            if self._stopping.is_set():
                break
            lived = asyncio.get_running_loop().time() - began
            pause = _FIRST_PAUSE if lived > _STEADY_SECONDS else min(2 * pause, _LONGEST_PAUSE)
            self._log.warning("unit_died", code=code, lived_seconds=round(lived, 1), pause_seconds=pause)
            restarts += 1
            await self._wait(pause)
        marks.forget(self._home, self._unit.name)

    async def _run_once(self, restarts: int) -> int:
        with _open_log(log_file(self._home, self._unit.name)) as log:
            self._process = await asyncio.create_subprocess_exec(
                *command(self._unit.service), stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log,
                env=environment(self._home, self._unit), start_new_session=True,
            )  # fmt: skip
        marks.write(self._home, self._unit.name, self._process.pid, restarts)
        if self._stopping.is_set():
            self._process.terminate()
        return await self._process.wait()

    async def _wait(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return

    def stop(self) -> None:
        """Ask the process to end."""
        self._stopping.set()
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()

    def kill(self) -> None:
        """End the process and all that it started."""
        if self._process is not None and self._process.returncode is None:
            os.killpg(self._process.pid, signal.SIGKILL)


def _open_log(path: Path) -> BinaryIO:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > _LARGEST_LOG:
        path.replace(path.with_suffix(".log.1"))
    return path.open("ab")


async def supervise(home: Path, workers: int) -> None:
    """Keep all units until SIGTERM or SIGINT; what has not ended 25 s later is killed."""
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    keepers = [Keeper(home, unit) for unit in units(workers)]
    kept = [asyncio.create_task(keeper.keep()) for keeper in keepers]
    await stopping.wait()
    for keeper in keepers:
        keeper.stop()
    _, late = await asyncio.wait(kept, timeout=STOP_SECONDS)
    if late:
        for keeper in keepers:
            keeper.kill()
        await asyncio.wait(late)
    marks.forget(home, NAME)


def main() -> None:
    """Read the command line and supervise."""
    home, workers = Path(sys.argv[1]), int(sys.argv[2])
    set_up_logging()
    marks.write(home, NAME, os.getpid())
    asyncio.run(supervise(home, workers))


if __name__ == "__main__":
    main()
