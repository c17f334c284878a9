"""Papers beside the decision's own: 空表, 套打, 退回通知单, 清单确认单, sheets of labels; numbered, in the register.

Takes what the register and the journals say, gives PDFs and their `print` lines; relies on labels for drawing. The
line of a notice holds its record, so that it is printed again with the same words (`reprint`).
"""
from __future__ import annotations

import base64
import hashlib
import re
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import IO, Any, NamedTuple

from checks.judge import final_outcome, open_doubts
from checks.normalise import encoding_of, text_lines
from checks.verdict import Decision, Judgement, Outcome, Resolution, Severity, Verdict, from_record, to_record
from labels.carrier_label import SPINE, draw_spine, label_values
from labels.certificate import BlankForm, Printing, draw_blank, draw_overlay
from labels.label_sheet import Piece, Stock, StockUse, draw_label_sheet
from labels.media_labels import DISK, TapeLabels, draw_disk, draw_tape_sheet, is_volser
from labels.notices import (
    ListConfirmation,
    Receipt,
    ReturnedCarrier,
    ReturnNotice,
    ReturnReason,
    SamplingList,
    draw_confirmation,
    draw_receipt,
    draw_return,
    draw_sampling,
)
from labels.print_grid import draw_print_grid
from labels.sentences import declared, edition, final_readings, forbidden_words, name_of
from station import evidence, papers
from station.batch import Batch, UsageError, check_list, counting_verdicts, fold, form_summary, load_verdict
from station.delivery import route
from station.evidence import ready_signer
from station.home import RegisterError, kept, sync_folder, write_durably
from station.journal import read_list
from station.keys import Signer
from station.on_carrier import LISTS_NAME
from station.papers import Paper, edition_of, labelling, load_decision, printing_now
from station.register import Station, utc_now

_DETAIL_CHARS = 120
_LINES_SHOWN = 3
_SHEET = "label-sheet"
ROUTED = frozenset({"return", "receipt"})    # go to the paper queue at once: somebody stands at the desk for them


class Kind(NamedTuple):
    """A kind of notice: the letter in its number, its record, its drawing, originals that are made."""

    letter: str
    record: type
    draw: Callable[[Any, IO[bytes], Printing], tuple[str, ...]]
    copies: int = 2


KINDS: Mapping[str, Kind] = {
    "blank": Kind("B", BlankForm, draw_blank),
    "return": Kind("T", ReturnNotice, draw_return),
    "receipt": Kind("S", Receipt, draw_receipt),
    "confirmation": Kind("Q", ListConfirmation, draw_confirmation),
    "sampling": Kind("C", SamplingList, draw_sampling, 1),
    "tape-labels": Kind("M", TapeLabels, draw_tape_sheet, 1),
}


def next_number(station: Station, letter: str, base: str) -> str:
    """The number of the next paper of this letter. base: the batch; of a paper of no batch what it is about."""
    template = station.config.paper_number
    about = (base,) if "{batch}" in template else ()
    taken = {line["number"] for line in station.register.lines_of("print", about=about)}
    return next(number for seq in range(1, 1_000_000)
                if (number := template.format(batch=base, kind=letter, seq=seq)) not in taken)


def issue(station: Station, kind: str, batch: str, record: Any) -> Paper:
    """Draw a notice for the first time and put it on record; its number is the record's own (`next_number`).

    batch: "" = of no batch. Raises: RegisterError.
    """
    path = _folder(station, batch) / f"{record.number}.pdf"
    if path.exists():
        raise RegisterError("number-taken", number=record.number)
    return _put(station, {"number": record.number, "paper": kind, "batch": batch, "record": to_record(record),
                          "edition": edition_of(station, batch)}, path, 0)


def reprint(station: Station, number: str) -> list[Paper]:
    """Any paper of the register again, with the same words, marked as a reprint and counted; of a decision whose
    printing broke off all the papers that are missing.

    Raises: UsageError("paper-unknown"); RegisterError.
    """
    prints = [line for line in station.register.lines_of("print", about=(number,)) if line["number"] == number]
    if not prints or "record" not in prints[0]:
        return papers.reprint(station, number)
    first = prints[0]
    path = _folder(station, first["batch"]) / f"{number}-R{len(prints):02d}.pdf"
    return [_put(station, {key: first[key] for key in ("number", "paper", "batch", "record", "edition")}, path,
                 len(prints))]


