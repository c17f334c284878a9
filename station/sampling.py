"""到期复检与抽检: which accepted carriers are due, and a sample of them that anybody can draw again.

Takes `Books` and the configuration, gives `Due`s and a `Sample`; relies on `standing.py` for what stands accepted. A
sample is drawn by SHA-256, not by chance: everything it depends on stands in its `sample` line. Source: domain §2.3
(GB/T 18894: magnetic carriers every 2 years, optical ones every 4, at least 10 %), §2.4, §5.4, §6.6.
"""
from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any, NamedTuple

from checks.judge import final_outcome
from checks.verdict import Outcome, Resolution, from_record
from station.batch import UsageError, load_verdict
from station.home import RegisterError
from station.register import Station
from station.standing import Accepted, Books, Head, Reading, local_day, read_books

LEAST = Fraction(10, 100)
_SHARE = re.compile(r"(\d{1,3}(?:\.\d{1,4})?)\s*[%％]|(0?\.\d{1,6}|1(?:\.0{1,6})?)")


@dataclass(frozen=True, slots=True)
class Due:
    """When an accepted carrier is to be checked again. checked_on, next_on: ISO days.

    last: the outcome of its latest re-check ("" = none); a failed or undecided one does not move next_on.
    sampled: number of the sample that stands for this carrier since checked_on, "" = it was checked itself.
    """

    accepted: Accepted
    accepted_on: str
    checked_on: str
    next_on: str
    last: str = ""
    sampled: str = ""

    @property
    def unit(self) -> tuple[str, str]:
        fields = self.accepted.batch.fields
        return fields.get("fonds_no", ""), fields.get("unit_name", "")

    @property
    def stratum(self) -> tuple[str, str]:
        """Carriers of one kind and one year of acceptance age alike and are sampled together."""
        return self.accepted.reading.kind, self.accepted_on[:4]


@dataclass(frozen=True, slots=True)
class Sample:
    """A sample. share: as given ("10%"). seed: see `draw`. due_by: ISO day. of: carriers that were due.

    heads: the registers as far as they were read; drawn: in the order of units, then carriers.
    """

    share: str
    seed: str
    due_by: str
    of: int
    heads: Mapping[str, int]
    drawn: tuple[Due, ...]


def after_years(day: date, years: int) -> date:
    """The same day so many years later; the 28th for a 29th of February."""
    return day.replace(year=day.year + years, day=28 if (day.month, day.day) == (2, 29) else day.day)


class _Cover(NamedTuple):
    """A sample of which every carrier has passed since: what was due then and not drawn is due anew from that day."""

    at: str
    due_by: str
    day: date
    number: str


def schedule(station: Station, books: Books, check_years: Mapping[str, int] | None = None) -> list[Due]:
    """Every accepted carrier that is here, with the day of its next check; by unit, then by that day.

    A carrier that was handed back is not here. check_years: another configuration than today's. Raises: RegisterError.
    """
    years = check_years or station.config.check_years
    outcomes = _outcomes(station, books)
    covers = _covers(books, outcomes)
    every = [_due(accepted, years.get(accepted.reading.kind, 1), outcomes, covers)
             for accepted in books.accepted if not accepted.custody.away]
    return sorted(every, key=lambda due: (due.unit, due.next_on, due.accepted.reading.carrier_no))


def _due(accepted: Accepted, years: int, outcomes: Mapping[str, str], covers: Sequence[_Cover]) -> Due:
    """One carrier through its re-checks and the samples drawn while it was due, in the order of time."""
    on = checked = local_day(accepted.at)
    last = sampled = ""
    marks: list[tuple[str, Reading | _Cover]] = [
        *((r.at, r) for r in accepted.rechecks), *((c.at, c) for c in covers if c.at >= accepted.at)]
    for _, mark in sorted(marks, key=lambda pair: pair[0]):
        if isinstance(mark, Reading):
            last = outcomes[mark.intake]
            if last == Outcome.PASSED:
                checked, sampled = local_day(mark.at), ""
        elif last in ("", Outcome.PASSED) and after_years(checked, years).isoformat() <= mark.due_by:
            checked, sampled = mark.day, mark.number
    return Due(accepted, on.isoformat(), checked.isoformat(), after_years(checked, years).isoformat(), last, sampled)


def _covers(books: Books, outcomes: Mapping[str, str]) -> list[_Cover]:
    """The samples that are done and without a failure: one that failed covers nothing, nor does one half done."""
    standing = {accepted.reading.intake: accepted for accepted in books.accepted}
    found = []
    for line in books.samples:
        latest = [next((r for r in reversed(standing[str(drawn["intake"])].rechecks) if r.at >= str(line["at"])), None)
                  if str(drawn["intake"]) in standing else None for drawn in line["carriers"]]
        passed = [local_day(r.at) for r in latest if r is not None and outcomes[r.intake] == Outcome.PASSED]
        if passed and len(passed) == len(latest):
            found.append(_Cover(str(line["at"]), str(line["due_by"]), max(passed), str(line["number"])))
    return found


def _outcomes(station: Station, books: Books) -> dict[str, str]:
    """The outcome of every re-check, with what two people said of its doubts. Raises: RegisterError."""
    rechecks = [recheck for accepted in books.accepted for recheck in accepted.rechecks]
    answered: dict[str, list[Resolution]] = {}
    if any(recheck.outcome == Outcome.UNDECIDED for recheck in rechecks):
        own = next((head.seq for head in books.heads if head.station == station.register.station_id), 0)
        for line in station.register.lines_of("resolution"):
            if line["seq"] <= own:
                answered.setdefault(line["intake"], []).append(from_record(Resolution, line))
    return {recheck.intake: _outcome(station, recheck, answered) for recheck in rechecks}


