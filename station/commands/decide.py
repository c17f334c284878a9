"""station decide BATCH --operator A --reviewer B: the decision of a batch, and its papers."""
from __future__ import annotations

import argparse
import json
import sys

from carriers.model import Refused
from station import batch as batches
from station.commands import EXIT, open_station, people_of
from station.custody import custody
from station.delivery import OUTBOX, to_be_sent
from station.next_steps import batch_steps
from station.numbering import gaps
from station.papers import Paper, People, decide, weigh
from station.printer_words import send_paper, with_queues
from station.register import Station
from station.words import Voice


def add_arguments(parser: argparse.ArgumentParser, voice: Voice) -> None:
    parser.add_argument("batch", help=voice.phrase("help-batch-number"))
    parser.add_argument("--operator", required=True, help=voice.phrase("help-operator"))
    parser.add_argument("--reviewer", required=True, help=voice.phrase("help-reviewer"))
    parser.add_argument("--remark", default="", help=voice.phrase("help-remark"))
    parser.add_argument("--appearance", default=None, help=voice.phrase("help-appearance"))
    parser.add_argument("--to", metavar="QUEUE", help=voice.phrase("help-to"))
    parser.add_argument("--labels-to", metavar="QUEUE", help=voice.phrase("help-labels-to"))
    parser.add_argument("--json", action="store_true", help=voice.phrase("help-json"))


def run(options: argparse.Namespace, voice: Voice) -> int:
    station = open_station(options, voice)
    station = with_queues(station, options.to, options.labels_to or (OUTBOX if options.to == OUTBOX else None))
    operator, reviewer = people_of(station, voice, options.operator, options.reviewer)
    batches.two_people(operator.name, reviewer.name)
    weighed = weigh(station, options.batch)
    batch, open_points = weighed.batch, weighed.obstacles
    unseen = [o for o in open_points if o.what == "open-appearance"]
    appearance = options.appearance
    if appearance is None and not any(e.event == "appearance" for e in batch.events) and open_points == unseen:
        appearance = _ask(voice) if sys.stdin.isatty() else ""
    if open_points and not (appearance and open_points == unseen):
        voice.say("batch-open", batch=batch.number)
        for obstacle in open_points:
            voice.say(obstacle.what, **obstacle.facts)
        return 3
    if left_out := gaps(batch.carriers):
        voice.say("batch-gaps", numbers="、".join(left_out))
    people = People(operator.name, reviewer.name, options.remark, appearance or "", (operator.method, reviewer.method))
    decision, papers = decide(station, batch.number, people, weighed=weighed)
    if options.json:
        states = send_all(station, papers, voice)
        voice.answer(json.dumps({"number": decision.number, "batch": decision.batch, "outcome": decision.outcome,
                                 "papers": [{"number": p.number, "kind": p.kind, "path": str(p.path),
                                             "state": states[p.number]} for p in papers]}, ensure_ascii=False))
        return EXIT[decision.outcome]
    voice.answer(voice.phrase("decided", number=decision.number, outcome=voice.phrase(f"word-{decision.outcome}")))
    for paper in papers:
        tell_paper(paper, voice)
    send_all(station, papers, voice)
    batch = batches.fold(station, batch.number)
    for step in batch_steps(batch, custody(station, batch), (), decided=True):
        voice.answer(voice.phrase(step.what, **step.facts))
    return EXIT[decision.outcome]


def send_all(station: Station, papers: list[Paper], voice: Voice) -> dict[str, str]:
    """Send the papers to their queues. Returns the state of each; a printer that fails changes no decision."""
    states: dict[str, str] = {}
    failed: set[str] = set()                    # whoever waited for a dead printer once need not wait for it again
    for paper in papers:
        line = to_be_sent(station, paper.number)
        states[paper.number] = OUTBOX if line is None else str(line["state"])
        if line is not None and line["queue"] not in failed:
            try:
                delivery = send_paper(station, paper.number, voice)
                states[paper.number] = delivery.state if delivery else OUTBOX
            except Refused as refusal:
                voice.refuse(refusal)
        if line is not None and states[paper.number] != "completed":
            failed.add(line["queue"])
            voice.say("print-later", number=paper.number)
    return states


def tell_paper(paper: Paper, voice: Voice) -> None:
    """Where a paper lies; characters that could not be drawn are said, never silently blank."""
    voice.answer(voice.phrase(f"paper-{paper.kind}", number=paper.number, path=paper.path))
    if paper.missing:
        voice.say("glyphs-missing", number=paper.number, glyphs=" ".join(paper.missing))


def _ask(voice: Voice) -> str:
    """外观 belongs to people; an empty answer is 未检测."""
    print(voice.phrase("ask-appearance"), end=" ", file=voice.err, flush=True)
    return sys.stdin.readline().strip()