def _put(station: Station, line: Mapping[str, Any], path: Path, reprint_no: int) -> Paper:
    """Draw, sign and keep a paper, then its line: nothing is said to be printed before it is on disk.

    Labels bear the head of their decision, any other paper that of the register.
    """
    kind = line["paper"]
    copies = KINDS[kind].copies if kind in KINDS else 1
    signer, drawn = ready_signer(station), BytesIO()
    head = load_decision(station, line["record"]["decision"])[1] if kind == _SHEET else station.register.head()
    printing = replace(printing_now(station, signer, head, reprint_no, copies), edition=line["edition"])
    if kind in KINDS:
        missing = KINDS[kind].draw(from_record(KINDS[kind].record, line["record"]), drawn, printing)
    else:
        missing = _draw_sheet(station, signer, line["record"], drawn, reprint_no)
    return _keep(station, signer, Paper(line["number"], kind, path, missing=missing), drawn.getvalue(), {
        **line, "head": head, "reprint": reprint_no, "copies": copies})


def _keep(station: Station, signer: Signer, paper: Paper, pdf: bytes, line: Mapping[str, Any]) -> Paper:
    with kept(paper.path.parent):
        if not paper.path.parent.is_dir():
            paper.path.parent.mkdir(parents=True)
            sync_folder(paper.path.parent.parent)
    sent = route(station.config, paper.kind, pdf) if paper.kind in ROUTED else {}
    evidence.issue(station, signer, paper.path, pdf, {
        "decision": "", "intake": "", **line, **sent, "missing_glyphs": paper.missing})
    return paper


def _folder(station: Station, batch: str) -> Path:
    return station.home.batches / batch if batch else station.home.papers


def blank_form(station: Station, number: str) -> Paper:
    """空表: the 检验表 of a batch for its unit to fill in and stamp, the centre's half empty.

    Raises: UsageError("batch-unknown"); RegisterError.
    """
    batch = fold(station, number)
    record = BlankForm(next_number(station, KINDS["blank"].letter, number), number, utc_now(), form_summary(batch),
                       station.config.receiving_org)
    return issue(station, "blank", number, record)


def overlay(station: Station, number: str, queue: str = "") -> Paper:
    """套打: the centre's half of a 检验表 for the sheet that its unit stamped, at the offset of this printer.

    The first is no reprint, whatever was printed whole; a second one is. Raises: UsageError("paper-unknown" |
    "overlay-edition" | "overlay-form": the sheet has another edition, or other words of the unit, than the 检验表);
    RegisterError.
    """
    decision, head = load_decision(station, number)
    prints = fold(station, decision.batch).prints
    of_number = [line for line in prints if line["number"] == number]
    chosen = of_number[0].get("edition", edition_of(station, decision.batch)) if of_number else ""
    blanks = [line for line in prints if line["paper"] == "blank"]
    if not of_number or (blanks and blanks[-1]["edition"] != chosen):
        raise UsageError("overlay-edition", number=number, edition=chosen,
                         blank=blanks[-1]["edition"] if blanks else "")
    if blanks:
        stamped = from_record(BlankForm, blanks[-1]["record"])
        if declared(stamped.form, stamped.receiving_org) != declared(decision.form, decision.receiving_org):
            raise UsageError("overlay-form", number=number, blank=stamped.number)
    before = sum(line["paper"] == "overlay" for line in of_number)
    signer, drawn = ready_signer(station), BytesIO()
    offset = station.config.offset_mm(queue)
    printing = replace(printing_now(station, signer, head, before, station.config.certificate_copies), edition=chosen)
    missing = draw_overlay(decision, drawn, printing, offset)
    path = _folder(station, decision.batch) / f"{number}-P{before + 1:02d}.pdf"
    return _keep(station, signer, Paper(number, "overlay", path, missing=missing), drawn.getvalue(), {
        "number": number, "paper": "overlay", "batch": decision.batch, "decision": number, "edition": chosen,
        "head": head, "reprint": before, "copies": 1, "queue": queue, "offset_mm": offset})


