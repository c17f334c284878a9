"""The 检验表: page 1 is the grid of the form, the pages after it are the 附页.

Takes a `Decision` and how it is printed, gives a PDF; relies on the edition for geometry and words. The unit's side
is never filled in, no date is ever printed into a signature, nothing unchecked is worded as passed (domain §10.8).
"""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import IO, Any, NamedTuple

from checks.verdict import Decision, Outcome
from labels.annex import Layout, Strip, annex, deal
from labels.page import A4, LEADING, MM, SIZES, Box, Sheet, text_width
from labels.sentences import cells, edition, headline, say

_SMALL = 9.0                        # points: notes under labels, printed names
_FOOT = 7.0                         # points: the machine's own line at the foot
TOP_LINE = 16.0                    # points above the grid: number, reprint mark
_RUNNING = 16.0                     # points: where an annex page says which carrier goes on


@dataclass(frozen=True, slots=True)
class Printing:
    """One printing of a decision. printed_at: local time as it shall stand. reprint: 0 = first printing.

    head_sha256: of the decision's line in the register. utc_offset_minutes: local time of the times on the annex.
    """

    printed_at: str
    printer: str = ""
    reprint: int = 0
    copies: int = 2
    head_sha256: str = ""
    station_version: str = ""
    utc_offset_minutes: int = 480


class Margins(NamedTuple):
    """What the margins of every page say of a paper: its number, and how far its words reach ("" = nothing)."""

    number: str
    scope: str = ""


def draw_certificate(decision: Decision, target: str | Path | IO[bytes], printing: Printing) -> tuple[str, ...]:
    """Draw the 检验表 with its annex.

    Returns: code points ("U+2F9F4") that no installed font has; they stand in the PDF as 〔U+2F9F4〕.
    Raises:  ValueError for an undecided batch (it gets receipts, no 检验表); Refused("font-missing").
    Source:  domain §1.3 (grid), §5.2 (heights), §10.8 (contents).
    """
    if decision.outcome is Outcome.UNDECIDED:
        raise ValueError("an undecided batch has no certificate")
    frame = page_frame()
    draft = Sheet(BytesIO(), "", decision.at)                     # page 1 once without paper: what overflows it?
    rests = _draw_grid(draft, decision, frame)
    title = say("form.title")
    sheet = Sheet(target, f"{title} {decision.number}", decision.at)
    layout = Layout(sheet, frame.width, printing.utc_offset_minutes)
    room = frame.height - _RUNNING - TOP_LINE
    pages = deal(annex(layout, decision, rests, printing.head_sha256), room)
    count = 1 + len(pages)
    margins = Margins(say("page.number", number=decision.number), say("page.scope"))
    _draw_grid(sheet, decision, frame)
    draw_margins(sheet, frame, margins, printing, (1, count))
    before: Sequence[Strip] = ()
    for number, strips in enumerate(pages, 2):
        sheet.next_page()
        _draw_annex_page(sheet, frame, decision, strips, before)
        draw_margins(sheet, frame, margins, printing, (number, count))
        before = strips
    sheet.save()
    return tuple(sorted(sheet.missing))


def page_frame() -> Box:
    """What the margins of the paper leave."""
    margin = float(edition()["form"]["margin_mm"]) * MM
    return Box(margin, margin, A4[0] - 2 * margin, A4[1] - 2 * margin)


def _draw_grid(sheet: Sheet, decision: Decision, frame: Box) -> dict[str, str]:
    """Page 1. Gives what did not go into its cells, by the label of the row."""
    form: Mapping[str, Any] = edition()["form"]
    texts = cells(decision)
    shares = [float(share) for share in form["columns"]]
    edges = [frame.left + frame.width * sum(shares[:n]) / sum(shares) for n in range(len(shares) + 1)]
    title = Box(frame.left, frame.top, frame.width, float(form["title_height"]))
    sheet.aligned(title._replace(height=title.height - 4), say("form.title"), float(form["title_pt"]), "center")
    rests: dict[str, str] = {}
    rows: Sequence[Mapping[str, Any]] = edition()["rows"]
    top, held, label = frame.top + title.height, 0, ""          # held: rows that a cell from above still covers
    for number, row in enumerate(rows):
        height, column = float(row["height"]), 1 if held else 0
        held = max(0, held - 1)
        for cell in row["cells"]:
            span, down = int(cell.get("span", 1)), int(cell.get("rows", 1))
            high = sum(float(r["height"]) for r in rows[number:number + down])
            box = Box(edges[column], top, edges[column + span] - edges[column], high)
            label = str(cell.get("text", label)).replace("\n", "")
            rest = _draw_cell(sheet, box, cell, texts, decision)
            if rest:
                rests[label] = "\n".join(part for part in (rests.get(label, ""), rest) if part)
            column += span
            held = max(held, down - 1)
        top += height
    sheet.rect(Box(frame.left, frame.top + title.height, frame.width, top - frame.top - title.height), 1.4)
    return rests


