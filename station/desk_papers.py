"""收据 and 抽检清单 as the register's `event` and `sample` lines tell them.

Takes a batch or a sample's number, gives a paper on record; relies on `notices.issue`. Nothing is kept but the lines
and the paper.
"""
from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from labels.notices import LeftCarrier, Receipt, SampledCarrier, SampledUnit, SamplingList
from labels.sentences import name_of
from station.batch import UsageError, fold
from station.notices import KINDS, issue, next_number
from station.papers import Paper
from station.register import Station, utc_now

Line = Mapping[str, Any]


def receipt(station: Station, number: str, expected: str = "") -> Paper:
    """收据 for the carriers of a batch that were received and are still here. expected: when, as people say it.

    Raises: UsageError("batch-unknown" | "nothing-received"); RegisterError.
    """
    batch = fold(station, number)
    here: dict[str, Line] = {}
    for line in _events(station, number):
        numbers = (line["carrier_no"],) if line["carrier_no"] else (batch.carriers or ("",))
        if line["event"] == "received":
            here.update(dict.fromkeys(numbers, line))
        elif line["event"] == "returned" or (line["event"] == "return" and line.get("taker")):     # and took it along
            for each in numbers:
                here.pop(each, None)
    if not here:
        raise UsageError("nothing-received", batch=number)
    last = list(here.values())[-1]
    carriers = tuple(LeftCarrier(each, name_of(str(line.get("kind", ""))), str(line.get("seal_no", "")))
                     for each, line in here.items())
    return issue(station, "receipt", number, Receipt(
        next_number(station, KINDS["receipt"].letter, number), number, utc_now(), station.config.receiving_org,
        batch.fields.get("unit_name", ""), batch.fields.get("fonds_no", ""), carriers,
        str(last.get("deliverer", "")), str(last.get("by", "")), expected))


def _events(station: Station, batch: str | None = None) -> list[Line]:
    """The acts of a batch (None: of all batches) that no correction names."""
    lines = [line for line in station.register.lines_of("event") if batch in (None, line.get("batch", ""))]
    corrected = {line.get("line") for line in lines if line["event"] == "correction"}
    return [line for line in lines if line["seq"] not in corrected]


def sampling_list(station: Station, number: str) -> Paper:
    """抽检清单 of a recorded sample, grouped by unit: each opens its own seals.

    Raises: UsageError("sample-unknown"); RegisterError.
    """
    sample = next((line for line in station.register.lines_of("sample") if line["number"] == number), None)
    if sample is None:
        raise UsageError("sample-unknown", number=number)
    fields: dict[str, Mapping[str, str]] = {}
    facts: dict[str, Line] = {}
    decided: dict[str, Line] = {}
    places: dict[tuple[str, str], dict[str, str]] = {}
    for line in _events(station):
        place = places.setdefault((line.get("batch", ""), line.get("carrier_no", "")), {})
        place.update({key: str(line[key]) for key in ("place", "seal_no") if line.get(key)})
    for line in station.register.lines_of("batch", "verdict", "decision"):
        if line["type"] == "batch":
            fields[line["batch"]] = line["fields"]
        elif line["type"] == "verdict":
            facts[line["intake"]] = line
        else:
            decided.update(dict.fromkeys(line["intakes"], line))
    units: dict[tuple[str, str], list[SampledCarrier]] = {}
    for drawn in sample["carriers"]:
        of_batch, of_reading = fields.get(drawn["batch"], {}), facts.get(drawn["intake"], {})
        decision = decided.get(drawn["intake"])
        place = {**places.get((drawn["batch"], ""), {}), **places.get((drawn["batch"], drawn["carrier_no"]), {})}
        accepted = datetime.fromisoformat(decision["at"]).astimezone().date().isoformat() if decision else ""
        medium = f"{name_of(str(of_reading.get('kind', '')))} {of_reading.get('medium', '')}".strip()
        units.setdefault((of_batch.get("fonds_no", ""), of_batch.get("unit_name", "")), []).append(SampledCarrier(
            drawn["carrier_no"], medium, decision["number"] if decision else "", accepted, place.get("place", ""),
            place.get("seal_no", "")))
    record = SamplingList(
        next_number(station, KINDS["sampling"].letter, number), str(sample["year"]), utc_now(),
        station.config.receiving_org, str(sample["share"]), str(sample["seed"]), int(sample["of"]),
        tuple(SampledUnit(name, fonds, tuple(carriers)) for (fonds, name), carriers in sorted(units.items())),
        str(sample.get("by", "")))
    return issue(station, "sampling", "", record)
