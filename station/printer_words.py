"""Sends papers to their queues and says to the operator, in plain words, what the printer is doing.

Takes numbers of papers, gives exit codes: 0 only where the paper came out, else 4 with the next step.
"""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from station.delivery import OUTBOX, Delivery, copies_printed, deliver, to_be_sent
from station.printing import Cups, Queue, Status
from station.register import Station
from station.words import Voice

# printer-state-reasons and job-state-reasons (RFC 8011, PWG 5100.9, CUPS) → `trouble-…` in the phrases
_TROUBLES = {
    "media-empty": "paper-out", "media-needed": "paper-out", "media-low": "paper-low", "media-jam": "jam",
    "cover-open": "open", "door-open": "open", "interlock-open": "open", "toner-low": "toner-low",
    "marker-supply-low": "toner-low", "toner-empty": "toner-empty", "marker-supply-empty": "toner-empty",
    "marker-waste-full": "waste-full", "marker-waste-almost-full": "waste-full", "output-area-full": "tray-full",
    "output-area-almost-full": "tray-full", "output-tray-missing": "tray-missing",
    "input-tray-missing": "tray-missing", "offline": "offline", "shutdown": "offline", "timed-out": "offline",
    "unreachable": "offline", "busy": "busy", "paused": "paused", "moving-to-paused": "paused", "stopping": "paused",
    "printer-stopped": "paused", "stopped-partly": "paused", "hold-new-jobs": "held",
    "job-hold-until-specified": "held", "cups-held-for-authentication": "password",
    "cups-missing-filter": "driver", "cups-insecure-filter": "driver", "fuser-over-temp": "fuser",
    "fuser-under-temp": "fuser", "opc-life-over": "drum", "opc-near-eol": "drum", "spool-area-full": "spool-full",
    "options-refused": "options-refused", "canceled-at-printer": "canceled-at-printer",
    "job-canceled-by-user": "canceled", "job-canceled-by-operator": "canceled",
    "job-canceled-at-device": "canceled-at-printer", "aborted-by-system": "aborted",
    "document-format-error": "unprintable", "document-unprintable": "unprintable",
    "job-completed-with-errors": "with-errors", "job-completed-with-warnings": "with-errors",
}


def with_queues(station: Station, paper: str | None, label: str | None) -> Station:
    """The station with queues that were named in the place of the configured ones; OUTBOX = none, None = as configured.

    Raises: UsageError("queue-unknown"), Refused: nothing is made for a queue that is not there.
    """
    for queue in {paper, label} - {None, OUTBOX}:
        Cups(station.config.print_server).queue(str(queue))
    config = station.config
    paper, label = (config.paper_queue if paper is None else paper), (config.label_queue if label is None else label)
    paper, label = ("" if queue == OUTBOX else queue for queue in (paper, label))
    return replace(station, config=replace(config, paper_queue=paper, label_queue=label))


def send_paper(station: Station, number: str, voice: Voice, queue: str = "", copies: int = 0) -> Delivery | None:
    """Send a paper that was made for a queue and has not come out, wait, and say how it ended.

    queue, copies: instead of those that it was made for.
    Returns: None where there is nothing to send: the PDF lies in the outbox. Raises: as `deliver`.
    """
    line = to_be_sent(station, number)
    if line is None:
        return None
    if copies:
        line = {**line, "copies": copies}
    delivery = deliver(station, line, queue or str(line["queue"]), _teller(station, voice))
    total = copies_printed(station, number)
    _tell_delivery(delivery, str(line["sides"]), total, voice)
    return delivery


def _teller(station: Station, voice: Voice) -> Callable[[Status, Queue], None]:
    """Says what keeps a job waiting, once for each change."""
    said: list[tuple[str, ...]] = [()]

    def tell(status: Status, queue: Queue) -> None:
        if status.reasons != said[0]:
            said[0] = status.reasons
            if status.reasons:
                voice.say("print-waiting", queue=queue.name, reasons=trouble_words(status.reasons, voice),
                          minutes=max(1, round(station.config.print_wait_seconds / 60)))
            else:
                voice.say("print-goes-on", queue=queue.name)
    return tell


def _tell_delivery(delivery: Delivery, sides: str, total: int, voice: Voice) -> None:
    """How it ended and what to do."""
    facts = {"number": delivery.number, "queue": delivery.queue, "print_job": delivery.job_id,
             "copies": delivery.copies, "media": delivery.media, "total": total,
             "reasons": trouble_words(delivery.reasons, voice) or delivery.message or "-"}
    if delivery.state != "completed":
        voice.say("print-unknown" if delivery.state == "unknown" else "print-failed", **facts)
        return
    voice.say("print-done", **facts)
    if delivery.sides != sides:
        voice.say("print-one-sided", **facts)
    if "job-completed-with-errors" in delivery.reasons or "job-completed-with-warnings" in delivery.reasons:
        voice.say("print-look", **facts)


def trouble_words(reasons: tuple[str, ...], voice: Voice) -> str:
    """Reasons as the operator would say them; one that we do not know stays as it is."""
    comma = voice.phrase("list-comma")
    return comma.join(dict.fromkeys(voice.phrase(f"trouble-{_TROUBLES[reason]}") if reason in _TROUBLES else reason
                                    for reason in reasons))


def queue_words(queue: Queue, voice: Voice) -> str:
    """The state of a queue with its reasons."""
    words = [voice.phrase(f"queue-{queue.state}")]
    if not queue.accepting:
        words.append(voice.phrase("trouble-rejecting"))
    reasons = tuple(r for r in queue.reasons if not (queue.state == "stopped" and _TROUBLES.get(r) == "paused"))
    if reasons:
        words.append(trouble_words(reasons, voice))
    return voice.phrase("list-comma").join(words)