def _draw_cell(sheet: Sheet, box: Box, cell: Mapping[str, Any], texts: Mapping[str, str], decision: Decision) -> str:
    sheet.rect(box, 0.6)
    more = say("page.more")
    if "text" in cell:
        _draw_label(sheet, box, str(cell["text"]), str(cell.get("note", "")))
    elif cell.get("value") == "conclusion":
        return _draw_conclusion(sheet, box, headline(decision), texts["conclusion"])
    elif "value" in cell:
        text = texts[str(cell["value"])]
        if text:
            return sheet.cell(box, text, more)
        bottom = box.top + box.height - 6
        sheet.path(((box.left + 8, bottom), (box.left + box.width - 8, bottom)), 0.4)
    elif cell.get("write") == "date":
        room = box.inside(6, 4)
        sheet.aligned(room._replace(top=room.top + room.height - 13, height=13), say("page.date"), SIZES[0], "right")
        signer = str(cell.get("sign", ""))
        name = {"operator": decision.operator, "reviewer": decision.reviewer}.get(signer, "")
        if name:
            sheet.one_line(room._replace(height=12), say(f"page.printed_{signer}", name=name), _SMALL)
    return ""


def _draw_label(sheet: Sheet, box: Box, text: str, note: str) -> None:
    lines = text.split("\n")
    size = SIZES[0] if max(text_width(line, SIZES[0]) for line in lines) <= box.width - 6 else _SMALL
    if note or len(lines) > 1:
        size = min(size, (box.height - 2) / (len(lines) + bool(note)) / LEADING)
    high = len(lines) * size * LEADING + (_SMALL * LEADING if note else 0)
    top = box.top + (box.height - high) / 2
    sheet.lines(box._replace(top=top), lines, size, "center")
    if note:
        sheet.lines(box._replace(top=top + len(lines) * size * LEADING), [note], _SMALL, "center")


def _draw_conclusion(sheet: Sheet, box: Box, headline_text: str, text: str) -> str:
    """The outcome large on its own line, its sentence below."""
    head = Box(box.left + 3.5, box.top + 4, box.width - 7, 19)
    sheet.aligned(head, headline_text, 14)
    below = Box(box.left, box.top + 24, box.width, box.height - 25)
    return sheet.cell(below, text, say("page.more"))


def draw_margins(sheet: Sheet, frame: Box, paper: Margins, printing: Printing, page: tuple[int, int]) -> None:
    """Above: number of the paper, mark of a reprint. Below: scope, page of pages, head of the register, software."""
    above = Box(frame.left, frame.top - TOP_LINE - 2, frame.width, TOP_LINE)
    beside = Box(above.left + 80, above.top, above.width - 80, above.height)       # the mark stands to the left of it
    sheet.one_line(beside, paper.number, SIZES[0], "right")
    if printing.reprint:
        mark = say("page.reprint", count=printing.reprint)
        stamp = Box(above.left, above.top, text_width(mark, SIZES[0]) + 12, TOP_LINE)
        sheet.rect(stamp, 1.0)
        sheet.aligned(stamp, mark, SIZES[0], "center")
    foot = Box(frame.left, frame.top + frame.height + 3, frame.width, 13)
    sheet.aligned(foot, paper.scope, _SMALL)
    sheet.aligned(foot, say("page.of", page=page[0], pages=page[1]), _SMALL, "right")
    small = foot._replace(top=foot.top + 13, height=10)
    head = printing.head_sha256 or say("page.none")
    label = say("page.head") + " "
    sheet.aligned(small, label, _FOOT)
    sheet.aligned(small._replace(left=small.left + text_width(label, _FOOT)), sheet.covered(head), _FOOT, mono=True)
    printer = f" {printing.printer}" if printing.printer else ""
    text = say("page.printed", printed_at=printing.printed_at, printer=printer, copies=printing.copies,
               version=printing.station_version or say("page.unknown"))
    sheet.one_line(small._replace(top=small.top + 10), text, _FOOT)


def _draw_annex_page(sheet: Sheet, frame: Box, decision: Decision, strips: Sequence[Strip], before: Sequence[Strip]
                     ) -> None:
    title = say("page.annex", title=say("form.title"))
    sheet.aligned(Box(frame.left, frame.top, frame.width, TOP_LINE), title, 11, "left")
    line = frame.top + TOP_LINE + 1
    sheet.path(((frame.left, line), (frame.left + frame.width, line)), 1.0)
    top = frame.top + TOP_LINE + 4
    running = strips[0].running
    if running and before and before[-1].running == running:
        sheet.one_line(Box(frame.left, top - 1, frame.width, 12), running, _SMALL)
    top += _RUNNING - 4
    for strip in strips:
        strip.paint(sheet, Box(frame.left, top, frame.width, strip.height))
        top += strip.height
