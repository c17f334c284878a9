"""station register [TEXT]: searches the 台账; `yearly.py` has its statistics, export and plan list."""
from __future__ import annotations

import argparse
import json
from datetime import datetime

from checks.verdict import Outcome
from station.commands import open_station, yearly
from station.questions import build, search
from station.words import Voice


def add_arguments(parser: argparse.ArgumentParser, voice: Voice) -> None:
    parser.add_argument("text", nargs="*", help=voice.phrase("help-search"))
    parser.add_argument("--year", default="", help=voice.phrase("help-year"))
    parser.add_argument("--json", action="store_true", help=voice.phrase("help-json"))
    yearly.add_arguments(parser, voice)


def run(options: argparse.Namespace, voice: Voice) -> int:
    station = open_station(options, voice, writes=options.plan is not None)
    if yearly.is_asked(options):
        return yearly.run(options, station, voice)
    table = build(station.register.lines_of("batch", "verdict", "decision"),
                  {outcome: voice.phrase(f"word-{outcome}") for outcome in Outcome})
    rows = search(table, " ".join(options.text), options.year)
    if options.json:
        shown = [{key: value for key, value in row.items() if key != "text"} for row in rows]
        voice.answer(json.dumps(shown, ensure_ascii=False))
        return 0
    for row in rows:
        voice.answer(voice.phrase("register-row", at=_local(row["at"]), intake=row["intake"],
                                  outcome=voice.phrase(f"word-{row['outcome']}"), batch=row["batch"] or "-",
                                  unit=row["unit"] or "-", number=row["carrier_no"] or "-",
                                  label=row["volume_label"] or "-", certificate=row["certificate"] or "-"))
    voice.say("register-count", count=len(rows), head=station.register.head()[:16])
    return 0


def _local(at: str) -> str:
    """A time of the register as the clock on the wall showed it."""
    return f"{datetime.fromisoformat(at).astimezone():%Y-%m-%d %H:%M}"
