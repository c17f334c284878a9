"""The 检验表: page 1 is the grid of the form, the pages after it are the 附页; whole, or its two halves one by one.

Takes a `Decision` and how it is printed, gives a PDF; relies on the edition for geometry and words. The unit's side
is never filled in, no date is ever printed into a signature, nothing unchecked is worded as passed (domain §10.8).
What a cell says depends on its own half only, so that both halves fit when they are printed apart (套打).
"""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import IO, Any, NamedTuple

from checks.verdict import Decision, FormSummary, Outcome
from labels.annex import Column, Layout, Strip, annex, deal, row
from labels.code import PaperCode, content_of, short
from labels.page import A4, LEADING, MM, SIZES, Box, Sheet, text_width
from labels.sentences import EDITIONS, cells, declared, edition, final_readings, headline, say

_SMALL = 9.0                        # points: notes under labels, printed names
_FOOT = 7.0                         # points: the machine's own line at the foot
TOP_LINE = 16.0                     # points above the grid: number, reprint mark
_CODE = 42.0                        # points: side of the 2-D code
_RUNNING = 16.0                     # points: where an annex page says which carrier goes on


@dataclass(frozen=True, slots=True)
class Printing:
    """One printing of a decision. printed_at: local time as it shall stand. reprint: 0 = first printing.

    head_sha256: of the decision's line in the register. utc_offset_minutes: local time of the times on the annex.
    self_signed: by a key of the station's own.
    edition: of the 检验表 (`sentences.EDITIONS`).
    """

    printed_at: str
    printer: str = ""
    reprint: int = 0
    copies: int = 2
    head_sha256: str = ""
    station_version: str = ""
    utc_offset_minutes: int = 480
    self_signed: bool = False
    edition: str = EDITIONS[0]


class Margins(NamedTuple):
    """What the margins of every page say of a paper: its number, and how far its words reach ("" = nothing)."""

    number: str
    scope: str = ""


@dataclass(frozen=True, slots=True)
class BlankForm:
    """The 检验表 before anything was checked: for the unit to fill in its column and stamp. at: UTC, dates the file."""

    number: str
    batch: str
    at: str
    form: FormSummary
    receiving_org: str


class _Filling(NamedTuple):
    """What goes into the grid of an edition. parts: "form" = lines, labels, what the unit declared; "centre" = what
    the centre says; names: of the centre's signers."""

    edition: Mapping[str, Any]
    texts: Mapping[str, str]
    parts: frozenset[str]
    headline: str = ""
    names: Mapping[str, str] = {}

    @property
    def sizes(self) -> Sequence[float]:
        return [float(size) for size in self.edition["form"]["sizes"]]


_WHOLE, _FORM, _CENTRE = frozenset({"form", "centre"}), frozenset({"form"}), frozenset({"centre"})


def draw_certificate(decision: Decision, target: str | Path | IO[bytes], printing: Printing) -> tuple[str, ...]:
    """Draw the 检验表 with its annex.

    Returns: code points ("U+2F9F4") that no installed font has; they stand in the PDF as 〔U+2F9F4〕.
    Raises:  ValueError for an undecided batch (it gets receipts, no 检验表); Refused("font-missing").
    Source:  domain §1.3 (grid), §5.2 (heights), §10.8 (contents).
    """
    filling, frame = _filled(decision, printing, _WHOLE), page_frame()
    title = filling.edition["form"]["title"]
    sheet = Sheet(target, f"{title} {decision.number}", decision.at)
    sheet.bears(printing.head_sha256)
    pages = _annex_pages(sheet, decision, filling, printing)
    margins = _draw_front(sheet, decision, filling, printing, 1 + len(pages))
    before: Sequence[Strip] = ()
    for number, strips in enumerate(pages, 2):
        sheet.next_page()
        _draw_annex_page(sheet, frame, title, strips, before)
        draw_margins(sheet, frame, margins, printing, (number, 1 + len(pages)))
        before = strips
    sheet.save()
    return tuple(sorted(sheet.missing))


def draw_overlay(decision: Decision, target: str | Path | IO[bytes], printing: Printing,
                 offset_mm: tuple[float, float] = (0.0, 0.0)) -> tuple[str, ...]:
    """套打: what the centre says on page 1 and nothing else, each word where `draw_certificate` draws it.

    For the sheet that `draw_blank` printed and the unit stamped. offset_mm: to the right and downwards, what the
    printer is off. Returns, raises: as `draw_certificate`.
    """
    filling = _filled(decision, printing, _CENTRE)
    sheet = Sheet(target, f"{filling.edition['form']['title']} {decision.number}", decision.at)
    sheet.bears(printing.head_sha256)
    pages = _annex_pages(sheet, decision, filling, printing)
    sheet.shift(offset_mm[0] * MM, offset_mm[1] * MM)
    _draw_front(sheet, decision, filling, printing, 1 + len(pages))
    sheet.save()
    return tuple(sorted(sheet.missing))


