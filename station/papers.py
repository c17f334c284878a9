"""The decision of a batch and its papers: 检验表 with its 附页, labels; each numbered, hashed and in the register.

Takes a batch and two people, gives a `Decision` on record and PDFs; relies on labels for drawing. The order at the
end is fixed (contract): decision line, its hash signed in a `lock` line → PDF bearing that hash → signature → print
line bearing the PDF's hash.
"""
from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from io import BytesIO
from pathlib import Path

from checks.judge import batch_outcome, final_outcome
from checks.verdict import Decision, Outcome, Verdict, from_record, to_record
from labels.carrier_label import Labelling, draw_disc_labels
from labels.certificate import Printing, draw_certificate
from labels.sentences import final_readings, forbidden_words
from station import __version__
from station.batch import (
    READING_OPEN,
    Batch,
    UsageError,
    counting_verdicts,
    fold,
    form_summary,
    obstacles,
    record_json,
    two_people,
)
from station.evidence import issue, lock, ready_signer
from station.home import RegisterError, file_sha256, write_durably
from station.keys import Signer
from station.register import Station, utc_now


@dataclass(frozen=True, slots=True)
class People:
    """Who decides. appearance: what they saw of the carriers, "" = not looked at."""

    operator: str
    reviewer: str
    remark: str = ""
    appearance: str = ""


@dataclass(frozen=True, slots=True)
class Paper:
    """One printed file. kind: certificate | label | attestation | lock-page. missing: code points that no font has."""

    number: str
    kind: str
    path: Path
    intake: str = ""
    missing: tuple[str, ...] = ()


def decide(station: Station, number: str, people: People, ask: Callable[[], str] | None = None
           ) -> tuple[Decision, list[Paper]]:
    """Decide a batch and print its papers. ask: gives the password of the centre's key, where one is needed.

    Raises: UsageError("same-person" | "batch-unknown" | "batch-decided"), BatchOpen; RegisterError; Refused("key-…").
    """
    two_people(people.operator, people.reviewer)
    for word in forbidden_words(f"{people.remark} {people.appearance}"):
        raise UsageError("words-forbidden", word=word)
    batch = fold(station, number)
    verdicts = counting_verdicts(station, batch)
    if verdicts and all(v.intake in batch.decided_intakes for v in verdicts):
        raise UsageError("batch-decided", batch=number)
    if obstacles(station, batch, verdicts):
        raise UsageError("batch-open", batch=number)
    outcomes = _carrier_outcomes(batch, verdicts)
    decision = Decision(
        number=station.config.certificate_number.format(batch=number, seq=len(batch.decisions) + 1), batch=number,
        at=utc_now(), form=form_summary(batch), verdicts=tuple(verdicts),
        resolutions=tuple(r for r in batch.resolutions
                          if r.code == READING_OPEN or r.intake in {v.intake for v in verdicts}),
        outcome=batch_outcome(list(outcomes.values())), operator=people.operator, reviewer=people.reviewer,
        remark=people.remark, appearance=people.appearance, receiving_org=station.config.receiving_org,
        station=station.config.station_id)
    if _path(station, number, decision.number).exists():         # a number is given once, even if its line is gone
        raise RegisterError("number-taken", number=decision.number)
    signer = ready_signer(station, ask)                         # a key that may not sign is found out now
    raw = record_json(to_record(decision))
    decision_sha256 = write_durably(station.home.batches / number / f"{decision.number}.json", raw)
    head = station.register.append("decision", {
        "batch": number, "number": decision.number, "outcome": decision.outcome, "operator": people.operator,
        "reviewer": people.reviewer, "remark": people.remark, "intakes": [v.intake for v in verdicts],
        "returned": sorted(c for c, o in outcomes.items() if o is not Outcome.PASSED),
        "decision_sha256": decision_sha256})
    return decision, print_all(station, signer, decision, head)


def _carrier_outcomes(batch: Batch, verdicts: list[Verdict]) -> dict[str, Outcome]:
    """The outcome of each carrier of the attempt: a failed reading is never erased by another that passed."""
    outcomes: dict[str, Outcome] = {}
    for verdict in verdicts:
        outcome = final_outcome(verdict, batch.resolutions)
        if outcomes.get(verdict.carrier.number) is not Outcome.FAILED:
            outcomes[verdict.carrier.number] = outcome
    return outcomes


