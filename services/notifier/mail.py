"""An e-mail made from its effect: the same bytes for every attempt, whatever the texts hold (spec 4.32)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from html.parser import HTMLParser

from automation.envelope import stable_id
from automation.items.effects import ClientEmailRequested
from services.notifier.bbcode import Rendered, render
from services.notifier.channel import Delivery

_CONTROL = re.compile(r"[\x00-\x1f\x7f\u0085\u2028\u2029]+")
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[^\s@<>\[\]()\\,;:\"]{1,255}")
_LONGEST_SUBJECT = 900


class AddressError(ValueError):
    """An address cannot be written to; `param` is the parameter of the spec that holds it."""

    def __init__(self, param: str) -> None:
        super().__init__(f"{param} is not a mail address")
        self.param = param


def address(text: str, param: str) -> Address:
    """Return one bare mail address, its domain in ASCII; raises `AddressError` for anything else."""
    if not _ADDRESS.fullmatch(text):
        raise AddressError(param)
    user, _, domain = text.rpartition("@")
    try:
        return Address(username=user, domain=domain.encode("idna").decode("ascii"))
    except (UnicodeError, ValueError) as error:
        raise AddressError(param) from error


def build_mail(delivery: Delivery) -> EmailMessage:
    """Return the mail of a `ClientEmailRequested`; raises `AddressError`."""
    event: ClientEmailRequested = delivery.event
    sender, recipient = address(event.sender, "from"), address(event.to.text, "to")
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"] = sender, recipient
    mail["Subject"] = one_line(event.subject.text)
    mail["Date"] = datetime.fromtimestamp(delivery.created_at / 1000, UTC)
    mail["Message-ID"] = f"<{stable_id('mail', delivery.tenant, delivery.effect_id)}@{sender.domain}>"
    body = body_of(event)
    mail.set_content(body.plain, cte="quoted-printable")
    mail.add_alternative(f"<html><body>\n{body.html}\n</body></html>\n", subtype="html", cte="quoted-printable")
    mail.set_boundary(stable_id("boundary", delivery.tenant, delivery.effect_id))
    return mail


def body_of(event: ClientEmailRequested) -> Rendered:
    """Return the body in both forms, read as its `text_type` says."""
    if event.text_type == "html":
        return Rendered(event.text.text, plain_of_html(event.text.text))
    return render(event.text.text)


def one_line(text: str) -> str:
    """Return a text that fits into one header: control signs and line ends become blanks."""
    return _CONTROL.sub(" ", text).strip()[:_LONGEST_SUBJECT]


def plain_of_html(html: str) -> str:
    """Return the words of an HTML text."""
    words = _Words()
    words.feed(html)
    words.close()
    return re.sub(r"\n{3,}", "\n\n", "".join(words.parts)).strip() + "\n"


class _Words(HTMLParser):
    _BREAKS = frozenset({"br", "p", "div", "tr", "li", "h1", "h2", "h3", "h4", "table", "ul", "ol"})
    _HIDDEN = frozenset({"script", "style", "head", "title"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in self._HIDDEN
        if tag in self._BREAKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._hidden = max(0, self._hidden - (tag in self._HIDDEN))

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.parts.append(data)
