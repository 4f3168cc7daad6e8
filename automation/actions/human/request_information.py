"""Ask people to fill in a form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from automation.actions.human._asking import Asked, ask_people
from automation.catalogue import Entry
from automation.definitions.process_models import PROCESSED
from automation.forms import field_types, read_form
from automation.params import Form
from automation.plan import Context, Plan
from automation.scope import Schema
from automation.values import FieldType

if TYPE_CHECKING:
    from automation.definitions.tenant_view import TenantView

_RESULTS: Mapping[str, FieldType] = {
    "task_id": "string", "decision": "string", "decided_by": "user", "comment": "text"
}  # fmt: skip


class RequestInformation(Asked):
    """The fields of the form; whoever of the people fills it in first answers for all."""

    fields: Form

    @classmethod
    def flaws(cls, raw: Mapping[str, Any], schema: Schema) -> Iterator[tuple[str, str]]:
        """Refuse fields that would hide another result of the step."""
        yield from super().flaws(raw, schema)
        for code in field_types(raw.get("fields")):
            if code in _RESULTS:
                yield "fields", f"{code} is a result of its own: give the field another code"


def plan(context: Context, params: RequestInformation) -> Plan:
    """Wait for the answer, and publish each field."""
    codes = tuple(field.code for field in read_form(params.fields))
    asked = ("decision", "decided_by", "comment", *codes)
    return ask_people(context, params, "information", {"form": params.fields}, asked)


def _published(params: Mapping[str, Any], _view: TenantView) -> Mapping[str, FieldType]:
    return field_types(params.get("fields"))


ENTRY = Entry(
    id="request_information",
    kind="action",
    group="human",
    title="Request information",
    description="Asks employees to fill in a form; each of its fields is a result.",
    spec="1.3",
    types=PROCESSED,
    params=RequestInformation,
    results=_RESULTS,
    plan=plan,
    publishes=_published,
)
