"""Watch for the client's first opening of a tracked e-mail sent from the item (spec 2.3)."""

from __future__ import annotations

from automation.catalogue import Entry
from automation.envelope import STAGED

ENTRY = Entry(
    id="track_email_opened",
    kind="trigger",
    group="client",
    title="Track e-mail opened",
    description="Moves the item when the client first opens an e-mail that was sent from it.",
    spec="2.3",
    types=STAGED,
    fact="email_opened",
)
