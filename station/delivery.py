"""A paper on its way to a printer, on record: handed over once, waited for, and said to be printed only when it was.

Takes `print` lines, which are written before anything is handed over; gives `delivery` lines: one with the state
"sent" and the job's number, one when the job ended. A print line counts a paper that was made, whatever became of it;
a paper that did not come out is sent again as it is, and only one that may have come out is a reprint.
"""
from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from carriers.model import Refused
from station.config import Config
from station.home import RegisterError, file_sha256, kept
from station.printing import Cups, Order, Queue, Status, page_size
from station.register import Station

OUTBOX = "outbox"                           # in the place of a queue: no queue
_SHEET_MM = 148                             # the short side of A5: what is smaller is a label
_MAY_BE_PRINTED = frozenset({"completed", "unknown", OUTBOX})
Line = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of a paper. state: "sent", or of IPP: completed | canceled | aborted; "unknown"; "outbox".

    reasons, message: of the printer at the end. sides: as they were asked for in the end.
    """

    number: str
    queue: str
    job_id: int
    state: str
    copies: int
    media: str
    sides: str
    reasons: tuple[str, ...] = ()
    message: str = ""


def route(config: Config, kind: str, raw: bytes) -> dict[str, str]:
    """Where a paper of ours goes and how: the fields `queue`, `media`, `sides`, `state` of its print line.

    By the size of its pages: sheets go to the paper queue, smaller ones to the label queue.
    """
    wide, high = page_size(raw)
    queue = config.paper_queue if min(wide, high) >= _SHEET_MM else config.label_queue
    names = config.media_names
    media = (names.get(f"{wide:.0f}x{high:.0f}") or names.get(f"{high:.0f}x{wide:.0f}")
             or f"Custom.{wide:g}x{high:g}mm")
    return {"queue": queue, "media": media, "sides": config.print_sides.get(kind, "one-sided"),
            "state": "queued" if queue else OUTBOX}


def to_be_sent(station: Station, number: str) -> Line | None:
    """The newest print line of a paper if it was made for a queue and surely has not come out; else None."""
    prints = [line for line in station.register.lines_of("print", about=(number,))
              if line["number"] == number and line["paper"] != "overlay"]     # one half of it, not the paper
    if not prints or not prints[-1].get("queue"):
        return None
    sent = _deliveries(station, prints[-1])
    return None if sent and sent[-1]["state"] in _MAY_BE_PRINTED else prints[-1]


def all_to_be_sent(station: Station) -> list[tuple[Line, str]]:
    """Every newest print line whose paper was made for a queue and has not come out, with the state of its job."""
    prints: dict[str, Line] = {}
    states: dict[str, str] = {}
    for line in station.register.lines_of("print", "delivery"):
        if line["type"] == "print":
            prints[line["number"]] = line
        else:
            states[line["file"]] = line["state"]
    return [(line, states.get(line["file"], "queued")) for line in prints.values()
            if line.get("queue") and states.get(line["file"]) not in _MAY_BE_PRINTED]


def copies_printed(station: Station, number: str) -> int:
    """How many copies of a paper came out of printers, reprints too; those that people printed are not known."""
    return sum(int(line["copies"]) for line in station.register.lines_of("delivery", about=(number,))
               if line["number"] == number and line["state"] == "completed")


def leave(station: Station, line: Line) -> Delivery:
    """Let people print a paper themselves, from the outbox; from now on it may have come out."""
    delivery = Delivery(line["number"], "", 0, OUTBOX, int(line["copies"]), line["media"], line["sides"])
    _record(station, line, delivery)
    return delivery


def deliver(station: Station, line: Line, queue: str, tell: Callable[[Status, Queue], None]) -> Delivery:
    """Hand a paper over, or go on waiting for the job that it has, and record how that ended.

    Raises: UsageError("queue-unknown"); Refused("queue-rejects" | "print-…"): nothing is recorded as printed, and the
    same command goes on; RegisterError.
    """
    path = station.home.root / line["file"]
    cups = Cups(station.config.print_server)
    with _alone(path, line["number"]):
        if file_sha256(path) != line["sha256"]:
            raise RegisterError("journal-altered", path=str(path))
        order = Order(path, f"{path.stem} {line['sha256'][:12]}", queue, int(line["copies"]), line["media"],
                      line["sides"])
        order, job_id = _handed_over(station, cups, line, order)
        try:
            end = cups.watch(order, job_id, tell, station.config.print_wait_seconds)
        except KeyboardInterrupt as stop:
            raise Refused("print-left", number=line["number"], queue=order.queue, print_job=job_id) from stop
        delivery = replace(_sent(line, order, job_id), state=end.state, reasons=end.reasons, message=end.message)
        _record(station, line, delivery)
        if end.state == "completed":
            with kept(station.home.outbox):
                (station.home.outbox / path.name).unlink(missing_ok=True)
        return delivery


def _handed_over(station: Station, cups: Cups, line: Line, order: Order) -> tuple[Order, int]:
    """The order as it went, and its job: that on record, one handed over just before a power cut, or a new one."""
    before = _deliveries(station, line)
    if before and before[-1]["state"] == "sent":
        last = before[-1]
        return replace(order, queue=last["queue"], sides=last["sides"]), int(last["job"])
    about = cups.queue(order.queue)
    if order.sides not in about.sides and about.sides:
        order = replace(order, sides="one-sided")           # a printer refuses what it cannot do
    known = {(each["queue"], each["job"]) for each in before}
    lost = [(queue, job_id) for queue in dict.fromkeys((str(line["queue"]), order.queue))
            for job_id in cups.find(queue, order.title) if (queue, job_id) not in known]
    if lost:
        order, job_id = replace(order, queue=lost[-1][0]), lost[-1][1]
    elif not about.accepting:
        raise Refused("queue-rejects", queue=order.queue, number=line["number"])
    else:
        job_id = cups.submit(order)
    _record(station, line, _sent(line, order, job_id))
    return order, job_id


def _sent(line: Line, order: Order, job_id: int) -> Delivery:
    return Delivery(line["number"], order.queue, job_id, "sent", order.copies, order.media, order.sides)


def _record(station: Station, line: Line, delivery: Delivery) -> None:
    station.register.append("delivery", {
        "number": delivery.number, "batch": line.get("batch", ""), "file": line["file"], "sha256": line["sha256"],
        "queue": delivery.queue, "job": delivery.job_id, "state": delivery.state, "copies": delivery.copies,
        "media": delivery.media, "sides": delivery.sides, "reasons": delivery.reasons, "message": delivery.message})


def _deliveries(station: Station, line: Line) -> list[Line]:
    return [each for each in station.register.lines_of("delivery", about=(line["file"],))
            if each["file"] == line["file"]]


@contextmanager
def _alone(path: Path, number: str) -> Iterator[None]:
    """Two people who print one paper at one moment must not get two originals."""
    with kept(path):
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as failure:
            raise Refused("print-running", number=number) from failure
        yield
    finally:
        os.close(handle)
