"""The sheets of evidence: 认证单 (was this content ever accepted?) and 台账锁定页 (the head of the register, locked).

Takes plain facts and a 2-D code, gives a one-page PDF; relies on `evidence.toml` for all words. Neither ever says
more than that bytes are the same as on record (domain §10.8).
"""
from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO, Any, NamedTuple

from checks.catalogue import shown
from labels.certificate import Printing
from labels.code import PaperCode, short
from labels.page import A4, LEADING, MM, SIZES, Box, Sheet, text_width, wrap

_LABEL = 104.0                     # points: width of the left column
_CODE = 54.0                       # points: side of the 2-D code
_SIGN = 46.0                       # points: height of the row for names and seal
_FOOT = 7.0
_MATCHES = 6                       # named on the one page; all stand in the register's line


class Match(NamedTuple):
    """One place where the content was accepted. scope: file | content (all files of the carrier). at: UTC.

    head: the hash of the decision's line in the register.
    """

    scope: str
    certificate: str
    unit: str
    carrier: str
    path: str
    at: str
    intake: str
    operator: str
    reviewer: str
    head: str


@dataclass(frozen=True, slots=True)
class Attestation:
    """What was asked and what is on record. at: local time. matches: of `count` places. lines, head: of the register
    when it was asked."""

    number: str
    at: str
    station: str
    name: str
    size_bytes: int
    sha256: str
    content_sha256: str
    matches: tuple[Match, ...]
    count: int
    lines: int
    head: str


@dataclass(frozen=True, slots=True)
class LockPage:
    """A head of the register, locked. at: local time; week: ISO 8601 ("2026-W48"); signature: Base64."""

    number: str
    at: str
    week: str
    station: str
    org: str
    lines: int
    head: str
    signature: str
    certificate: str


@cache
def words() -> Mapping[str, Any]:
    """The words of these sheets, by section."""
    return tomllib.loads(Path(__file__).with_name("evidence.toml").read_text(encoding="utf-8"))


def _say(key: str, **facts: object) -> str:
    section, name = key.split(".")
    safe = {fact: shown(str(value)) for fact, value in facts.items()}
    return str(words()[section][name]).format_map(safe)


class _Row(NamedTuple):
    label: str
    text: str
    mono: bool = False


def draw_attestation(facts: Attestation, target: str | Path | IO[bytes], printing: Printing, code: PaperCode
                     ) -> tuple[str, ...]:
    """Draw the 认证单. Returns: code points that no installed font has. Raises: Refused("font-missing")."""
    section = "attestation"
    named = facts.matches[:_MATCHES]
    result = _say("attestation.none_text", lines=facts.lines)
    if facts.count:
        which = "found_text" if len(named) == facts.count else "found_more"
        result = _say(f"attestation.{which}", count=facts.count, shown=len(named))
    rows = [_Row("name", shown(facts.name)), _Row("size", f"{facts.size_bytes:,}"),
            _Row("sha256", facts.sha256 or "—", True),
            _Row("content_sha256", facts.content_sha256 or _say("attestation.not_whole"), bool(facts.content_sha256)),
            _Row("result", f"{_say('attestation.found' if facts.count else 'attestation.none')}\n{result}")]
    rows = [row._replace(label=_say(f"{section}.{row.label}")) for row in rows]
    for index, match in enumerate(named, 1):
        text = _say(f"attestation.match_{match.scope}", **{**match._asdict(),
                                                           "carrier": match.carrier or _say("page.unnamed")})
        rows += [_Row(_say("attestation.match", index=index), text),
                 _Row(_say("attestation.match_line"), match.head, True)]
    rows.append(_Row(_say("attestation.register"), _say("attestation.register_text", station=facts.station,
                                                        lines=facts.lines, head=short(facts.head))))
    return _draw(section, facts.number, facts.at, target, (rows, printing, code))


def draw_lock_page(facts: LockPage, target: str | Path | IO[bytes], printing: Printing, code: PaperCode
                   ) -> tuple[str, ...]:
    """Draw the 台账锁定页. Returns: code points that no installed font has. Raises: Refused("font-missing")."""
    rows = [_Row("week", facts.week), _Row("station", _say("lock.station_text", station=facts.station, org=facts.org)),
            _Row("lines", _say("lock.lines_text", lines=facts.lines)), _Row("head", facts.head, True),
            _Row("short", short(facts.head), True), _Row("signature", facts.signature, True),
            _Row("certificate", facts.certificate, True), _Row("use", _say("lock.use_text", short=short(facts.head)))]
    rows = [row._replace(label=_say(f"lock.{row.label}")) for row in rows]
    return _draw("lock", facts.number, facts.at, target, (rows, printing, code))


