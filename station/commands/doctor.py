"""station doctor [--fix] [--json]: what this workstation lacks, one line each with the cure."""
from __future__ import annotations

import argparse
import json
from dataclasses import asdict

from station.commands import open_station
from station.doctor import Place, examine, mend
from station.words import Voice


def add_arguments(parser: argparse.ArgumentParser, voice: Voice) -> None:
    parser.add_argument("--fix", action="store_true", help=voice.phrase("help-fix"))
    parser.add_argument("--json", action="store_true", help=voice.phrase("help-json"))


def run(options: argparse.Namespace, voice: Voice) -> int:
    """0: nothing lacks; 1: something does."""
    station, place = open_station(options, voice, writes=False), Place()
    if options.fix:
        mend(station, place)
    checks = list(examine(station, place))
    if options.json:
        voice.answer(json.dumps([asdict(check) for check in checks], ensure_ascii=False))
    else:
        for check in checks:
            voice.answer(voice.phrase("doctor-row", state=voice.phrase(f"doctor-{check.state}"),
                                      what=voice.phrase(f"doctor-{check.id}"), detail=check.detail or "-"))
            if check.state == "lacks":
                voice.answer("    → " + voice.phrase(f"doctor-do-{check.id}", detail=check.detail))
    return 1 if any(check.state == "lacks" for check in checks) else 0
