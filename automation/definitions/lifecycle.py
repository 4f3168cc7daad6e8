"""The life cycle of rules and triggers: draft, active, archived; every version is kept (spec 6.3)."""

from __future__ import annotations

from typing import Literal

from automation.definitions.models import Definition, Runnable, Status
from automation.definitions.tenant_view import TenantView


def standing(view: TenantView, kind: str, name: str, made: Definition | None) -> Definition | None:
    """Return what `made` replaces: the draft if it is one, else the version in force."""
    if isinstance(made, Runnable) and made.status == "draft":
        return view.drafts.get((kind, name))
    return view.current.get((kind, name))


def with_status(
    view: TenantView, kind: str, name: str, status: Literal["active", "archived"], version: int = 0
) -> Runnable:
    """Return the body that takes a rule or trigger to a status: of a version, else of its draft or current version.

    Archiving never takes up a draft where there is a version in force. Raises `LookupError`.
    """
    source = _version(view, kind, name, version) if version else _latest(view, kind, name, status)
    switched_on = {"active": True} if status == "active" else {}
    return source.model_copy(update={"status": status, **switched_on})


def _version(view: TenantView, kind: str, name: str, version: int) -> Runnable:
    found = next((one.made for one in view.saved.get((kind, name), ()) if one.version == version), None)
    if not isinstance(found, Runnable):
        raise LookupError(f"{kind} {name!r} has no version {version}, or was deleted in it")  # noqa: TRY004 - as below
    return found


def _latest(view: TenantView, kind: str, name: str, status: Status) -> Runnable:
    draft, current = view.drafts.get((kind, name)), view.current.get((kind, name))
    found = (draft or current) if status == "active" else (current or draft)
    if not isinstance(found, Runnable):
        raise LookupError(f"there is no {kind} {name!r}")  # noqa: TRY004 - what is asked for is not there
    return found
