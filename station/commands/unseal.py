"""station unseal BATCH: a seal opened in the presence of a witness of the owner."""
from __future__ import annotations

import argparse

from station.commands import open_station
from station.commands.event import add_options, do
from station.words import Voice


def add_arguments(parser: argparse.ArgumentParser, voice: Voice) -> None:
    parser.add_argument("batch", help=voice.phrase("help-batch-number"))
    parser.add_argument("--witness", default="", help=voice.phrase("help-event-witness"))
    add_options(parser, voice)


def run(options: argparse.Namespace, voice: Voice) -> int:
    return do(open_station(options, voice), options, "unsealed", voice)
