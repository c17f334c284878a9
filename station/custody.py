"""保管与状态: where every carrier of a batch is, and how far the batch has come, folded from the register's lines.

Takes a `Batch` and its lines, gives a `Custody`; relies on the register as the only truth. Without any event a batch
still has a state: a carrier that was read was here. Which acts make sense when is `desk.py`.
"""
from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from checks.verdict import Outcome
from station.appearance import answered
from station.batch import Batch, attempt_of
from station.events import Event, event_from, wanting
from station.register import Station

# What a batch goes through (domain §5.2); `supplement` (待补正) stands before all others while it lasts.
STATES = ("registered", "agreed", "arrived", "checking", "review", "passed", "partly", "failed", "printed", "stamped",
          "stored", "supplement")


@dataclass(slots=True)
class CarrierState:
    """One carrier as it is now. where: expected | here | away | store. attempt: of the next or running 报送, from 1.

    outcome: of this attempt by a decision, "" = none yet. again: 待重报, for these reasons. sealed: under seal_no.
    exception: who ordered 例外收存. looks: item of 外观 → answer, of this attempt. kind: of its last reading.
    """

    carrier_no: str
    where: str = "expected"
    attempt: int = 1
    outcome: str = ""
    kind: str = ""
    receipted: bool = False
    again: bool = False
    reasons: tuple[str, ...] = ()
    sealed: bool = False
    seal_no: str = ""
    place: str = ""
    taker: str = ""
    exception: str = ""
    read: bool = False
    looks: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Custody:
    """state: one of STATES. due: day agreed for the hand-over or, in 待补正, for mending; "" = none.

    outcome: of the last decision, "" = none.
    """

    state: str
    outcome: str
    due: str
    carriers: Mapping[str, CarrierState]
    events: tuple[Event, ...]


def custody(station: Station, batch: Batch, ready: bool = False) -> Custody:
    """Fold a batch. ready: nothing keeps it from being decided (`batch.obstacles`). Raises: RegisterError."""
    carriers = {number: CarrierState(number) for number in batch.carriers}
    intakes, numbers = {r.intake for r in batch.readings} - _of_others(batch), _numbers(batch)
    corrected = {event.seq for event in batch.events if event.corrected}
    stage, fresh = "", False               # the last of decided, printed, stamped; read or brought since then?
    for line in station.register.lines_of("verdict", "decision", "print", "event",
                                          about={*batch.forms, batch.number}):
        if line["type"] == "verdict":
            if line["intake"] in intakes:
                number = numbers.get(line["intake"], str(line["carrier_no"]))
                fresh = _read(_of(carriers, number), line, intakes) or fresh
        elif line.get("batch") != batch.number or line["seq"] in corrected:
            continue
        elif line["type"] == "decision":
            _decided(carriers, batch, line)
            stage, fresh = str(line["outcome"]), False
        elif line["type"] == "print":
            stage = "printed" if _prints(line, batch) and stage != "stamped" else stage
        else:
            event = event_from(line)
            fresh = _happened(carriers, event) or fresh
            stage = "stamped" if event.event == "stamped" else stage
    for number, each in carriers.items():
        each.attempt = attempt_of(batch, number)
        said = answered(batch.events, number, each.attempt)
        each.looks = said.items if said else {}
    wanted = wanting(batch.events)
    agreed = [str(e.facts["due"]) for e in batch.events if e.event == "expected" and not e.corrected]
    state = "supplement" if wanted else _state(batch, carriers.values(), "" if fresh else stage, ready)
    if state == "registered" and agreed:
        state = "agreed"
    return Custody(state, str(batch.decisions[-1]["outcome"]) if batch.decisions else "",
                   str(wanted[-1].facts["due"]) if wanted else agreed[-1] if agreed else "", carriers, batch.events)


def _prints(line: Mapping[str, Any], batch: Batch) -> bool:
    newest = str(batch.decisions[-1]["number"]) if batch.decisions else ""
    return line["paper"] in ("certificate", "overlay") and line["number"] == newest


