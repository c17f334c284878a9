"""CUPS queues: what they are, what is wrong with their printers, a paper handed over and watched to its end.

Takes a finished PDF, gives the state of its job as CUPS has it; knows no register and no words. `lp` and `cancel` hand
over and withdraw. `ipptool` asks: `lpstat` counts aborted jobs among the completed and keeps the reasons to itself.
The words are IPP's own (RFC 8011 §5.3.7 job-state, §5.4.12 printer-state-reasons).
"""
from __future__ import annotations

import os
import plistlib
import pwd
import re
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from xml.parsers.expat import ExpatError

from carriers.model import Refused
from station.batch import UsageError

JOB_STATES = {3: "pending", 4: "held", 5: "processing", 6: "stopped", 7: "canceled", 8: "aborted", 9: "completed"}
ENDED = frozenset({"canceled", "aborted", "completed", "unknown"})
_PRINTER_STATES = {3: "idle", 4: "processing", 5: "stopped"}
_ASK_SECONDS, _POLL_SECONDS, _WITHDRAW_SECONDS = 10, 0.5, 20.0
_PACKAGES = {"ipptool": "cups-ipp-utils", "lp": "cups-client", "cancel": "cups-client"}
_NAME = re.compile(r"[^\s/#?'\"\\%$<>{}\x00-\x1f-][^\s/#?'\"\\%$<>{}\x00-\x1f]{0,126}")
# keywords that say nothing to do: the usual course of a job
_QUIET = frozenset({"none", "job-incoming", "job-queued", "job-printing", "job-transforming", "job-outgoing",
                    "job-completed-successfully", "processing-to-stop-point", "connecting-to-device",
                    "cups-waiting-for-job-completed", "cups-remote-pending", "cups-remote-processing"})
# What CUPS's back ends say only in a sentence, with the reasons "none": a part of the sentence → our keyword
_SENTENCES = {
    "may not exist or is unavailable": "unreachable", "printer is unreachable": "unreachable",
    "Unable to locate printer": "unreachable", "printer is not responding": "unreachable",
    "Waiting for printer to become available": "unreachable", "printer is in use": "busy", "printer is busy": "busy",
    "cannot print with supplied options": "options-refused", "canceled at printer": "canceled-at-printer",
}


@dataclass(frozen=True, slots=True)
class Queue:
    """A queue. state: idle | processing | stopped. reasons: keywords without -error, -warning, -report.

    sides: what its printer can do ("one-sided", "two-sided-long-edge" …). waiting: jobs not ended.
    """

    name: str
    state: str
    accepting: bool
    reasons: tuple[str, ...]
    message: str
    waiting: int
    sides: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Order:
    """A paper to be handed over. title: how the job is known again. media: a CUPS media name, never left out."""

    path: Path
    title: str
    queue: str
    copies: int
    media: str
    sides: str


@dataclass(frozen=True, slots=True)
class Status:
    """A job now. state: a value of JOB_STATES, or "unknown" where CUPS has no such job any more."""

    job_id: int
    state: str
    reasons: tuple[str, ...] = ()
    message: str = ""
    impressions: int = 0


