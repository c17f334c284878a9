"""station register --summary | --export FILE.xlsx | --plan FILE: statistics, the 台账 as a workbook, the plan list."""
from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from carriers.model import CarrierError
from station import ledger
from station.batch import UsageError
from station.ledger_book import LedgerBook, Stamp, layout, published
from station.plans import PlanRow, Progress, import_plan
from station.register import Station, utc_now
from station.sampling import Due, schedule
from station.standing import read_books
from station.statistics import Group, Summary, summarise
from station.words import Voice
from station.year_report import heads_text, plan_row, record, sentences, sized


def add_arguments(parser: argparse.ArgumentParser, voice: Voice) -> None:
    asked = parser.add_mutually_exclusive_group()
    asked.add_argument("--summary", action="store_true", help=voice.phrase("help-summary"))
    asked.add_argument("--export", type=Path, metavar="FILE.xlsx", help=voice.phrase("help-ledger-export"))
    asked.add_argument("--plan", type=Path, metavar="FILE", help=voice.phrase("help-plan"))


def is_asked(options: argparse.Namespace) -> bool:
    """Whether the options of `station register` ask for something of the year and not for a search."""
    return bool(options.summary or options.export or options.plan)


def run(options: argparse.Namespace, station: Station, voice: Voice) -> int:
    """Raises: UsageError("year-malformed"); Refused."""
    if options.year and not re.fullmatch(r"\d{4}", options.year):
        raise UsageError("year-malformed", text=options.year)
    if options.plan:
        return _import(station, options, voice)
    if not station.home.register.is_dir():
        raise CarrierError("no-register", path=str(station.home.root))
    books = read_books(station.home)
    now = datetime.now().astimezone()
    summary = summarise(books, options.year, utc_now(), now.date())
    if options.export:
        due = schedule(station, books)
        text = " ".join(options.text)
        stamp = Stamp(voice.language, f"{now:%Y-%m-%d %H:%M}", heads_text(books.heads, voice), options.year, text)
        rows = ledger.rows(station.home, books, {each.accepted.reading.intake: each for each in due}, voice.phrase,
                           options.year)
        voice.say("ledger-writing", lines=f"{sum(head.seq for head in books.heads):,}")
        with published(options.export, stamp) as book:
            count = book.table("ledger", layout()["ledger"], ledger.matching(rows, text))
            write_statistics(book, (summary, due), voice)
        voice.answer(voice.phrase("ledger-written", path=options.export, rows=count,
                                  head=" ".join(head.sha256[:16] for head in books.heads) or "-"))
    elif options.json:
        voice.answer(json.dumps(record(summary), ensure_ascii=False))
    else:
        for text in sentences(summary, voice):
            voice.answer(text)
        for each in summary.plan:
            voice.answer(plan_text(each, voice))
    return 0


def _import(station: Station, options: argparse.Namespace, voice: Voice) -> int:
    year, rows, strange = import_plan(station, options.plan, options.year)
    for text in strange:
        voice.say("plan-day", text=text)
    voice.answer(voice.phrase("plan-read", year=year, rows=len(rows), units=len({_unit(row) for row in rows})))
    return 0


def _unit(row: PlanRow) -> str:
    return row.fonds_no or row.unit_name


def plan_text(each: Progress, voice: Voice) -> str:
    """A row of the 计划名册 with its 完成情况, as one line."""
    row = each.row
    return voice.phrase("plan-row", state=voice.phrase(f"year-state-{each.state}"), seq=row.seq,
                        unit=row.unit_name or "-", fonds=row.fonds_no or "-", layer=row.layer, form=row.data_form,
                        batches=row.batches, due=row.due_on or "-", accepted=len(each.accepted),
                        size=sized(each.net_bytes, voice), completed=each.completed_on or "-")


# --- the workbook --------------------------------------------------------------------------------------------------

def write_statistics(book: LedgerBook, facts: tuple[Summary, list[Due]], voice: Voice) -> None:
    """Write the sheets beside the 台账. facts: the summary, the schedule."""
    summary, due = facts
    columns = layout()
    book.sentences("summary", sentences(summary, voice))
    book.table("classes", [*columns["classes"], *columns["totals"]], _groups(
        summary.by_layer_form_unit, ("layer", "data_form", "unit_name")))
    book.table("batches", [*columns["batches"], *columns["totals"][1:]], _groups(
        summary.by_batch, ("batch_no", "unit_name", "layer", "data_form", "system_name")))
    book.table("plan", columns["plan_columns"], _plan(summary, voice))
    book.table("due", columns["due"], (due_row(each, voice) for each in due))


def _groups(groups: list[Group], names: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    for group in groups:
        sums = {column["id"]: getattr(group.totals, column["id"]) for column in layout()["totals"]}
        yield {**dict(zip(names, group.names, strict=True)), **sums}


def _plan(summary: Summary, voice: Voice) -> Iterator[dict[str, Any]]:
    for each in summary.plan:
        row = plan_row(each)
        notes = "; ".join(f"{heading}:{text}" for heading, text in row["notes"].items())
        yield {**row, "year": summary.year, "state": voice.phrase(f"year-state-{each.state}"), "notes": notes,
               "accepted": len(each.accepted), "actual": each.net_bytes}


def due_row(due: Due, voice: Voice) -> dict[str, Any]:
    """A carrier that is to be checked again, by the columns of the sheet."""
    reading, custody = due.accepted.reading, due.accepted.custody
    fonds, unit = due.unit
    return {"unit_name": unit, "fonds_no": fonds, "batch_no": due.accepted.batch.number,
            "carrier_no": reading.carrier_no or reading.volume_label,
            "carrier_form": voice.phrase(f"kind-{reading.kind}"), "set_code": reading.set_code,
            "cert_no": due.accepted.certificate, "accepted_on": due.accepted_on, "checked_on": due.checked_on,
            "next_check_due": due.next_on,
            "last_outcome": voice.phrase("due-sampled", number=due.sampled) if due.sampled
            else voice.phrase(f"word-{due.last}") if due.last else "", "location": custody.place,
            "seal_no": custody.seal_no, "intake": reading.intake}
