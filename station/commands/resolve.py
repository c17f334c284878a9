"""station resolve INTAKE CODE: a doubt answered by two people; the verdict stays as it was."""
from __future__ import annotations

import argparse
from pathlib import Path

from checks.verdict import Resolution
from station import batch as batches
from station.commands import open_station, people_of
from station.words import Voice


def add_arguments(parser: argparse.ArgumentParser, voice: Voice) -> None:
    parser.add_argument("intake", help=voice.phrase("help-intake-number"))
    parser.add_argument("code", help=voice.phrase("help-code"))
    parser.add_argument("--path", default="", help=voice.phrase("help-path"))
    parser.add_argument("--by", required=True, help=voice.phrase("help-by"))
    parser.add_argument("--confirmed-by", required=True, help=voice.phrase("help-confirmed-by"))
    parser.add_argument("--answer", required=True, choices=("accept", "reject", "recheck"),
                        help=voice.phrase("help-answer"))
    parser.add_argument("--reason", required=True, help=voice.phrase("help-reason"))
    parser.add_argument("--scan", type=Path, help=voice.phrase("help-scan"))


def run(options: argparse.Namespace, voice: Voice) -> int:
    station = open_station(options, voice)
    by, other = people_of(station, voice, options.by, options.confirmed_by)
    batches.two_people(by.name, other.name)
    batches.resolve(station, Resolution(options.intake, options.code, options.path, options.answer, by.name, other.name,
                                        options.reason), options.scan, (by.method, other.method))
    voice.say("resolved", intake=options.intake, code=options.code,
              answer=voice.phrase(f"answer-{options.answer}"))
    return 0
