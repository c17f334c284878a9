"""station return BATCH: carriers handed back; with reasons: sent back (退回) after a failed decision."""
from __future__ import annotations

import argparse

from station.commands import open_station
from station.commands.event import add_options, do
from station.words import Voice


def add_arguments(parser: argparse.ArgumentParser, voice: Voice) -> None:
    parser.add_argument("batch", help=voice.phrase("help-batch-number"))
    add_options(parser, voice)


def run(options: argparse.Namespace, voice: Voice) -> int:
    return do(open_station(options, voice), options, "return" if options.reason else "returned", voice)
