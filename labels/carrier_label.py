"""The labels of an accepted disc: the insert and the spine strips of its case and, on request, its printable face.

Takes a `Decision` and one of its verdicts, gives an A4 sheet with crop marks; relies on the edition for words. Only a
carrier that passed gets one. Nothing is made to be stuck on a disc (domain §5.3).
"""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from checks.catalogue import shown
from checks.judge import final_outcome
from checks.verdict import Decision, Outcome, Verdict
from labels.code import PaperCode, content_of, short
from labels.page import A4, MM, Box, Sheet, text_width
from labels.sentences import edition, final_readings, gigabytes, name_of, say

_INSERT = 120 * MM
SPINE = (118 * MM, 6.5 * MM)
_FACE, _HUB = 118 * MM, 46 * MM                 # diameters; the hub ring stays blank
_BAND, _ROW, _TALL = 42.0, 18.5, 25.0           # points: head of the insert, its rows, the row of the content
_LABEL = 52.0                                   # points: width of a printed field name
_SIZES = (10.5, 10.0, 9.5, 9.0, 8.5, 8.0)
_BARS_CHARS = 32                                # more would make the bars too thin to be scanned
_NOTE_CHARS = 40                                # 内容 ≤ 40 字 (domain §5.3)


@dataclass(frozen=True, slots=True)
class Labelling:
    """What the label says that the decision does not know. Dates as local text; "" = a line to write on.

    face: also a page for a printable disc face. unit_short: 单位简称 for it, "" = the whole name. reprint: 0 = first.
    head_sha256: of the decision's line in the register. self_signed: by a key of the station's own.
    powered_on: when a disk last had power.
    """

    accepted_on: str
    next_check_due: str = ""
    made_on: str = ""
    content_note: str = ""
    unit_short: str = ""
    face: bool = False
    reprint: int = 0
    head_sha256: str = ""
    self_signed: bool = False
    powered_on: str = ""


def draw_disc_labels(decision: Decision, verdict: Verdict, target: str | Path | IO[bytes], labelling: Labelling
                     ) -> tuple[str, ...]:
    """Draw the case labels of one accepted disc.

    Returns: code points that no installed font has. Raises: ValueError for a carrier that is not a disc of this
    decision or has not passed; Refused("font-missing"). Source: domain §5.3.
    """
    must_be_accepted(decision, verdict, "disc")
    sheet = Sheet(target, f"{decision.number} {verdict.carrier.number}", decision.at)
    sheet.bears(labelling.head_sha256)
    values = label_values(decision, verdict, labelling)
    left = (A4[0] - _INSERT) / 2
    insert = Box(left, 22 * MM, _INSERT, _INSERT)
    _draw_insert(sheet, insert, values, qr_text(decision, verdict, labelling.head_sha256))
    crop_marks(sheet, insert, say("label.front_note"))
    for number in range(2):
        strip = Box((A4[0] - SPINE[0]) / 2, (164 + number * 26) * MM, *SPINE)
        draw_spine(sheet, strip, values)
        crop_marks(sheet, strip, say("label.spine_note"))
    say_who_signed(sheet, labelling)
    if labelling.face:
        sheet.next_page()
        _draw_face(sheet, values, labelling)
    sheet.save()
    return tuple(sorted(sheet.missing))


def must_be_accepted(decision: Decision, verdict: Verdict, kind: str) -> None:
    """Raises: ValueError for a carrier that is not of this decision and kind, or has not passed."""
    if verdict not in final_readings(decision) or verdict.carrier.kind != kind:
        raise ValueError(f"not a {kind} of this decision")
    if decision.outcome is Outcome.UNDECIDED or final_outcome(verdict, decision.resolutions) is not Outcome.PASSED:
        raise ValueError("a label of acceptance needs a carrier that passed")


def say_who_signed(sheet: Sheet, labelling: Labelling) -> None:
    """At the foot of the page, where the station signs with a key of its own."""
    if labelling.self_signed:
        sheet.aligned(Box(0, A4[1] - 20 * MM, A4[0], 10), say("page.self_signed"), 7, "center")


def qr_text(decision: Decision, verdict: Verdict, head: str) -> str:
    """The 2-D code of a label. head: of the decision's line in the register."""
    return PaperCode(decision.number, verdict.carrier.number, content_of([verdict.digests.content_sha256]),
                     final_outcome(verdict, decision.resolutions), short(head).replace(" ", "")).text()


def label_values(decision: Decision, verdict: Verdict, labelling: Labelling) -> Mapping[str, str]:
    """The fields that all labels have in common, by name (domain §5.3); "" = a line to write on."""
    again = " " + say("page.reprint", count=labelling.reprint) if labelling.reprint else ""
    fields, facts = decision.form.fields, verdict.carrier
    note = labelling.content_note or fields.get("description", "")
    digest = verdict.digests.content_sha256
    numbers = decision.form.carrier_nos
    sequence = (say("label.seq_value", index=numbers.index(facts.number) + 1, count=len(numbers))
                if facts.number in numbers else say("label.seq_blank"))
    set_words: Mapping[str, str] = edition()["names"]
    return {
        "carrier_no": shown(facts.number), "set": set_words.get(f"set_{facts.set_code}", shown(facts.set_code)),
        "fonds_no": shown(fields.get("fonds_no", "")), "unit_name": shown(fields.get("unit_name", "")),
        "year": shown(fields.get("year", "")),
        "content_note": shown(note if len(note) <= _NOTE_CHARS else note[:_NOTE_CHARS - 1] + "…"),
        "carrier_model": shown(facts.medium) or name_of(facts.kind), "seq_of": sequence,
        "bytes": say("label.bytes_value", bytes=f"{verdict.counts.bytes:,}", gb=gigabytes(verdict.counts.bytes)),
        "digest": say("label.digest_value", head=digest[:8], tail=digest[-8:]) if digest else say("page.none"),
        "made_on": shown(labelling.made_on), "accepted_on": shown(labelling.accepted_on),
        "cert_no": shown(decision.number) + again, "next_check_due": shown(labelling.next_check_due), "location": "",
        "bars": facts.number if len(facts.number) <= _BARS_CHARS and facts.number == shown(facts.number) else "",
        "head": say("label.head", short=short(labelling.head_sha256)) if labelling.head_sha256 else "",
        "sealed": say("label.sealed_value"), "custody": shown(decision.receiving_org)}


