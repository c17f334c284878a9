"""station print NUMBER [--to QUEUE] [--copies N]: a paper again, on a queue or as a PDF in the outbox.

A paper that never came out of the printer is sent again as it is; any other is made anew and marked as a reprint.
"""
from __future__ import annotations

import argparse
from dataclasses import replace

from station.commands import open_station
from station.commands.decide import tell_paper
from station.delivery import OUTBOX, leave, to_be_sent
from station.papers import reprint
from station.printer_words import send_paper, with_queues
from station.words import Voice


def add_arguments(parser: argparse.ArgumentParser, voice: Voice) -> None:
    parser.add_argument("number", help=voice.phrase("help-paper-number"))
    parser.add_argument("--to", metavar="QUEUE", help=voice.phrase("help-to"))
    parser.add_argument("--copies", type=int, choices=range(1, 100), metavar="N", help=voice.phrase("help-copies"))


def run(options: argparse.Namespace, voice: Voice) -> int:
    station = open_station(options, voice)
    station = with_queues(station, options.to, options.to)
    if options.copies:
        station = replace(station, config=replace(station.config, certificate_copies=options.copies,
                                                  label_copies=options.copies))
    line = to_be_sent(station, options.number)
    if line is None:
        tell_paper(reprint(station, options.number), voice)
    elif options.to == OUTBOX:
        leave(station, line)
        voice.answer(voice.phrase("print-by-hand", number=line["number"],
                                  path=station.home.outbox / (station.home.root / line["file"]).name))
        return 0
    delivery = send_paper(station, options.number, voice, options.to or "", options.copies or 0)
    return 0 if delivery is None or delivery.state == "completed" else 4
