"""What became of every carrier, folded once from the register: ground of statistics, 计划名册, due list and 台账.

Takes the register files of a home, gives `Books`; relies on the register as the only truth. A line of a type or with
fields that are not known here is passed over: another part of the station wrote it. Memory is about 1 kB a verdict.
"""
from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from sys import intern
from typing import Any

from checks.verdict import Outcome
from station.home import Home, RegisterError
from station.register import FIRST, raw_lines

Line = Mapping[str, Any]


@dataclass(slots=True)
class Reading:
    """One verdict line. batch: "" = of none yet. content: SHA-256, "" = incomplete. repeated: bytes brought before.

    codes: of findings that reject or doubt; unchecked: checks that were not run; None = an older line says neither.
    """

    at: str
    intake: str
    batch: str
    carrier_no: str
    attempt: int
    outcome: str
    kind: str
    medium: str
    set_code: str
    serial: str
    volume_label: str
    files: int
    bytes: int
    repeated: int
    content: str
    anchor: str
    form_sha256: str
    replaces: str
    recheck_of: str
    codes: tuple[str, ...] | None
    unchecked: tuple[str, ...] | None


@dataclass(slots=True)
class Decided:
    """One decision line."""

    at: str
    number: str
    outcome: str
    intakes: tuple[str, ...]
    returned: tuple[str, ...]
    operator: str
    reviewer: str


@dataclass(slots=True)
class Custody:
    """Where a carrier is, by the acts of the desk. away: it was handed back; arrived: UTC, "" = nobody recorded it.

    looked: somebody answered for its looks (外观).
    """

    place: str = ""
    seal_no: str = ""
    away: bool = False
    arrived: str = ""
    reasons: tuple[str, ...] = ()
    looked: bool = False


@dataclass(slots=True)
class BatchFacts:
    """A batch: the fields of its newest form. corrections: forms after the first. custody: carrier → Custody."""

    number: str
    at: str
    fields: Mapping[str, str] = field(default_factory=dict)
    carriers: tuple[str, ...] = ()
    corrections: int = 0
    decisions: list[Decided] = field(default_factory=list)
    custody: dict[str, Custody] = field(default_factory=dict)

    @property
    def is_accepted(self) -> bool:
        """Whether its last decision says 合格."""
        return bool(self.decisions) and self.decisions[-1].outcome == Outcome.PASSED

    def custody_of(self, carrier_no: str) -> Custody:
        """The custody of a carrier; what was said of the whole batch is said of each."""
        return self.custody.get(carrier_no) or self.custody.get("") or Custody()


@dataclass(slots=True)
class Accepted:
    """A carrier that stands accepted. at: UTC of the decision that accepted it. rechecks: readings of it since.

    net: its bytes without content that was accepted before (`_count_once`).
    """

    reading: Reading
    batch: BatchFacts
    at: str
    certificate: str
    rechecks: list[Reading] = field(default_factory=list)
    net: int = 0

    @property
    def custody(self) -> Custody:
        return self.batch.custody_of(self.reading.carrier_no)


@dataclass(slots=True)
class Head:
    """How far a register was read: its last line, that line's number, time and SHA-256."""

    station: str
    seq: int = 0
    at: str = ""
    sha256: str = FIRST


@dataclass(slots=True)
class Books:
    """Everything at once. plans: year → the newest `plan` line. acts: (year, word) → how often.

    answers: intake → answers of two people. returns: (batch, carrier, attempt) → the intakes that it was returned for.
    """

    heads: list[Head] = field(default_factory=list)
    batches: dict[str, BatchFacts] = field(default_factory=dict)
    forms: dict[str, str] = field(default_factory=dict)
    readings: dict[str, Reading] = field(default_factory=dict)
    replaced: set[str] = field(default_factory=set)
    accepted: list[Accepted] = field(default_factory=list)
    returns: dict[tuple[str, str, int], str] = field(default_factory=dict)
    plans: dict[str, Line] = field(default_factory=dict)
    samples: list[Line] = field(default_factory=list)
    answers: dict[str, list[str]] = field(default_factory=dict)
    notices: dict[tuple[str, str, int], tuple[str, ...]] = field(default_factory=dict)
    acts: dict[tuple[str, str], int] = field(default_factory=dict)
    _events: list[Line] = field(default_factory=list)
    _corrected: set[tuple[str, int]] = field(default_factory=set)

    def count(self, at: str, word: str, by: int = 1) -> None:
        """Count an act in its year (UTC)."""
        self.acts[at[:4], word] = self.acts.get((at[:4], word), 0) + by


def registers(home: Home) -> list[Path]:
    """The register files that lie in a home: its own, and copies of other stations'."""
    return sorted(home.register.glob("*.jsonl"))