def tape_labels(station: Station, volsers: Sequence[str]) -> Paper:
    """Bar-code labels for tapes that are still to be recorded.

    Raises: UsageError("volser-malformed" | "volser-twice": given twice or printed before); RegisterError.
    """
    printed = {serial for line in station.register.lines_of("print", about=("tape-labels",))
               if line["paper"] == "tape-labels"
               for serial in line["record"]["volsers"]}
    for serial in volsers:
        if not is_volser(serial):
            raise UsageError("volser-malformed", serial=serial)
        if serial in printed:
            raise UsageError("volser-twice", serial=serial)
        printed.add(serial)
    at = utc_now()
    number = next_number(station, KINDS["tape-labels"].letter, f"{station.config.station_id}-{at[:4]}")
    return issue(station, "tape-labels", "", TapeLabels(number, at, tuple(volsers)))


def print_grid(station: Station, queue: str) -> Path:
    """The test grid of a printer, in the outbox; it says nothing of any carrier and has no number."""
    drawn = BytesIO()
    draw_print_grid(drawn, queue, station.config.offset_mm(queue), utc_now())
    path = station.home.outbox / "test-grid.pdf"
    write_durably(path, drawn.getvalue())
    return path


def return_notice(station: Station, number: str, given: Mapping[str, Sequence[ReturnReason]], due: str = "",
                  remark: str = "") -> Paper:
    """退回通知单 for the carriers that a decision returned, or that fail a batch which is still open.

    number: of a 检验表 or of a batch. given: reasons by carrier, as people say them; else those with which people sent
    the carrier back, else what follows from the findings. Raises: UsageError("paper-unknown" | "nothing-returned" |
    "not-returned" | "return-reason-unknown" | "return-reason-missing" | "words-forbidden"); RegisterError.
    """
    said = " ".join([remark, due, *(reason.detail for reasons in given.values() for reason in reasons)])
    for word in forbidden_words(said):                         # a form and a file's name may say what they like
        raise UsageError("words-forbidden", word=word)
    grounds = _grounds(station, number)
    returned = [v for v in grounds.verdicts if final_outcome(v, grounds.resolutions) is not Outcome.PASSED]
    if not returned:
        raise UsageError("nothing-returned", number=number)
    names = [_name(verdict) for verdict in returned]
    for carrier in given:
        if carrier not in names:
            raise UsageError("not-returned", carrier=carrier, number=number, returned="、".join(names))
    carriers = tuple(ReturnedCarrier(_name(v), f"{name_of(v.carrier.kind)} {v.carrier.medium}".strip(), v.attempt,
                                     _checked(_name(v), given.get(_name(v)) or _reasons(grounds, v)))
                     for v in returned)
    fields = grounds.batch.fields
    record = ReturnNotice(next_number(station, KINDS["return"].letter, grounds.batch.number), grounds.batch.number,
                          utc_now(), station.config.receiving_org, fields.get("unit_name", ""),
                          fields.get("fonds_no", ""), grounds.certificate, carriers, due, remark)
    return issue(station, "return", grounds.batch.number, record)


class _Grounds(NamedTuple):
    """What a 退回通知单 rests on. certificate: "" = the batch is not decided. verdicts: the last of each carrier."""

    batch: Batch
    certificate: str
    verdicts: Sequence[Verdict]
    resolutions: Sequence[Resolution]


def _grounds(station: Station, number: str) -> _Grounds:
    try:
        decision, _ = load_decision(station, number)
    except UsageError:
        batch = fold(station, number)
        failed = [v for v in counting_verdicts(station, batch) if v.intake not in batch.decided_intakes
                  and final_outcome(v, batch.resolutions) is Outcome.FAILED]
        return _Grounds(batch, "", list({_name(v): v for v in failed}.values()), batch.resolutions)
    return _Grounds(fold(station, decision.batch), number, final_readings(decision), decision.resolutions)


