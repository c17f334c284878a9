"""Whether a disk has worn since it was here before: more remapped sectors than at an earlier test is failing.

Takes the register and what a disk says now, gives `disk-failing`. Relies on the disk's own serial number; a reading
whose health was not learnt says nothing. Source: domain §4.8 ("growing between tests").
"""
from __future__ import annotations

from collections.abc import Iterable, Iterator

from carriers.model import CarrierId, Finding
from checks.verdict import CheckResult, Verdict, from_record
from station.journal import vouched
from station.register import Station

_GROWING = frozenset({"attribute-5", "defects"})


def worn_since(station: Station, identity: CarrierId, found: Iterable[Finding]) -> tuple[Finding, ...]:
    """`disk-failing` for each count that was lower once; the lowest is named, with the day of that reading."""
    now = {str(f.facts["reason"]): int(f.facts["value"]) for f in found
           if f.code == "disk-worn" and f.facts["reason"] in _GROWING}
    if not now or not identity.serial:
        return ()
    earlier = [(_counted(verdict, reason), verdict.at[:10], reason) for verdict in _verdicts(station, identity.serial)
               for reason in now]
    lowest = {reason: (value, day) for value, day, reason in sorted(earlier, reverse=True) if 0 <= value < now[reason]}
    return tuple(Finding("disk-failing", facts={"reason": "growing", "before": before, "value": now[reason],
                                                "when": day}) for reason, (before, day) in lowest.items())


def _verdicts(station: Station, serial: str) -> Iterator[Verdict]:
    """The verdicts of earlier readings of this disk, as far as their journals are what the register says."""
    sought = serial.encode("ascii", "replace")
    for line in station.register.lines_where(lambda raw: sought in raw, "verdict"):
        closing = vouched(station.home.intakes / line["intake"] / "journal.jsonl", line)
        if line["serial"] == serial and closing is not None:
            yield from_record(Verdict, closing["verdict"])


def _counted(verdict: Verdict, reason: str) -> int:
    """What a verdict said of this count; 0 where the disk was well, -1 where nothing was learnt."""
    said = [int(j.facts["value"]) for j in verdict.findings if j.code == "disk-worn" and j.facts["reason"] == reason]
    well = any(c.id == "health" and c.result is CheckResult.PASSED for c in verdict.checks)
    return said[0] if said else 0 if well else -1
