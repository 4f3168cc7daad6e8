"""An SMS to the client: the same for rules and process actions (spec 4.31)."""

from __future__ import annotations

from automation.catalogue import Params
from automation.items.message_effects import SmsRequested
from automation.params import PlainText, SmsProvider
from automation.plan import Call, Completed, Context, Failed, Plan
from automation.reaching import client_point, patience
from automation.values import Personal, plain


class SendClientSms(Params):
    """What the client receives, and through which connected provider; long texts are split by the provider."""

    text: PlainText
    provider: SmsProvider


def send_sms(context: Context, params: SendClientSms) -> Plan:
    """Find the client's number, send, and publish the message's id."""
    sent = context.answer("sms")
    if sent is not None:
        return Completed({"message_id": context.effect_id("sms")}) if sent.ok else Failed(sent.reason)
    if context.tenant.connection(params.provider, "sms") is None:
        return Failed("no_provider")
    to = client_point(context, "phone")
    if isinstance(to, Call):
        return to
    if to is None:
        return Failed("no_phone")
    number, text = (Personal(str(plain(value))) for value in (to, params.text))
    effect_id = context.effect_id("sms")
    sms = SmsRequested(effect_id, context.run_id, "client", params.provider, number, text)
    return Call((sms,), patience=patience(context.tenant, "sms"))
