"""A sheet of paper: Chinese fonts that are embedded and checked glyph by glyph, wrapping, fitting, lines, barcodes.

Takes texts and places, gives a PDF that is the same bytes for the same words; relies on reportlab and on Debian's
fonts. Every reportlab call of the project stands here. Places are in points from the upper left corner of the page,
downwards. A character that no font has is drawn as its code point in brackets and reported, never left blank.
"""
from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import IO, Any, NamedTuple

from reportlab.graphics.barcode.code39 import Standard39
from reportlab.graphics.barcode.code128 import Code128
from reportlab.graphics.barcode.qr import QrCodeWidget
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from carriers.model import Refused
from checks.catalogue import shown

MM = 72 / 25.4
A4 = (210 * MM, 297 * MM)
SIZES = (10.5, 10.0, 9.5, 9.0)          # points: what a cell tries before it is cut; nothing is ever smaller
LEADING = 1.2
_FONTS = "/usr/share/fonts/truetype"
_PACKAGE = "fonts-wqy-zenhei"
# (file, font inside the collection). The first of the two Chinese fonts that is installed sets the text; the others
# lend what it lacks (HanaMinA, HanaMinB: Extensions A to F, rare names).
_LENDERS = ((f"{_FONTS}/hanazono/HanaMinA.ttf", 0), (f"{_FONTS}/hanazono/HanaMinB.ttf", 0),
            (f"{_FONTS}/dejavu/DejaVuSans.ttf", 0))
_TEXT = ((f"{_FONTS}/wqy/wqy-zenhei.ttc", 0), (f"{_FONTS}/wqy/wqy-microhei.ttc", 0), *_LENDERS)
_MONO = ((f"{_FONTS}/wqy/wqy-zenhei.ttc", 1), (f"{_FONTS}/wqy/wqy-microhei.ttc", 1), *_LENDERS)
_WORD = r"[^\W_\u2e80-\ufaff\U00020000-\U0003ffff]+"
# A line may be broken between pieces: a run of spaces, a number with its unit, a word (hyphens and full stops inside it
# and slashes after it are its own: a carrier number is never parted at its hyphens), one CJK character or sign.
_PIECES = re.compile(rf"\s+|\d+(?:[,.:]\d+)+[A-Za-z]{{0,3}}(?![0-9A-Za-z])|{_WORD}(?:[-.]{_WORD})*[/\\_]*|.")
_LONG_SCALAR = re.compile(r"(?<=> <)[0-9A-F]{5,6}(?=>)")      # in a ToUnicode map: a code point that is not UTF-16
_NEVER_FIRST = frozenset("，。、；：！？）」』》〉】〕〗｝］…·％%,.;:!?)]}\"”’℃°")
_NEVER_LAST = frozenset("（「『《〈【〔〖｛［([{“‘")


class Box(NamedTuple):
    """A rectangle of the page, in points from its upper left corner."""

    left: float
    top: float
    width: float
    height: float

    def inside(self, across: float, down: float) -> Box:
        """The box with a margin taken off on all sides."""
        return Box(self.left + across, self.top + down, self.width - 2 * across, self.height - 2 * down)


class Fitted(NamedTuple):
    """A text set into a box: its size, its lines, and what did not go in ("" = all did)."""

    size: float
    lines: tuple[str, ...]
    rest: str


class Font(NamedTuple):
    name: str
    glyphs: Any           # code point → glyph number
    places: Any           # glyph number → place of its outline; equal to the next one's where there is none
    widths: Any           # code point → width in thousandths of the size


@cache
def _font(path: str, index: int) -> Font | None:
    if not Path(path).is_file():
        return None
    name = f"{Path(path).stem}-{index}"
    font = TTFont(name, path, subfontIndex=index)
    pdfmetrics.registerFont(font)
    face = font.face
    return Font(name, face.charToGlyph, face.glyphPos, face.charWidths)


