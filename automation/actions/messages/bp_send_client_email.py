"""Write an e-mail to the client, as a step of a process (spec 4.32)."""

from __future__ import annotations

from automation.catalogue import Entry
from automation.client_email import SendClientEmail, send_email
from automation.envelope import CRM_ALL

ENTRY = Entry(
    id="bp_send_client_email",
    kind="action",
    group="messages",
    title="Send e-mail to the client",
    description="Sends the client an e-mail and shows it in the timeline.",
    spec="4.32",
    types=CRM_ALL,
    params=SendClientEmail,
    results={"message_id": "string"},
    plan=send_email,
)
