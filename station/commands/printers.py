"""station printers: the queues with their state in words, and the papers that have not come out yet."""
from __future__ import annotations

import argparse
import json
from dataclasses import asdict

from station.commands import open_station
from station.delivery import all_to_be_sent
from station.printer_words import queue_words
from station.printing import Cups
from station.words import Voice


def add_arguments(parser: argparse.ArgumentParser, voice: Voice) -> None:
    parser.add_argument("--json", action="store_true", help=voice.phrase("help-json"))


def run(options: argparse.Namespace, voice: Voice) -> int:
    station = open_station(options, voice, writes=False)
    queues = Cups(station.config.print_server).queues()
    waiting = all_to_be_sent(station)
    if options.json:
        voice.answer(json.dumps({
            "queues": [asdict(queue) for queue in queues],
            "paper_queue": station.config.paper_queue, "label_queue": station.config.label_queue,
            "waiting": [{"number": line["number"], "queue": line["queue"], "state": state}
                        for line, state in waiting]}, ensure_ascii=False))
        return 0
    uses = ((station.config.paper_queue, "queue-for-paper"), (station.config.label_queue, "queue-for-labels"))
    for queue in queues:
        marks = "".join(voice.phrase(mark) for name, mark in uses if name == queue.name)
        voice.answer(voice.phrase("queue-row", queue=queue.name, mark=marks, waiting=queue.waiting,
                                  state=queue_words(queue, voice)))
    for name, mark in uses:
        if name and name not in {queue.name for queue in queues}:
            voice.say("queue-absent", queue=name, mark=voice.phrase(mark))
    if not queues:
        voice.say("queue-none")
    for line, _ in waiting:
        voice.answer(voice.phrase("paper-not-out", number=line["number"], queue=line["queue"]))
    return 0
