"""Values as people read them (spec 1.9), and made harmless for the place they are put into."""

from __future__ import annotations

import html
from collections.abc import Callable
from decimal import Decimal
from typing import Literal, TypeAlias

from automation.dates import local
from automation.money import amount_text
from automation.scope import Scope
from automation.values import FieldType, Money, Personal, Value

Target: TypeAlias = Literal["plain", "html", "bbcode", "single_line", "markdown"]
"""What the text is for; `single_line` is for subjects, headers and titles, `markdown` for documents."""

# Line ends and other control signs become spaces; signs that turn the direction of writing vanish.
_CONTROLS = dict.fromkeys([*range(0x20), 0x7F, *range(0x80, 0xA0), 0x2028, 0x2029], " ") | dict.fromkeys(
    [0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
)


def printable(value: Value, type_: FieldType, scope: Scope) -> str:
    """Return a value as people read it, unescaped; an unset one is an empty text."""
    match value:
        case None:
            return ""
        case str():
            return _name(value, scope) if type_ == "user" else value
        case Personal(text):
            return text
        case bool():
            return "yes" if value else "no"
        case int():
            return _time(value, scope) if type_ == "datetime" else str(value)
        case float():
            return number_text(value)
        case Money():
            return f"{amount_text(value)} {value.currency}"
        case tuple():
            return ", ".join(_name(one, scope) if type_ == "user" else one for one in value)


def _name(user: str, scope: Scope) -> str:
    return scope.name_of(user) or user


def _time(moment: int, scope: Scope) -> str:
    clock = local(moment, scope.zone)
    return str(moment) if clock is None else f"{clock:%Y-%m-%d %H:%M}"


def number_text(value: float) -> str:
    """Return a number without an exponent and without needless digits."""
    text = format(Decimal(repr(value)), "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def one_line(text: str) -> str:
    """Return the text without line ends, control signs and marks of direction."""
    return text if text.isprintable() and text.isascii() else text.translate(_CONTROLS)


def _bbcode(text: str) -> str:
    return text.replace("[", "&#91;").replace("]", "&#93;") if "[" in text or "]" in text else text


def _html(text: str) -> str:
    return text if text.isalnum() else html.escape(text, quote=True)


_MARKDOWN = {ord(sign): f"\\{sign}" for sign in "\\`*_{}[]()<>#+-.!|~&$="} | dict.fromkeys(map(ord, "\n\r"), "\u2028")


def _markdown(text: str) -> str:
    """Escape every sign that Markdown may read; a line end becomes a sign that breaks the line and nothing else."""
    return text if text.isalnum() else text.replace("\r\n", "\n").translate(_MARKDOWN)


ESCAPES: dict[Target, Callable[[str], str] | None] = {
    "plain": None, "html": _html, "bbcode": _bbcode, "single_line": one_line, "markdown": _markdown,
}  # fmt: skip
