"""The labels of accepted disks and tapes: drive and box of a disk, bar code and case card of a tape.

Takes a `Decision` and one of its verdicts, gives an A4 sheet with crop marks; relies on `carrier_label` for what all
labels have in common. The bar-code label of a tape bears its eight characters and nothing else: a library would
misread it (domain §4.6).
"""
from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from checks.catalogue import shown
from checks.verdict import Decision, Verdict
from labels.carrier_label import Labelling, crop_marks, label_values, must_be_accepted, qr_text, say_who_signed
from labels.certificate import Printing
from labels.page import A4, MM, Box, Sheet, text_width
from labels.sentences import say

DISK = (70 * MM, 40 * MM)
_TAPE, _CARD = (78 * MM, 16 * MM), (105 * MM, 74 * MM)
_ON_PAGE = 16                                   # bar-code labels: two columns of eight
_NARROW, _BARS = 0.423 * MM, 11.2 * MM          # of a tape's Code 39; 11.1 mm is the least height
_SYMBOL = 151.5 * _NARROW                       # 10 characters of 6 narrow and 3 wide elements, 9 gaps
_SMALLEST = 6.0                                 # points
_VOLSER = re.compile(r"[0-9A-Z]{6}(L[1-9AT-Z]|M8|PA)")
_WORM = {"LT": 3, "LU": 4, "LV": 5, "LW": 6, "LX": 7, "LY": 8, "LZ": 9}
_DISK_ROWS: Sequence[Sequence[str]] = (
    ("unit_name",), ("fonds_no", "year"), ("content_note",), ("carrier_model", "serial"), ("bus", "layers"),
    ("bytes",), ("digest",), ("cert_no",), ("made_on", "accepted_on"), ("next_check_due", "powered_on"),
    ("location", "seal_no"))
_CARD_ROWS: Sequence[Sequence[str]] = (
    ("unit_name",), ("fonds_no", "year"), ("content_note",), ("volser", "carrier_model"), ("generation", "worm"),
    ("write_protected", "seq_of"), ("bytes",), ("digest",), ("made_on", "accepted_on"), ("cert_no",),
    ("next_check_due", "location"), ("sealed",), ("custody",))


def draw_disk_labels(decision: Decision, verdict: Verdict, target: str | Path | IO[bytes], labelling: Labelling
                     ) -> tuple[str, ...]:
    """Draw the two labels of one accepted disk: for the drive and for its box.

    Returns: code points that no installed font has. Raises: ValueError for a carrier that is not a disk of this
    decision or has not passed; Refused("font-missing"). Source: domain §5.3.
    """
    must_be_accepted(decision, verdict, "disk")
    sheet = Sheet(target, f"{decision.number} {verdict.carrier.number}", decision.at)
    sheet.bears(labelling.head_sha256)
    for number, note in enumerate(("disk_note", "box_note")):
        box = Box((A4[0] - DISK[0]) / 2, (30 + 60 * number) * MM, *DISK)
        draw_disk(sheet, box, decision, verdict, labelling)
        crop_marks(sheet, box, say(f"label.{note}"))
    say_who_signed(sheet, labelling)
    sheet.save()
    return tuple(sorted(sheet.missing))


def draw_disk(sheet: Sheet, box: Box, decision: Decision, verdict: Verdict, labelling: Labelling) -> None:
    """One label of a disk, in a box of 70 × 40 mm."""
    values = {**label_values(decision, verdict, labelling), "serial": shown(verdict.carrier.serial),
              "bus": shown(verdict.drive.get("bus", "")), "layers": "、".join(map(shown, verdict.carrier.layers)),
              "powered_on": shown(labelling.powered_on), "seal_no": ""}
    band, code_rows = 22.0, 5
    _head(sheet, box._replace(height=band), values, values["seq_of"])
    height = (box.height - band) / len(_DISK_ROWS)
    side = code_rows * height
    for number, fields in enumerate(_DISK_ROWS):
        wide = box.width - (side if number >= len(_DISK_ROWS) - code_rows else 0)
        _fields(sheet, Box(box.left, box.top + band + number * height, wide, height), fields, values)
    code = Box(box.left + box.width - side, box.top + box.height - side, side, side)
    sheet.qr(code.inside(3.5, 3.5), qr_text(decision, verdict, labelling.head_sha256))
    sheet.rect(box, 0.8)


def draw_tape_labels(decision: Decision, verdict: Verdict, target: str | Path | IO[bytes], labelling: Labelling
                     ) -> tuple[str, ...]:
    """Draw the bar-code label and the case card of one accepted tape.

    The serial of the carrier is its bar code; one that is no volume serial of the LTO rules gets no bar-code label,
    and the sheet says so. Returns, raises: as `draw_disk_labels`. Source: domain §4.6, §5.3.
    """
    must_be_accepted(decision, verdict, "tape")
    sheet = Sheet(target, f"{decision.number} {verdict.carrier.number}", decision.at)
    sheet.bears(labelling.head_sha256)
    serial = verdict.carrier.serial
    label = Box((A4[0] - _TAPE[0]) / 2, 30 * MM, *_TAPE)
    if is_volser(serial):
        draw_volser(sheet, label, serial)
        crop_marks(sheet, label, say("label.tape_note"))
    else:
        sheet.aligned(label, say("label.no_volser"), 9, "center")
    card = Box((A4[0] - _CARD[0]) / 2, 70 * MM, *_CARD)
    _draw_card(sheet, card, {**label_values(decision, verdict, labelling), **_of_tape(serial)},
               qr_text(decision, verdict, labelling.head_sha256))
    crop_marks(sheet, card, say("label.card_note"))
    say_who_signed(sheet, labelling)
    sheet.save()
    return tuple(sorted(sheet.missing))