@dataclass(frozen=True, slots=True)
class Cups:
    """A print server. server: host[:port] or the path of its socket; "" = what CUPS itself takes ($CUPS_SERVER)."""

    server: str = ""

    def queues(self) -> list[Queue]:
        """All queues by name. Raises: Refused("print-tool-missing" | "print-server-gone")."""
        return sorted((_queue(row) for row in self._ask("/", "CUPS-Get-Printers", _QUEUE_ATTRIBUTES)
                       if "printer-name" in row), key=lambda queue: queue.name)

    def queue(self, name: str) -> Queue:
        """One queue. Raises: UsageError("queue-unknown"); Refused."""
        if _NAME.fullmatch(name):
            rows = self._ask(f"/printers/{name}", "Get-Printer-Attributes", _QUEUE_ATTRIBUTES)
            if rows:
                return _queue({"printer-name": name, **rows[0]})
        raise UsageError("queue-unknown", queue=name, queues=" ".join(queue.name for queue in self.queues()) or "-")

    def submit(self, order: Order) -> int:
        """Hand a paper over. Returns its job-id. The size is sent, and that nothing is scaled to fit.

        Raises: Refused("print-refused" | "print-tool-missing").
        """
        said = self._tell("lp", "-d", order.queue, "-n", str(order.copies), "-t", order.title,
                          "-o", f"media={order.media}", "-o", f"sides={order.sides}", "-o", "print-scaling=none",
                          "-o", "job-sheets=none", "-o", "number-up=1", "--", str(order.path))
        number = re.search(r"request id is \S+-(\d+) ", said)
        if number is None:
            raise Refused("print-refused", queue=order.queue, reason=said.strip()[:200])
        return int(number[1])

    def status(self, queue: str, job_id: int, title: str) -> Status:
        """How a job stands. A number that CUPS gave to somebody else's paper since is "unknown"."""
        rows = self._ask(f"/printers/{queue}", "Get-Job-Attributes", _JOB_ATTRIBUTES, f"ATTR integer job-id {job_id}")
        if not rows or rows[0].get("job-name") != title:
            return Status(job_id, "unknown")
        row = rows[0]
        message = str(row.get("job-printer-state-message") or "")
        return Status(job_id, JOB_STATES.get(row.get("job-state", 0), "unknown"),
                      _reasons(message, row.get("job-state-reasons"), row.get("job-printer-state-reasons")), message,
                      int(row.get("job-impressions-completed") or 0))

    def find(self, queue: str, title: str) -> list[int]:
        """The job-ids of a title in a queue, oldest first, ended ones too, as far as CUPS remembers them."""
        rows = self._ask(f"/printers/{queue}", "Get-Jobs", "job-id,job-name", "ATTR keyword which-jobs all")
        # ended jobs that CUPS has unloaded come without their names here, and with them when asked for one by one
        return sorted(int(row["job-id"]) for row in rows if title == row.get("job-name", "") or (
            "job-name" not in row and self.status(queue, int(row["job-id"]), title).state != "unknown"))

    def watch(self, order: Order, job_id: int, tell: Callable[[Status, Queue], None], seconds: float) -> Status:
        """Wait for the end of a job. CUPS tries again by itself when the printer is back.

        A job that has not come on for so many seconds is withdrawn: no paper shall come out when nobody waits for it.
        Returns: its last state; one withdrawn is "canceled", or "unknown" if CUPS does not let go of it.
        """
        before, since, status = ("", -1), time.monotonic(), Status(job_id, "pending")
        while True:
            try:
                status = self.status(order.queue, job_id, order.title)
                if status.state in ENDED:
                    return status
                queue = self.queue(order.queue)
                status = replace(status, reasons=tuple(dict.fromkeys(status.reasons + queue.reasons)))
                tell(status, queue)
            except Refused as refusal:                         # CUPS itself starts anew now and then
                if refusal.code != "print-server-gone" or time.monotonic() - since > seconds:
                    raise
            if (status.state, status.impressions) != before:
                before, since = (status.state, status.impressions), time.monotonic()
            if time.monotonic() - since > seconds:
                return self._withdraw(order, job_id, status)
            time.sleep(_POLL_SECONDS)

    def _withdraw(self, order: Order, job_id: int, last: Status) -> Status:
        self._tell("cancel", f"{order.queue}-{job_id}")
        until = time.monotonic() + _WITHDRAW_SECONDS
        while time.monotonic() < until:
            status = self.status(order.queue, job_id, order.title)
            if status.state in ENDED:                          # it may have been printed at the last moment
                return status if status.state == "completed" else \
                    Status(job_id, status.state, last.reasons, last.message, status.impressions)
            time.sleep(_POLL_SECONDS)
        return Status(job_id, "unknown", last.reasons, last.message)

    def _ask(self, path: str, operation: str, attributes: str, *more: str) -> list[Mapping[str, Any]]:
        """One IPP question; the groups of the answer without the first, none where it does not exist."""
        address = self.server or os.environ.get("CUPS_SERVER", "")
        host = address.replace("/", "%2F") if address.startswith("/") else address.partition("/")[0] or "localhost"
        user = pwd.getpwuid(os.getuid()).pw_name                # whose jobs they are: else their names are kept back
        request = "\n".join((
            "{", f"OPERATION {operation}", "GROUP operation-attributes-tag", "ATTR charset attributes-charset utf-8",
            "ATTR language attributes-natural-language en", f'ATTR uri printer-uri "ipp://localhost{path}"',
            f'ATTR name requesting-user-name "{user}"', *more, f"ATTR keyword requested-attributes {attributes}", "}"))
        done = _started(["ipptool", "-X", "-T", str(_ASK_SECONDS), f"ipp://{host}{path}", "/dev/stdin"], request, {})
        try:
            answer = plistlib.loads(done.stdout.encode())
            test = answer["Tests"][0]
        except (plistlib.InvalidFileException, ExpatError, LookupError, ValueError, TypeError) as failure:
            raise Refused("print-server-gone", server=host, reason=done.stderr.strip()[:200] or "?") from failure
        if str(test.get("StatusCode", "")).startswith("successful-"):
            return [row for row in test["ResponseAttributes"][1:] if row]
        if test.get("StatusCode") == "client-error-not-found":
            return []
        raise Refused("print-server-gone", server=host, reason=str(test.get("StatusCode", "?")))

    def _tell(self, *command: str) -> str:
        done = _started(list(command), None, {"CUPS_SERVER": self.server} if self.server else {})
        return done.stdout + done.stderr


