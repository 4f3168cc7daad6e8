"""BBCode of the spec (4.5) as HTML and as plain text: `[b] [i] [s] [u] [url]`; other tags stand as they are written."""

from __future__ import annotations

import re
from html import escape
from typing import NamedTuple
from urllib.parse import urlsplit

_TAG = re.compile(r"\[(/?)(b|i|s|u|url)(?:=([^\[\]\r\n]{1,2000}))?\]", re.IGNORECASE)
_SCHEMES = frozenset({"http", "https", "mailto", "tel"})
_UNSAFE = re.compile(r"[\s\x00-\x1f\x7f\"'<>\\`]")


class Rendered(NamedTuple):
    """One text in its two forms."""

    html: str
    plain: str


class _Open(NamedTuple):
    tag: str
    literal: str
    """How the tag was written: it stands in the text if nothing closes it."""
    target: str
    """Of `[url=…]`, else empty."""
    html: list[str]
    plain: list[str]


def render(text: str) -> Rendered:
    """Return the text as HTML and as plain text; a tag without its counterpart, or with an unsafe link, is shown."""
    stack = [_Open("", "", "", [], [])]
    at = 0
    for match in _TAG.finditer(text):
        _add(stack[-1], text[at : match.start()])
        _tag(stack, match)
        at = match.end()
    _add(stack[-1], text[at:])
    while len(stack) > 1:
        _leave_open(stack)
    return Rendered("".join(stack[0].html), "".join(stack[0].plain))


def _tag(stack: list[_Open], match: re.Match[str]) -> None:
    closing, tag, target = match.group(1), match.group(2).lower(), match.group(3) or ""
    if target and (closing or tag != "url"):
        _add(stack[-1], match.group(0))
    elif not closing:
        stack.append(_Open(tag, match.group(0), target.strip("\"'"), [], []))
    elif any(entry.tag == tag for entry in stack):
        while stack[-1].tag != tag:
            _leave_open(stack)
        _close(stack, match.group(0))
    else:
        _add(stack[-1], match.group(0))


def _add(entry: _Open, text: str) -> None:
    entry.html.append(escape(text).replace("\r\n", "\n").replace("\n", "<br>\n"))
    entry.plain.append(text)


def _leave_open(stack: list[_Open]) -> None:
    entry = stack.pop()
    _add(stack[-1], entry.literal)
    stack[-1].html.extend(entry.html)
    stack[-1].plain.extend(entry.plain)


def _close(stack: list[_Open], literal: str) -> None:
    entry = stack[-1]
    plain = "".join(entry.plain)
    target = (entry.target or plain.strip()) if entry.tag == "url" else ""
    if entry.tag == "url" and not safe_link(target):
        _leave_open(stack)
        _add(stack[-1], literal)
        return
    stack.pop()
    start = f'<a href="{escape(target)}">' if target else f"<{entry.tag}>"
    stack[-1].html.extend((start, *entry.html, "</a>" if target else f"</{entry.tag}>"))
    stack[-1].plain.append(f"{plain} ({target})" if entry.target and target != plain else plain)


def safe_link(target: str) -> bool:
    """Say whether a link may stand in a text: http, https, mailto or tel, without blanks, quotes or control signs."""
    if _UNSAFE.search(target):
        return False
    try:
        parts = urlsplit(target)
    except ValueError:
        return False
    return parts.scheme.lower() in _SCHEMES and bool(parts.netloc or parts.path)
