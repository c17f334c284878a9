"""认证单 and 台账锁定页: sheets of no batch, each numbered, printed from its own register line, hashed and signed.

Takes an answer or the head of the register, gives a line and a paper; relies on evidence.py for signing. Order: line →
PDF bearing its hash → signature → print line.
"""
from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

from checks.verdict import to_record
from labels.attestation import Attestation, LockPage, Match, draw_attestation, draw_lock_page
from station.attest import Answer, sheet_code
from station.evidence import issue, lock, ready_signer
from station.home import RegisterError
from station.keys import Signer
from station.papers import Paper, printing_now
from station.register import Station

_KINDS = {"attest": "attestation", "lock": "lock-page"}


def print_attestation(station: Station, answer: Answer, ask: Callable[[], str] | None = None) -> Paper:
    """Put an answer on record and print its 认证单.

    Raises: RegisterError; Refused("key-…").
    """
    signer = ready_signer(station, ask)
    stem = station.config.attestation_number
    facts = asdict(answer) | {"matches": [to_record(match._asdict()) for match in answer.matches]}
    with station.home.locked():
        number = _next(station, "attest", lambda seq: stem.format(station=station.config.station_id,
                                                                  year=f"{datetime.now(UTC):%Y}", seq=seq))
        station.register.append("attest", {"number": number, "found": bool(answer.count), **facts})
    return _print(station, signer, number)


def print_lock_page(station: Station, ask: Callable[[], str] | None = None) -> Paper:
    """Sign the head of the register and print it with its week as a 《台账锁定页》, for another section to keep.

    Raises: RegisterError; Refused("key-…").
    """
    signer = ready_signer(station, ask)
    year, week, _ = datetime.now(UTC).isocalendar()
    named, stem = f"{year}-W{week:02d}", station.config.lock_number
    with station.home.locked():
        number = _next(station, "lock", lambda seq: stem.format(station=station.config.station_id, week=named, seq=seq))
        lines, head = station.register.position()
        lock(station, signer, head, {"number": number, "lines": lines, "week": named,
                                     "org": station.config.receiving_org})
    return _print(station, signer, number)


def reprint_sheet(station: Station, number: str, ask: Callable[[], str] | None = None) -> Paper | None:
    """A sheet again, with the same words; None where the number is not one of a sheet."""
    known = any(line.get("number") == number for line in station.register.lines_of(*_KINDS, about=(number,)))
    return _print(station, ready_signer(station, ask), number) if known else None


def _next(station: Station, kind: str, name: Callable[[int], str]) -> str:
    taken = {str(line.get("number", "")) for line in station.register.lines_of(kind)}
    for seq in range(1, 100_000):
        if name(seq) not in taken:
            return name(seq)
    raise RegisterError("numbers-used-up", number=name(1))


def _print(station: Station, signer: Signer, number: str) -> Paper:
    """Print what the line of this number says, as often as it is asked for; the file of each print stays."""
    head, line = next(found for found in station.register.hashed_lines_of(*_KINDS, about=(number,))
                      if found[1].get("number") == number)
    count = sum(1 for each in station.register.lines_of("print", about=(number,)) if each["number"] == number)
    kind, printing, drawn = _KINDS[line["type"]], printing_now(station, signer, head, count), BytesIO()
    code = sheet_code(line, head)
    if line["type"] == "attest":
        missing = draw_attestation(_attestation(line), drawn, printing, code)
    else:
        missing = draw_lock_page(_lock_page(line), drawn, printing, code)
    path = station.home.papers / f"{number}{f'-R{count:02d}' if count else ''}.pdf"
    issue(station, signer, path, drawn.getvalue(), {
        "number": number, "paper": kind, "batch": "", "decision": "", "intake": "", "head": head, "reprint": count,
        "copies": 1, "missing_glyphs": missing})
    return Paper(number, kind, path, missing=missing)


def _local(at: str) -> str:
    return datetime.fromisoformat(at).astimezone().strftime("%Y-%m-%d %H:%M")


def _attestation(line: Mapping[str, Any]) -> Attestation:
    return Attestation(line["number"], _local(line["at"]), line["station"], line["name"], line["size_bytes"],
                       line["sha256"], line["content_sha256"],
                       tuple(Match(**{**match, "at": _local(match["at"])}) for match in line["matches"]),
                       line["count"], line["lines"], line["head"])


def _lock_page(line: Mapping[str, Any]) -> LockPage:
    return LockPage(line["number"], _local(line["at"]), line["week"], line["station"], line["org"], line["lines"],
                    line["head"], line["signature"], line["certificate"])
