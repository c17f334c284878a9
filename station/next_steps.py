"""What the operator does next, after a verdict: whole command lines, true at that moment.

Takes a verdict and the station, gives phrases; relies on the batch as the register has it. Never leaves anybody
without a step: a failed or undecided carrier always has one.
"""
from __future__ import annotations

from collections.abc import Iterator, Sequence

from checks.judge import NEVER_ACCEPTED
from checks.verdict import Outcome, Severity, Verdict
from labels.sentences import edition
from station.attempts import UNREAD
from station.batch import Batch, Obstacle, fold, unread
from station.custody import Custody
from station.on_carrier import CARRIER
from station.recheck import rechecked
from station.register import Station

SHOWN = 5                       # lists, carriers and codes that are named


def next_steps(station: Station, verdict: Verdict) -> Iterator[Obstacle]:
    """Each step as a key of `phrases.toml` with its facts, in the order in which they are done."""
    reference, counts, intake = verdict.reference, verdict.counts, verdict.intake
    if counts.files and counts.listed > 1 and counts.missing + counts.differs == counts.listed:
        yield Obstacle("next-other-list", {"intake": intake})
    of_others = [j for j in verdict.findings if j.code == "carrier-of-another-unit"]
    if of_others:
        yield Obstacle("next-other-unit", {"intake": intake, "fonds": str(of_others[0].facts["fonds"]),
                                           "unit": str(of_others[0].facts["unit"])})
    elif verdict.outcome is Outcome.FAILED:
        if any(j.code == "carrier-number-differs" for j in verdict.findings):
            yield Obstacle("next-other-carrier", {"intake": intake, "form": reference.form_name,
                                                  "carrier": verdict.carrier.number or "-"})
        yield _goes_back(verdict)
        yield from _second_drive(station, verdict)
    if verdict.outcome is Outcome.UNDECIDED:
        yield from _undecided(verdict)
    if not reference.form_sha256 and reference.lists:
        yield Obstacle("next-lists", {
            "count": str(reference.list_count), "lists": some([each.path for each in reference.lists]),
            "intake": intake, "source": verdict.source, "first": reference.lists[0].path})
    if rechecked(reference):
        yield Obstacle("next-recheck", {"intake": rechecked(reference)})
    elif not verdict.batch and reference.form_sha256:
        form = intake if reference.form_name.startswith(CARRIER) else reference.form_name
        yield Obstacle("next-no-batch", {"form": form})
    elif verdict.batch:
        yield from _of_batch(station, verdict)


def _second_drive(station: Station, verdict: Verdict) -> Iterator[Obstacle]:
    """A carrier that failed on its blocks in a drive may be tried in another one, while the attempt allows it."""
    if not any(verdict.drive.values()) or not any(j.code in UNREAD for j in verdict.findings):
        return
    count = sum(1 for line in station.register.lines_of("verdict", about=(verdict.reference.form_sha256,))
                if line["carrier_no"] == verdict.carrier.number and line["attempt"] == verdict.attempt
                and line["form_sha256"] == verdict.reference.form_sha256 and not line["replaces"])
    most = station.config.readings_per_attempt
    if verdict.reference.form_sha256 and count < most:
        yield Obstacle("next-second-drive", {"count": str(count), "most": str(most),
                                             "form": f"--form {verdict.reference.form_name}"})


def _undecided(verdict: Verdict) -> Iterator[Obstacle]:
    """What people may answer, and what only another list or another carrier mends."""
    codes = sorted({j.code for j in verdict.findings if j.severity is Severity.DOUBT})
    never = [code for code in codes if code in NEVER_ACCEPTED]
    if never or not codes:
        yield Obstacle("next-correct", {"intake": verdict.intake, "codes": some(never or ["-"])})
        if verdict.batch and any(code.startswith("form-") for code in never):
            yield Obstacle("next-corrected-form", {"batch": verdict.batch})
    if len(codes) > len(never):
        open_to_people = [code for code in codes if code not in NEVER_ACCEPTED]
        yield Obstacle("next-undecided", {
            "intake": verdict.intake, "codes": some(open_to_people), "first": open_to_people[0]})


def _goes_back(verdict: Verdict) -> Obstacle:
    """A failure is final: the carrier goes back at once. One whose number nobody told goes back after the decision."""
    if verdict.batch and verdict.carrier.number and not rechecked(verdict.reference):
        codes = sorted({edition()["reason_of"].get(j.code, "R99") for j in verdict.findings
                        if j.severity is Severity.REJECT})
        return Obstacle("next-return", {"batch": verdict.batch, "carrier": verdict.carrier.number,
                                        "reasons": ",".join(codes)})
    return Obstacle("next-failed", {})


def _of_batch(station: Station, verdict: Verdict) -> Iterator[Obstacle]:
    """Go on with the carriers that were not read yet, or not settled; else decide."""
    batch = fold(station, verdict.batch)
    absent = unread(batch)
    if absent:
        yield Obstacle("next-absent", {"batch": batch.number, "count": str(len(absent)), "carriers": some(absent)})
        return
    answered = {resolution.intake for resolution in batch.resolutions}
    doubtful = [reading.intake for reading in batch.current
                if reading.outcome is Outcome.UNDECIDED and reading.intake not in answered]
    if verdict.outcome is not Outcome.UNDECIDED and doubtful:
        yield Obstacle("next-doubtful", {"batch": batch.number, "intakes": some(doubtful)})
    elif verdict.outcome is not Outcome.UNDECIDED:
        listed = sum(int(batch.verdict_lines[reading.intake]["listed"]) for reading in batch.current)
        yield Obstacle("next-decide" if listed >= batch.line_count else "next-lines-left", {
            "batch": batch.number, "lines": str(batch.line_count), "listed": str(listed)})


def batch_steps(batch: Batch, now: Custody, open_points: Sequence[Obstacle], decided: bool) -> Iterator[Obstacle]:
    """What is to be done with a batch as it stands, in the order in which it is done; nothing where all is stored."""
    facts, states = {"batch": batch.number}, now.carriers.values()
    away = [c.carrier_no for c in states if c.again or (c.where == "away" and c.outcome != Outcome.PASSED)]
    if away:
        yield Obstacle("step-again", {**facts, "carriers": some(away)})
    failed = [c.carrier_no for c in states if c.outcome == Outcome.FAILED and c.where == "here" and not c.again
              and not c.exception]
    if failed:
        yield Obstacle("step-return", {**facts, "carriers": some(failed),
                                       "paper": str(batch.decisions[-1]["number"]), "first": failed[0]})
    if not decided and not open_points and batch.readings:
        yield Obstacle("batch-ready", facts)
    elif not decided:
        lacking = [number for number in unread(batch) if number not in away]
        come = [number for number in lacking if number in now.carriers and now.carriers[number].where == "here"]
        yield Obstacle("step-read" if come else "step-receive", {**facts, "carriers": some(come or lacking) or "-"}) \
            if lacking or not batch.readings else Obstacle("step-open", facts)
    elif now.state in ("passed", "partly", "failed", "printed"):
        yield Obstacle("step-stamp", {**facts, "paper": str(batch.decisions[-1]["number"])})
    passed = [c for c in states if c.outcome == Outcome.PASSED and c.where == "here"]
    if decided and passed:
        yield Obstacle("step-store-disk" if any(c.kind == "disk" and not c.sealed for c in passed) else "step-store",
                       {**facts, "carriers": some([c.carrier_no for c in passed])})


def some(names: list[str]) -> str:
    """A few names, and a sign that there are more."""
    return "、".join(names[:SHOWN]) + ("…" if len(names) > SHOWN else "")
