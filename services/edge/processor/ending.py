"""How a worker ends when it cannot go on: at once, so that nothing doubtful is carried further (design section 3.5)."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import NoReturn

from services.edge import names
from services.edge.log import logger

EXIT_CODE = 70
"""EX_SOFTWARE: the supervisor starts the process anew, and it restores from what is committed."""

End = Callable[[str, BaseException], NoReturn]


class StopError(Exception):
    """The worker must stop and people must look: going on would skip, lose or double something."""


def end_process(why: str, error: BaseException) -> NoReturn:
    """Say why and end the process without any clean-up: no commit, no leave, no flush to the broker."""
    logger().critical(names.LOG_PROCESS_ENDS, why=why, error=type(error).__name__, detail=str(error))
    sys.stderr.flush()
    sys.stdout.flush()
    os._exit(EXIT_CODE)
