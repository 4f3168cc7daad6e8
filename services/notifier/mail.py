"""An e-mail made from its effect: the same bytes for every attempt, whatever the texts hold (spec 4.32)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from functools import partial
from html import escape
from html.parser import HTMLParser
from typing import TypeAlias

from automation.envelope import stable_id
from automation.items.effects import ClientEmailRequested
from automation.items.message_effects import EmployeeEmailRequested
from services.edge.tracked_links import TrackedLinks
from services.notifier.attachments import Attachment
from services.notifier.bbcode import Rendered, render
from services.notifier.channel import Delivery

Rewrite: TypeAlias = Callable[[str], str]
"""Says where a link of a mail is to lead."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f\u0085\u2028\u2029]+")
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[^\s@<>\[\]()\\,;:\"]{1,255}")
_TOKEN = re.compile(r"[A-Za-z0-9!#$&^_.+-]{1,100}")
_LONGEST_SUBJECT = 900
_UNTRACKED = TrackedLinks("", ())


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


def build_mail(delivery: Delivery, files: Sequence[Attachment] = (), links: TrackedLinks = _UNTRACKED) -> EmailMessage:
    """Return the mail of a request, to a client tracked where there is a public address; raises `AddressError`."""
    event: ClientEmailRequested | EmployeeEmailRequested = delivery.event
    sender, recipient = address(event.sender, "from"), address(event.to.text, "to")
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"] = sender, recipient
    mail["Subject"] = one_line(event.subject.text)
    mail["Date"] = datetime.fromtimestamp(delivery.created_at / 1000, UTC)
    mail["Message-ID"] = f"<{stable_id('mail', delivery.tenant, delivery.effect_id)}@{sender.domain}>"
    body = body_of(event) if isinstance(event, EmployeeEmailRequested) else tracked(event, delivery, links)
    mail.set_content(body.plain, cte="quoted-printable")
    if body.html:
        mail.add_alternative(f"<html><body>\n{body.html}\n</body></html>\n", subtype="html", cte="quoted-printable")
    for file in files:
        _attach(mail, file)
    for number, part in enumerate(part for part in mail.walk() if part.is_multipart()):
        part.set_boundary(stable_id("boundary", delivery.tenant, delivery.effect_id, number))
    return mail


def _attach(mail: EmailMessage, file: Attachment) -> None:
    kind, _, subtype = file.content_type.partition("/")
    if not (_TOKEN.fullmatch(kind) and _TOKEN.fullmatch(subtype)) or kind in ("multipart", "message"):
        kind, subtype = "application", "octet-stream"
    mail.add_attachment(file.content, maintype=kind, subtype=subtype, filename=one_line(file.name)[:200] or "file")


def tracked(event: ClientEmailRequested, delivery: Delivery, links: TrackedLinks) -> Rendered:
    """Return the body with an open pixel, and with its links as redirects where clicks are tracked (spec 4.32)."""
    if not links.usable:
        return body_of(event)
    rewrite = partial(links.click, delivery.item_key, delivery.effect_id) if event.track_clicks else _as_it_is
    body = body_of(event, rewrite)
    pixel = links.pixel(delivery.item_key, delivery.effect_id)
    return body._replace(html=f'{body.html}\n<img src="{pixel}" width="1" height="1" alt="">')


def _as_it_is(link: str) -> str:
    return link


def body_of(event: ClientEmailRequested | EmployeeEmailRequested, rewrite: Rewrite = _as_it_is) -> Rendered:
    """Return the body in both forms, read as its `text_type` says; an employee's mail is plain text."""
    if isinstance(event, EmployeeEmailRequested):
        return Rendered("", event.text.text)
    if event.text_type == "html":
        return Rendered(rewritten(event.text.text, rewrite), plain_of_html(event.text.text))
    return render(event.text.text, rewrite)


def rewritten(html: str, rewrite: Rewrite) -> str:
    """Return an HTML text with the targets of its links changed, and not a sign beside them."""
    if rewrite is _as_it_is:
        return html
    found = _Links(rewrite)
    found.feed(html)
    found.close()
    return found.result(html)


class _Links(HTMLParser):
    """Finds the start tags of links, with their places."""

    def __init__(self, rewrite: Rewrite) -> None:
        super().__init__(convert_charrefs=True)
        self._rewrite = rewrite
        self._changed: list[tuple[tuple[int, int], str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        target = dict(reversed(attrs)).get("href") if tag in ("a", "area") else None  # the first one counts
        raw = self.get_starttag_text()
        if target and raw and (new := self._rewrite(target.strip())) != target.strip():
            self._changed.append((self.getpos(), raw, _with_target(tag, attrs, new)))

    def result(self, html: str) -> str:
        starts = [0, *(at + 1 for at, sign in enumerate(html) if sign == "\n")]
        parts, at = [], 0
        for (line, column), raw, new in self._changed:
            begin = starts[line - 1] + column
            parts += [html[at:begin], new]
            at = begin + len(raw)
        return "".join((*parts, html[at:]))


def _with_target(tag: str, attrs: list[tuple[str, str | None]], target: str) -> str:
    """Return a start tag with its own attributes and another target."""
    others = [(name, value) for name, value in attrs if name != "href"]
    written = (name if value is None else f'{name}="{escape(value)}"' for name, value in [("href", target), *others])
    return f"<{tag} {' '.join(written)}>"


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