@dataclass(frozen=True, slots=True)
class TapeLabels:
    """Bar-code labels for tapes that are still to be recorded. at: UTC, dates the file."""

    number: str
    at: str
    volsers: tuple[str, ...]


def draw_tape_sheet(labels: TapeLabels, target: str | Path | IO[bytes], printing: Printing) -> tuple[str, ...]:
    """Draw bar-code labels with crop marks, two columns of eight on a page; the sheet's number stands beside them.

    Returns: code points that no installed font has. Raises: ValueError for what is no volume serial.
    """
    for wrong in [serial for serial in labels.volsers if not is_volser(serial)]:
        raise ValueError(f"no volume serial: {wrong}")
    sheet = Sheet(target, labels.number, labels.at)
    sheet.bears(printing.head_sha256)
    mark = "  " + say("page.reprint", count=printing.reprint) if printing.reprint else ""
    for place, serial in enumerate(labels.volsers):
        row, column = divmod(place % _ON_PAGE, 2)
        if place and not place % _ON_PAGE:
            sheet.next_page()
        if not place % _ON_PAGE:
            head = say("label.tape_sheet", number=labels.number, printed_at=printing.printed_at) + mark
            sheet.one_line(Box(20 * MM, 12 * MM, 170 * MM, 12), head, 9)
        box = Box((20 + 92 * column) * MM, (30 + 31 * row) * MM, *_TAPE)
        draw_volser(sheet, box, serial)
        crop_marks(sheet, box, say("label.tape_note"))
    sheet.save()
    return tuple(sorted(sheet.missing))


def is_volser(serial: str) -> bool:
    """Whether this is a volume serial of the LTO rules: six characters and a media id."""
    return _VOLSER.fullmatch(serial) is not None


def draw_volser(sheet: Sheet, box: Box, serial: str) -> None:
    """A tape's bar-code label: bars in the middle of the label, its characters below them, nothing else."""
    sheet.code39(box.left + (box.width - _SYMBOL) / 2, box.top + 0.8 * MM, serial, _NARROW, _BARS)
    sheet.aligned(Box(box.left, box.top + 0.8 * MM + _BARS, box.width, box.height - 0.8 * MM - _BARS), serial, 9,
                  "center", mono=True)


def _of_tape(serial: str) -> Mapping[str, str]:
    blank = say("label.yes_or_no")
    if not is_volser(serial):
        return {"volser": shown(serial), "generation": "", "worm": blank, "write_protected": blank}
    media = serial[6:]
    generation = _WORM.get(media) or {"A": "10", "M": "7"}.get(media[1] if media[0] != "M" else "M", media[1])
    medium = f"LTO-{generation} ({media})"
    return {"volser": serial, "generation": medium, "write_protected": blank,
            "worm": say("names.yes" if media in _WORM else "names.no")}


def _draw_card(sheet: Sheet, box: Box, values: Mapping[str, str], qr: str) -> None:
    band, side = 30.0, 74.0
    _head(sheet, box._replace(height=band), values, "")
    height = (box.height - band) / len(_CARD_ROWS)
    code_rows = int(side // height) + 1
    for number, fields in enumerate(_CARD_ROWS):
        wide = box.width - (side if number >= len(_CARD_ROWS) - code_rows else 0)
        _fields(sheet, Box(box.left, box.top + band + number * height, wide, height), fields, values)
    code = Box(box.left + box.width - side, box.top + box.height - side, side, side)
    sheet.qr(code.inside(7, 7), qr)
    sheet.rect(box, 0.8)


def _head(sheet: Sheet, box: Box, values: Mapping[str, str], below: str) -> None:
    """The number, on two lines where it is long, never cut to fit; what stands below it; the set in letter and word."""
    mark = Box(box.left + box.width - box.height * 1.5, box.top, box.height * 1.5, box.height)
    room = Box(box.left + 1, box.top, box.width - mark.width - 2, box.height)
    upper = room._replace(height=room.height * 0.72) if below else room
    whole = sheet.covered(values["carrier_no"])
    sizes = [size / 2 for size in range(int(box.height), int(2 * _SMALLEST) - 1, -1)]
    fitted = [size for size in sizes if size >= 8 and text_width(whole, size) <= upper.width - 7] or sizes
    sheet.cell(Box(upper.left, upper.top - 1, upper.width, upper.height + 2), values["carrier_no"], "…", sizes=fitted)
    if below:
        lower = Box(room.left + 3.5, upper.top + upper.height - 1, room.width, room.height - upper.height)
        sheet.one_line(lower, below, 6.5, smallest=_SMALLEST)
    letter, _, words = values["set"].partition(" ")
    sheet.rect(mark, 0.8)
    sheet.one_line(mark._replace(height=mark.height * 0.62), letter, mark.height * 0.5, "center")
    sheet.one_line(Box(mark.left, mark.top + mark.height * 0.6, mark.width, mark.height * 0.36),
                   words or say("label.set"), mark.height * 0.3, "center", 6.0)


def _fields(sheet: Sheet, box: Box, fields: Sequence[str], values: Mapping[str, str]) -> None:
    width = box.width / len(fields)
    for number, field in enumerate(fields):
        cell = Box(box.left + number * width, box.top, width, box.height)
        size = min(8.0, box.height * 0.76)
        label = cell._replace(width=size * 4.5)
        sheet.rect(cell, 0.4)
        sheet.rect(label, 0.4, 0.93)
        sheet.one_line(label.inside(1, 0), say(f"label.{field}"), size, "center", 5.0)
        room = Box(label.left + label.width + 2, cell.top, cell.width - label.width - 4, cell.height)
        if values[field]:
            sheet.one_line(room, values[field], size, smallest=min(size, _SMALLEST))
