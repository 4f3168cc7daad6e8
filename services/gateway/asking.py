"""Questions to history from the routes: off the event loop, of items and records that exist."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from fastapi import Request

from automation.envelope import Key
from services.gateway.ports import ports_of
from services.gateway.problems import Problem, not_found
from services.history.queries import History

T = TypeVar("T")


async def ask(request: Request, question: Callable[[History], T]) -> T:
    """Return what a question finds; raises `Problem` (503) while there is no index."""
    ports = ports_of(request)
    return await asyncio.to_thread(lambda: question(ports.history()))


async def ask_known(request: Request, key: Key, question: Callable[[History], T], what: str = "item") -> T:
    """Return what a question about an item or record finds; raises `Problem` (404) where it was never created."""

    def asked(history: History) -> T:
        if not history.exists(key):
            raise not_found(what)
        return question(history)

    return await ask(request, asked)


def place_of(text: str, tenant: str) -> tuple[int, str] | None:
    """Read the place of a page; one that names another tenant's stream is no place of ours."""
    if not text:
        return None
    moment, _, stream = text.partition(":")
    if not (moment.isascii() and moment.isdigit() and len(moment) < 19 and stream.startswith(f"item/{tenant}/")):
        raise Problem(422, "invalid", "before: take `next` of the page before")
    return int(moment), stream
