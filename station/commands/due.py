"""station due [--by DATE] [--sample 10%]: carriers whose periodic re-check is due, and samples of them, by unit."""
from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from datetime import date

from carriers.model import CarrierError
from checks.verdict import Outcome
from station.batch import UsageError
from station.commands import open_station
from station.commands.yearly import due_row, plan_text
from station.plans import progress_of
from station.register import Station
from station.sampling import Due, due_by, record, redraw, sample, schedule
from station.standing import read_books
from station.words import Voice
from station.year_report import plan_row


def add_arguments(parser: argparse.ArgumentParser, voice: Voice) -> None:
    parser.add_argument("--by", default="", metavar="DATE", help=voice.phrase("help-due-by"))
    parser.add_argument("--sample", default="", metavar="SHARE", help=voice.phrase("help-sample").replace("%", "%%"))
    parser.add_argument("--seed", default="", help=voice.phrase("help-seed"))
    parser.add_argument("--by-name", default="", metavar="NAME", help=voice.phrase("help-sample-person"))
    parser.add_argument("--redo", default="", metavar="NUMBER", help=voice.phrase("help-redo"))
    parser.add_argument("--json", action="store_true", help=voice.phrase("help-json"))


def run(options: argparse.Namespace, voice: Voice) -> int:
    station = open_station(options, voice, writes=bool(options.by_name and options.sample))
    if not station.home.register.is_dir():
        raise CarrierError("no-register", path=str(station.home.root))
    if (options.by_name or options.seed) and not options.sample:
        raise UsageError("sample-share", text="")
    try:
        day = date.fromisoformat(options.by).isoformat() if options.by else date.today().isoformat()
    except ValueError as failure:
        raise UsageError("day-malformed", text=options.by) from failure
    if options.redo:
        return _redo(station, options, voice)
    if options.sample:
        return _sample(station, options, day, voice)
    return _list(station, options, day, voice)


def _list(station: Station, options: argparse.Namespace, day: str, voice: Voice) -> int:
    books = read_books(station.home)
    every = schedule(station, books)
    due = due_by(every, day)
    plan = [each for each in progress_of(books, day[:4], date.fromisoformat(day)) if each.state != "done"]
    if options.json:
        voice.answer(json.dumps({"by": day, "heads": {h.station: h.sha256 for h in books.heads}, "all": len(every),
                                 "due": [due_row(each, voice) for each in due],
                                 "plan": [plan_row(each) for each in plan]}, ensure_ascii=False))
        return 0
    _by_unit(due, voice)
    if plan:
        voice.answer(voice.phrase("due-plan", year=day[:4]))
        for each in plan:
            voice.answer(plan_text(each, voice))
    voice.answer(voice.phrase("due-count", day=day, count=len(due), units=len({each.unit for each in due}),
                              failed=sum(each.last == Outcome.FAILED for each in due), all=len(every),
                              head=" ".join(head.sha256[:16] for head in books.heads) or "-"))
    if due:
        voice.say("due-next", day=day)
    return 0


def _by_unit(due: Iterable[Due], voice: Voice) -> None:
    """Carriers under their units: the owner opens a seal, and one visit covers one unit (domain §6.6)."""
    units: dict[tuple[str, str], list[Due]] = {}
    for each in due:
        units.setdefault(each.unit, []).append(each)
    for (fonds, unit), carriers in units.items():
        voice.answer(voice.phrase("due-unit", unit=unit or "-", fonds=fonds or "-", count=len(carriers)))
        for each in carriers:
            row = {name: value or "-" for name, value in due_row(each, voice).items()}
            last = voice.phrase(f"due-{each.last}") if each.last in (Outcome.FAILED, Outcome.UNDECIDED) \
                else f"{row['last_outcome']}  " if each.sampled else ""
            voice.answer(voice.phrase(
                "due-row", next=each.next_on, number=row["carrier_no"], kind=row["carrier_form"], set=row["set_code"],
                checked=each.checked_on, last=last, place=row["location"], seal=row["seal_no"],
                certificate=row["cert_no"], intake=row["intake"]))


def _sample(station: Station, options: argparse.Namespace, day: str, voice: Voice) -> int:
    chosen = sample(station, options.sample, options.seed, day)
    number = record(station, chosen, options.by_name) if options.by_name else ""
    if options.json:
        voice.answer(json.dumps({"number": number, "share": chosen.share, "seed": chosen.seed, "by": day,
                                 "of": chosen.of, "carriers": [due_row(each, voice) for each in chosen.drawn]},
                                ensure_ascii=False))
        return 0
    voice.answer(voice.phrase("sample-head", number=number or voice.phrase("sample-tried"), of=chosen.of,
                              share=chosen.share, count=len(chosen.drawn), seed=chosen.seed,
                              units=len({each.unit for each in chosen.drawn})))
    _by_unit(chosen.drawn, voice)
    voice.say("sample-recorded" if number else "sample-shown", number=number)
    return 0


def _redo(station: Station, options: argparse.Namespace, voice: Voice) -> int:
    """The recorded sample again: 0 = the same came out, 1 = it did not."""
    again = redraw(station, options.redo)
    line = again.line
    if options.json:
        voice.answer(json.dumps({"number": line["number"], "same": again.same, "done": sorted(again.done),
                                 "failed": sorted(again.failed),
                                 "carriers": [due_row(each, voice) for each in again.now]}, ensure_ascii=False))
    else:
        voice.answer(voice.phrase("sample-head", number=line["number"], of=line["of"], share=line["share"],
                                  count=len(line["carriers"]), seed=line["seed"],
                                  units=len({each.unit for each in again.now})))
        _by_unit(again.now, voice)
        voice.answer(voice.phrase("sample-same" if again.same else "sample-differs", done=len(again.done),
                                  failed=len(again.failed), left=len(line["carriers"]) - len(again.done)))
    return 0 if again.same else 1
