"""From the text of a document to its PDF (spec 4.21): the same bytes for the same text.

The text is Markdown without HTML, images and links: headings, paragraphs, emphasis, lists, tables, rules. Nothing in it
reaches a file or a network.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

from fpdf import FPDF
from fpdf.errors import FPDFException
from fpdf.fonts import FontFace
from markdown_it import MarkdownIt
from markdown_it.token import Token
from PIL import Image, UnidentifiedImageError

from automation.values import Moment

_FONTS = Path(__file__).parent / "fonts"
_FONT = "DejaVu"
_SIZES: Mapping[str, float] = {"h1": 18, "h2": 14, "h3": 12}
_SIZE = 10.5
_LINE = 1.45
_MM = 25.4 / 72
_MARGIN = 20
_IMAGE_HEIGHT = 25
_MOST_PIXELS = 20_000_000
_BREAK = "\u2028"
"""A line end inside an inserted value."""
_RULES = ["heading", "list", "hr", "table", "emphasis", "escape", "newline"]
_ALIGNED = {"text-align:right": "RIGHT", "text-align:center": "CENTER"}


class ConversionError(Exception):
    """The document cannot be converted, however often it is tried; the message holds nothing of its text."""


class Piece(NamedTuple):
    """Text in one style."""

    text: str
    bold: bool


def render(text: str, title: str, made_at: Moment, images: Sequence[bytes] = ()) -> bytes:
    """Return the PDF; `images`, PNG or JPEG, stand below the text side by side. Blocks; raises `ConversionError`."""
    pdf = _paper(title, made_at)
    try:
        _write(pdf, MarkdownIt("zero").enable(_RULES).parse(text))
        _sign(pdf, images)
        return bytes(pdf.output())
    except (FPDFException, UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError) as error:
        raise ConversionError(type(error).__name__) from error


def _paper(title: str, made_at: Moment) -> FPDF:
    pdf = FPDF(format="A4")
    pdf.set_creation_date(datetime.fromtimestamp(made_at / 1000, UTC))
    pdf.set_producer("Stagewire")
    pdf.set_title(title)
    pdf.add_font(_FONT, "", _FONTS / "DejaVuSans.ttf")
    pdf.add_font(_FONT, "B", _FONTS / "DejaVuSans-Bold.ttf")
    pdf.set_margin(_MARGIN)
    pdf.set_auto_page_break(auto=True, margin=_MARGIN)
    pdf.add_page()
    pdf.set_font(_FONT, size=_SIZE)
    return pdf


def _write(pdf: FPDF, tokens: Sequence[Token]) -> None:
    at, depth, numbers = 0, 0, list[int]()
    while at < len(tokens):
        token = tokens[at]
        if token.type == "table_open":
            end = next(n for n in range(at, len(tokens)) if tokens[n].type == "table_close")
            _table(pdf, tokens[at:end])
            at = end
        elif token.type in ("bullet_list_open", "ordered_list_open"):
            depth += 1
            numbers.append(0 if token.type == "bullet_list_open" else int(token.attrGet("start") or 1))
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            depth -= 1
            numbers.pop()
        elif token.type == "list_item_open":
            _bullet(pdf, depth, numbers)
        elif token.type == "hr":
            _rule(pdf)
        elif token.type == "inline":
            opened = tokens[at - 1]
            _block(pdf, list(_pieces(token.children or ())), opened.tag, inside=depth > 0)
        at += 1


def _bullet(pdf: FPDF, depth: int, numbers: list[int]) -> None:
    mark = f"{numbers[-1]}." if numbers[-1] else "•"
    numbers[-1] += bool(numbers[-1])
    pdf.set_x(_MARGIN + 5 * (depth - 1))
    pdf.write(_SIZE * _MM * _LINE, f"{mark} ")


def _rule(pdf: FPDF) -> None:
    pdf.ln(2)
    pdf.line(_MARGIN, pdf.get_y(), pdf.w - _MARGIN, pdf.get_y())
    pdf.ln(3)


def _pieces(children: Sequence[Token]) -> Iterator[Piece]:
    """Yield the text of a paragraph by style; emphasis of either strength is bold: there is no oblique font."""
    strong = 0
    for token in children:
        if token.type in ("strong_open", "em_open"):
            strong += 1
        elif token.type in ("strong_close", "em_close"):
            strong -= 1
        elif token.type == "hardbreak":
            yield Piece("\n", False)
        elif token.type == "softbreak":
            yield Piece(" ", False)
        else:
            yield Piece(token.content.replace(_BREAK, "\n"), strong > 0)


def _block(pdf: FPDF, pieces: Sequence[Piece], tag: str, *, inside: bool) -> None:
    size = _SIZES.get(tag, _SIZE)
    if tag.startswith("h"):
        pdf.ln(2)
    for piece in pieces:
        pdf.set_font(_FONT, "B" if piece.bold or tag.startswith("h") else "", size)
        pdf.write(size * _MM * _LINE, piece.text)
    pdf.set_font(_FONT, "", _SIZE)
    pdf.ln(size * _MM * _LINE + (0.5 if inside else 2.5))


def _table(pdf: FPDF, tokens: Sequence[Token]) -> None:
    rows, aligned = list[list[str]](), list[str]()
    for at, token in enumerate(tokens):
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline":
            rows[-1].append("".join(piece.text for piece in _pieces(token.children or ())))
            if len(rows) == 1:
                aligned.append(_ALIGNED.get(str(tokens[at - 1].attrGet("style")), "LEFT"))
    head = FontFace(emphasis="BOLD")
    widths = (3, *(2 for _ in aligned[1:]))
    with pdf.table(
        col_widths=widths, text_align=tuple(aligned), headings_style=head, line_height=_SIZE * _MM * _LINE, padding=1,
        borders_layout="HORIZONTAL_LINES",
    ) as table:  # fmt: skip
        for cells in rows:
            row = table.row()
            for cell in cells:
                row.cell(cell)
    pdf.ln(3)


def _sign(pdf: FPDF, images: Sequence[bytes]) -> None:
    if not images:
        return
    if pdf.get_y() + _IMAGE_HEIGHT > pdf.h - _MARGIN:
        pdf.add_page()
    top, left = pdf.get_y() + 4, float(_MARGIN)
    for content in images:
        with Image.open(BytesIO(content), formats=("PNG", "JPEG")) as image:
            width, height = image.size
        if width * height > _MOST_PIXELS or not height:
            raise ConversionError("an image is too large")
        pdf.image(BytesIO(content), x=left, y=top, h=_IMAGE_HEIGHT)
        left += _IMAGE_HEIGHT * width / height + 10