@cache
def text_font(mono: bool = False) -> Font:
    """The font that sets text; mono: digits and letters of one width, for digests.

    Raises: Refused("font-missing") where no Chinese TrueType font is installed.
    """
    for path, index in (_MONO if mono else _TEXT)[:2]:
        font = _font(path, index)
        if font:
            return font
    raise Refused("font-missing", package=_PACKAGE)


@cache
def _font_for(character: str, mono: bool) -> Font | None:
    """The first font that draws this character, None where none does (an empty outline is not drawing)."""
    code, space = ord(character), unicodedata.category(character) == "Zs"
    for path, index in (_MONO if mono else _TEXT):
        font = _font(path, index)
        glyph = font.glyphs.get(code, 0) if font else 0
        if font and glyph and (space or font.places[glyph] != font.places[glyph + 1]):
            return font
    return None


def covered(text: str, missing: set[str] | None = None) -> str:
    """The text as it can be drawn: hostile characters escaped, those that no font has as 〔U+XXXX〕.

    Line feeds stay: they are the caller's own, a value's are escaped by `sentences.say`. missing: gets "U+XXXX".
    """
    text_font()
    parts = []
    for character in "\n".join(shown(line) for line in text.split("\n")):
        if character == "\n" or _font_for(character, False):
            parts.append(character)
            continue
        code = f"U+{ord(character):04X}"
        parts.append(f"〔{code}〕")
        if missing is not None:
            missing.add(code)
    return "".join(parts)


def _runs(text: str, mono: bool) -> Iterator[tuple[Font, str]]:
    for font, characters in groupby(text, lambda c: _font_for(c, mono) or text_font(mono)):
        yield font, "".join(characters)


@cache
def _advance(character: str, mono: bool) -> float:
    font = _font_for(character, mono) or text_font(mono)
    return float(font.widths.get(ord(character), 1000.0)) / 1000


def text_width(text: str, size: float, mono: bool = False) -> float:
    """The width of a covered text, in points."""
    return size * sum(_advance(c, mono) for c in text)


def wrap(text: str, size: float, width: float, mono: bool = False) -> list[str]:
    """A covered text in lines no wider than `width` points; at least one line, even of "".

    CJK breaks anywhere, words between words, what is wider than a line anywhere. No line begins with closing
    punctuation or ends with opening punctuation.
    """
    lines: list[str] = []
    for paragraph in text.split("\n"):
        lines += _wrap_paragraph(paragraph, width / size, mono)
    return lines


def _wrap_paragraph(text: str, width: float, mono: bool) -> list[str]:
    lines: list[str] = []
    line: list[str] = []
    used = 0.0
    for piece in _PIECES.findall(text):
        wide = text_width(piece, 1.0, mono)
        if used + wide <= width + 1e-6:
            line.append(piece)
            used += wide
            continue
        if wide > width:                                    # a digest, a long name: broken anywhere
            for character in piece:
                step = _advance(character, mono)
                if used + step > width + 1e-6 and line:
                    lines.append("".join(line))
                    line, used = [], 0.0
                line.append(character)
                used += step
            continue
        carried = _carry(line, piece) if line else []
        lines.append("".join(line).rstrip())
        line = [p for p in [*carried, piece] if carried or not p.isspace()]
        used = sum(text_width(p, 1.0, mono) for p in line)
    return [*lines, "".join(line)]


def _carry(line: list[str], piece: str) -> list[str]:
    """Takes off the end of a full line what must stay with the piece that begins the next one (at most three)."""
    carried: list[str] = []
    first = piece
    while len(line) > 1 and len(carried) < 3 and (first[0] in _NEVER_FIRST or line[-1][-1] in _NEVER_LAST):
        first = line.pop()
        carried.insert(0, first)
    if len(line) == 1 and len(line[0]) > 1 and first[0] in _NEVER_FIRST:        # a word alone lends its last character
        kept = line[0][:-1].rstrip("-")
        carried.insert(0, line[0][len(kept):])
        line[0] = kept
    return carried