def _reasons(grounds: _Grounds, verdict: Verdict) -> tuple[ReturnReason, ...]:
    """As people sent it back; the words of the findings stand with the codes that follow from them."""
    found = {reason.code: reason for reason in return_reasons(verdict, grounds.resolutions)}
    sent = [e for e in grounds.batch.events if e.event == "return" and e.carrier_no == verdict.carrier.number
            and e.facts.get("attempt", verdict.attempt) == verdict.attempt and not e.corrected]
    if not sent:
        return tuple(found.values())
    note = str(sent[-1].facts.get("note", ""))
    return tuple(found.get(code) or ReturnReason(code, note) for code in sent[-1].facts["reasons"])


def _name(verdict: Verdict) -> str:
    return verdict.carrier.number or verdict.carrier.volume_label or verdict.intake


def return_reasons(verdict: Verdict, resolutions: Sequence[Resolution]) -> tuple[ReturnReason, ...]:
    """Why a carrier goes back, from what was found: its rejects, and its doubts that nobody accepted (domain §3.6).

    Returns: one reason a code, in the order of the codes, with the words of its first finding. () = nothing found.
    """
    code_of: Mapping[str, str] = edition()["reason_of"]
    rejects = [j for j in verdict.findings if j.severity is Severity.REJECT]
    grounds: dict[str, list[Judgement]] = {}
    for judged in rejects or open_doubts(verdict, resolutions) or _not_accepted(verdict, resolutions):
        grounds.setdefault(code_of.get(judged.code, "R99"), []).append(judged)
    reasons = []
    for code, found in sorted(grounds.items()):
        text, count = found[0].text.get("zh", found[0].code), sum(j.count for j in found)
        text = text if len(text) <= _DETAIL_CHARS else text[:_DETAIL_CHARS - 1] + "…"
        reasons.append(ReturnReason(code, text, count))
    return tuple(reasons)


def _not_accepted(verdict: Verdict, resolutions: Sequence[Resolution]) -> list[Judgement]:
    refused = {(r.code, r.path) for r in resolutions if r.intake == verdict.intake and r.answer != "accept"}
    return [j for j in verdict.findings if (j.code, j.path) in refused or (j.code, "") in refused]


def _checked(carrier: str, reasons: Sequence[ReturnReason]) -> tuple[ReturnReason, ...]:
    for reason in reasons:
        if reason.code not in edition()["reasons"]:
            raise UsageError("return-reason-unknown", reason=reason.code, codes="、".join(edition()["reasons"]))
    if not reasons or any(reason.code == "R99" and not reason.detail for reason in reasons):
        raise UsageError("return-reason-missing", carrier=carrier)
    return tuple(reasons)


def reasons_given(texts: Iterable[str]) -> dict[str, list[ReturnReason]]:
    """Reasons as written on the command line: CARRIER=R07,R99:words; a carrier may be named more than once.

    Raises: UsageError("return-reason-malformed").
    """
    given: dict[str, list[ReturnReason]] = {}
    for text in texts:
        carrier, equals, rest = text.partition("=")
        for part in re.split(r",(?=R\d\d)", rest):
            code, _, detail = part.partition(":")
            if not equals or not carrier or not re.fullmatch(r"R\d\d", code.strip()):
                raise UsageError("return-reason-malformed", text=text)
            given.setdefault(carrier, []).append(ReturnReason(code.strip(), detail.strip()))
    return given


