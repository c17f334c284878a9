"""station print NUMBER: a 检验表 or a label again, marked as a reprint."""
from __future__ import annotations

import argparse

from station.commands import open_station
from station.commands.decide import tell_paper
from station.papers import reprint
from station.words import Voice


def add_arguments(parser: argparse.ArgumentParser, voice: Voice) -> None:
    parser.add_argument("number", help=voice.phrase("help-paper-number"))


def run(options: argparse.Namespace, voice: Voice) -> int:
    station = open_station(options, voice)
    paper = reprint(station, options.number)
    tell_paper(paper, voice)
    return 0
