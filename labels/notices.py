"""Notices to units: 退回通知单, 收据, 抽检清单, 清单确认单; each a record of its own, drawn on plain A4.

Takes one of the records below, gives a PDF; relies on `notice_page` for the frame and on `notices.toml` for words. A
record says all that its paper says, so that it can be kept and printed again with the same words. Texts come from
forms and people and are escaped when drawn; `at` is UTC and dates the file, never a signature (domain §3.4).
"""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from checks.catalogue import shown
from labels.annex import Column, Layout, Strip, row
from labels.certificate import Printing
from labels.notice_page import Notice, draw_notice, facts, paragraph, signatures, table
from labels.sentences import edition, gigabytes, say

_LINE_CHARS = 200                   # of a line of a list that is shown


@dataclass(frozen=True, slots=True)
class ReturnReason:
    """Why a carrier goes back. code: R01 … R99 (domain §3.6). detail: what was found, or what a person says of it.

    count: how many findings it stands for.
    """

    code: str
    detail: str = ""
    count: int = 1


@dataclass(frozen=True, slots=True)
class ReturnedCarrier:
    """A carrier that goes back. medium: "光盘 DVD-R". attempt: the 报送 that failed, from 1."""

    carrier_no: str
    medium: str
    attempt: int
    reasons: tuple[ReturnReason, ...]


@dataclass(frozen=True, slots=True)
class ReturnNotice:
    """退回通知单: what goes back to the unit, and why. due: "" = not agreed.

    certificate_no: the 检验表 it rests on, "" = the batch is not decided yet.
    """

    number: str
    batch: str
    at: str
    receiving_org: str
    unit_name: str
    fonds_no: str
    certificate_no: str
    carriers: tuple[ReturnedCarrier, ...]
    due: str = ""
    remark: str = ""


@dataclass(frozen=True, slots=True)
class LeftCarrier:
    """A carrier left at the desk. seal_no: "" = unsealed. appearance: as people said it, "" = not looked at."""

    carrier_no: str
    medium: str = ""
    seal_no: str = ""
    appearance: str = ""


@dataclass(frozen=True, slots=True)
class Receipt:
    """收据: carriers and papers left for checking. delivered_by, received_by: names. expected: when, as people said."""

    number: str
    batch: str
    at: str
    receiving_org: str
    unit_name: str
    fonds_no: str
    carriers: tuple[LeftCarrier, ...]
    delivered_by: str = ""
    received_by: str = ""
    expected: str = ""
    papers: tuple[str, ...] = ()
    remark: str = ""


@dataclass(frozen=True, slots=True)
class SampledCarrier:
    """A carrier drawn for the sampling check. accepted_on: local date. location: where it is stored."""

    carrier_no: str
    medium: str = ""
    certificate_no: str = ""
    accepted_on: str = ""
    location: str = ""
    seal_no: str = ""


@dataclass(frozen=True, slots=True)
class SampledUnit:
    """What was drawn of one unit, which opens its seals itself."""

    unit_name: str
    fonds_no: str
    carriers: tuple[SampledCarrier, ...]


@dataclass(frozen=True, slots=True)
class SamplingList:
    """抽检清单, grouped by unit. share: "10%". seed: what the draw is repeated with. of: carriers that were due."""

    number: str
    year: str
    at: str
    receiving_org: str
    share: str
    seed: str
    of: int
    units: tuple[SampledUnit, ...]
    by: str = ""


@dataclass(frozen=True, slots=True)
class ListConfirmation:
    """清单确认单: a list found on the carrier, confirmed by the unit's stamp on the day of receipt (domain §10.1).

    first, last: its first and last three lines as decoded. md5, sha256: of the list's own bytes.
    """

    number: str
    batch: str
    at: str
    receiving_org: str
    unit_name: str
    fonds_no: str
    carrier_no: str
    volume_label: str
    intake: str
    path: str
    size_bytes: int
    lines: int
    md5: str
    sha256: str
    first: tuple[str, ...]
    last: tuple[str, ...]


def draw_return(notice: ReturnNotice, target: str | Path | IO[bytes], printing: Printing) -> tuple[str, ...]:
    """Draw a 退回通知单. Returns: code points that no installed font has. Raises: Refused("font-missing")."""
    def strips(layout: Layout) -> list[Strip]:
        rows = [(str(number), carrier.carrier_no, carrier.medium, say("return.attempt", count=carrier.attempt),
                 _reasons(carrier.reasons), _remedies(carrier.reasons))
                for number, carrier in enumerate(notice.carriers, 1)]
        due = shown(notice.due) or say("page.blank")
        named = replace(notice, certificate_no=notice.certificate_no or say("return.undecided"))
        return [*facts(layout, _facts("return", named, ("unit_name", "fonds_no", "batch", "certificate_no"))),
                *paragraph(layout, say("return.text", unit=notice.unit_name, count=len(notice.carriers))),
                *table(layout, edition()["return"]["columns"], rows, ("center", "left", "left", "center")),
                *paragraph(layout, say("return.again", due=due)),
                *_remark(layout, notice.remark), *signatures(layout, edition()["return"]["signatures"])]
    frame = Notice(say("return.title"), notice.number, notice.at, say("page.scope"))
    return draw_notice(frame, strips, target, printing)


def _reasons(reasons: Sequence[ReturnReason]) -> str:
    words: Mapping[str, str] = edition()["reasons"]
    return "\n".join(say("return.reason", code=r.code, reason=words.get(r.code, ""),
                         detail=f":{r.detail}" if r.detail else "")
                     + (say("return.count", count=r.count) if r.count > 1 else "") for r in reasons)


