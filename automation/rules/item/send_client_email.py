"""Write an e-mail to the client (spec 4.32, 3.3 `send_client_email`)."""

from __future__ import annotations

from automation.catalogue import Entry
from automation.client_email import SendClientEmail, send_email
from automation.envelope import STAGED

ENTRY = Entry(
    id="send_client_email",
    kind="rule",
    group="client",
    title="Send e-mail to the client",
    description="Sends the client an e-mail and shows it in the timeline.",
    spec="4.32",
    types=STAGED,
    params=SendClientEmail,
    results={"message_id": "string"},
    plan=send_email,
)
