"""station print NUMBER: a 检验表, a label or a sheet again, marked as a reprint."""
from __future__ import annotations

import argparse

from station.commands import asked_password, open_station
from station.commands.decide import tell_paper
from station.papers import reprint
from station.sheets import reprint_sheet
from station.words import Voice


def add_arguments(parser: argparse.ArgumentParser, voice: Voice) -> None:
    parser.add_argument("number", help=voice.phrase("help-paper-number"))


def run(options: argparse.Namespace, voice: Voice) -> int:
    station = open_station(options, voice)
    ask = asked_password(voice)
    paper = reprint_sheet(station, options.number, ask) or reprint(station, options.number, ask)
    tell_paper(paper, voice)
    return 0