def _remedies(reasons: Sequence[ReturnReason]) -> str:
    words: Mapping[str, str] = edition()["remedies"]
    return "\n".join(dict.fromkeys(words[r.code] for r in reasons if r.code in words))


def draw_receipt(receipt: Receipt, target: str | Path | IO[bytes], printing: Printing) -> tuple[str, ...]:
    """Draw a 收据. Returns: code points that no installed font has. Raises: Refused("font-missing")."""
    def strips(layout: Layout) -> list[Strip]:
        unseen, none = say("receipt.unseen"), say("receipt.no_seal")
        rows = [(str(number), carrier.carrier_no, carrier.medium, shown(carrier.seal_no) or none,
                 shown(carrier.appearance) or unseen) for number, carrier in enumerate(receipt.carriers, 1)]
        papers = "、".join(map(shown, receipt.papers)) or say("page.none")
        return [*facts(layout, _facts("receipt", receipt, ("unit_name", "fonds_no", "batch", "receiving_org",
                                                           "delivered_by", "received_by"))),
                *paragraph(layout, say("receipt.text", unit=receipt.unit_name, count=len(receipt.carriers))),
                *table(layout, edition()["receipt"]["columns"], rows, ("center", "left", "left", "left")),
                *row(layout, (Column(say("receipt.papers"), 1.9, grey=True), Column(papers, 8.1))),
                *row(layout, (Column(say("receipt.expected"), 1.9, grey=True), Column(shown(receipt.expected), 8.1))),
                *paragraph(layout, say("receipt.scope")),
                *_remark(layout, receipt.remark), *signatures(layout, edition()["receipt"]["signatures"])]
    return draw_notice(Notice(say("receipt.title"), receipt.number, receipt.at), strips, target, printing)


def draw_sampling(sampling: SamplingList, target: str | Path | IO[bytes], printing: Printing) -> tuple[str, ...]:
    """Draw an 抽检清单. Returns: code points that no installed font has. Raises: Refused("font-missing")."""
    def strips(layout: Layout) -> list[Strip]:
        drawn = sum(len(unit.carriers) for unit in sampling.units)
        parts = paragraph(layout, say("sampling.text", year=sampling.year, of=f"{sampling.of:,}", share=sampling.share,
                                      drawn=f"{drawn:,}", units=len(sampling.units), seed=sampling.seed,
                                      by=shown(sampling.by) or say("page.unknown")))
        for unit in sampling.units:
            name = say("sampling.unit", unit=unit.unit_name, fonds=unit.fonds_no, count=len(unit.carriers))
            parts += row(layout, (Column(name, 1.0, grey=True),), keep=True, running=name)
            rows = [(str(number), carrier.carrier_no, carrier.medium, carrier.certificate_no, carrier.accepted_on,
                     carrier.location, carrier.seal_no, "") for number, carrier in enumerate(unit.carriers, 1)]
            parts += table(layout, edition()["sampling"]["columns"], rows, ("center",), running=name)
            parts += row(layout, (Column(say("sampling.opened"), 1.0),), running=name)
            parts.append(Strip(10, lambda sheet, box: None))
        return [*parts, *signatures(layout, edition()["sampling"]["signatures"])]
    return draw_notice(Notice(say("sampling.title"), sampling.number, sampling.at), strips, target, printing)


def draw_confirmation(paper: ListConfirmation, target: str | Path | IO[bytes], printing: Printing) -> tuple[str, ...]:
    """Draw a 清单确认单. Returns: code points that no installed font has. Raises: Refused("font-missing")."""
    def strips(layout: Layout) -> list[Strip]:
        size = say("confirmation.size_value", bytes=f"{paper.size_bytes:,}", gb=gigabytes(paper.size_bytes))
        told = [("path", paper.path, False), ("size", size, False), ("lines", f"{paper.lines:,}", False),
                ("md5", paper.md5, True), ("sha256", paper.sha256, True),
                ("first", "\n".join(map(_cut, paper.first)) or say("page.none"), True),
                ("last", "\n".join(map(_cut, paper.last)) or say("page.none"), True)]
        parts = facts(layout, _facts("confirmation", paper, ("unit_name", "fonds_no", "batch", "carrier_no",
                                                             "volume_label", "intake")))
        parts += paragraph(layout, say("confirmation.text", unit=paper.unit_name))
        for key, text, mono in told:
            safe = "\n".join(map(shown, text.split("\n")))
            parts += row(layout, (Column(say(f"confirmation.{key}"), 1.9, grey=True), Column(safe, 8.1, mono=mono)))
        return [*parts, *paragraph(layout, say("confirmation.scope")),
                *signatures(layout, edition()["confirmation"]["signatures"])]
    return draw_notice(Notice(say("confirmation.title"), paper.number, paper.at), strips, target, printing)


def _cut(line: str) -> str:
    return line if len(line) <= _LINE_CHARS else line[:_LINE_CHARS - 1] + "…"


def _facts(section: str, record: object, names: Sequence[str]) -> list[tuple[str, str]]:
    words: Mapping[str, str] = {**edition()["label"], **edition()["notice"], **edition()[section]}
    return [(words[name], shown(str(getattr(record, name))) or say("page.none")) for name in names]


def _remark(layout: Layout, remark: str) -> list[Strip]:
    return paragraph(layout, say("conclusion.remark", remark=remark)) if remark else []
