"""台账 as rows: one per carrier and event, in the order of the register, from its lines.

Takes `Books` and the register files, gives rows as column → value; relies on `ledger_sheets.toml` for the columns. The
lines are read once more and go by one at a time, so that a long register takes no memory. Source: domain §5.4.
"""
from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from checks.normalise import declared_count, size_bytes
from checks.verdict import Outcome
from station.home import Home
from station.register import FIRST
from station.sampling import Due
from station.standing import BatchFacts, Books, Reading, lines_with_raw
from station.statistics import REASONS, reasons_of

Row = dict[str, Any]
Say = Callable[[str], str]           # a key of `phrases.toml` → words


def rows(home: Home, books: Books, due: Mapping[str, Due], say: Say, year: str = "") -> Iterator[Row]:
    """The rows of all registers as far as `books` knows them. year: of the local day of the event, "" = all.

    due: intake → next check, of carriers that stand accepted. Raises: RegisterError.
    """
    teller = _Teller(books, due, say)
    for head in books.heads:
        before = FIRST
        for _, raw, line in lines_with_raw(home.register / f"{head.station}.jsonl", head.seq):
            at = datetime.fromisoformat(line["at"]).astimezone().replace(tzinfo=None)
            own = hashlib.sha256(raw).hexdigest()
            if not year or f"{at:%Y}" == year:
                for row in teller.rows(line):
                    yield {"seq": line["seq"], "event_at": at, "prev_hash": before, "entry_hash": own, **row}
            before = own


def matching(found: Iterator[Row], text: str) -> Iterator[Row]:
    """The rows that have every word of a text in one of their columns."""
    words = text.casefold().split()
    for row in found:
        joined = " ".join(map(str, row.values())).casefold() if words else ""
        if all(word in joined for word in words):
            yield row


