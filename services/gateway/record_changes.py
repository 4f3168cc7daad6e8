"""What callers do with records, on its way there; what a record would refuse is told at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from fastapi import Request

from automation.envelope import Key
from automation.errors import ChangeRefusedError
from services.gateway.changes import Origin, frame_of
from services.gateway.idempotency import once_key
from services.gateway.ports import ports_of
from services.gateway.problems import Fault, Problem
from services.gateway.sending import Letter


def letter_to(request: Request, key: Key, body: Any, change: Any) -> Letter:
    """Return a change on its way to its record; raises `Problem` while the tenant has defined nothing."""
    ports = ports_of(request)
    if ports.shelf.book.tenant(key.tenant) is None:
        raise Problem(422, "unknown_tenant", "nothing is defined yet: save definitions first")
    origin = Origin(key.tenant, ports.clock.now(), once_key(request, key.tenant))
    return Letter("items", frame_of(origin, key, body, ports.shelf.book.version), change)


@contextmanager
def refusals() -> Iterator[None]:
    """Turn what a record refuses into a problem (422) with the path at fault."""
    try:
        yield
    except ChangeRefusedError as refused:
        path, _, message = refused.detail.partition(": ")
        fault = Fault(path, refused.reason, message)
        raise Problem(422, "invalid_change", "the change breaks a rule of the record", errors=[fault]) from None
