"""BBCode of the spec (4.5) as HTML and as plain text: `[b] [i] [s] [u] [url]`; other tags stand as they are written.

A web address without a tag is a link all the same: it would be one in plain text, too.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from html import escape
from typing import NamedTuple
from urllib.parse import urlsplit

_TAG = re.compile(r"\[(/?)(b|i|s|u|url)(?:=([^\[\]\r\n]{1,2000}))?\]", re.IGNORECASE)
_SCHEMES = frozenset({"http", "https", "mailto", "tel"})
_ADDRESS = re.compile(r"\bhttps?://[^\s\x00-\x1f\x7f\"'<>\\`\[\]]+", re.IGNORECASE)
_UNSAFE = re.compile(r"[\s\x00-\x1f\x7f\"'<>\\`]")


class Rendered(NamedTuple):
    """One text in its two forms."""

    html: str
    plain: str


class _Open(NamedTuple):
    tag: str
    target: str
    """Of `[url=…]`, else empty."""
    slot: int
    """Place of the tag among the pieces: it stands there as written until something closes it."""


class _Page:
    """Pieces of the two forms, side by side; every step takes the same time however many tags are open."""

    def __init__(self, rewrite: Callable[[str], str]) -> None:
        self._rewrite = rewrite
        self.html: list[str] = []
        self.plain: list[str] = []
        self.open: list[_Open] = []
        self.depths: Counter[str] = Counter()

    def add(self, text: str) -> None:
        self.html.append(escape(text).replace("\r\n", "\n").replace("\n", "<br>\n"))
        self.plain.append(text)

    def add_text(self, text: str) -> None:
        """Add what stands between tags; addresses in it become links, unless they stand in one."""
        at = 0
        for match in () if self.depths["url"] else _ADDRESS.finditer(text):
            target = match.group().rstrip(".,;:!?)")
            if not safe_link(target):
                continue
            self.add(text[at : match.start()])
            self.html.append(f'<a href="{escape(self._rewrite(target))}">{escape(target)}</a>')
            self.plain.append(target)
            at = match.start() + len(target)
        self.add(text[at:])

    def begin(self, tag: str, target: str, literal: str) -> None:
        self.open.append(_Open(tag, target, len(self.html)))
        self.depths[tag] += 1
        self.add(literal)

    def end(self, tag: str, literal: str) -> None:
        while (entry := self.open.pop()).tag != tag:
            self.depths[entry.tag] -= 1
        self.depths[tag] -= 1
        if tag == "url":
            self._link(entry, literal)
        else:
            self._replace(entry.slot, f"<{tag}>", f"</{tag}>", "")

    def _link(self, entry: _Open, literal: str) -> None:
        bare = self.plain[-1].strip() if len(self.plain) == entry.slot + 2 else ""
        target = entry.target or bare
        if not safe_link(target):
            self.add(literal)
            return
        led = self._rewrite(target)
        shown = f" ({led})" if target != bare else ""
        self._replace(entry.slot, f'<a href="{escape(led)}">', "</a>", shown)

    def _replace(self, slot: int, start: str, end: str, plain: str) -> None:
        self.html[slot], self.plain[slot] = start, ""
        self.html.append(end)
        self.plain.append(plain)


def render(text: str, rewrite: Callable[[str], str] = str) -> Rendered:
    """Return the text as HTML and as plain text; a tag without its counterpart, or with an unsafe link, is shown.

    `rewrite` says where each link is to lead.
    """
    page = _Page(rewrite)
    at = 0
    for match in _TAG.finditer(text):
        if match.start() > at:
            page.add_text(text[at : match.start()])
        _tag(page, match)
        at = match.end()
    page.add_text(text[at:])
    return Rendered("".join(page.html), "".join(page.plain))


def _tag(page: _Page, match: re.Match[str]) -> None:
    closing, tag, target = match.group(1), match.group(2).lower(), match.group(3) or ""
    misplaced = target and (closing or tag != "url")
    if misplaced or (closing and not page.depths[tag]):
        page.add(match.group(0))
    elif closing:
        page.end(tag, match.group(0))
    else:
        page.begin(tag, target.strip("\"'"), match.group(0))


def safe_link(target: str) -> bool:
    """Say whether a link may stand in a text: http, https, mailto or tel, without blanks, quotes or control signs."""
    if _UNSAFE.search(target):
        return False
    try:
        parts = urlsplit(target)
    except ValueError:
        return False
    return parts.scheme.lower() in _SCHEMES and bool(parts.netloc or parts.path)
