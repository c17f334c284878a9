"""station audit [DIR]: re-checks every chain, journal, list and paper; exits 1 on any break."""
from __future__ import annotations

import argparse
from pathlib import Path

from carriers.model import CarrierError
from station.audit import audit
from station.bags import check_bag, year_bag
from station.commands import open_station
from station.home import Home
from station.register import Break
from station.words import Voice


def add_arguments(parser: argparse.ArgumentParser, voice: Voice) -> None:
    parser.add_argument("folder", nargs="?", type=Path, help=voice.phrase("help-audit-folder"))


def run(options: argparse.Namespace, voice: Voice) -> int:
    bag = year_bag(options.folder) if options.folder else None
    if bag is not None:
        home = bag.home
        voice.say("audit-part", year=bag.year)
    else:
        home = Home(options.folder) if options.folder else open_station(options, voice, writes=False).home
    if not home.register.is_dir():
        raise CarrierError("no-register", path=str(home.root))
    count, breaks = audit(home, year=bag.year if bag else "")
    if bag is not None:
        breaks += [Break(str(path), 0, "break-bag") for path in check_bag(bag)]
    for found in breaks:
        voice.answer(voice.phrase("audit-break", path=found.path, line=found.line, what=voice.phrase(found.what)))
    voice.answer(voice.phrase("audit-broken" if breaks else "audit-whole", lines=count, count=len(breaks)))
    return 1 if breaks else 0