def list_confirmation(station: Station, intake: str, wanted: str = "") -> Paper:
    """清单确认单 for a list that was read on the carrier of an intake and is kept beside its journal.

    wanted: its path where there are several. Raises: UsageError("intake-unknown" | "list-none" | "list-which");
    RegisterError.
    """
    verdict = load_verdict(station, intake)
    path = station.home.intakes / intake / LISTS_NAME
    if verdict.kept_lists_sha256:
        check_list(path, verdict.kept_lists_sha256)
    rows = list(read_list(path)) if verdict.kept_lists_sha256 else []
    chosen = [row for row in rows if not wanted or row["path"] == wanted]
    if not rows:
        raise UsageError("list-none", intake=intake)
    if len(chosen) != 1:
        raise UsageError("list-which", intake=intake, lists="、".join(row["path"] for row in rows[:10]))
    raw = base64.b64decode(chosen[0]["content"])
    encoding = encoding_of((raw,)) or "latin-1"
    lines = list(text_lines(deque((raw,)), encoding))
    batch = fold(station, verdict.batch) if verdict.batch else None
    fields = batch.fields if batch else {}
    record = ListConfirmation(
        next_number(station, KINDS["confirmation"].letter, verdict.batch or intake), verdict.batch, utc_now(),
        station.config.receiving_org, fields.get("unit_name", ""), fields.get("fonds_no", ""), verdict.carrier.number,
        verdict.carrier.volume_label, intake, chosen[0]["path"], len(raw), len(lines),
        hashlib.md5(raw, usedforsecurity=False).hexdigest(), hashlib.sha256(raw).hexdigest(),
        tuple(islice(lines, _LINES_SHOWN)), tuple(lines[-_LINES_SHOWN:]))
    return issue(station, "confirmation", verdict.batch, record)


def label_sheet(station: Station, number: str, stock: str, start: int, queue: str = "") -> Paper:
    """A sheet of labels for the carriers that a decision accepted: all that fit the cells of this stock.

    Disks give two labels each (drive, box), discs two spine strips. start: the first free cell, from 1.
    Raises: UsageError("paper-unknown" | "stock-unknown" | "stock-start" | "stock-nothing"); RegisterError.
    """
    decision, _ = load_decision(station, number)
    measures = station.config.label_stocks.get(stock)
    if measures is None:
        raise UsageError("stock-unknown", stock=stock, stocks="、".join(station.config.label_stocks))
    record = {"number": next_number(station, "E", decision.batch), "decision": number, "stock": stock,
              "measures": dict(measures), "start": start, "offset_mm": station.config.offset_mm(queue)}
    path = _folder(station, decision.batch) / f"{record['number']}.pdf"
    return _put(station, {"number": record["number"], "paper": _SHEET, "batch": decision.batch,
                          "decision": number, "edition": edition_of(station, decision.batch), "record": record},
                path, 0)


def _draw_sheet(station: Station, signer: Signer, record: Mapping[str, Any], target: IO[bytes], reprint_no: int
                ) -> tuple[str, ...]:
    decision, head = load_decision(station, record["decision"])
    try:
        stock = Stock(**record["measures"])
    except (TypeError, ValueError) as failure:
        raise UsageError("stock-broken", stock=record["stock"]) from failure
    if not 1 <= record["start"] <= stock.columns * stock.rows:
        raise UsageError("stock-start", start=record["start"], cells=stock.columns * stock.rows)
    pieces = [piece for piece in _pieces(station, signer, (decision, head), reprint_no) if stock.takes(piece)]
    if not pieces:
        raise UsageError("stock-nothing", number=decision.number, stock=record["stock"])
    right, down = record["offset_mm"]
    return draw_label_sheet(pieces, target, StockUse(stock, record["start"], record["number"], decision.at,
                                                     (float(right), float(down)), head))


def _pieces(station: Station, signer: Signer, of: tuple[Decision, str], reprint_no: int) -> Iterable[Piece]:
    decision, _ = of
    for verdict in final_readings(decision):
        if final_outcome(verdict, decision.resolutions) is not Outcome.PASSED:
            continue
        facts = labelling(station, signer, of, verdict, reprint_no)
        if verdict.carrier.kind == "disk":
            paint = partial(draw_disk, decision=decision, verdict=verdict, labelling=facts)
            yield from (Piece(*DISK, paint),) * 2
        elif verdict.carrier.kind == "disc":
            yield from (Piece(*SPINE, partial(draw_spine, values=label_values(decision, verdict, facts))),) * 2
