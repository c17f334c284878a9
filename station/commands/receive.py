"""station receive BATCH [--receipt]: carriers counted and taken over at the desk; with their 收据 at once."""
from __future__ import annotations

import argparse

from station.commands import open_station
from station.commands.decide import send_all, tell_paper
from station.commands.event import add_options, do
from station.desk_papers import receipt
from station.printer_words import with_queues
from station.words import Voice


def add_arguments(parser: argparse.ArgumentParser, voice: Voice) -> None:
    parser.add_argument("batch", help=voice.phrase("help-batch-number"))
    add_options(parser, voice)
    parser.add_argument("--deliverer", default="", help=voice.phrase("help-event-deliverer"))
    parser.add_argument("--receipt", action="store_true", help=voice.phrase("help-receipt"))
    parser.add_argument("--to", metavar="QUEUE", help=voice.phrase("help-to"))


def run(options: argparse.Namespace, voice: Voice) -> int:
    """The carriers are on record before the 收据 is made: a printer that fails changes nothing of that."""
    station = with_queues(open_station(options, voice), options.to, None)
    code = do(station, options, "received", voice)
    if options.receipt:
        quiet = Voice(voice.language, voice.err, voice.err) if options.json else voice
        paper = receipt(station, options.batch, options.due)
        tell_paper(paper, quiet)
        send_all(station, [paper], quiet)
    return code