def _state(batch: Batch, carriers: Iterable[CarrierState], stage: str, ready: bool) -> str:
    every = list(carriers)
    if every and all(c.where == "store" for c in every):
        return "stored"
    if stage:
        return stage
    if batch.readings:
        return "review" if ready else "checking"
    return "arrived" if any(c.where != "expected" for c in every) else "registered"


def _of(carriers: dict[str, CarrierState], number: str) -> CarrierState:
    """The state of a carrier; one whose form names none takes the number that its reading gives it."""
    if number not in carriers:
        unnamed = carriers.get("")
        if number and unnamed is not None and not unnamed.read:
            del carriers[""]
            unnamed.carrier_no = number
        else:
            unnamed = CarrierState(number)
        carriers[number] = unnamed
    return carriers[number]


def _of_others(batch: Batch) -> set[str]:
    """Readings of this batch that turned out to be of another batch's carrier: it was not here for this one."""
    return {r.intake for r in batch.readings if r.replaced} - {
        str(line["replaces"]) for line in batch.verdict_lines.values()}


def _numbers(batch: Batch) -> dict[str, str]:
    """Replaced readings with the number that the last comparison gave to the carrier that was read."""
    numbers: dict[str, str] = {}
    for line in reversed(batch.verdict_lines.values()):
        if line["replaces"]:
            numbers[str(line["replaces"])] = numbers.get(str(line["intake"]), str(line["carrier_no"]))
    return numbers


def _read(state: CarrierState, line: Mapping[str, Any], intakes: Collection[str]) -> bool:
    """A carrier that was read was here. Gives whether this begins something that no decision has seen.

    A comparison alone brings nothing here, unless the reading that it replaces was none of this batch.
    """
    state.read, state.kind = True, str(line["kind"])
    of_others = line["replaces"] not in intakes and state.where == "expected"
    if state.where != "store" and (not line["replaces"] or of_others):
        _comes(state)
    return True


def _comes(state: CarrierState) -> None:
    state.where, state.again, state.taker = "here", False, ""
    if state.outcome == Outcome.FAILED and not state.exception:
        state.outcome = ""                                    # the attempt that it came for has no outcome yet


def _decided(carriers: dict[str, CarrierState], batch: Batch, line: Mapping[str, Any]) -> None:
    numbers = {r.carrier_no for r in batch.readings if r.intake in line["intakes"]}
    for number in numbers:
        state = _of(carriers, number)
        state.outcome = Outcome.FAILED if number in line["returned"] else Outcome.PASSED
        if number in line["returned"]:
            state.reasons = ()


def _happened(carriers: dict[str, CarrierState], event: Event) -> bool:
    """Apply an event. Gives whether a carrier came that no decision has seen."""
    chosen = [_of(carriers, event.carrier_no)] if event.carrier_no else list(carriers.values()) or [_of(carriers, "")]
    facts = event.facts
    came = False
    for state in chosen:
        if event.event in ("arrived", "received"):
            came = came or state.where in ("expected", "away")
            state.receipted = event.event == "received" or state.receipted
            state.kind = str(facts.get("kind", "")) or state.kind
            _comes(state)
        elif event.event in ("returned", "return"):
            _goes(state, event)
        elif event.event == "stored":
            state.where = "store"
        elif event.event == "unsealed":
            state.sealed = False
        elif event.event == "exception":
            state.exception = event.by
        if facts.get("seal_no") and event.event in ("arrived", "received", "stored", "sealed"):
            state.sealed, state.seal_no = True, str(facts["seal_no"])
        if event.event in ("stored", "moved"):
            state.place = str(facts["place"])
    return came


def _goes(state: CarrierState, event: Event) -> None:
    if event.event == "return":
        state.again, state.reasons = True, tuple(event.facts["reasons"])
    if event.facts.get("taker"):
        state.where, state.receipted, state.taker = "away", False, str(event.facts["taker"])
