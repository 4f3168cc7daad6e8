"""Track field change (spec 2.3)."""

from __future__ import annotations

from automation.catalogue import Entry, Params
from automation.envelope import STAGED
from automation.params import FieldCodes


class TrackFieldChange(Params):
    """Codes of the fields that are watched; a save that changes one of them is enough."""

    fields: FieldCodes


def watched(params: TrackFieldChange) -> tuple[str, ...]:
    """Return the codes of the fields."""
    return params.fields


ENTRY = Entry(
    id="track_field_change",
    kind="trigger",
    group="item",
    title="Track field change",
    description="Moves the item when a save changes one of the fields, unless automation made the change.",
    spec="2.3",
    types=STAGED,
    params=TrackFieldChange,
    fact="field_changed",
    watched=watched,
)
