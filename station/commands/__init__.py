"""One file per command of the contract: `add_arguments(parser, voice)` and `run(options, voice) -> exit code`."""
from __future__ import annotations

import argparse
import getpass
import os
import sys
from collections.abc import Callable

from checks.verdict import Outcome
from station.config import home_path, load_config
from station.home import Home
from station.people import Acting, acting
from station.register import Register, Station
from station.words import Voice
from station.year_bag import year_bag

EXIT = {Outcome.PASSED: 0, Outcome.FAILED: 1, Outcome.PARTLY: 1, Outcome.UNDECIDED: 3}


def asked_password(voice: Voice) -> Callable[[], str] | None:
    """Asks for the password of the centre's key, unseen; None where nobody sits at the terminal."""
    return (lambda: getpass.getpass(voice.phrase("ask-password"))) if sys.stdin.isatty() else None


def people_of(station: Station, voice: Voice, *said: str) -> list[Acting]:
    """Who these names or badge codes are; a PIN is asked on the terminal where the roster has one.

    Raises: UsageError.
    """
    def ask(name: str) -> str:
        return getpass.getpass(voice.phrase("ask-pin", name=name) + " ")
    return [acting(station, each, ask if sys.stdin.isatty() else None) for each in said]


def open_station(options: argparse.Namespace, voice: Voice, writes: bool = True) -> Station:
    """The station that the options name; one that writes has its folders made and a torn register mended, said so.

    To read, it may be a bag of a year's records, of whichever station. Raises: Refused.
    """
    config = load_config(options.config)
    if "STATION_LANG" not in os.environ:
        voice.language = config.language
    home, station_id = Home(home_path(options.home, config)), config.station_id
    bag = None
    if not writes:
        bag = year_bag(home.root)
    if bag is not None:
        home, station_id = bag.home, bag.station
    station = Station(config, home, Register(home, station_id), asked_password(voice))
    if writes:
        home.prepare()
        if station.register.repair():
            voice.say("register-repaired", path=station.register.path)
    return station
