"""station recompare INTAKE --form FORM: a later or corrected reference against a reading that is kept."""
from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from carriers.model import Finding
from checks import catalogue
from checks.bind import bind
from checks.form import SubmittedForm
from checks.lists import form_on
from checks.readability import SlowRule
from checks.verdict import Verdict
from station import batch as batches
from station.commands import EXIT, open_station
from station.commands.intake import (
    add_choice,
    choice_of,
    lies_in,
    open_known_batch,
    reference_of,
    report,
    show_encoding,
    whose_word,
)
from station.events import events_of
from station.home import RegisterError
from station.journal import begin, read_journal
from station.on_carrier import CARRIER, LISTS_NAME, keep_lists, kept_shelf, reference
from station.reading import Reading, reading_from
from station.register import Station, utc_now
from station.verdicts import Case, conclude
from station.words import Voice


def add_arguments(parser: argparse.ArgumentParser, voice: Voice) -> None:
    parser.add_argument("intake", help=voice.phrase("help-intake-number"))
    parser.add_argument("--form", required=True, help=voice.phrase("help-form-file"))
    add_choice(parser, voice)


def run(options: argparse.Namespace, voice: Voice) -> int:
    station = open_station(options, voice)
    earlier = batches.load_verdict(station, options.intake)
    given, lists = reference_of(options.form)
    batches.refuse_classified(station, given)
    reading = _reading(station, options.intake, earlier)
    inside = given is not None and lies_in(Path(options.form), Path(earlier.source))
    choice = choice_of(options, form_on_carrier=inside, lists=lists)
    shelf, kept = kept_shelf(station.home.intakes / options.intake, reading.structure)
    form = reference(shelf, reading.identity, given, choice)
    batches.refuse_classified(station, form)
    if given is not None:
        show_encoding(given, voice)
        open_known_batch(station, given, Path(options.form))
    reading = reading.named_for(form)
    confirmed = () if options.anchor or lists is None else confirmers(station, options.intake, form)
    people = whose_word(station, options, voice)
    if confirmed:
        choice, people = replace(choice, anchor="P2"), confirmed
        voice.say("anchor-confirmed", people="、".join(confirmed))
    binding = bind(form, reading.identity, reading.structure, choice)
    journal = begin(station.home, station.config.station_id,
                    {"at": utc_now(), "recompare_of": options.intake, "form_sha256": form.sha256, "lists": lists})
    batch = batches.of_form(station, form)
    attempt = earlier.attempt if (batch, binding.carrier_no) == (earlier.batch, earlier.carrier.number) or not batch \
        else batches.attempt_of(batches.fold(station, batch), binding.carrier_no)
    case = Case(journal, batch, form, choice, binding, earlier.source, attempt, options.intake,
                keep_lists(journal, kept), people=people)
    if earlier.reference.form_sha256 not in ("", form.sha256):
        reading = replace(reading, found=(*reading.found, Finding("reference-corrected", facts={
            "intake": earlier.intake, "outcome": earlier.outcome, "file": earlier.reference.form_name})))
    verdict = conclude(station, case, reading.joined_as(binding.joined), earlier.sittings)
    report(station, verdict, options.json, voice)
    return EXIT[verdict.outcome]


def confirmers(station: Station, intake: str, form: SubmittedForm) -> tuple[str, ...]:
    """Who confirmed by 清单确认单 every list that this form consists of, of this very carrier; () = not all of them.

    The unit's stamp is on the digest of the list itself, so the list's lines count as P2 (domain §10.1).
    """
    events = [e for e in events_of(station.register, None)
              if e.event == "confirmed" and not e.corrected and e.facts["intake"] == intake]
    stamped = {e.facts["list_sha256"] for e in events}
    if not form.lists or not {each.sha256 for each in form.lists} <= stamped:
        return ()
    names = dict.fromkeys(f"{e.by}、{e.second}" for e in events)
    return tuple(catalogue.words("phrases", "people-anchor", {"name": each, "anchor": "P2"})["zh"] for each in names)


def form_of_intake(station: Station, intake: str) -> SubmittedForm | None:
    """The form of an intake that lies on its carrier, from the lists that were kept; None of any other intake.

    Raises: FormUnreadable, RegisterError.
    """
    line = next((v for v in station.register.lines_of("verdict", about=(intake,))
                 if v["intake"] == intake), None)
    if line is None:
        return None
    verdict = batches.load_verdict(station, intake)
    name = verdict.reference.form_name
    if not name.startswith(CARRIER):
        return None
    structure = _reading(station, intake, verdict).structure
    return form_on(kept_shelf(station.home.intakes / intake, structure)[0], name.removeprefix(CARRIER), CARRIER)


def _reading(station: Station, intake: str, verdict: Verdict) -> Reading:
    """The reading of an intake, and what is kept beside it, unaltered. Raises: RegisterError."""
    folder = station.home.intakes / intake
    kept = [r for r in read_journal(folder / "journal.jsonl") if r["type"] == "reading"]
    if not kept:
        raise RegisterError("journal-broken", path=str(folder / "journal.jsonl"), line=0)
    batches.check_list(folder / "files.jsonl.zst", verdict.files_sha256)
    if verdict.kept_lists_sha256 or (folder / LISTS_NAME).exists():     # one that nobody kept is of no reading
        batches.check_list(folder / LISTS_NAME, verdict.kept_lists_sha256)
    return reading_from(kept[-1], folder / "files.jsonl.zst",
                        SlowRule(station.config.slow_seconds, station.config.slow_factor))
