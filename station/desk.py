"""The desk: what people say was done becomes `event` lines; what makes no sense now is refused in one sentence.

Takes an `Act`, gives the events that are on record; relies on `custody` for what is so at this moment. One line is
written for each carrier, all of them or, where one is refused, none.
"""
from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from checks import catalogue
from checks.verdict import Outcome
from labels.sentences import forbidden_words
from station.appearance import answered, is_good
from station.batch import Batch, UsageError, attempt_of, failed_readings, fold, keep_scan, load_verdict, two_people
from station.custody import CarrierState, Custody, custody
from station.events import EVERY_STATION, Event, events_of
from station.people import roster
from station.register import Station

REASONS = (*(f"R{n:02d}" for n in range(1, 14)), "R99")       # domain §3.6
_SHA256 = re.compile(r"[0-9a-f]{64}")


class Rule(NamedTuple):
    """What an act needs. facts: that must be given. two: by two people. carrier: of carriers, else of the batch."""

    facts: tuple[str, ...] = ()
    two: bool = False
    carrier: bool = False
    station: bool = False


RULES: Mapping[str, Rule] = {
    "expected": Rule(("due",)), "arrived": Rule(carrier=True), "received": Rule(carrier=True),
    "returned": Rule(("taker",), carrier=True), "return": Rule(("reasons",), carrier=True),
    "stored": Rule(("place",), carrier=True), "sealed": Rule(("seal_no",), carrier=True),
    "unsealed": Rule(("witness",), carrier=True), "moved": Rule(("place",), carrier=True),
    "appearance": Rule(("items",), carrier=True), "exception": Rule(("note",), carrier=True),
    "stamped": Rule(), "scan": Rule(("paper", "scan")), "supplement": Rule(("due", "note")),
    "supplemented": Rule(("note",)), "correction": Rule(("line", "note"), two=True),
    "confirmed": Rule(("intake", "list", "list_sha256"), two=True),
    "clock": Rule(("source", "offset_seconds"), two=True, station=True), "person": Rule(("name",), station=True)}