def _outcome(station: Station, recheck: Reading, answered: Mapping[str, Sequence[Resolution]]) -> str:
    """The outcome of a re-check with what two people said of its doubts."""
    if recheck.outcome != Outcome.UNDECIDED or recheck.intake not in answered:
        return recheck.outcome
    try:
        return final_outcome(load_verdict(station, recheck.intake), answered[recheck.intake])
    except RegisterError:                                      # its journal is not here (a bag of another year)
        return recheck.outcome


def due_by(every: Iterable[Due], day: str) -> list[Due]:
    """Those that are due on this ISO day or before, and those whose last re-check failed, whenever that was."""
    return [due for due in every if due.next_on <= day or due.last == Outcome.FAILED]


# --- the sample ----------------------------------------------------------------------------------------------------

def share_of(text: str) -> Fraction:
    """A share as written: 10%, 12.5%, 0.1. Raises: UsageError("sample-share" | "sample-small")."""
    match = _SHARE.fullmatch(text.strip())
    if not match:
        raise UsageError("sample-share", text=text)
    share = Fraction(match[1]) / 100 if match[1] else Fraction(match[2])
    if share > 1:
        raise UsageError("sample-share", text=text)
    if share < LEAST:
        raise UsageError("sample-small", text=text, least="10%")
    return share


def draw(due: Iterable[Due], share: Fraction, seed: str) -> tuple[Due, ...]:
    """The sample: of each kind and year of acceptance at least this share, so of no group none.

    The order of drawing is that of SHA-256 over "seed|batch|carrier|intake" (UTF-8): `sha256sum` does it too.
    """
    strata: dict[tuple[str, str], list[Due]] = {}
    for each in due:
        strata.setdefault(each.stratum, []).append(each)
    drawn = [each for stratum in strata.values()
             for each in sorted(stratum, key=_lot(seed))[:math.ceil(share * len(stratum))]]
    return tuple(sorted(drawn, key=lambda each: (each.unit, each.accepted.reading.carrier_no, each.accepted.at)))


def _lot(seed: str) -> Callable[[Due], str]:
    def lot(due: Due) -> str:
        reading = due.accepted.reading
        text = f"{seed}|{due.accepted.batch.number}|{reading.carrier_no}|{reading.intake}"
        return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()
    return lot


def sample(station: Station, share: str, seed: str, by: str) -> Sample:
    """Draw a sample of what is due by this ISO day. seed: "" = the head of the station's register, which nobody chose.

    Raises: UsageError("sample-share" | "sample-small" | "sample-nothing"); RegisterError.
    """
    wanted = share_of(share)
    books = read_books(station.home)
    due = [each for each in due_by(schedule(station, books), by) if each.last != Outcome.FAILED]
    if not due:
        raise UsageError("sample-nothing", day=by)
    own = next((head for head in books.heads if head.station == station.register.station_id), Head(""))
    chosen = seed or own.sha256
    heads = {head.station: head.seq for head in books.heads}
    return Sample(share.strip(), chosen, by, len(due), heads, draw(due, wanted, chosen))


def record(station: Station, chosen: Sample, person: str) -> str:
    """Put a sample on record. Returns its number. Raises: UsageError("sample-person"); RegisterError."""
    if not person.strip():
        raise UsageError("sample-person")
    year = f"{local_day(station.register.now()):%Y}"            # in which it was drawn, whenever the carriers are due
    prefix = f"{station.config.station_id}-{year}-CJ"
    with station.home.locked():
        taken = sum(1 for line in station.register.lines_of("sample") if line["number"].startswith(prefix))
        number = f"{prefix}{taken + 1:02d}"
        station.register.append("sample", {
            "number": number, "year": year, "share": chosen.share, "seed": chosen.seed,
            "due_by": chosen.due_by, "of": chosen.of, "heads": chosen.heads, "by": person,
            "check_years": dict(station.config.check_years),
            "carriers": [{"batch": due.accepted.batch.number, "carrier_no": due.accepted.reading.carrier_no,
                          "intake": due.accepted.reading.intake} for due in chosen.drawn]})
    return number


@dataclass(frozen=True, slots=True)
class Redrawn:
    """A recorded sample, drawn once more from the register as it was then. same: whether the very same came out.

    now: those carriers as they stand today; done: intakes that were checked since; failed: of these.
    """

    line: Mapping[str, Any]
    same: bool
    now: tuple[Due, ...]
    done: frozenset[str]
    failed: frozenset[str]


def redraw(station: Station, number: str) -> Redrawn:
    """Draw a recorded sample again. Raises: UsageError("sample-unknown"); RegisterError."""
    books = read_books(station.home)
    line = next((each for each in books.samples if each["number"] == number), None)
    if line is None:
        raise UsageError("sample-unknown", number=number)
    then = read_books(station.home, {str(name): int(seq) for name, seq in line["heads"].items()})
    every = schedule(station, then, line["check_years"])
    due = [each for each in due_by(every, str(line["due_by"])) if each.last != Outcome.FAILED]
    again = {each.accepted.reading.intake for each in draw(due, share_of(str(line["share"])), str(line["seed"]))}
    drawn = {str(carrier["intake"]) for carrier in line["carriers"]}
    now = tuple(each for each in schedule(station, books) if each.accepted.reading.intake in drawn)
    since = {each.accepted.reading.intake: each.last for each in now
             if any(recheck.at >= str(line["at"]) for recheck in each.accepted.rechecks)}
    return Redrawn(line, again == drawn and len(due) == int(line["of"]), now,
                   frozenset(i for i, last in since.items() if last != Outcome.UNDECIDED),
                   frozenset(i for i, last in since.items() if last == Outcome.FAILED))
