"""The decision of a batch and its papers: 检验表 with its 附页, labels; each numbered, hashed and in the register.

Takes a batch and two people, gives a `Decision` on record and PDFs; relies on labels for drawing. The order at the
end is fixed (contract): decision line, its hash signed in a `lock` line → PDF bearing that hash → signature → print
line bearing the PDF's hash.
"""
from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

from checks.judge import batch_outcome, final_outcome
from checks.verdict import (
    Decision,
    EarlierDecision,
    Exceptional,
    Outcome,
    SentBack,
    Verdict,
    from_record,
    to_record,
)
from labels.carrier_label import Labelling, draw_disc_labels
from labels.certificate import Printing, draw_certificate
from labels.media_labels import draw_disk_labels, draw_tape_labels
from labels.sentences import EDITIONS, final_readings, forbidden_words
from station import __version__
from station.appearance import cell
from station.batch import (
    READING_OPEN,
    Batch,
    Obstacle,
    UsageError,
    counting_verdicts,
    fold,
    form_summary,
    obstacles,
    record_json,
    set_aside_verdicts,
    two_people,
)
from station.delivery import route
from station.evidence import issue, lock, ready_signer
from station.home import RegisterError, file_sha256, write_durably
from station.keys import Signer
from station.register import Station, utc_now

DRAW_LABELS = {"disc": draw_disc_labels, "disk": draw_disk_labels, "tape": draw_tape_labels}


@dataclass(frozen=True, slots=True)
class People:
    """Who decides. appearance: what they saw of the carriers, "" = as events have it, else not looked at.

    methods: how the two were known.
    """

    operator: str
    reviewer: str
    remark: str = ""
    appearance: str = ""
    methods: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Paper:
    """One printed file. kind: certificate | label | attestation | lock-page, or one of `notices`.

    missing: code points that no font has.
    """

    number: str
    kind: str
    path: Path
    intake: str = ""
    missing: tuple[str, ...] = ()


class Weighed(NamedTuple):
    """A batch with the verdicts that its next decision is about, and what keeps it open."""

    batch: Batch
    verdicts: Sequence[Verdict]
    obstacles: Sequence[Obstacle]


def weigh(station: Station, number: str) -> Weighed:
    """Fold a batch for its decision, once. Raises: UsageError("batch-unknown"); RegisterError."""
    batch = fold(station, number)
    verdicts = counting_verdicts(station, batch)
    return Weighed(batch, verdicts, obstacles(station, batch, verdicts))


def decide(station: Station, number: str, people: People, ask: Callable[[], str] | None = None,
           weighed: Weighed | None = None) -> tuple[Decision, list[Paper]]:
    """Decide a batch and print its papers. ask: gives the password of the centre's key, where one is needed.

    weighed: as `weigh` has just given it.

    Raises: UsageError("same-person" | "batch-unknown" | "batch-decided"), BatchOpen; RegisterError; Refused("key-…").
    """
    two_people(people.operator, people.reviewer)
    for word in forbidden_words(f"{people.remark} {people.appearance}"):
        raise UsageError("words-forbidden", word=word)
    batch, verdicts, open_points = weighed or weigh(station, number)
    if verdicts and all(v.intake in batch.decided_intakes for v in verdicts):
        return _completed(station, batch, people, ask)
    if any(o.what != "open-appearance" or not people.appearance for o in open_points):
        raise UsageError("batch-open", batch=number)
    outcomes, set_aside = _carrier_outcomes(batch, verdicts), set_aside_verdicts(station, batch)
    decision = Decision(
        number=station.config.certificate_number.format(batch=number, seq=len(batch.decisions) + 1), batch=number,
        at=utc_now(), form=form_summary(batch), verdicts=tuple(verdicts),
        resolutions=tuple(r for r in batch.resolutions
                          if r.code == READING_OPEN or r.intake in {v.intake for v in (*verdicts, *set_aside)}),
        outcome=batch_outcome(list(outcomes.values())), operator=people.operator, reviewer=people.reviewer,
        remark=people.remark, appearance=people.appearance or cell(batch.events, _final(verdicts)),
        receiving_org=station.config.receiving_org, station=station.config.station_id,
        earlier=_earlier(batch, outcomes), exceptions=_exceptions(batch),
        seen_each=not people.appearance, set_aside=tuple(set_aside), sent_back=_sent_back(batch, verdicts))
    signer = ready_signer(station, ask)                         # a key that may not sign is found out now
    with station.home.locked():                                 # two people decide one batch at one moment
        if any(line["number"] == decision.number
               for line in station.register.lines_of("decision", about=(decision.number,))):
            raise RegisterError("number-just-taken", number=decision.number)
        if _path(station, number, decision.number).exists():    # a number is given once, even if its line is gone
            raise RegisterError("number-taken", number=decision.number)
        raw = record_json(to_record(decision))
        decision_sha256 = write_durably(station.home.batches / number / f"{decision.number}.json", raw)
        head = station.register.append("decision", {
            "batch": number, "number": decision.number, "outcome": decision.outcome, "operator": people.operator,
            "reviewer": people.reviewer, "methods": list(people.methods), "remark": people.remark,
            "intakes": [v.intake for v in verdicts],
            "returned": sorted(c for c, o in outcomes.items() if o is not Outcome.PASSED),
            "decision_sha256": decision_sha256})
    return decision, print_all(station, signer, decision, head)


