"""station recompare INTAKE --form FORM: a later or corrected reference against a reading that is kept."""
from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from carriers.model import Finding
from checks.bind import bind
from checks.form import read_form
from checks.readability import SlowRule
from station import batch as batches
from station.commands import EXIT, open_station
from station.commands.intake import (
    add_choice,
    choice_of,
    open_known_batch,
    refuse_classified,
    report,
    show_encoding,
)
from station.home import RegisterError
from station.journal import begin, read_journal
from station.reading import reading_from
from station.register import utc_now
from station.verdicts import Case, conclude
from station.words import Voice


def add_arguments(parser: argparse.ArgumentParser, voice: Voice) -> None:
    parser.add_argument("intake", help=voice.phrase("help-intake-number"))
    parser.add_argument("--form", type=Path, required=True, help=voice.phrase("help-form-file"))
    add_choice(parser, voice)


def run(options: argparse.Namespace, voice: Voice) -> int:
    station = open_station(options, voice)
    earlier = batches.load_verdict(station, options.intake)
    form = read_form(options.form)
    refuse_classified(station, form)
    show_encoding(form, voice)
    open_known_batch(station, form, options.form)
    folder = station.home.intakes / options.intake
    records = list(read_journal(folder / "journal.jsonl"))
    kept = [r for r in records if r["type"] == "reading"]
    if not kept:
        raise RegisterError("journal-broken", path=str(folder / "journal.jsonl"), line=0)
    batches.check_list(folder / "files.jsonl.zst", earlier.files_sha256)
    reading = reading_from(kept[-1], folder / "files.jsonl.zst",
                           SlowRule(station.config.slow_seconds, station.config.slow_factor)).named_for(form)
    choice = choice_of(options, form_on_carrier=False)
    binding = bind(form, reading.identity, reading.structure, choice)
    batch = batches.of_form(station, form)
    journal = begin(station.home, station.config.station_id,
                    {"at": utc_now(), "recompare_of": options.intake, "form_sha256": form.sha256})
    case = Case(journal, batch, form, choice, binding, earlier.source, earlier.attempt, options.intake)
    if earlier.reference.form_sha256 not in ("", form.sha256):
        reading = replace(reading, found=(*reading.found, Finding("reference-corrected", facts={
            "intake": earlier.intake, "outcome": earlier.outcome, "file": earlier.reference.form_name})))
    verdict = conclude(station, case, reading, earlier.sittings)
    report(station, verdict, options.json, voice)
    return EXIT[verdict.outcome]