@dataclass(frozen=True, slots=True)
class Act:
    """What people say was done. batch: "-" = the station itself. facts: as the line keeps them; scan: a file to keep.

    methods: how `by` and `second` were known. on: local day, "" = today.
    """

    event: str
    batch: str
    by: str
    second: str = ""
    methods: tuple[str, str] = ("named", "")
    on: str = ""
    carriers: tuple[str, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    scan: Path | None = None


def record(station: Station, act: Act) -> list[Event]:
    """Put an act on record, one line a carrier, or refuse it.

    Raises: UsageError where it is incomplete or makes no sense now; RegisterError.
    """
    _check_words(act)
    if RULES[act.event].station:
        _check_station(station, act)
        return [_append(station, act, "", {}, {})]
    batch = fold(station, act.batch)
    now = custody(station, batch)
    chosen = _chosen(batch, now, act)
    for number in chosen:
        _CHECKS.get(act.event, _nothing)(_Moment(station, batch, now, act), number)
    facts = keep_scan(station, station.home.batches / batch.number, act.scan) if act.scan else {}
    return [_append(station, act, number, facts, _attempt(batch, act, number)) for number in chosen]


def _attempt(batch: Batch, act: Act, number: str) -> dict[str, int]:
    """Which 报送 an act is about: what was seen is of the one that is here, what goes back is the one that was read."""
    if act.event == "appearance":
        return {"attempt": attempt_of(batch, number)}
    if act.event == "return":
        return {"attempt": max((r.attempt for r in batch.readings if r.carrier_no == number), default=1)}
    return {}


def _append(station: Station, act: Act, number: str, scan: Mapping[str, str], attempt: Mapping[str, int]) -> Event:
    facts = {**act.facts, **scan, **attempt}
    if act.methods[1]:
        facts["second_method"] = act.methods[1]
    batch = "" if act.batch == EVERY_STATION else act.batch
    station.register.append("event", {
        "event": act.event, "batch": batch, "carrier_no": number, "by": act.by, "second": act.second,
        "method": act.methods[0], "on": act.on, **facts})
    return events_of(station.register, act.batch)[-1]


# --- what is incomplete ----------------------------------------------------------------------------------------------

def _check_words(act: Act) -> None:
    rule = RULES.get(act.event)
    if rule is None:
        raise UsageError("event-unknown", event=act.event, events=" ".join(RULES))
    given = {**act.facts, **({"scan": "1"} if act.scan else {})}
    for fact in rule.facts:
        if given.get(fact) in (None, "", {}, []):
            raise UsageError("event-needs", what=act.event, fact=fact)
    if rule.two:
        two_people(act.by, act.second)
    elif not act.by.strip() and act.event != "person":
        raise UsageError("event-needs", what=act.event, fact="by")
    elif act.second:
        two_people(act.by, act.second)
    if rule.station != (act.batch == EVERY_STATION):
        raise UsageError("event-of-station" if rule.station else "event-of-batch", what=act.event)
    for word in forbidden_words(str(act.facts.get("note", ""))):              # a note may come to stand on paper
        raise UsageError("words-forbidden", word=word)
    for day in (act.on, str(act.facts.get("due", ""))):
        if day and not _is_day(day):
            raise UsageError("event-day", day=day)
    for reason in act.facts.get("reasons", ()):
        if reason not in REASONS:
            raise UsageError("event-reason-unknown", reason=reason, reasons=" ".join(REASONS))
    if "R99" in act.facts.get("reasons", ()) and not act.facts.get("note"):
        raise UsageError("event-reason-text")
    for item, answer in act.facts.get("items", {}).items():
        if is_good(item, answer) is None:
            row = catalogue.appearance()[item]
            raise UsageError("appearance-answer", item=item, answer=answer, words=" ".join((*row["good"], *row["bad"])))


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _check_station(station: Station, act: Act) -> None:
    staff = roster(station)
    if act.event == "person":
        if staff and not act.by:
            raise UsageError("event-needs", what="person", fact="by")
        if act.facts.get("left") and act.facts["name"] not in staff:
            raise UsageError("person-unknown", name=act.facts["name"])


def _chosen(batch: Batch, now: Custody, act: Act) -> tuple[str, ...]:
    """The carriers that an act is about; without --carrier all of the batch.

    Where the act makes sense for some of them only, they have to be named. Raises: UsageError.
    """
    if not RULES[act.event].carrier:
        if act.carriers:
            raise UsageError("event-no-carrier", what=act.event)
        return ("",)
    for number in act.carriers:
        known = dict.fromkeys((*now.carriers, *(() if batch.carriers else batch.packages)))
        if number not in known and (batch.carriers or batch.packages or batch.readings):
            raise UsageError("carrier-unknown", carrier=number, carriers=" ".join(filter(None, known)) or "-")
    if act.carriers:
        return tuple(dict.fromkeys(act.carriers))
    return tuple(now.carriers) or ("",)


# --- what makes no sense now -----------------------------------------------------------------------------------------

class _Moment(NamedTuple):
    station: Station
    batch: Batch
    now: Custody
    act: Act


def _nothing(moment: _Moment, number: str) -> None:
    """Nothing has to be so for this act."""


def _state(moment: _Moment, number: str) -> CarrierState:
    return moment.now.carriers.get(number) or CarrierState(number)


def _refuse(code: str, number: str, state: CarrierState) -> UsageError:
    return UsageError(code, carrier=number or "-", where=state.where, place=state.place or "-")


def _arrives(moment: _Moment, number: str) -> None:
    state = _state(moment, number)
    known = state.where == "here" and (moment.act.event == "arrived" or state.receipted)
    if known or state.where == "store":
        raise _refuse("carrier-is-here", number, state)


def _goes_back(moment: _Moment, number: str) -> None:
    state = _state(moment, number)
    if state.where != "here":
        raise _refuse("carrier-not-here", number, state)


def _sent_back(moment: _Moment, number: str) -> None:
    """A failure is final, so its carrier may go back at once, before the others are there to be decided with it."""
    state = _state(moment, number)
    _goes_back(moment, number)
    if state.again:
        raise _refuse("return-twice", number, state)
    if state.outcome != Outcome.FAILED and not failed_readings(moment.station, moment.batch, number):
        raise _refuse("return-not-failed", number, state)


def _stores(moment: _Moment, number: str) -> None:
    state, seal = _state(moment, number), moment.act.facts.get("seal_no")
    if state.where == "store":
        raise _refuse("carrier-in-store", number, state)
    if state.where != "here":
        raise _refuse("carrier-not-here", number, state)
    if state.outcome != Outcome.PASSED and not state.exception:
        raise _refuse("store-not-passed", number, state)
    if state.kind == "disk" and not seal and not state.sealed:
        raise _refuse("store-needs-seal", number, state)


def _seals(moment: _Moment, number: str) -> None:
    state = _state(moment, number)
    if state.where not in ("here", "store"):
        raise _refuse("carrier-not-here", number, state)
    if state.sealed:
        raise UsageError("carrier-sealed", carrier=number or "-", seal=state.seal_no)


def _unseals(moment: _Moment, number: str) -> None:
    state, act = _state(moment, number), moment.act
    if not state.sealed or state.where not in ("here", "store"):
        raise _refuse("carrier-not-sealed", number, state)
    if act.facts.get("seal_no") and act.facts["seal_no"] != state.seal_no:
        raise UsageError("seal-differs", carrier=number or "-", seal=state.seal_no, said=act.facts["seal_no"])
    two_people(act.by, act.facts["witness"])


def _moves(moment: _Moment, number: str) -> None:
    state = _state(moment, number)
    if state.where not in ("here", "store"):
        raise _refuse("carrier-not-here", number, state)


def _is_looked_at(moment: _Moment, number: str) -> None:
    """A negative answer is taken back by two people only."""
    state, act = _state(moment, number), moment.act
    if state.where != "here":
        raise _refuse("carrier-not-here", number, state)
    before = answered(moment.batch.events, number, attempt_of(moment.batch, number))
    better = before is not None and any(
        not is_good(item, before.items.get(item, answer)) and is_good(item, answer)
        and item in before.items for item, answer in act.facts["items"].items())
    if better and not act.second:
        raise UsageError("appearance-taken-back", carrier=number or "-")


def _is_exception(moment: _Moment, number: str) -> None:
    state = _state(moment, number)
    failed = state.outcome == Outcome.FAILED or any(
        r.carrier_no == number and r.outcome is Outcome.FAILED for r in moment.batch.current)
    if not failed:
        raise _refuse("exception-not-failed", number, state)
    if state.where != "here":
        raise _refuse("carrier-not-here", number, state)
    heads = [p.name for p in roster(moment.station).values() if p.role == "head"]
    if heads and moment.act.by not in heads:
        raise UsageError("exception-by-head", name=moment.act.by, heads="、".join(heads))


def _is_stamped(moment: _Moment, number: str) -> None:
    if moment.now.state not in ("printed", "stamped", "stored"):
        raise UsageError("stamp-not-printed", batch=moment.batch.number)


def _is_scan(moment: _Moment, number: str) -> None:
    paper = moment.act.facts["paper"]
    if not any(line["number"] == paper for line in moment.batch.prints):
        raise UsageError("paper-unknown", number=paper)


def _is_supplemented(moment: _Moment, number: str) -> None:
    if moment.now.state != "supplement":
        raise UsageError("nothing-to-supplement", batch=moment.batch.number)


def _is_wanting(moment: _Moment, number: str) -> None:
    if moment.now.state in ("stored",):
        raise UsageError("supplement-too-late", batch=moment.batch.number)


def _corrects(moment: _Moment, number: str) -> None:
    seq = moment.act.facts["line"]
    if not any(event.seq == seq and event.event != "correction" and not event.corrected
               for event in moment.batch.events):
        raise UsageError("correction-of-nothing", line=seq, batch=moment.batch.number)


def _confirms(moment: _Moment, number: str) -> None:
    """The list that the stamped paper names is the one that lies on the carrier (domain §10.1)."""
    facts = moment.act.facts
    if facts["intake"] not in {r.intake for r in moment.batch.readings}:
        raise UsageError("intake-unknown", intake=facts["intake"])
    if not _SHA256.fullmatch(facts["list_sha256"]):
        raise UsageError("list-digest", digest=facts["list_sha256"])
    reference = load_verdict(moment.station, facts["intake"]).reference
    if not any((each.path, each.sha256) == (facts["list"], facts["list_sha256"]) for each in reference.lists):
        raise UsageError("list-not-confirmed", list=facts["list"], intake=facts["intake"],
                         lists=" ".join(f"{each.path} {each.sha256}" for each in reference.lists[:5]) or "-")


_CHECKS: Mapping[str, Callable[[_Moment, str], None]] = {
    "arrived": _arrives, "received": _arrives, "returned": _goes_back, "return": _sent_back, "stored": _stores,
    "sealed": _seals, "unsealed": _unseals, "moved": _moves, "appearance": _is_looked_at, "exception": _is_exception,
    "stamped": _is_stamped, "scan": _is_scan, "supplement": _is_wanting, "supplemented": _is_supplemented,
    "correction": _corrects, "confirmed": _confirms}
