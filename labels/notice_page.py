"""The frame of a notice on plain A4: title, facts, sentences, tables, signatures, and the margins of every page.

Takes strips of the annex's kind, gives a PDF; relies on `annex` for rows and pages and on `certificate` for margins.
"""
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, NamedTuple

from labels.annex import SIZE, Column, Layout, Strip, deal, row
from labels.certificate import TOP_LINE, Margins, Printing, draw_margins, page_frame
from labels.page import LEADING, Box, Sheet, text_width, wrap
from labels.sentences import say

_TEXT = 10.5                        # points: sentences
_TITLE = 18.0
_HEAD = 34.0                        # points: the title's room
_LINE = 20.0                        # points: a line to sign on
_SIGN = 130.0                       # points: a signature block, with room for a stamp


class Notice(NamedTuple):
    """Title, number and UTC time of a notice; scope: the sentence at the foot of its pages."""

    title: str
    number: str
    at: str
    scope: str = ""


def draw_notice(notice: Notice, strips_of: Callable[[Layout], list[Strip]], target: str | Path | IO[bytes],
                printing: Printing) -> tuple[str, ...]:
    """Draw a notice on as many pages as it needs. Returns: code points that no installed font has."""
    frame = page_frame()
    sheet = Sheet(target, f"{notice.title} {notice.number}", notice.at)
    sheet.bears(printing.head_sha256)
    layout = Layout(sheet, frame.width, printing.utc_offset_minutes)
    margins = Margins(say("notice.number", number=notice.number), notice.scope)
    pages = deal([_title(notice.title), *strips_of(layout)], frame.height - TOP_LINE)
    for number, strips in enumerate(pages, 1):
        if number > 1:
            sheet.next_page()
        top = frame.top
        running = strips[0].running
        if number > 1 and running and pages[number - 2][-1].running == running:
            sheet.one_line(Box(frame.left, top, frame.width, TOP_LINE - 3), say("notice.goes_on", what=running), 9.0)
            top += TOP_LINE
        for strip in strips:
            strip.paint(sheet, Box(frame.left, top, frame.width, strip.height))
            top += strip.height
        draw_margins(sheet, frame, margins, printing, (number, len(pages)))
    sheet.save()
    return tuple(sorted(sheet.missing))


def _title(text: str) -> Strip:
    def paint(sheet: Sheet, box: Box) -> None:
        sheet.aligned(box._replace(height=box.height - 8), text, _TITLE, "center")
    return Strip(_HEAD, paint, keep=True)


def facts(layout: Layout, pairs: Sequence[tuple[str, str]]) -> list[Strip]:
    """Labelled facts, two on a row; a long one and an odd last one take the whole width."""
    strips: list[Strip] = []
    waiting: list[tuple[str, str]] = []

    def put(*told: tuple[str, str]) -> list[Strip]:
        return row(layout, [cell for label, value in told for cell in (
            Column(label, 1.9, grey=True), Column(value, 3.1 if len(told) == 2 else 8.1))]) if told else []
    for label, value in pairs:
        if text_width(layout.sheet.covered(value), SIZE) > layout.width * 0.3:
            strips += [*put(*waiting), *put((label, value))]
            waiting.clear()
        else:
            waiting.append((label, value))
        if len(waiting) == 2:
            strips += put(*waiting)
            waiting.clear()
    return [*strips, *put(*waiting)]


def paragraph(layout: Layout, text: str) -> list[Strip]:
    """Sentences over the whole width."""
    lines = wrap(layout.sheet.covered(text), _TEXT, layout.width)

    def paint(sheet: Sheet, box: Box) -> None:
        sheet.lines(box._replace(top=box.top + 8), lines, _TEXT)
    return [Strip(len(lines) * _TEXT * LEADING + 16, paint)]


def table(layout: Layout, columns: Sequence[tuple[str, float]], rows: Sequence[Sequence[str]],
          aligned: Sequence[str] = (), running: str = "") -> list[Strip]:
    """A table with grey heads. aligned: of the first columns; the others stand left."""
    strips = row(layout, [Column(str(text), float(width), "center", grey=True) for text, width in columns], keep=True,
                 running=running)
    align = [*aligned, *("left" for _ in columns[len(aligned):])]
    for texts in rows:
        strips += row(layout, [Column(text, float(width), a)
                               for text, (_, width), a in zip(texts, columns, align, strict=True)], running=running)
    return strips


def signatures(layout: Layout, sides: Sequence[Mapping[str, str]]) -> list[Strip]:
    """One box a side: whose it is, what is signed or stamped there, an empty date."""
    def paint(sheet: Sheet, box: Box) -> None:
        width = box.width / len(sides)
        for number, side in enumerate(sides):
            place = Box(box.left + number * width, box.top + 10, width, box.height - 10)
            sheet.rect(place, 0.6)
            room = place.inside(6, 5)
            for line, text in enumerate((side["title"], *side["lines"])):
                sheet.one_line(Box(room.left, room.top + line * _LINE, room.width, _LINE), text, _TEXT)
            sheet.aligned(room._replace(top=room.top + room.height - 13, height=13), say("page.date"), _TEXT, "right")
    return [Strip(_SIGN, paint)]