class _Teller:
    """What each kind of line says in the 台账."""

    def __init__(self, books: Books, due: Mapping[str, Due], say: Say) -> None:
        self._books, self._due, self._say = books, due, say
        self._certificate = {intake: d.number for b in books.batches.values() for d in b.decisions
                             for intake in d.intakes}

    def rows(self, line: Mapping[str, Any]) -> Sequence[Row]:
        """The rows of one line; of a kind that is not known here one, with its own word."""
        kind = str(line["type"])
        if kind == "batch":
            return (self._opened(line),)
        if kind == "verdict":
            return (self._verdict(line),)
        if kind == "decision":
            return self._decision(line)
        if kind == "resolution":
            return (self._resolution(line),)
        if kind == "event":
            return (self._event(line),)
        if kind == "print":
            word = "row-reprint" if line["reprint"] else "row-print"
            known = self._carrier(str(line["intake"])) if line.get("intake") else self._of_batch(str(line["batch"]))
            return ({**known, "event_type": self._say(word), "cert_no": line["number"]},)
        if kind == "sample":
            return [{"event_type": self._say("row-sample"), **self._carrier(str(drawn["intake"])),
                     "operator": line["by"], "note": line["number"]} for drawn in line["carriers"]]
        if kind == "plan":
            return ({"event_type": self._say("row-plan"), "note": f"{line['year']} {line.get('file_name', '')}"},)
        named = kind in ("refusal", "repair", "attest", "lock", "key")
        return ({"event_type": self._say(f"row-{kind}") if named else kind, "operator": line.get("by", ""),
                 "reason_code": line.get("reason", "") if kind == "refusal" else "", "note": line.get("number", "")},)

    def _of_batch(self, number: str) -> Row:
        batch = self._books.batches.get(number)
        fields = batch.fields if batch else {}
        said = {name: fields.get(name, "") for name in ("fonds_no", "unit_name", "layer", "data_form", "system_name")}
        return {"batch_no": number, **said, "content_note": fields.get("description", "")}

    def _opened(self, line: Mapping[str, Any]) -> Row:
        batch = self._books.batches[str(line["batch"])]
        fields = line["fields"]
        word = "row-batch" if line["at"] == batch.at else "row-corrected"
        return {"event_type": self._say(word), **self._of_batch(batch.number), **_declared(fields),
                "carrier_form": fields.get("carrier_form", ""), "carrier_model": fields.get("carrier_spec", ""),
                "note": line["form_name"]}

    def _carrier(self, intake: str) -> Row:
        """What is known of the carrier of a reading."""
        reading = self._books.readings.get(intake)
        if reading is None:
            return {"intake": intake}
        custody = self._books.batches[reading.batch].custody_of(reading.carrier_no) \
            if reading.batch in self._books.batches else None
        return {**self._of_batch(reading.batch), "carrier_no": reading.carrier_no,
                "carrier_form": self._say(f"kind-{reading.kind}"), "carrier_model": reading.medium,
                "serial_no": reading.serial, "volume_label": reading.volume_label, "set_code": reading.set_code,
                "attempt": reading.attempt, "anchor": reading.anchor, "intake": intake,
                "cert_no": self._certificate.get(intake, ""),
                **({"location": custody.place, "seal_no": custody.seal_no} if custody else {})}

    def _verdict(self, line: Mapping[str, Any]) -> Row:
        reading = self._books.readings[str(line["intake"])]
        word = "row-recheck" if reading.recheck_of else "row-recompared" if line["replaces"] \
            else f"row-{reading.outcome}"
        return {"event_type": self._say(word), **self._carrier(reading.intake), "file_count": reading.files,
                "byte_count": reading.bytes, "sha256": reading.content,
                "verdict": self._say(f"word-{reading.outcome}"), "reason_text": " ".join(reading.codes or ()),
                "note": reading.recheck_of or str(line["replaces"])}

    def _decision(self, line: Mapping[str, Any]) -> list[Row]:
        """A row for each carrier: accepted, or returned with its reasons."""
        found = []
        read = {r.carrier_no or r.intake: r for r in map(self._books.readings.get, line["intakes"]) if r is not None}
        batch = self._books.batches[str(line["batch"])]
        for reading in read.values():
            row = {**self._carrier(reading.intake), "operator": line["operator"], "second_person": line["reviewer"],
                   "cert_no": line["number"], "note": line.get("remark", ""), "file_count": reading.files,
                   "byte_count": reading.bytes, "sha256": reading.content}
            if reading.carrier_no in line["returned"]:
                codes = reasons_of(self._books, (batch.number, reading.carrier_no, reading.attempt), reading)
                why = (self._say(f"why-{code}") if code in REASONS else code for code in codes)
                row |= {"event_type": self._say("row-returned-carrier"), "verdict": self._say("word-failed"),
                        "reason_code": " ".join(codes), "reason_text": "; ".join(why)}
            else:
                row |= {"event_type": self._say("row-accepted"), "verdict": self._say("word-passed"),
                        **_declared_of(batch, reading)}
                if due := self._due.get(reading.intake):
                    row["next_check_due"] = due.next_on
            found.append(row)
        return found

    def _resolution(self, line: Mapping[str, Any]) -> Row:
        return {"event_type": self._say("row-resolution"), **self._carrier(str(line["intake"])),
                "operator": line["by"], "second_person": line["confirmed_by"], "reason_text": line["reason"],
                "note": f"{line['code']} {self._say('answer-' + str(line['answer']))}"}

    def _event(self, line: Mapping[str, Any]) -> Row:
        """An act of the desk: its own facts stand in the columns that exist, the others in the note."""
        batch, number = str(line.get("batch", "")), str(line.get("carrier_no", ""))
        own = ("seq", "at", "station", "type", "prev", "event", "batch", "carrier_no", "by", "second", "method",
               "place", "seal_no", "reasons")
        reasons = [str(reason) for reason in line.get("reasons", ())]
        return {"event_type": self._say(f"row-{line['event']}") if line["event"] in EVENTS else line["event"],
                **self._of_batch(batch), "carrier_no": number, "operator": line.get("by", ""),
                "second_person": line.get("second", ""), "location": line.get("place", ""),
                "seal_no": line.get("seal_no", ""), "reason_code": " ".join(reasons),
                "note": "; ".join(f"{key}={value}" for key, value in line.items() if key not in own and value != "")}


EVENTS = ("expected", "arrived", "received", "returned", "stored", "sealed", "unsealed", "moved", "appearance",
          "stamped", "scan", "supplement", "supplemented", "correction", "exception", "clock", "person", "confirmed",
          "return")


def _declared(fields: Mapping[str, str]) -> Row:
    """What the form declares, as numbers where it says numbers."""
    counts = {name: declared_count(fields.get(name, "")) for name in ("volume_count", "item_count", "page_count")}
    return {**counts, "byte_count": size_bytes(fields.get("declared_gb", "")),
            "original_bytes": size_bytes(fields.get("declared_original_gb", ""))}


def _declared_of(batch: BatchFacts, reading: Reading) -> Row:
    """The declared counts of a batch stand at its only carrier; of several they cannot be parted."""
    if len(batch.carriers) > 1 or batch.decisions[-1].outcome != Outcome.PASSED:
        return {}
    return _declared(batch.fields) | {"byte_count": reading.bytes}
