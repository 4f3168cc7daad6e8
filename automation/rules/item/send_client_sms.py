"""Write an SMS to the client (spec 4.31, 3.3 `send_client_sms`)."""

from __future__ import annotations

from automation.catalogue import Entry
from automation.client_sms import SendClientSms, send_sms
from automation.envelope import STAGED

ENTRY = Entry(
    id="send_client_sms",
    kind="rule",
    group="client",
    title="Send SMS to the client",
    description="Sends the client an SMS and shows it in the timeline.",
    spec="4.31",
    types=STAGED,
    params=SendClientSms,
    results={"message_id": "string"},
    plan=send_sms,
)