_GRID: Sequence[Sequence[str]] = (("unit_name",), ("fonds_no", "year"), ("content_note",), ("carrier_model", "seq_of"),
                                  ("bytes",), ("digest",), ("made_on", "accepted_on"), ("cert_no", "next_check_due"),
                                  ("location",), ("sealed",), ("custody",))


def _draw_insert(sheet: Sheet, box: Box, values: Mapping[str, str], qr: str) -> None:
    sheet.rect(box, 1.0)
    mark = Box(box.left + box.width - 62, box.top, 62, _BAND)
    sheet.one_line(Box(box.left + 8, box.top, box.width - 62 - 16, _BAND), values["carrier_no"], 20)
    sheet.rect(mark, 1.0)
    letter, _, words = values["set"].partition(" ")
    sheet.aligned(mark._replace(height=26, top=mark.top + 2), sheet.covered(letter), 20, "center")
    sheet.aligned(mark._replace(top=mark.top + 27, height=13), sheet.covered(words or say("label.set")), 10.5, "center")
    top = box.top + _BAND
    for fields in _GRID:
        height = _TALL if fields == ("content_note",) else _ROW
        width = box.width / len(fields)
        for number, field in enumerate(fields):
            _field(sheet, Box(box.left + number * width, top, width, height), say(f"label.{field}"), values[field])
        if fields == ("digest",):                           # its own value is of one length: there is room beside it
            sheet.one_line(Box(box.left, top, box.width - 4, height), values["head"], 7, "right")
        top += height
    room = Box(box.left, top, box.width, box.top + box.height - top)
    side = room.height - 20                                 # white on all sides: four squares of the code
    sheet.qr(Box(room.left + room.width - side - 10, room.top + 10, side, side), qr)
    bars = Box(room.left + 4, room.top + 10, room.width - side - 24, room.height - 32)
    if values["bars"].isascii() and values["bars"]:         # Code 128 has no Chinese; then the number is read by eye
        sheet.code128(bars, values["bars"])
    sheet.one_line(Box(bars.left, bars.top + bars.height + 2, bars.width, 14), values["carrier_no"], 10.5, "center")


def _field(sheet: Sheet, box: Box, label: str, value: str) -> None:
    sheet.rect(box, 0.5)
    sheet.rect(box._replace(width=_LABEL), 0.5, 0.93)
    sheet.aligned(box._replace(width=_LABEL), label, 9, "center")
    room = Box(box.left + _LABEL, box.top, box.width - _LABEL, box.height)
    if value:
        sheet.cell(room, value, "…", sizes=_SIZES)


def draw_spine(sheet: Sheet, box: Box, values: Mapping[str, str]) -> None:
    """The strip of a case's spine: number and set, unit and year."""
    sheet.rect(box, 0.5)
    room = box.inside(6, 0)
    left = say("label.spine", number=values["carrier_no"], set=values["set"])
    wide = min(room.width * 0.62, text_width(sheet.covered(left), 10.5))
    sheet.one_line(room._replace(width=wide), left, 10.5)
    rest = Box(room.left + wide + 8, room.top, room.width - wide - 8, room.height)
    sheet.one_line(rest, f"{values['unit_name']} {values['year']}".strip(), 10.5, "right")


def crop_marks(sheet: Sheet, box: Box, note: str) -> None:
    """Short lines outside the corners, 2 mm off and 4 mm long, and what the piece is."""
    near, far = 2 * MM, 6 * MM
    for left, across in ((box.left, -1), (box.left + box.width, 1)):
        for top, down in ((box.top, -1), (box.top + box.height, 1)):
            sheet.path(((left + across * near, top), (left + across * far, top)), 0.3)
            sheet.path(((left, top + down * near), (left, top + down * far)), 0.3)
    text = f"{note}  {say('label.cut')}"
    sheet.aligned(Box(box.left, box.top + box.height + 2, box.width, 10), text, 7, "center")


def _draw_face(sheet: Sheet, values: Mapping[str, str], labelling: Labelling) -> None:
    """The face of a printable disc: number and set above the hub, fonds, unit and date below it; nothing else."""
    left, top, radius = A4[0] / 2, 100 * MM, _FACE / 2
    sheet.circle(left, top, radius, 0.5)
    sheet.circle(left, top, _HUB / 2, 0.3)
    unit = labelling.unit_short or values["unit_name"]
    for text, size, middle in ((values["carrier_no"], 16.0, -43), (values["set"], 12.0, -32),
                               (values["fonds_no"], 12.0, 29), (unit, 12.0, 37), (values["accepted_on"], 10.5, 45)):
        outer = abs(middle) * MM + size                     # the chord of the disc at the text's far edge
        half = max(10.0, (radius ** 2 - outer ** 2) ** 0.5 - 6) if outer < radius else 10.0
        sheet.one_line(Box(left - half, top + middle * MM - size / 2, 2 * half, size), text, size, "center")
    sheet.aligned(Box(left - radius, top + radius + 6, _FACE, 10), say("label.face_note"), 7, "center")
