"""station export YEAR -o DIR: the records of a year as an audited BagIt bag."""
from __future__ import annotations

import argparse
from pathlib import Path

from carriers.model import CarrierError
from station.bags import export_year
from station.commands import open_station
from station.words import Voice


def add_arguments(parser: argparse.ArgumentParser, voice: Voice) -> None:
    parser.add_argument("year", help=voice.phrase("help-export-year"))
    parser.add_argument("-o", "--output", type=Path, required=True, help=voice.phrase("help-export-folder"))


def run(options: argparse.Namespace, voice: Voice) -> int:
    station = open_station(options, voice, writes=False)
    if not station.home.register.is_dir():
        raise CarrierError("no-register", path=str(station.home.root))
    done = export_year(station, options.year, options.output)
    if done.repaired:
        voice.say("bag-repaired", count=done.repaired)
    voice.answer(voice.phrase("bag-written", path=options.output, first=done.first, last=done.last, lines=done.last,
                              files=f"{done.files:,}", bytes=f"{done.bytes:,}"))
    return 0
