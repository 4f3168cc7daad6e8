"""Every error of the API is a problem document (RFC 9457): `type`, `title`, `status`, `detail` and `errors[]`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, NamedTuple

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from services.edge.log import logger

MEDIA_TYPE = "application/problem+json"
TYPES = "https://stagewire.dev/problems/"
"""Base of `type`; the last part is the stable code, each explained in docs/reference/http-api.md."""
_LONGEST = 500


class Fault(NamedTuple):
    """One thing that is wrong with a request: where, which rule, and a sentence."""

    path: str
    rule: str
    message: str
    pointer: str = ""
    """JSON pointer (RFC 6901) into the body; empty where the fault lies elsewhere, or where only the path is given."""

    def document(self) -> dict[str, str]:
        """Return the fault as it is shown."""
        shown = self._asdict()
        return shown if self.pointer else {name: shown[name] for name in ("path", "rule", "message")}


class Problem(Exception):  # noqa: N818 - an answer, which is not always a fault of the program
    """Ends a request with a problem document; `code` is stable, `detail` is for people."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str = "",
        *,
        errors: Sequence[Fault] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{status} {code}: {detail}")
        self.status, self.code, self.detail = status, code, detail
        self.errors, self.headers = tuple(errors), dict(headers or {})

    def document(self) -> dict[str, Any]:
        """Return the document as plain JSON types."""
        title = HTTPStatus(self.status).phrase
        return {
            "type": TYPES + self.code,
            "title": title,
            "status": self.status,
            "detail": self.detail[:_LONGEST] or title,
            "errors": [fault.document() for fault in self.errors],
        }

    def response(self) -> Response:
        """Return the answer."""
        body = orjson.dumps(self.document(), default=str)
        return Response(body, self.status, self.headers, media_type=MEDIA_TYPE)


def not_found(what: str) -> Problem:
    """Return the answer for what does not exist, or is another tenant's: nobody can tell the two apart."""
    return Problem(404, "not_found", f"there is no such {what}")


def unavailable(detail: str, seconds: int = 2) -> Problem:
    """Return the answer for what will work again soon."""
    return Problem(503, "unavailable", detail, headers={"Retry-After": str(seconds)})


def faults_of(error: ValidationError | RequestValidationError, before: str = "") -> list[Fault]:
    """Return what pydantic found, each with its path; the values themselves are not repeated."""
    return [Fault(_path(before, found["loc"]), found["type"], found["msg"][:_LONGEST]) for found in error.errors()]


def _path(before: str, loc: Iterable[object]) -> str:
    text = before
    for part in loc:
        text += f"[{part}]" if isinstance(part, int) else f".{str(part)[:100]}"
    return text.removeprefix(".")


def install(app: FastAPI) -> None:
    """Let every way in which a request can end badly answer with a problem document."""
    app.add_exception_handler(Problem, _answer)
    app.add_exception_handler(HTTPException, _plain)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Exception, _bug)


async def _answer(_: Request, problem: Exception) -> Response:
    assert isinstance(problem, Problem)  # noqa: S101 - registered for this class alone
    return problem.response()


async def _plain(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class alone
    code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "refused")
    return Problem(error.status_code, code, "", headers=error.headers).response()


async def _invalid(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this class alone
    return Problem(422, "invalid", "the path or the query is invalid", errors=faults_of(error)).response()


async def _bug(request: Request, error: Exception) -> Response:
    route = request.scope.get("route")
    logger().error("gateway_bug", route=getattr(route, "path", ""), error=type(error).__name__, exc_info=error)
    return Problem(500, "internal_error", "this is our fault; it was noted").response()
