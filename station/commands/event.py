"""station event BATCH TYPE: every act of the desk that is no verdict and no decision, one register line a carrier."""
from __future__ import annotations

import argparse
import getpass
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from checks import catalogue
from station.batch import UsageError
from station.commands import open_station, people_of
from station.desk import Act, record
from station.events import Event, local_minute
from station.people import secret_hash
from station.register import Station
from station.words import Voice

# option → the fact of the line that it gives
_FACTS = {"place": "place", "seal": "seal_no", "taker": "taker", "note": "note", "due": "due", "witness": "witness",
          "kind": "kind", "intake": "intake", "list": "list", "sha256": "list_sha256", "paper": "paper",
          "source": "source", "name": "name", "role": "role", "deliverer": "deliverer"}


def add_arguments(parser: argparse.ArgumentParser, voice: Voice) -> None:
    parser.add_argument("batch", help=voice.phrase("help-event-batch"))
    parser.add_argument("event", help=voice.phrase("help-event-type"))
    add_options(parser, voice)
    for option in ("witness", "intake", "list", "sha256", "paper", "source", "name", "badge", "role"):
        parser.add_argument(f"--{option}", default="", help=voice.phrase(f"help-event-{option}"))
    for option in ("line", "offset"):
        parser.add_argument(f"--{option}", type=int, default=None, help=voice.phrase(f"help-event-{option}"))
    for option in ("pin", "left"):
        parser.add_argument(f"--{option}", action="store_true", help=voice.phrase(f"help-event-{option}"))
    for item, row in catalogue.appearance().items():
        parser.add_argument(f"--{item}", default="", help=" ".join((row[voice.language], "/".join(
            (*row["good"], *row["bad"])))))


def add_options(parser: argparse.ArgumentParser, voice: Voice) -> None:
    """What every act may say; the commands `receive`, `return`, `store` and `unseal` have these too."""
    parser.add_argument("--carrier", nargs="+", default=[], metavar="NO", help=voice.phrase("help-event-carrier"))
    parser.add_argument("--scan", type=Path, help=voice.phrase("help-scan"))
    parser.add_argument("--kind", choices=("disc", "disk", "tape", "folder"), default="",
                        help=voice.phrase("help-event-kind"))
    for option in ("by", "second", "on", "place", "seal", "taker", "note", "due", "reason"):
        parser.add_argument(f"--{option}", default="", help=voice.phrase(f"help-event-{option}"))
    parser.add_argument("--json", action="store_true", help=voice.phrase("help-json"))


def run(options: argparse.Namespace, voice: Voice) -> int:
    return do(open_station(options, voice), options, options.event, voice)


def do(station: Station, options: argparse.Namespace, event: str, voice: Voice) -> int:
    """Record the act that the options tell and say what is on record. Raises: UsageError, RegisterError."""
    by, second = people_of(station, voice, options.by, options.second)
    act = Act(event, options.batch, by.name.strip(), second.name.strip(), (by.method, second.method if second.name
              else ""), options.on, tuple(options.carrier), _facts(options, event, voice), options.scan)
    events = record(station, act)
    if options.json:
        voice.answer(json.dumps([asdict(each) for each in events], ensure_ascii=False))
        return 0
    for each in events:
        voice.answer(voice.phrase("event-done", text=told(each, voice)))
    if event == "confirmed":
        voice.say("next-confirmed", intake=options.intake, list=options.list)
    return 0


def _facts(options: argparse.Namespace, event: str, voice: Voice) -> dict[str, Any]:
    given = vars(options)
    facts: dict[str, Any] = {fact: str(given[option]).strip() for option, fact in _FACTS.items() if given.get(option)}
    if event == "return":
        facts["reasons"] = [code.strip().upper() for code in options.reason.split(",") if code.strip()]
    elif options.reason:
        facts["note"] = "".join((options.reason, f";{options.note}" if options.note else ""))
    items = {item: given[item].strip() for item in catalogue.appearance() if given.get(item, "").strip()}
    facts |= {"items": items} if items else {}
    facts |= {"list_sha256": facts["list_sha256"].lower()} if "list_sha256" in facts else {}
    facts |= {"line": given["line"]} if given.get("line") is not None else {}
    facts |= {"offset_seconds": given["offset"]} if given.get("offset") is not None else {}
    if event == "person":
        facts |= {"left": True} if options.left else {}
        facts |= {"badge": secret_hash(options.badge)} if options.badge else {}
        facts |= {"pin": secret_hash(_new_pin(options.name, voice))} if options.pin else {}
    return facts


def _new_pin(name: str, voice: Voice) -> str:
    """A new PIN, typed twice on the terminal. Raises: UsageError("pin-needed" | "pin-differs")."""
    if not sys.stdin.isatty():
        raise UsageError("pin-needed", name=name)
    first, again = (getpass.getpass(voice.phrase(key, name=name) + " ") for key in ("ask-new-pin", "ask-pin-again"))
    if first != again or len(first) < 4:
        raise UsageError("pin-differs", name=name)
    return first


def told(event: Event, voice: Voice) -> str:
    """An act in one line: what, when, of which carrier, by whom, and what it says."""
    facts = event.facts
    parts = [voice.phrase("event-line", seq=event.seq, on=event.on or local_minute(event.at),
                          what=voice.phrase(f"event-{event.event}"), carrier=event.carrier_no or "-",
                          by="、".join(name for name in (event.by, event.second) if name) or "-",
                          method=voice.phrase(f"method-{event.method or 'named'}"))]
    for key in ("place", "seal_no", "deliverer", "taker", "witness", "due", "intake", "list", "list_sha256", "paper",
                "line", "source", "offset_seconds", "name", "role", "note", "scan_file"):
        if facts.get(key) not in (None, ""):
            parts.append(voice.phrase(f"fact-{key}", value=facts[key]))
    parts += [f"{code} {voice.phrase(f'reason-{code}')}" for code in facts.get("reasons", ())]
    parts += [f"{catalogue.appearance()[item][voice.language]}:{answer}"
              for item, answer in facts.get("items", {}).items() if item in catalogue.appearance()]
    if event.corrected:
        parts.append(voice.phrase("event-corrected"))
    return "  ".join(parts)
