"""station audit [DIR]: re-checks every chain, journal, list, paper and signature; exits 1 on any break.

--against: a head of the register from paper. --lock-page: signs and prints the head instead.
"""
from __future__ import annotations

import argparse
from pathlib import Path

from carriers.model import CarrierError
from labels.code import short
from station.audit import audit
from station.bags import check_bag
from station.commands import open_station
from station.commands.decide import tell_paper
from station.evidence import heads_asked
from station.home import Home
from station.keys import revoked_at
from station.register import Break
from station.sheets import print_lock_page
from station.words import Voice
from station.year_bag import year_bag


def add_arguments(parser: argparse.ArgumentParser, voice: Voice) -> None:
    parser.add_argument("folder", nargs="?", type=Path, help=voice.phrase("help-audit-folder"))
    parser.add_argument("--against", action="append", default=[], metavar="HEAD", help=voice.phrase("help-against"))
    parser.add_argument("--lock-page", action="store_true", help=voice.phrase("help-lock-page"))


def run(options: argparse.Namespace, voice: Voice) -> int:
    against = [head for text in options.against for head in heads_asked(text)]
    if options.lock_page:
        tell_paper(print_lock_page(open_station(options, voice)), voice)
        return 0
    station = open_station(options, voice, writes=False)
    bag = year_bag(options.folder) if options.folder else None
    if bag is not None:
        home = bag.home
        voice.say("audit-part", year=bag.year)
    else:
        home = Home(options.folder) if options.folder else station.home
    if not home.register.is_dir():
        raise CarrierError("no-register", path=str(home.root))
    report = audit(home, against, lambda certificate: revoked_at(station.config, certificate),
                   year=bag.year if bag else "")
    if bag is not None:
        report.breaks.extend(Break(str(path), 0, "break-bag") for path in check_bag(bag))
    for found in report.breaks:
        voice.answer(voice.phrase("audit-break", path=found.path, line=found.line, what=voice.phrase(found.what)))
    for place in report.found:
        voice.answer(voice.phrase("audit-head-found", head=short(place.head), path=place.path, line=place.line))
    if report.unsigned:
        voice.answer(voice.phrase("audit-unsigned", count=report.unsigned))
    for path, head in report.heads.items():
        voice.answer(voice.phrase("audit-head", path=path, short=short(head), head=head))
    voice.answer(voice.phrase("audit-broken" if report.breaks else "audit-whole", lines=report.lines,
                              count=len(report.breaks)))
    return 1 if report.breaks else 0