_QUEUE_ATTRIBUTES = ("printer-name,printer-state,printer-state-reasons,printer-state-message,"
                     "printer-is-accepting-jobs,queued-job-count,sides-supported")
_JOB_ATTRIBUTES = ("job-name,job-state,job-state-reasons,job-printer-state-message,job-printer-state-reasons,"
                   "job-impressions-completed")


def _started(command: list[str], given: str | None, more: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(command, input=given, stdin=subprocess.DEVNULL if given is None else None, text=True,
                              encoding="utf-8", errors="replace", capture_output=True, check=False,
                              env={**os.environ, **more, "LC_ALL": "C.UTF-8"}, timeout=6 * _ASK_SECONDS)
    except FileNotFoundError as failure:
        raise Refused("print-tool-missing", tool=command[0], package=_PACKAGES[command[0]]) from failure
    except subprocess.TimeoutExpired as failure:
        raise Refused("print-server-gone", server="CUPS", reason=f"{command[0]}: timeout") from failure


def _queue(row: Mapping[str, Any]) -> Queue:
    state = _PRINTER_STATES.get(row.get("printer-state", 0), "unknown")
    # an idle queue still shows what was said of its last job
    message = "" if state == "idle" else str(row.get("printer-state-message") or "")
    return Queue(str(row["printer-name"]), state,
                 bool(row.get("printer-is-accepting-jobs", True)), _reasons(message, row.get("printer-state-reasons")),
                 message, int(row.get("queued-job-count") or 0), tuple(_many(row.get("sides-supported"))))


def _reasons(message: str, *values: Any) -> tuple[str, ...]:
    """The keywords of a printer or a job that mean something to do, each once, and what only the sentence tells."""
    found = [re.sub(r"-(error|warning|report)$", "", keyword) for value in values for keyword in _many(value)]
    found += [keyword for part, keyword in _SENTENCES.items() if part in message]
    return tuple(dict.fromkeys(keyword for keyword in found if keyword not in _QUIET))


def _many(value: Any) -> list[str]:
    """The property list has no list where there is one value only."""
    return [str(each) for each in value] if isinstance(value, list) else [] if value is None else [str(value)]


def page_size(raw: bytes) -> tuple[float, float]:
    """Width and height in millimetres, to a tenth, of the pages of a PDF of ours, whose page objects are not packed.

    Raises: ValueError where it has pages of several sizes, or none.
    """
    boxes = re.findall(rb"/MediaBox\s*\[\s*0(?:\.0*)?\s+0(?:\.0*)?\s+([\d.]+)\s+([\d.]+)\s*\]", raw)
    sizes = {(round(float(wide) * 25.4 / 72, 1), round(float(high) * 25.4 / 72, 1)) for wide, high in boxes}
    if len(sizes) != 1:
        raise ValueError(f"pages of {len(sizes)} sizes")
    return sizes.pop()