def print_all(station: Station, signer: Signer, decision: Decision, head: str) -> list[Paper]:
    """The decision's head signed, the certificate, then a label set for every disc that passed; each paper's print line
    follows its file. What is on record already, before an interruption, is not done again."""
    if not any(line["head"] == head for line in station.register.lines_of("lock", about=(head,))):
        lock(station, signer, head)
    first_prints = [p for p in fold(station, decision.batch).prints if not p["reprint"]]
    done = {(p["paper"], p["intake"]) for p in first_prints if p["decision"] == decision.number}
    papers = [Paper(decision.number, "certificate", _path(station, decision.batch, decision.number))]
    failed = {v.carrier.number for v in decision.verdicts
              if final_outcome(v, decision.resolutions) is not Outcome.PASSED}
    taken = sum(1 for p in first_prints if p["paper"] == "label")
    for verdict in final_readings(decision):
        if verdict.carrier.kind == "disc" and verdict.carrier.number not in failed \
                and ("label", verdict.intake) not in done:
            taken += 1
            number = station.config.label_number.format(batch=decision.batch, seq=taken)
            papers.append(Paper(number, "label", _path(station, decision.batch, number), verdict.intake))
    return [_print(station, signer, (decision, head), paper) for paper in papers
            if (paper.kind, paper.intake) not in done]


def reprint(station: Station, number: str, ask: Callable[[], str] | None = None) -> Paper:
    """A paper again, with the same words, marked as a reprint and counted.

    A decision whose printing was interrupted gets its first prints. Raises: UsageError("paper-unknown");
    RegisterError("journal-altered"); Refused("key-…").
    """
    prints = [line for line in station.register.lines_of("print", about=(number,)) if line["number"] == number]
    decision, head = load_decision(station, str(prints[0]["decision"]) if prints else number)
    signer = ready_signer(station, ask)
    if number == decision.number:
        first = print_all(station, signer, decision, head)
        if first:
            return first[0]
    path = _path(station, decision.batch, f"{number}-R{len(prints):02d}")
    return _print(station, signer, (decision, head), Paper(number, prints[0]["paper"], path, prints[0]["intake"]),
                  len(prints))


def load_decision(station: Station, number: str) -> tuple[Decision, str]:
    """A decision as it was recorded, and the hash of its register line.

    Raises: UsageError("paper-unknown"); RegisterError("journal-altered").
    """
    for head, line in station.register.hashed_lines_of("decision", about=(number,)):
        if line["number"] == number:
            path = station.home.batches / line["batch"] / f"{number}.json"
            if not path.is_file() or file_sha256(path) != line["decision_sha256"]:
                raise RegisterError("journal-altered", path=str(path))
            return from_record(Decision, json.loads(path.read_bytes())), head
    raise UsageError("paper-unknown", number=number)


def printing_now(station: Station, signer: Signer, head: str, reprint_no: int) -> Printing:
    """How a paper that bears this head is printed now, by this key."""
    now = datetime.now().astimezone()
    offset = now.utcoffset()
    return Printing(now.strftime("%Y-%m-%d %H:%M"), "", reprint_no, station.config.certificate_copies, head,
                    __version__, round(offset.total_seconds() / 60) if offset else 0, signer.own)


def _print(station: Station, signer: Signer, of: tuple[Decision, str], paper: Paper, reprint_no: int = 0) -> Paper:
    decision, head = of
    printing = printing_now(station, signer, head, reprint_no)
    drawn = BytesIO()
    copies = 1
    if paper.kind == "certificate":
        missing = draw_certificate(decision, drawn, printing)
        copies = station.config.certificate_copies
    else:
        verdict = next(v for v in decision.verdicts if v.intake == paper.intake)
        accepted = datetime.fromisoformat(decision.at).astimezone().date()
        labelling = Labelling(accepted.isoformat(), _next_check(station, accepted, verdict), reprint=reprint_no,
                              head_sha256=head, self_signed=signer.own)
        missing = draw_disc_labels(decision, verdict, drawn, labelling)
    issue(station, signer, paper.path, drawn.getvalue(), {
        "number": paper.number, "paper": paper.kind, "batch": decision.batch, "decision": decision.number,
        "intake": paper.intake, "head": head, "reprint": reprint_no, "copies": copies, "missing_glyphs": missing})
    return replace(paper, missing=missing)


def _path(station: Station, batch: str, name: str) -> Path:
    return station.home.batches / batch / f"{name}.pdf"


def _next_check(station: Station, accepted: date, verdict: Verdict) -> str:
    """The day of the next check: so many years after acceptance, by kind of carrier (configuration)."""
    year = accepted.year + station.config.check_years.get(verdict.carrier.kind, 1)
    day = 28 if (accepted.month, accepted.day) == (2, 29) else accepted.day
    return date(year, accepted.month, day).isoformat()