def _completed(station: Station, batch: Batch, people: People, ask: Callable[[], str] | None
               ) -> tuple[Decision, list[Paper]]:
    """The same command again after the disk was full or the power failed: the papers that are still missing.

    Raises: UsageError("batch-decided") where none is, or other people come.
    """
    decision, head = load_decision(station, str(batch.decisions[-1]["number"]))
    papers = print_all(station, ready_signer(station, ask), decision, head) \
        if (decision.operator, decision.reviewer) == (people.operator, people.reviewer) else []
    if not papers:
        raise UsageError("batch-decided", batch=batch.number)
    return decision, papers


def _final(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """The last verdict of each carrier."""
    return list({v.carrier.number or v.intake: v for v in verdicts}.values())


def _earlier(batch: Batch, outcomes: Mapping[str, Outcome]) -> tuple[EarlierDecision, ...]:
    """前次检验表 of this batch, each with the carriers whose outcome was another one then (domain §10.7)."""
    carrier_of = {r.intake: r.carrier_no for r in batch.readings}
    found = []
    for line in batch.decisions:
        then = {carrier_of[intake]: Outcome.FAILED if carrier_of[intake] in line["returned"] else Outcome.PASSED
                for intake in line["intakes"] if intake in carrier_of}
        found.append(EarlierDecision(line["number"], line["at"], Outcome(line["outcome"]), {
            number: outcome for number, outcome in then.items() if outcomes.get(number) is not outcome}))
    return tuple(found)


def _sent_back(batch: Batch, verdicts: Sequence[Verdict]) -> tuple[SentBack, ...]:
    """Attempts that failed and went back before anybody decided: this decision is the first that can speak of them."""
    spoken = batch.decided_intakes | {v.intake for v in verdicts}
    events = {(e.carrier_no, e.facts.get("attempt")): e for e in batch.events
              if e.event == "return" and not e.corrected}
    return tuple(SentBack(r.carrier_no, r.attempt, r.intake, events[r.carrier_no, r.attempt].at,
                          tuple(events[r.carrier_no, r.attempt].facts["reasons"]))
                 for r in batch.readings
                 if not r.replaced and r.intake not in spoken and r.outcome is not Outcome.PASSED
                 and (r.carrier_no, r.attempt) in events)


def _exceptions(batch: Batch) -> tuple[Exceptional, ...]:
    return tuple(Exceptional(e.carrier_no, e.by, e.at, str(e.facts["note"])) for e in batch.events
                 if e.event == "exception" and not e.corrected)


def _carrier_outcomes(batch: Batch, verdicts: Sequence[Verdict]) -> dict[str, Outcome]:
    """The outcome of each carrier of the attempt: a failed reading is never erased by another that passed."""
    outcomes: dict[str, Outcome] = {}
    for verdict in verdicts:
        outcome = final_outcome(verdict, batch.resolutions)
        if outcomes.get(verdict.carrier.number) is not Outcome.FAILED:
            outcomes[verdict.carrier.number] = outcome
    return outcomes


def print_all(station: Station, signer: Signer, decision: Decision, head: str) -> list[Paper]:
    """The decision's head signed, the certificate, then the labels of every carrier that passed; each paper's print
    line follows its file. What is on record already, before an interruption, is not done again."""
    if not any(line["head"] == head for line in station.register.lines_of("lock", about=(head,))):
        lock(station, signer, head)
    first_prints = [p for p in station.register.lines_of("print", about=(decision.batch,))
                    if p["batch"] == decision.batch and not p["reprint"]]
    done = {(p["paper"], p["intake"]) for p in first_prints       # a label stays with what was accepted before
            if p["decision"] == decision.number or p["paper"] == "label"}
    papers = [Paper(decision.number, "certificate", _path(station, decision.batch, decision.number))]
    failed = {v.carrier.number for v in decision.verdicts
              if final_outcome(v, decision.resolutions) is not Outcome.PASSED}
    taken = sum(1 for p in first_prints if p["paper"] == "label")
    for verdict in final_readings(decision):
        if verdict.carrier.kind in DRAW_LABELS and verdict.carrier.number not in failed \
                and ("label", verdict.intake) not in done:
            taken += 1
            number = station.config.label_number.format(batch=decision.batch, seq=taken)
            papers.append(Paper(number, "label", _path(station, decision.batch, number), verdict.intake))
    return [_print(station, signer, (decision, head), paper) for paper in papers
            if (paper.kind, paper.intake) not in done]


def reprint(station: Station, number: str, ask: Callable[[], str] | None = None) -> list[Paper]:
    """A paper again, with the same words, marked as a reprint and counted.

    A decision whose printing was interrupted gets its first prints, all that are missing.
    Raises: UsageError("paper-unknown"); RegisterError("journal-altered"); Refused("key-…").
    """
    prints = [line for line in station.register.lines_of("print", about=(number,))
              if line["number"] == number and line["paper"] != "overlay"]
    decision, head = load_decision(station, str(prints[0]["decision"]) if prints else number)
    signer = ready_signer(station, ask)
    if number == decision.number and (first := print_all(station, signer, decision, head)):
        return first
    path = _path(station, decision.batch, f"{number}-R{len(prints):02d}")
    return [_print(station, signer, (decision, head), Paper(number, prints[0]["paper"], path, prints[0]["intake"]),
                   len(prints))]


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


def edition_of(station: Station, batch: str) -> str:
    """The edition of a batch's 检验表: that of its last 空表, which the unit stamps, else as configured."""
    blanks = [line["edition"] for line in station.register.lines_of("print", about=(batch,))
              if line["batch"] == batch and line["paper"] == "blank"] if batch else []
    return str(blanks[-1]) if blanks else station.config.edition


def printing_now(station: Station, signer: Signer, head: str, reprint_no: int, copies: int = 1) -> Printing:
    """How a paper that bears this head is printed now, by this key."""
    now = datetime.now().astimezone()
    offset = now.utcoffset()
    return Printing(now.strftime("%Y-%m-%d %H:%M"), station.config.paper_queue, reprint_no, copies, head, __version__,
                    round(offset.total_seconds() / 60) if offset else 0, self_signed=signer.own)


def _print(station: Station, signer: Signer, of: tuple[Decision, str], paper: Paper, reprint_no: int = 0) -> Paper:
    decision, head = of
    first = next((line for line in station.register.lines_of("print", about=(paper.number,))
                  if line["number"] == paper.number), {})
    edition = first.get("edition", EDITIONS[0]) if first else edition_of(station, decision.batch)
    printing = replace(printing_now(station, signer, head, reprint_no, station.config.certificate_copies),
                       edition=edition)
    drawn = BytesIO()
    copies = station.config.label_copies
    if paper.kind == "certificate":
        missing = draw_certificate(decision, drawn, printing)
        copies = station.config.certificate_copies
    else:
        verdict = next(v for v in decision.verdicts if v.intake == paper.intake)
        draw = DRAW_LABELS[verdict.carrier.kind]
        missing = draw(decision, verdict, drawn, labelling(station, signer, (decision, head), verdict, reprint_no))
    issue(station, signer, paper.path, drawn.getvalue(), {
        "number": paper.number, "paper": paper.kind, "batch": decision.batch, "decision": decision.number,
        "intake": paper.intake, "head": head, "reprint": reprint_no, "copies": copies, "missing_glyphs": missing,
        "edition": edition, **route(station.config, paper.kind, drawn.getvalue())})
    return replace(paper, missing=missing)


def labelling(station: Station, signer: Signer, of: tuple[Decision, str], verdict: Verdict, reprint_no: int
              ) -> Labelling:
    """What the labels of an accepted carrier say that its decision does not. of: the decision, its line's hash."""
    decision, head = of
    accepted = datetime.fromisoformat(decision.at).astimezone().date()
    read = datetime.fromisoformat(verdict.at).astimezone().date()
    return Labelling(accepted.isoformat(), _next_check(station, accepted, verdict), reprint=reprint_no,
                     head_sha256=head, self_signed=signer.own, powered_on=read.isoformat())


def _path(station: Station, batch: str, name: str) -> Path:
    return station.home.batches / batch / f"{name}.pdf"


def _next_check(station: Station, accepted: date, verdict: Verdict) -> str:
    """The day of the next check: so many years after acceptance, by kind of carrier (configuration)."""
    year = accepted.year + station.config.check_years.get(verdict.carrier.kind, 1)
    day = 28 if (accepted.month, accepted.day) == (2, 29) else accepted.day
    return date(year, accepted.month, day).isoformat()