def draw_blank(blank: BlankForm, target: str | Path | IO[bytes], printing: Printing) -> tuple[str, ...]:
    """The 检验表 with the centre's half empty; what `draw_overlay` prints later finds its place free.

    What the unit declared and a cell has no room for stands on a second page, so that it is stamped whole.
    Returns: code points that no installed font has. Raises: Refused("font-missing").
    """
    filling, frame = _Filling(edition(printing.edition), declared(blank.form, blank.receiving_org), _FORM), page_frame()
    title = filling.edition["form"]["title"]
    sheet = Sheet(target, f"{title} {blank.batch}", blank.at)
    sheet.bears(printing.head_sha256)
    rests = _draw_grid(sheet, frame, filling)
    mark = say("page.reprint", count=printing.reprint) + "  " if printing.reprint else ""
    text = mark + say("page.blank_form", batch=blank.batch, number=blank.number, printed_at=printing.printed_at,
                      copies=printing.copies)
    place = Box(frame.left, frame.top - 2 * TOP_LINE, frame.width * 0.85, 12)      # the corner is the centre's
    sheet.one_line(place, text, _SMALL)
    layout = Layout(sheet, frame.width, printing.utc_offset_minutes)
    strips = [strip for label, rest in rests.items()
              for strip in row(layout, (Column(label, 1.9, grey=True), Column(rest, 8.1)))]
    for page in deal(strips, frame.height - _RUNNING - TOP_LINE) if strips else ():
        sheet.next_page()
        _draw_annex_page(sheet, frame, title, page, ())
        sheet.one_line(place, text, _SMALL)
    sheet.save()
    return tuple(sorted(sheet.missing))


def _filled(decision: Decision, printing: Printing, parts: frozenset[str]) -> _Filling:
    if decision.outcome is Outcome.UNDECIDED:
        raise ValueError("an undecided batch has no certificate")
    return _Filling(edition(printing.edition), cells(decision), parts, headline(decision),
                    {"operator": decision.operator, "reviewer": decision.reviewer})


def _draw_front(sheet: Sheet, decision: Decision, filling: _Filling, printing: Printing, pages: int) -> Margins:
    """Page 1, or the half of it that is wanted: all that is the centre's stands here, so that 套打 has it too."""
    margins = Margins(say("page.number", number=decision.number), say("page.scope"))
    _draw_grid(sheet, page_frame(), filling)
    draw_margins(sheet, page_frame(), margins, printing, (1, pages))
    _draw_code(sheet, page_frame(), decision, printing.head_sha256)
    return margins


def _annex_pages(sheet: Sheet, decision: Decision, filling: _Filling, printing: Printing) -> list[list[Strip]]:
    """The annex, led by what page 1 has no room or no cell for: page 1 is drawn once without paper to see."""
    frame = page_frame()
    rests = _draw_grid(Sheet(BytesIO(), "", decision.at), frame, filling._replace(parts=_WHOLE))
    elsewhere = {label: filling.texts[name] for name, label in filling.edition["form"].get("elsewhere", ())}
    layout = Layout(sheet, frame.width, printing.utc_offset_minutes)
    strips = annex(layout, decision, elsewhere | rests, printing.head_sha256)
    return deal(strips, frame.height - _RUNNING - TOP_LINE)


def page_frame() -> Box:
    """What the margins of the paper leave."""
    margin = float(edition()["form"]["margin_mm"]) * MM
    return Box(margin, margin, A4[0] - 2 * margin, A4[1] - 2 * margin)


def _draw_grid(sheet: Sheet, frame: Box, filling: _Filling) -> dict[str, str]:
    """Page 1. Gives what did not go into its cells, by the label of the row."""
    form: Mapping[str, Any] = filling.edition["form"]
    shares = [float(share) for share in form["columns"]]
    edges = [frame.left + frame.width * sum(shares[:n]) / sum(shares) for n in range(len(shares) + 1)]
    title = Box(frame.left, frame.top, frame.width, float(form["title_height"]))
    rests: dict[str, str] = {}
    rows: Sequence[Mapping[str, Any]] = filling.edition["rows"]
    top, held, label = frame.top + title.height, 0, ""          # held: rows that a cell from above still covers
    for number, line in enumerate(rows):
        height, column = float(line["height"]), 1 if held else 0
        held = max(0, held - 1)
        for cell in line["cells"]:
            span, down = int(cell.get("span", 1)), int(cell.get("rows", 1))
            high = sum(float(r["height"]) for r in rows[number:number + down])
            box = Box(edges[column], top, edges[column + span] - edges[column], high)
            label = str(cell.get("text", label)).replace("\n", "")
            rest = _draw_cell(sheet, box, cell, filling)
            if rest:
                rests[label] = "\n".join(part for part in (rests.get(label, ""), rest) if part)
            column += span
            held = max(held, down - 1)
        top += height
    if "form" in filling.parts:
        sheet.aligned(title._replace(height=title.height - 4), form["title"], float(form["title_pt"]), "center")
        sheet.rect(Box(frame.left, frame.top + title.height, frame.width, top - frame.top - title.height), 1.4)
    if "centre" in filling.parts and "below" in form:
        room = Box(frame.left, top + 4, frame.width, 16)
        sheet.one_line(room, form["below"].format(headline=filling.headline), SIZES[0])
    return rests