def read_books(home: Home, until: Mapping[str, int] | None = None) -> Books:
    """Fold all registers of a home. until: station → its last line that counts; a station not named there counts not.

    Raises: RegisterError("register-broken").
    """
    books = Books()
    for path in registers(home):
        head = Head(path.stem)
        for _, raw, line in lines_with_raw(path, None if until is None else until.get(path.stem, 0)):
            head.seq, head.at, head.sha256 = int(line["seq"]), str(line["at"]), hashlib.sha256(raw).hexdigest()
            take = _TAKE.get(str(line["type"]))
            if take is not None:
                try:
                    take(books, line)
                except (KeyError, TypeError, ValueError) as failure:
                    raise RegisterError("register-broken", path=str(path), line=head.seq) from failure
            else:
                books.count(head.at, str(line["type"]))
        books.heads.append(head)
    _settle(books)
    return books


def lines_with_raw(path: Path, until: int | None = None) -> Iterator[tuple[int, bytes, dict[str, Any]]]:
    """The lines of one register with their numbers and raw bytes, as far as `until`. Raises: RegisterError."""
    for number, raw in enumerate(raw_lines(path), 1):
        if until is not None and number > until:
            return
        try:
            line = json.loads(raw)
        except ValueError as failure:
            raise RegisterError("register-broken", path=str(path), line=number) from failure
        if not isinstance(line, dict) or not {"seq", "at", "type"} <= line.keys():
            raise RegisterError("register-broken", path=str(path), line=number)
        yield number, raw, line


def local_day(at: str) -> date:
    """The local day of a UTC time of the register."""
    return datetime.fromisoformat(at).astimezone().date()


# --- one line at a time --------------------------------------------------------------------------------------------

def _batch(books: Books, line: Line) -> None:
    number = str(line["batch"])
    facts = books.batches.get(number)
    if facts is None:
        facts = books.batches[number] = BatchFacts(number, str(line["at"]))
    else:
        facts.corrections += 1
        books.count(str(line["at"]), "correction")
    facts.fields, facts.carriers = line["fields"], tuple(line["carriers"])
    books.forms[str(line["form_sha256"])] = number


def _verdict(books: Books, line: Line) -> None:
    codes, unchecked = line.get("codes"), line.get("unchecked")
    books.readings[str(line["intake"])] = Reading(
        str(line["at"]), str(line["intake"]), intern(str(line["batch"])), str(line["carrier_no"]),
        int(line["attempt"]), intern(str(line["outcome"])), intern(str(line["kind"])),
        intern(str(line.get("medium", ""))), intern(str(line.get("set_code", ""))), str(line.get("serial", "")),
        str(line.get("volume_label", "")), int(line["files"]), int(line["bytes"]), int(line.get("repeated_bytes", 0)),
        str(line.get("content_sha256") or ""), intern(str(line.get("anchor", ""))),
        intern(str(line["form_sha256"])), str(line["replaces"]), str(line.get("recheck_of", "")),
        None if codes is None else tuple(map(intern, map(str, codes))),
        None if unchecked is None else tuple(map(intern, map(str, unchecked))))
    if line["replaces"]:
        books.replaced.add(str(line["replaces"]))


def _decision(books: Books, line: Line) -> None:
    number = str(line["batch"])
    facts = books.batches.setdefault(number, BatchFacts(number, str(line["at"])))
    facts.decisions.append(Decided(str(line["at"]), str(line["number"]), str(line["outcome"]), tuple(line["intakes"]),
                                   tuple(line["returned"]), str(line["operator"]), str(line["reviewer"])))


def _resolution(books: Books, line: Line) -> None:
    books.answers.setdefault(str(line["intake"]), []).append(str(line["answer"]))


def _event(books: Books, line: Line) -> None:
    if line["event"] == "correction" and "line" in line:
        books._corrected.add((str(line.get("station", "")), int(line["line"])))
    books._events.append(line)
    books.count(str(line["at"]), str(line["event"]))


def _print(books: Books, line: Line) -> None:
    books.count(str(line["at"]), "reprint" if line["reprint"] else "print")
    record = line.get("record")
    if line["paper"] == "return" and isinstance(record, Mapping):
        for carrier in record.get("carriers", ()):
            key = (str(line["batch"]), str(carrier["carrier_no"]), int(carrier["attempt"]))
            books.notices[key] = tuple(str(reason["code"]) for reason in carrier["reasons"])


def _plan(books: Books, line: Line) -> None:
    books.plans[str(line["year"])] = line


def _sample(books: Books, line: Line) -> None:
    books.samples.append(line)


