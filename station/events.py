"""事件: what people did at the desk, one register line per act and carrier; everything else is folded from these lines.

Takes register lines, gives `Event`s; relies on the register. A line that a `correction` names is kept and shown, and
no longer counts. What an act needs and when it makes sense is in `custody.py`.
"""
from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from station.register import Register

EVERY_STATION = "-"                 # in place of a batch number: an act that belongs to no batch
_OWN = frozenset({"seq", "at", "station", "type", "prev", "event", "batch", "carrier_no", "by", "second", "method",
                  "on"})


@dataclass(frozen=True, slots=True)
class Event:
    """One act. at: UTC, when it was recorded; on: local day as people said it, "" = that day.

    carrier_no: "" = the whole batch. method: named | pin | token, how `by` was known (second: facts["second_method"]).
    facts: what this act says (place, seal_no, due …). corrected: a later line names it as wrong.
    """

    seq: int
    at: str
    event: str
    batch: str
    carrier_no: str
    by: str
    second: str
    method: str
    on: str
    facts: Mapping[str, Any]
    corrected: bool = False


def events_of(register: Register, batch: str | None) -> tuple[Event, ...]:
    """All acts of a batch ("-": of the station itself; None: every act), oldest first. Raises: RegisterError."""
    about = () if batch in (None, EVERY_STATION) else (batch,)
    wanted = "" if batch == EVERY_STATION else batch
    return events_from(line for line in register.lines_of("event", about=about)
                       if wanted is None or line.get("batch", "") == wanted)


def events_from(of_batch: Iterable[Mapping[str, Any]]) -> tuple[Event, ...]:
    """The acts of these `event` lines, oldest first; those that one of them corrects no longer count."""
    lines = list(of_batch)
    corrected = {line["line"] for line in lines if line["event"] == "correction" and "line" in line}
    return tuple(event_from(line, line["seq"] in corrected) for line in lines)


def event_from(line: Mapping[str, Any], corrected: bool = False) -> Event:
    """The event of a register line; fields that are not there are empty."""
    texts = {key: str(line.get(key, "")) for key in ("batch", "carrier_no", "by", "second", "method", "on")}
    return Event(int(line["seq"]), str(line["at"]), str(line["event"]), facts={
        key: value for key, value in line.items() if key not in _OWN}, corrected=corrected, **texts)


def local_day(at: str) -> str:
    """The local day of a UTC time of the register."""
    return datetime.fromisoformat(at).astimezone().date().isoformat()


def local_minute(at: str) -> str:
    """A UTC time of the register as local time for the operator."""
    return f"{datetime.fromisoformat(at).astimezone():%Y-%m-%d %H:%M}"


def clock_of(register: Register, at: str) -> dict[str, str | int | None]:
    """The clock of a verdict made at this time: source and offset in seconds of that day's last comparison (对时).

    Without one the source is "system" and the offset None: nobody compared it (domain §10.9).
    """
    of_day = [e for e in events_of(register, EVERY_STATION)
              if e.event == "clock" and not e.corrected and local_day(e.at) == local_day(at)]
    if not of_day:
        return {"source": "system", "offset_seconds": None}
    return {"source": str(of_day[-1].facts["source"]), "offset_seconds": int(of_day[-1].facts["offset_seconds"])}


def wanting(events: Iterable[Event]) -> list[Event]:
    """待补正: what a unit was asked to mend and has not mended yet; a `supplemented` answers all before it."""
    wanted: list[Event] = []
    for event in events:
        if event.event == "supplement" and not event.corrected:
            wanted.append(event)
        elif event.event == "supplemented" and not event.corrected:
            wanted.clear()
    return wanted
