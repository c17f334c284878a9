"""station audit [DIR]: re-checks every chain, journal, list and paper; exits 1 on any break."""
from __future__ import annotations

import argparse
from pathlib import Path

from carriers.model import CarrierError
from station.audit import audit
from station.commands import open_station
from station.home import Home
from station.words import Voice


def add_arguments(parser: argparse.ArgumentParser, voice: Voice) -> None:
    parser.add_argument("folder", nargs="?", type=Path, help=voice.phrase("help-audit-folder"))


def run(options: argparse.Namespace, voice: Voice) -> int:
    home = Home(options.folder) if options.folder else open_station(options, voice, writes=False).home
    if not home.register.is_dir():
        raise CarrierError("no-register", path=str(home.root))
    count, breaks = audit(home)
    for found in breaks:
        voice.answer(voice.phrase("audit-break", path=found.path, line=found.line, what=voice.phrase(found.what)))
    voice.answer(voice.phrase("audit-broken" if breaks else "audit-whole", lines=count, count=len(breaks)))
    return 1 if breaks else 0