_TAKE: Mapping[str, Callable[[Books, Line], None]] = {
    "batch": _batch, "verdict": _verdict, "decision": _decision, "resolution": _resolution, "event": _event,
    "print": _print, "plan": _plan, "sample": _sample}


# --- when all lines are known --------------------------------------------------------------------------------------

def _settle(books: Books) -> None:
    """A batch may be opened after its carriers were read, and a carrier accepted, returned, and accepted again."""
    for reading in books.readings.values():
        reading.batch = books.forms.get(reading.form_sha256, reading.batch)
    went = set[tuple[str, str, int]]()                        # at the desk; no decision need speak of it
    for line in books._events:
        if (str(line.get("station", "")), int(line["seq"])) not in books._corrected:
            _act(books, line)
            if line["event"] == "return" and "attempt" in line:
                went.add((str(line["batch"]), str(line["carrier_no"]), int(line["attempt"])))
    books._events.clear()
    for reading in books.readings.values() if went else ():
        key = reading.batch, reading.carrier_no, reading.attempt
        if key in went and not reading.recheck_of:
            books.returns[key] = reading.intake
    at_last: dict[str, Accepted] = {}
    for batch in books.batches.values():
        for accepted in _accepted(books, batch):
            at_last.update(dict.fromkeys(_intakes_of(books, accepted), accepted))
            books.accepted.append(accepted)
    books.accepted.sort(key=lambda a: (a.at, a.batch.number, a.reading.carrier_no, a.reading.intake))
    _count_once(books.accepted)
    for reading in books.readings.values():
        if reading.recheck_of in at_last and reading.intake not in books.replaced:
            at_last[reading.recheck_of].rechecks.append(reading)


def _act(books: Books, line: Line) -> None:
    batch = books.batches.get(str(line.get("batch", "")))
    if batch is None:
        return
    number, event = str(line.get("carrier_no", "")), str(line["event"])
    if number and number not in batch.custody:
        whole = batch.custody.get("") or Custody()
        batch.custody[number] = Custody(whole.place, whole.seal_no, whole.away, whole.arrived, looked=whole.looked)
    chosen = [batch.custody[number]] if number else [batch.custody.setdefault("", Custody()), *(
        custody for name, custody in batch.custody.items() if name)]
    for custody in chosen:
        if event in ("arrived", "received"):
            custody.arrived, custody.away = custody.arrived or str(line["at"]), False
        elif event in ("returned", "return"):
            custody.away = event == "returned" or bool(line.get("taker"))
            custody.reasons = tuple(map(str, line.get("reasons", ()))) or custody.reasons
        elif event in ("stored", "moved"):
            custody.place, custody.away = str(line.get("place", "")), False
        elif event == "unsealed":
            custody.seal_no = ""
        custody.looked = custody.looked or event == "appearance"
        if line.get("seal_no") and event in ("arrived", "received", "stored", "sealed"):
            custody.seal_no = str(line["seal_no"])


def _key(reading: Reading) -> str:
    """What tells the carriers of one batch apart; where the form numbers none, their content."""
    return reading.carrier_no or f" {reading.content or reading.intake}"


def _accepted(books: Books, batch: BatchFacts) -> list[Accepted]:
    standing: dict[str, Accepted] = {}
    for decided in batch.decisions:
        read = {_key(r): r for r in map(books.readings.get, decided.intakes) if r is not None}   # the last one stands
        for key, reading in read.items():
            if reading.carrier_no in decided.returned:
                standing.pop(key, None)
                books.returns.setdefault((batch.number, reading.carrier_no, reading.attempt), reading.intake)
            elif key not in standing or standing[key].reading is not reading:
                standing[key] = Accepted(reading, batch, decided.at, decided.number)
    return list(standing.values())


def _intakes_of(books: Books, accepted: Accepted) -> list[str]:
    """All readings by which a carrier was accepted: any of them may be what a re-check names."""
    key = _key(accepted.reading)
    return [r.intake for decided in accepted.batch.decisions for r in map(books.readings.get, decided.intakes)
            if r is not None and _key(r) == key]


def _count_once(accepted: list[Accepted]) -> None:
    """Net bytes, in the order of acceptance: the same content (`content_sha256`) counts once, whoever brings it.

    Of new content those bytes are taken off whose files the unit had brought before, as its verdict says; never more
    than the unit has in the archive by then, because what was brought before need not have been accepted.
    """
    seen, of_unit = set[str](), dict[str, int]()
    for each in accepted:
        reading, unit = each.reading, each.batch.fields.get("fonds_no", "") or each.batch.fields.get("unit_name", "")
        held = of_unit.get(unit, 0)
        each.net = 0 if reading.content in seen else reading.bytes - min(reading.repeated, held, reading.bytes)
        of_unit[unit] = held + each.net
        if reading.content:
            seen.add(reading.content)
