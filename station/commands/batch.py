"""station batch FORM|NUMBER: opens or shows the batch of a form, and what is still open."""
from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from checks import catalogue
from checks.judge import final_outcome
from checks.lists import read_reference
from station import batch as batches
from station.commands import open_station
from station.commands.event import told
from station.commands.intake import show_encoding
from station.commands.recompare import form_of_intake
from station.custody import CarrierState, custody
from station.next_steps import batch_steps
from station.numbering import announced, gaps
from station.words import Voice


def add_arguments(parser: argparse.ArgumentParser, voice: Voice) -> None:
    parser.add_argument("form", help=voice.phrase("help-form-or-batch"))
    parser.add_argument("--fonds", default="", help=voice.phrase("help-fonds"))
    parser.add_argument("--unit", default="", help=voice.phrase("help-unit"))
    parser.add_argument("--year", default="", help=voice.phrase("help-year"))
    parser.add_argument("--number", default="", help=voice.phrase("help-corrects"))
    parser.add_argument("--json", action="store_true", help=voice.phrase("help-json"))


def run(options: argparse.Namespace, voice: Voice) -> int:
    path = Path(options.form)
    station = open_station(options, voice, writes=path.exists())
    form = read_reference(path) if path.exists() else form_of_intake(station, options.form)
    if form is not None:
        station = open_station(options, voice)
        batches.refuse_classified(station, form)
        show_encoding(form, voice)
        given = {"fonds_no": options.fonds, "unit_name": options.unit, "year": options.year}
        number = batches.open_batch(station, form, path, given, options.number)
    else:
        number = options.form
    batch = batches.fold(station, number)
    verdicts = batches.counting_verdicts(station, batch)
    open_points = batches.obstacles(station, batch, verdicts)
    decided = bool(verdicts) and all(v.intake in batch.decided_intakes for v in verdicts)
    now = custody(station, batch, ready=bool(verdicts) and not open_points and not decided)
    if options.json:
        voice.answer(json.dumps({
            "batch": batch.number, "fonds_no": batch.fields.get("fonds_no", ""),
            "unit_name": batch.fields.get("unit_name", ""), "form_sha256": batch.form_sha256,
            "lines": batch.line_count, "carriers_expected": announced(batch.fields, batch.carriers),
            "gaps": gaps(batch.carriers),
            "readings": [{"intake": r.intake, "carrier_no": r.carrier_no, "attempt": r.attempt, "outcome": r.outcome,
                          "replaced": r.replaced} for r in batch.readings],
            "open": [{"what": o.what, **o.facts} for o in open_points],
            "decisions": [d["number"] for d in batch.decisions],
            "state": now.state, "outcome": now.outcome, "due": now.due,
            "carriers": [asdict(each) for each in now.carriers.values()],
            "events": [asdict(each) for each in now.events]}, ensure_ascii=False))
        return 0
    voice.answer(voice.phrase("batch-head", batch=batch.number, unit=batch.fields.get("unit_name", "-"),
                              fonds=batch.fields.get("fonds_no", "-"), lines=batch.line_count))
    voice.answer(voice.phrase("batch-state", state=voice.phrase(f"state-{now.state}"),
                              outcome=voice.phrase(f"word-{now.outcome}") if now.outcome else "-", due=now.due or "-"))
    if batch.carriers:
        voice.answer(voice.phrase("batch-carriers", carriers=" ".join(batch.carriers)))
        if left_out := gaps(batch.carriers):
            voice.answer(voice.phrase("batch-gaps", numbers="、".join(left_out)))
    for verdict in verdicts:
        voice.answer("  " + voice.phrase("batch-reading", intake=verdict.intake, number=verdict.carrier.number or "-",
                                         label=verdict.carrier.volume_label or "-", attempt=verdict.attempt,
                                         outcome=voice.phrase(f"word-{final_outcome(verdict, batch.resolutions)}")))
    shown = {v.intake for v in verdicts}
    for reading in batch.readings:
        if reading.intake not in shown:                        # of an earlier attempt, or compared again since
            voice.answer("  " + voice.phrase("batch-earlier", intake=reading.intake, number=reading.carrier_no or "-",
                                             attempt=reading.attempt, outcome=voice.phrase(f"word-{reading.outcome}")))
    for state in now.carriers.values():
        voice.answer("  " + _carrier(state, voice))
    for event in now.events:
        voice.answer("  " + told(event, voice))
    for obstacle in open_points:
        voice.answer("  " + voice.phrase(obstacle.what, **obstacle.facts))
    if batch.decisions:
        voice.answer(voice.phrase("batch-decided", numbers=" ".join(str(d["number"]) for d in batch.decisions)))
    for step in batch_steps(batch, now, open_points, decided):
        voice.answer(voice.phrase(step.what, **step.facts))
    return 0


def _carrier(state: CarrierState, voice: Voice) -> str:
    """A carrier in one line: where it is, which attempt, and what else is so."""
    outcome = voice.phrase(f"word-{state.outcome}") if state.outcome else "-"
    parts = [voice.phrase("carrier-line", carrier=state.carrier_no or "-", where=voice.phrase(f"where-{state.where}"),
                          attempt=state.attempt, outcome=outcome)]
    if state.again:
        parts.append(voice.phrase("carrier-again", reasons=" ".join(state.reasons)))
    if state.exception:
        parts.append(voice.phrase("carrier-exception", by=state.exception))
    for key in ("place", "taker"):
        if getattr(state, key):
            parts.append(voice.phrase(f"fact-{key}", value=getattr(state, key)))
    if state.sealed:
        parts.append(voice.phrase("fact-seal_no", value=state.seal_no))
    if state.looks:
        rows = catalogue.appearance()
        parts.append("、".join(f"{rows[item][voice.language]}:{answer}" for item, answer in state.looks.items()))
    return "  ".join(parts)
