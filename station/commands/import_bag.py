"""station import BAG: a bag of a year's records, verified, as a read-only copy beside the station's own."""
from __future__ import annotations

import argparse
from pathlib import Path

from station.bags import import_bag
from station.commands import open_station
from station.words import Voice


def add_arguments(parser: argparse.ArgumentParser, voice: Voice) -> None:
    parser.add_argument("bag", type=Path, help=voice.phrase("help-bag"))


def run(options: argparse.Namespace, voice: Voice) -> int:
    station = open_station(options, voice)
    voice.answer(voice.phrase("bag-read", path=import_bag(station, options.bag)))
    return 0