def _draw_cell(sheet: Sheet, box: Box, cell: Mapping[str, Any], filling: _Filling) -> str:
    """A cell: text = a label; value = declared by the unit; centre = the centre's; both = one half of the cell each."""
    if "form" in filling.parts:
        sheet.rect(box, 0.6)
    if "text" in cell and "form" in filling.parts:
        _draw_label(sheet, box, cell, filling.sizes[0])
    if cell.get("centre") == "conclusion":
        return _draw_conclusion(sheet, box, filling) if "centre" in filling.parts else ""
    rests = []
    for part, half, key in (("form", 0, "value"), ("centre", 1, "centre")):
        if part in filling.parts and key in cell:
            room = box
            if "value" in cell and "centre" in cell:        # 1 point more each way: a cell's own margin
                room = Box(box.left, box.top + half * box.height / 2 - 1, box.width, box.height / 2 + 2)
            rests.append(_draw_value(sheet, room, filling.texts[cell[key]], filling.sizes))
    if cell.get("write") == "date":
        _draw_signature(sheet, box, str(cell.get("sign", "")), filling)
    return "\n".join(rest for rest in rests if rest)


def _draw_value(sheet: Sheet, box: Box, text: str, sizes: Sequence[float]) -> str:
    if text:
        return sheet.cell(box, text, say("page.more"), sizes=sizes)
    bottom = box.top + box.height - 6
    sheet.path(((box.left + 8, bottom), (box.left + box.width - 8, bottom)), 0.4)
    return ""


def _draw_signature(sheet: Sheet, box: Box, signer: str, filling: _Filling) -> None:
    room = box.inside(6, 4)
    if "form" in filling.parts:
        sheet.aligned(room._replace(top=room.top + room.height - 13, height=13), say("page.date"), SIZES[0], "right")
    name = filling.names.get(signer, "")
    if name and "centre" in filling.parts:
        sheet.one_line(room._replace(height=12), say(f"page.printed_{signer}", name=name), _SMALL)


def _draw_label(sheet: Sheet, box: Box, cell: Mapping[str, Any], size: float) -> None:
    lines, note = str(cell["text"]).split("\n"), str(cell.get("note", ""))
    while size > _SMALL and max(text_width(line, size) for line in lines) > box.width - 6:
        size -= 0.5
    if note or len(lines) > 1:
        size = min(size, (box.height - 2) / (len(lines) + bool(note)) / LEADING)
    high = len(lines) * size * LEADING + (_SMALL * LEADING if note else 0)
    top = box.top + (box.height - high) / 2
    sheet.lines(box._replace(top=top), lines, size, "center")
    if note:
        sheet.lines(box._replace(top=top + len(lines) * size * LEADING), [note], _SMALL, "center")


def _draw_conclusion(sheet: Sheet, box: Box, filling: _Filling) -> str:
    """The outcome large on its own line, its sentence below."""
    head = Box(box.left + 3.5, box.top + 4, box.width - 7, 19)
    sheet.aligned(head, filling.headline, 14)
    below = Box(box.left, box.top + 24, box.width, box.height - 25)
    return sheet.cell(below, filling.texts["conclusion"], say("page.more"), sizes=filling.sizes)


def draw_margins(sheet: Sheet, frame: Box, paper: Margins, printing: Printing, page: tuple[int, int]) -> None:
    """Above: number of the paper, mark of a reprint. Below: scope, page of pages, head of the register, software."""
    above = Box(frame.left, frame.top - TOP_LINE - 2, frame.width, TOP_LINE)
    left, right = 80, _CODE + 10                            # there stand the mark of a reprint, and the code
    beside = Box(above.left + left, above.top, above.width - left - right, above.height)
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
    if printing.self_signed:
        sheet.one_line(small, say("page.self_signed"), _FOOT, "right", 5.0)
    printer = f" {printing.printer}" if printing.printer else ""
    text = say("page.printed", printed_at=printing.printed_at, printer=printer, copies=printing.copies,
               version=printing.station_version or say("page.unknown"))
    sheet.one_line(small._replace(top=small.top + 10), text, _FOOT)


def _draw_code(sheet: Sheet, frame: Box, decision: Decision, head: str) -> None:
    """The 2-D code above the right end of the grid, white on all sides; printers leave the outer 4.2 mm blank."""
    code = PaperCode(decision.number, "", content_of([v.digests.content_sha256 for v in final_readings(decision)]),
                     decision.outcome, short(head).replace(" ", ""))
    sheet.qr(Box(frame.left + frame.width - _CODE, frame.top - _CODE, _CODE, _CODE), code.text())


def _draw_annex_page(sheet: Sheet, frame: Box, title: str, strips: Sequence[Strip], before: Sequence[Strip]) -> None:
    sheet.aligned(Box(frame.left, frame.top, frame.width, TOP_LINE), say("page.annex", title=title), 11, "left")
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
