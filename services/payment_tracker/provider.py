"""What a payment provider's file exports, and the loader of the folder that holds them (ecosystem of providers)."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

from automation.payments.changes import ProviderNotice
from automation.values import Moment
from services.payment_tracker import providers

Headers: TypeAlias = Mapping[str, str]
"""HTTP headers with lower-case names."""


class WebhookRefused(Exception):  # noqa: N818 - the outcome of a request, answered with `status`, not a fault of ours
    """A webhook is not believed; `reason` is a short code, `status` the HTTP status to answer with."""

    def __init__(self, reason: str, status: int) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = status


class VerifiedNotice(NamedTuple):
    """A body whose signature holds: who sent it and that nobody changed it is certain, its meaning is not."""

    notice_id: str
    sent_at: Moment
    body_digest: str
    """Differs when a provider says something else under the same id; the same for a repeat."""
    content: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Provider:
    """A payment provider: how its webhooks are verified, read, and written for a test."""

    name: str
    title: str
    verify: Callable[[Headers, bytes, Sequence[str], Moment], VerifiedNotice]
    """Check raw bytes with any of the secrets (several during a rotation); raises `WebhookRefused`."""
    parse: Callable[[VerifiedNotice], ProviderNotice | None]
    """Read the notice, `None` where it is about no payment document; raises `WebhookRefused` if malformed."""
    compose: Callable[[ProviderNotice], bytes]
    """Write the body that the provider would send: for tests and the local run."""
    sign: Callable[[str, bytes, str, Moment], Headers]
    """Return the headers for a notice id, body, secret and moment."""


def load_providers() -> Mapping[str, Provider]:
    """Return the providers of the folder by name; raises `ValueError` for a file without one or a name used twice."""
    found: dict[str, Provider] = {}
    for info in pkgutil.iter_modules(providers.__path__, f"{providers.__name__}."):
        provider = getattr(importlib.import_module(info.name), "PROVIDER", None)
        if not isinstance(provider, Provider):
            raise ValueError(f"{info.name} exports no PROVIDER")  # noqa: TRY004 - a wrong folder, not a wrong argument
        if provider.name in found:
            raise ValueError(f"{info.name}: the name {provider.name!r} is used twice")
        found[provider.name] = provider
    return found