def _draw(section: str, number: str, at: str, target: str | Path | IO[bytes],
          content: tuple[Sequence[_Row], Printing, PaperCode]) -> tuple[str, ...]:
    rows, printing, code = content
    title = _say(f"{section}.title")
    sheet = Sheet(target, f"{title} {number}", at)
    sheet.bears(printing.head_sha256)
    frame = Box(20 * MM, 20 * MM, A4[0] - 40 * MM, A4[1] - 40 * MM)
    sheet.aligned(Box(frame.left, frame.top, frame.width, 28), title, 18, "center")
    sheet.qr(Box(frame.left + frame.width - _CODE, frame.top - 18, _CODE, _CODE), code.text())
    if printing.reprint:
        mark = Box(frame.left, frame.top - 18, text_width(_say("page.reprint", count=9), 10.5) + 14, 16)
        sheet.rect(mark, 1.0)
        sheet.aligned(mark, _say("page.reprint", count=printing.reprint), SIZES[0], "center")
    rows = (_Row(_say(f"{section}.number"), number), _Row(_say(f"{section}.at"), at), *rows)
    bottom = frame.top + frame.height - _SIGN * len(words()[section]["signers"]) - 24
    top = _draw_rows(sheet, frame._replace(top=frame.top + _CODE - 8), rows, bottom)
    sheet.lines(Box(frame.left, top + 4, frame.width, 24), wrap(_say(f"{section}.scope"), SIZES[3], frame.width),
                SIZES[3])
    _draw_signers(sheet, frame, words()[section]["signers"])
    _draw_foot(sheet, frame, printing)
    sheet.save()
    return tuple(sorted(sheet.missing))


def _draw_rows(sheet: Sheet, frame: Box, rows: Sequence[_Row], bottom: float) -> float:
    """The grid of labels and texts; a text that would run over the page's end is cut, and says so. Gives its end."""
    top, width = frame.top, frame.width - _LABEL
    for number, row in enumerate(rows):
        text = sheet.covered(row.text)
        size = SIZES[3] if row.mono else SIZES[1]
        lines = wrap(text, size, width - 8, row.mono)
        high = min(max(20.0, len(lines) * size * LEADING + 7), bottom - top - 20.0 * (len(rows) - 1 - number))
        sheet.rect(Box(frame.left, top, _LABEL, high))
        sheet.rect(Box(frame.left + _LABEL, top, width, high))
        sheet.one_line(Box(frame.left + 3, top, _LABEL - 6, high), row.label, SIZES[1], "center")
        room = int((high - 5) / (size * LEADING))
        shown_lines = lines if len(lines) <= room else [*lines[:room - 1], _say("page.more")]
        begin = top + (high - len(shown_lines) * size * LEADING) / 2
        sheet.lines(Box(frame.left + _LABEL + 4, begin, width - 8, high), shown_lines, size, mono=row.mono)
        top += high
    return top


def _draw_signers(sheet: Sheet, frame: Box, signers: Sequence[str]) -> None:
    """Rows for names, seal and dates in people's own hand: nothing is printed into them."""
    top = frame.top + frame.height - _SIGN * len(signers)
    for label in signers:
        sheet.rect(Box(frame.left, top, _LABEL, _SIGN))
        sheet.rect(Box(frame.left + _LABEL, top, frame.width - _LABEL, _SIGN))
        sheet.one_line(Box(frame.left + 3, top, _LABEL - 6, _SIGN), label, SIZES[1], "center")
        sheet.aligned(Box(frame.left, top + _SIGN - 16, frame.width - 8, 13), _say("page.date"), SIZES[1], "right")
        top += _SIGN


def _draw_foot(sheet: Sheet, frame: Box, printing: Printing) -> None:
    """Below the frame: the head that this sheet bears, who signed, when it was printed."""
    line = Box(frame.left, frame.top + frame.height + 6, frame.width, 10)
    label = _say("page.head") + " "
    sheet.aligned(line, label, _FOOT)
    sheet.aligned(line._replace(left=line.left + text_width(label, _FOOT)), printing.head_sha256, _FOOT, mono=True)
    if printing.self_signed:
        sheet.one_line(line, _say("page.self_signed"), _FOOT, "right", 5.0)
    printed = _say("page.printed", printed_at=printing.printed_at, version=printing.station_version)
    sheet.aligned(line._replace(top=line.top + 10), printed, _FOOT)