def fit(text: str, width: float, height: float, more: str, sizes: Sequence[float] = SIZES) -> Fitted:
    """A covered text set as large as the room allows; below the last size it is cut and ends with `more`.

    A word, a number of a carrier, is broken only where it would be at every size. rest: what was cut off, for the
    annex.
    """
    widest = max((text_width(piece, 1.0) for piece in _PIECES.findall(text)), default=0.0)
    for size in [s for s in sizes if s * widest <= width] or sizes:
        lines = wrap(text, size, width)
        if len(lines) * size * LEADING <= height + 1e-6:
            return Fitted(size, tuple(lines), "")
    size = sizes[-1]
    room = max(1, int((height + 1e-6) / (size * LEADING)))
    low, high = 0, len(text)
    while low < high:                                       # the longest beginning that still fits with the mark
        middle = (low + high + 1) // 2
        if len(wrap(text[:middle] + more, size, width)) <= room:
            low = middle
        else:
            high = middle - 1
    return Fitted(size, tuple(wrap(text[:low] + more, size, width)), text[low:])


class Sheet:
    """One PDF document being drawn. `missing` gathers the code points that no font has.

    target: path or binary file. at: UTC time of the decision ("2026-05-07T02:10:11Z"): the date inside the PDF, so
    that printing again gives the same bytes.
    """

    def __init__(self, target: str | Path | IO[bytes], title: str, at: str) -> None:
        self.missing: set[str] = set()
        name = text_font().name
        self._canvas = Canvas(str(target) if isinstance(target, Path) else target, pagesize=A4, invariant=1,
                              initialFontName=name, initialFontSize=9, pageCompression=1, lang="zh-CN")
        digits = re.sub(r"\D", "", at)[:14].ljust(14, "0")
        self._canvas.setDateFormatter(lambda *_: f"D:{digits}Z")
        self._canvas.setTitle(shown(title))
        self._canvas.setProducer("")
        self._canvas.setCreator("")

    def bears(self, head_sha256: str) -> None:
        """Name in the PDF's keywords the head of the register that this paper bears, so that it can be asked for."""
        if head_sha256:
            self._canvas.setKeywords(f"head:{head_sha256}")

    def covered(self, text: str) -> str:
        """`covered`, with what is missing remembered."""
        return covered(text, self.missing)

    def text(self, left: float, baseline: float, text: str, size: float, mono: bool = False) -> None:
        """One covered line with its baseline at `baseline`."""
        drawn = self._canvas.beginText(left, A4[1] - baseline)
        for font, part in _runs(text, mono):
            drawn.setFont(font.name, size)
            drawn.textOut(part)
        self._canvas.drawText(drawn)

    def aligned(self, box: Box, text: str, size: float, align: str = "left", mono: bool = False) -> None:
        """One covered line, centred up and down in a box; align: left, center, right."""
        free = box.width - text_width(text, size, mono)
        shift = {"left": 0.0, "center": free / 2, "right": free}[align]
        self.text(box.left + shift, box.top + box.height / 2 + size * 0.36, text, size, mono)

    def one_line(self, box: Box, text: str, size: float, align: str = "left", smallest: float = 7.0) -> None:
        """A text on one line, smaller where the width asks for it; too long even for the smallest, it is cut."""
        whole = self.covered(text)
        while size > smallest and text_width(whole, size) > box.width:
            size -= 0.5
        self.aligned(box, fit(whole, box.width, size * LEADING, "…", (size,)).lines[0], size, align)

    def lines(self, box: Box, lines: Iterable[str], size: float, align: str = "left", mono: bool = False) -> None:
        """Covered lines from the top of a box downwards."""
        step = size * LEADING
        for number, line in enumerate(lines):
            self.aligned(Box(box.left, box.top + number * step, box.width, step), line, size, align, mono)

    def cell(self, box: Box, text: str, more: str, align: str = "left", sizes: Sequence[float] = SIZES) -> str:
        """A text set into a cell, centred up and down; gives what did not go in."""
        room = box.inside(3.5, 1.0)
        fitted = fit(self.covered(text), room.width, room.height, more, sizes)
        high = len(fitted.lines) * fitted.size * LEADING
        self.lines(room._replace(top=box.top + (box.height - high) / 2), fitted.lines, fitted.size, align)
        return fitted.rest

    def rect(self, box: Box, weight: float = 0.6, fill: float | None = None) -> None:
        """A rectangle; weight 0 = no line; fill: grey, 0 black … 1 white."""
        if fill is not None:
            self._canvas.setFillGray(fill)
        self._canvas.setLineWidth(weight)
        self._canvas.rect(box.left, A4[1] - box.top - box.height, box.width, box.height,
                          stroke=1 if weight else 0, fill=0 if fill is None else 1)
        self._canvas.setFillGray(0)

    def path(self, points: Sequence[tuple[float, float]], weight: float = 0.6, dash: float = 0, closed: bool = False
             ) -> None:
        """A line through points; closed: a black area instead; dash: length of strokes and gaps, 0 = solid."""
        drawn = self._canvas.beginPath()
        drawn.moveTo(points[0][0], A4[1] - points[0][1])
        for left, top in points[1:]:
            drawn.lineTo(left, A4[1] - top)
        self._canvas.setLineWidth(weight)
        self._canvas.setDash([dash, dash] if dash else [])
        self._canvas.drawPath(drawn, stroke=0 if closed else 1, fill=1 if closed else 0)
        self._canvas.setDash([])

    def circle(self, left: float, top: float, radius: float, weight: float = 0.6) -> None:
        """A circle around a point."""
        self._canvas.setLineWidth(weight)
        self._canvas.circle(left, A4[1] - top, radius)

    def code128(self, box: Box, value: str) -> None:
        """A Code 128 bar code as wide as the box allows, quiet zones included; ASCII only."""
        modules = Code128(value, barWidth=1, quiet=0, humanReadable=0).width + 20
        step = min(box.width / modules, 1.2)
        bars = Code128(value, barWidth=step, barHeight=box.height, quiet=0, humanReadable=0)
        bars.drawOn(self._canvas, box.left + (box.width - bars.width) / 2, A4[1] - box.top - box.height)

    def code39(self, left: float, top: float, value: str, narrow: float, height: float) -> None:
        """A Code 39 bar code without a check character, wide to narrow 2.75 to 1, from its first bar's left edge."""
        bars = Standard39(value, barWidth=narrow, ratio=2.75, barHeight=height, gap=narrow, checksum=0, stop=1,
                          quiet=0, bearers=0, humanReadable=0)
        bars.drawOn(self._canvas, left, A4[1] - top - height)

    def qr(self, box: Box, value: str) -> None:
        """A QR code, level M, in a square box; ASCII only (Chinese bytes are read back as mojibake)."""
        value.encode("ascii")
        code = QrCodeWidget(value, barLevel="M").qr
        code.make()
        count = code.getModuleCount()
        step = box.width / count
        for line in range(count):
            dark = groupby(range(count), lambda place, line=line: code.isDark(line, place))  # type: ignore[misc]
            for is_dark, places in dark:
                run = list(places)
                if is_dark:
                    self.rect(Box(box.left + run[0] * step, box.top + line * step, len(run) * step, step), 0, 0.0)

    def shift(self, right: float, down: float) -> None:
        """Move everything that is still drawn on this page by so many points."""
        self._canvas.translate(right, -down)

    def next_page(self) -> None:
        """Ends the page; the next drawing begins another one."""
        self._canvas.showPage()

    def save(self) -> None:
        """Writes the document.

        The fonts' ToUnicode maps are mended on the way: reportlab writes U+20BB7 as <20BB7>, which readers take for
        another character; the standard wants UTF-16 (ISO 32000-1 §9.10.3).
        """
        document = self._canvas._doc
        if self._canvas._code:
            self._canvas.showPage()
        for font in document.delayedFonts:
            font.addObjects(document)
        document.delayedFonts.clear()
        for name, thing in document.idToObject.items():
            if name.startswith("toUnicodeCMap:"):
                thing.content = _LONG_SCALAR.sub(lambda m: _utf16(int(m[0], 16)), thing.content)
        self._canvas.save()


def _utf16(code: int) -> str:
    return chr(code).encode("utf-16-be").hex().upper()
