"""Write an SMS to the client, as a step of a process (spec 4.31)."""

from __future__ import annotations

from automation.catalogue import Entry
from automation.client_sms import SendClientSms, send_sms
from automation.envelope import CRM_ALL

ENTRY = Entry(
    id="bp_send_client_sms",
    kind="action",
    group="messages",
    title="Send SMS to the client",
    description="Sends the client an SMS and shows it in the timeline.",
    spec="4.31",
    types=CRM_ALL,
    params=SendClientSms,
    results={"message_id": "string"},
    plan=send_sms,
)
