"""Statistics of a year: what was accepted, from whom, of which kind; how well it was made; what the plan says of it.

Takes `Books`, gives a `Summary`; relies on `standing.py` for what stands accepted. A year is the 报送年度 of the form;
acts (reprints, corrections …) are of the calendar year in which they were done. Declared figures (卷, 件, 页, 未压缩前)
are of batches that stand 合格, and are never said to be checked (domain §10.8). Source: domain §3.7, §10.11.
"""
from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple

from checks.normalise import declared_count, size_bytes
from checks.verdict import Outcome
from labels.sentences import edition
from station.plans import Progress, accepted_in, progress_of, year_of
from station.standing import Accepted, BatchFacts, Books, Head, Reading

_DAY_SECONDS = 86_400
REASONS = (*(f"R{number:02d}" for number in range(1, 14)), "R99")     # why a carrier goes back (domain §3.6)
ACTS = ("print", "reprint", "correction", "exception", "refusal", "repair", "clock", "selftest", "attest", "lock")


@dataclass(slots=True)
class Totals:
    """Sums over accepted carriers, and over the batches that stand 合格 (declared; None = no form says it).

    bytes: on the carriers, every copy. net_bytes: each content once. units: distinct.
    """

    units: int = 0
    batches: int = 0
    carriers: int = 0
    files: int = 0
    bytes: int = 0
    net_bytes: int = 0
    declared_bytes: int | None = None
    original_bytes: int | None = None
    volumes: int | None = None
    items: int | None = None
    pages: int | None = None

    @property
    def repeated_bytes(self) -> int:
        return self.bytes - self.net_bytes


class Group(NamedTuple):
    """One group of a table: its names (layer, data form …), its sums."""

    names: tuple[str, ...]
    totals: Totals


@dataclass(slots=True)
class Quality:
    """How well it was made. decided: carriers of which a decision speaks; first_pass: accepted at their first attempt.

    reasons: R-code → returned carriers with it. days: from arrival (else the first reading) to acceptance, for each
    accepted carrier. unchecked: check → accepted carriers without it; unknown: accepted, and the line does not say.
    by_people: accepted carriers with a doubt that two people accepted.
    """

    decided: int = 0
    first_pass: int = 0
    returns: int = 0
    still_returned: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    attempts: Counter[int] = field(default_factory=Counter)
    days: list[float] = field(default_factory=list)
    by_people: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    unchecked: Counter[str] = field(default_factory=Counter)
    unchecked_unknown: int = 0
    anchors: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class Sampling:
    """Samples drawn in the year: carriers drawn, of how many due; checked again since, failed."""

    samples: int = 0
    due: int = 0
    drawn: int = 0
    done: int = 0
    failed: int = 0


@dataclass(slots=True)
class Summary:
    """Everything about one year ("" = all). heads: the registers as far as they were read."""

    year: str
    at: str
    heads: list[Head]
    total: Totals
    by_layer: list[Group]
    by_data_form: list[Group]
    by_layer_form_unit: list[Group]
    by_unit: list[Group]
    by_year: list[Group]
    by_batch: list[Group]
    kinds: Counter[str]
    sets: Counter[str]
    partly: int
    open_batches: int
    quality: Quality
    sampling: Sampling
    acts: Mapping[str, int]
    plan: list[Progress]


def summarise(books: Books, year: str, at: str, today: date) -> Summary:
    """The statistics of a year. at: now, UTC; today: the local day that 逾期 is told by."""
    accepted = accepted_in(books, year)
    batches = [batch for batch in books.batches.values() if not year or year_of(batch) == year]

    def by(*names: Callable[[BatchFacts], str]) -> list[Group]:
        return _groups(accepted, names)
    layer, form, unit = _said("layer"), _said("data_form"), _said("unit_name")
    sums = _groups(accepted, ())
    return Summary(
        year, at, books.heads, sums[0].totals if sums else Totals(), by(layer), by(form), by(layer, form, unit),
        by(unit, _said("fonds_no")), by(year_of), by(lambda b: b.number, unit, layer, form, _said("system_name")),
        Counter(a.reading.kind for a in accepted), Counter(a.reading.set_code or "" for a in accepted),
        sum(bool(b.decisions) and b.decisions[-1].outcome == Outcome.PARTLY for b in batches),
        sum(not b.decisions for b in batches), _quality(books, batches, accepted), _sampling(books, year),
        {word: sum(n for (of, act), n in books.acts.items() if act == word and year in ("", of)) for word in ACTS},
        progress_of(books, year, today))


def _said(name: str) -> Callable[[BatchFacts], str]:
    return lambda batch: batch.fields.get(name, "").strip()


def unit_of(batch: BatchFacts) -> str:
    """What tells units apart: the fonds number, else the name."""
    return batch.fields.get("fonds_no", "").strip() or batch.fields.get("unit_name", "").strip()


def _groups(accepted: Iterable[Accepted], names: Iterable[Callable[[BatchFacts], str]]) -> list[Group]:
    """The accepted carriers by what their batches say, the groups in the order of their names."""
    chosen = tuple(names)
    groups: dict[tuple[str, ...], list[Accepted]] = {}
    for each in accepted:
        groups.setdefault(tuple(name(each.batch) for name in chosen), []).append(each)
    return [Group(key, _totals(groups[key])) for key in sorted(groups)]


def _totals(accepted: list[Accepted]) -> Totals:
    batches = {each.batch.number: each.batch for each in accepted}
    totals = Totals(len({unit_of(batch) for batch in batches.values()}), len(batches), len(accepted),
                    sum(a.reading.files for a in accepted), sum(a.reading.bytes for a in accepted),
                    sum(a.net for a in accepted))
    whole = [batch.fields for batch in batches.values() if batch.is_accepted]
    for name, of, read in (("declared_bytes", "declared_gb", size_bytes),
                           ("original_bytes", "declared_original_gb", size_bytes),
                           ("volumes", "volume_count", declared_count), ("items", "item_count", declared_count),
                           ("pages", "page_count", declared_count)):
        said = [number for fields in whole if (number := read(fields.get(of, ""))) is not None]
        setattr(totals, name, sum(said) if said else None)
    return totals


def _quality(books: Books, batches: Iterable[BatchFacts], accepted: Iterable[Accepted]) -> Quality:
    quality = Quality()
    first: dict[str, str] = {}                                # "batch carrier" → when it was first read
    for reading in books.readings.values():
        if not reading.recheck_of:
            key = f"{reading.batch} {reading.carrier_no}"
            first[key] = min(first.get(key, reading.at), reading.at)
    numbers = {batch.number for batch in batches}
    returned = {key: intake for key, intake in books.returns.items() if key[0] in numbers}
    back = {key[:2] for key in returned}
    for each in accepted:
        reading = each.reading
        back_now = (each.batch.number, reading.carrier_no) in back
        quality.decided += 1
        quality.first_pass += not back_now
        quality.attempts[reading.attempt] += 1
        quality.anchors[reading.anchor] += 1
        quality.by_people += "accept" in books.answers.get(reading.intake, ())
        quality.unchecked.update(check for check in reading.unchecked or ()
                                 if check != "appearance" or not each.custody.looked)
        quality.unchecked_unknown += reading.unchecked is None
        came = each.custody.arrived or first.get(f"{each.batch.number} {reading.carrier_no}", reading.at)
        quality.days.append(max(0.0, _seconds(came, each.at) / _DAY_SECONDS))
    stand = {(each.batch.number, each.reading.carrier_no) for each in accepted}
    quality.returns, quality.still_returned = len(returned), len(back - stand)
    quality.decided += quality.still_returned
    for went_back, intake in returned.items():
        quality.reasons.update(reasons_of(books, went_back, books.readings[intake]))
    for reading in books.readings.values():
        if reading.batch in numbers:
            quality.answers.update(books.answers.get(reading.intake, ()))
    return quality


def reasons_of(books: Books, key: tuple[str, str, int], reading: Reading) -> tuple[str, ...]:
    """Why a carrier went back (R01 … R99): as its 退回通知单 says, else people at the desk, else its findings."""
    said = books.notices.get(key) or books.batches[key[0]].custody_of(key[1]).reasons
    known: Mapping[str, str] = edition().get("reason_of", {})
    return tuple(said) or tuple(sorted({known.get(code, "R99") for code in reading.codes or ()})) or ("R99",)


def _seconds(begun: str, ended: str) -> float:
    return (datetime.fromisoformat(ended) - datetime.fromisoformat(begun)).total_seconds()


def _sampling(books: Books, year: str) -> Sampling:
    sums = Sampling()
    read = {reading.intake: each for each in books.accepted for reading in (each.reading,)}
    for line in books.samples:
        if year and str(line["year"]) != year:
            continue
        sums.samples, sums.due = sums.samples + 1, sums.due + int(line["of"])
        for drawn in line["carriers"]:
            sums.drawn += 1
            each = read.get(str(drawn["intake"]))
            results = [r.outcome for r in each.rechecks if r.at >= str(line["at"])] if each else []
            sums.done += bool(results) and results[-1] != Outcome.UNDECIDED
            sums.failed += bool(results) and results[-1] == Outcome.FAILED
    return sums
