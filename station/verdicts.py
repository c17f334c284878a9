"""From a reading to a verdict that is on record: compare, judge, write the lists, close the journal, register.

Takes a reading and a form, gives a `Verdict`; relies on checks for meaning and on the journal and register for
keeping. An intake and a recompare end here alike. The order is fixed: lists → journal → its closing line → register
line → the intake is no longer open; killed anywhere between, the next start goes on from what is on disk.
"""
from __future__ import annotations

import hashlib
import json
import os
import platform
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from json.encoder import encode_basestring
from pathlib import Path
from typing import Any

from carriers.capacity import claimed_only
from carriers.health import Health
from carriers.model import CarrierId, CarrierKind, Finding
from checks import catalogue
from checks.bind import Binding, Choice
from checks.catalogues import against
from checks.compare import Comparison, compare, content_sha256
from checks.form import SubmittedForm
from checks.judge import judge_findings, outcome_of, run_checks
from checks.results import DIFFERS, EQUAL
from checks.unseen import check_structure
from checks.verdict import (
    SCHEMA,
    CarrierFacts,
    CheckResult,
    Digests,
    LineResult,
    LineState,
    ListFacts,
    Reference,
    Severity,
    Sitting,
    Verdict,
    from_record,
    to_record,
)
from station import __version__
from station.attempts import against_earlier, readings_of
from station.batch import ACCEPTED
from station.events import clock_of
from station.history import Asked, History, after, stamp_of
from station.home import Home
from station.journal import Journal, beside, raw_record
from station.reading import Reading, finding_record
from station.recheck import rechecked
from station.register import Station, utc_now
from station.wear import worn_since

SHOWN_LINES = 40             # a list up to this long stands in the annex whole; of a longer one only what failed
SHOWN_FAILURES = 200


@dataclass(frozen=True, slots=True)
class Case:
    """What one verdict is about. attempt: 1, or one more for each decision that returned this carrier.

    found_lists: names of lists on a carrier that has no form. people: whose word it rests on, with what they said.
    """

    journal: Journal
    batch: str
    form: SubmittedForm | None
    choice: Choice
    binding: Binding
    source: str
    attempt: int = 1
    replaces: str = ""
    kept_lists_sha256: str = ""
    found_lists: tuple[str, ...] = ()
    people: tuple[str, ...] = ()

    @property
    def is_recheck(self) -> bool:
        """Whether the form is what was accepted of this very carrier."""
        return self.form is not None and self.form.layout == ACCEPTED

    def asked(self, home: Home, identity: CarrierId) -> Asked:
        """What the register is asked about this carrier before it is read."""
        form, number = self.form, self.journal.number
        return Asked(identity, self.binding.carrier_no, self.batch, form.sha256 if form else "",
                     form.fields.get("fonds_no", "") if form else "", frozenset((number, self.replaces)),
                     stamp_of(home, number, self.source))


def conclude(station: Station, case: Case, reading: Reading, sittings: Sequence[Sitting] = ()) -> Verdict:
    """Judge a reading against the form and put the verdict on record. sittings: of an earlier journal's reading.

    Raises: RegisterError; then nothing was said to be done and the intake stays open.
    """
    journal = case.journal
    files_sha256 = beside(lambda: journal.write_list("files.jsonl.zst", reading.file_rows()))
    content, content_only = _content(reading, with_paths=True), _content(reading, with_paths=False)
    comparison = compare(case.form, case.binding, reading.structure, reading.fixities, reading.found)
    lines_sha256 = beside(lambda: journal.write_list("lines.jsonl.zst", map(_line_row, comparison.results)))
    digests = Digests(content() or None, comparison.carrier_digest, content_only() or None)
    history = _history(station, case, reading, digests)
    comparison = replace(comparison, counts=replace(comparison.counts, repeated_files=history.repeated_files,
                                                    repeated_bytes=history.repeated_bytes))
    found = [*_findings(station, case, reading, comparison), *history.findings]
    found += against_earlier(station, _other_readings(station, case, reading.identity), reading, found)
    verdict = _verdict(station, case, reading, (found, comparison))
    journal.write("reading", reading.record())
    journal.write("findings", {"findings": [finding_record(f) for f in found]})
    verdict = replace(verdict, digests=digests, files_sha256=files_sha256(), lines_sha256=lines_sha256(),
                      kept_lists_sha256=case.kept_lists_sha256, journal_sha256=journal.sha256(),
                      sittings=tuple(sittings or _sittings(journal)))
    journal.write("close", {"verdict": to_record(verdict)})
    _register(station, journal, verdict, case.replaces)
    return verdict


def _content(reading: Reading, *, with_paths: bool) -> Callable[[], str]:
    """The answer to what `content_sha256` is, computed beside; "" where a file is incomplete."""
    return beside(lambda: content_sha256(reading.structure, reading.fixities, with_paths=with_paths) or "")


def _history(station: Station, case: Case, reading: Reading, digests: Digests) -> History:
    """What the register knows of this carrier; nothing of one that is checked again, which is known (contract)."""
    if case.is_recheck:
        return History((), 0, 0)
    asked = replace(case.asked(station.home, reading.identity), content=digests.content_sha256 or "",
                    content_only=digests.content_only_sha256 or "")
    return after(station, asked, reading)


def _other_readings(station: Station, case: Case, identity: CarrierId) -> Iterator[Mapping[str, Any]]:
    """The other readings of this carrier in this attempt."""
    for line in readings_of(station, case.form, (case.binding.carrier_no, identity), case.attempt):
        if line["intake"] not in (case.journal.number, case.replaces):
            yield line


def register_verdict(station: Station, journal: Journal, replaces: str = "") -> Verdict:
    """Put the verdict of a journal that was closed and then killed into the register, unless it is there."""
    closing = next(r for r in journal.records() if r["type"] == "close")
    verdict = from_record(Verdict, closing["verdict"])
    if any(line["intake"] == verdict.intake for line in station.register.lines_of("verdict", about=(verdict.intake,))):
        journal.close()
    else:
        _register(station, journal, verdict, replaces)
    return verdict


def _register(station: Station, journal: Journal, verdict: Verdict, replaces: str) -> None:
    """The verdict's line in the register, then the intake is no longer open."""
    closing = {"type": "close", "verdict": to_record(verdict)}
    station.register.append("verdict", {
        "intake": verdict.intake, "batch": verdict.batch, "attempt": verdict.attempt, "replaces": replaces,
        "outcome": verdict.outcome, "carrier_no": verdict.carrier.number, "kind": verdict.carrier.kind,
        "set_code": verdict.carrier.set_code, "volume_label": verdict.carrier.volume_label,
        "serial": verdict.carrier.serial, "fingerprint": verdict.carrier.fingerprint,
        "medium": verdict.carrier.medium, "codes": _codes(verdict),
        "unchecked": [check.id for check in verdict.checks if check.result == CheckResult.NOT_CHECKED],
        "files": verdict.counts.files, "bytes": verdict.counts.bytes, "listed": verdict.counts.listed,
        "equal": verdict.counts.equal, "anchor": verdict.reference.anchor, "source": verdict.source,
        "form_sha256": verdict.reference.form_sha256, "content_sha256": verdict.digests.content_sha256,
        "content_only_sha256": verdict.digests.content_only_sha256,
        "repeated_files": verdict.counts.repeated_files, "repeated_bytes": verdict.counts.repeated_bytes,
        "recheck_of": rechecked(verdict.reference),
        "journal_sha256": verdict.journal_sha256, "lines_sha256": verdict.lines_sha256,
        "files_sha256": verdict.files_sha256, "kept_lists_sha256": verdict.kept_lists_sha256,
        "verdict_sha256": hashlib.sha256(raw_record(closing)).hexdigest()})
    journal.close()


def _codes(verdict: Verdict) -> list[str]:
    """The codes that reject the carrier, else those that leave it in doubt."""
    codes = {severity: sorted({j.code for j in verdict.findings if j.severity is severity}) for severity in Severity}
    return codes[Severity.REJECT] or codes[Severity.DOUBT]


def _findings(station: Station, case: Case, reading: Reading, comparison: Comparison) -> list[Finding]:
    """Everything that is true of this carrier and this form, in one list."""
    listed = {*case.binding.targets, *(part for parts in case.binding.joined for part in parts)}
    by_code = [*comparison.found, *check_structure(reading.structure, reading.found), *case.binding.findings,
               *reading.readability.findings(lambda n: "listed" if n in listed else "elsewhere"),
               *reading.formats.findings(), *comparison.findings,
               *against(reading.enclosed, reading.structure, case.form, case.binding, case.choice.profile)]
    states = list(zip(comparison.results.targets, comparison.results.states, strict=True))
    by_code += claimed_only(reading.probed, reading.structure, *(
        {target for target, state in states if state == wanted and 0 <= target < reading.fixities.count}
        for wanted in (EQUAL, DIFFERS)))
    by_code += worn_since(station, reading.identity, reading.found)
    for check, reason in _not_run(reading):
        place = "policy" if check in station.config.may_be_unchecked else ""
        by_code.append(Finding("check-not-run", "", None, {"check": check, "reason": reason, "place": place}))
    return by_code


def _not_run(reading: Reading) -> Iterable[tuple[str, str]]:
    """Checks that this station cannot make yet, or could not make of this carrier, with the reason."""
    kind, health = reading.identity.kind, reading.health
    yield "safety", "no-engine"
    if kind is CarrierKind.DISC and not (health.asked and not health.optical):
        yield "quality", "no-tester"
    if health.unlearnt:
        yield "health", f"health-{health.unlearnt}"
    elif kind not in (CarrierKind.DISC, CarrierKind.FOLDER) and not health.asked:
        yield "health", "no-health"


def _not_applicable(reading: Reading) -> tuple[str, ...]:
    """A disc has no health but its error rates; a disk in a drive has health, whatever was recorded on it."""
    kind, health = reading.identity.kind, reading.health
    if health.asked:
        return ("quality",) if not health.optical else () if health.unlearnt else ("health",)
    return {CarrierKind.DISC: ("health",), CarrierKind.FOLDER: ("quality", "health")}.get(kind, ("quality",))


def _verdict(station: Station, case: Case, reading: Reading, judged_of: tuple[list[Finding], Comparison]) -> Verdict:
    found, comparison = judged_of
    kind, binding = reading.identity.kind, case.binding
    judged = judge_findings(found, case.choice.profile)
    coverage = reading.readability.coverage(reading.lost_bytes)
    checks = run_checks(judged, comparison.counts, coverage, _not_applicable(reading),
                        _evidence(case, reading, comparison))
    run_out = sum(f.extent.length_bytes for f in found if f.code == "run-out" and f.extent)
    outcome = outcome_of(judged, checks, comparison.counts, coverage, run_out)
    identity = reading.identity
    return Verdict(
        schema=SCHEMA, outcome=outcome, intake=case.journal.number, batch=case.batch, attempt=case.attempt,
        profile=case.choice.profile, at=utc_now(), source=case.source,
        reference=_reference(case),
        carrier=CarrierFacts(kind, identity.medium, identity.volume_label, identity.serial, identity.capacity_bytes,
                             reading.structure.layers, identity.sessions, identity.fingerprint, binding.carrier_no,
                             binding.set_code),
        digests=Digests(None, comparison.carrier_digest),
        drive=dict(reading.health.drive),
        host={"station": station.config.station_id, "kernel": f"{platform.system()} {os.uname().release}",
              "boot_id": boot_id()},
        clock=clock_of(station.register, utc_now()),
        read_only=reading.read_only,
        people=case.people, sittings=(), policy_sha256=station.config.policy_sha256(),
        catalogue_sha256=catalogue.catalogue_sha256(), selftest="", resolutions=(), counts=comparison.counts,
        lines=_shown(comparison), findings=judged, checks=checks, coverage=coverage,
        speed=reading.readability.speed(),
        versions={"station": __version__, "python": platform.python_version(), "libmagic": "", "clamav": ""})


def _reference(case: Case) -> Reference:
    form, binding = case.form, case.binding
    lists = [ListFacts(each.path, each.sha256, each.lines) for each in form.lists] if form \
        else [ListFacts(path) for path in case.found_lists]
    own = form is not None and any(indices for name, indices in form.lines.by_list() if not name)
    return Reference(binding.anchor, form.sha256 if form else "", form.file_name if form else "",
                     form.layout if form else "", form.encoding if form else "",
                     dict(binding.root_offset), dict(binding.trees), form.lines.algorithms() if form else (),
                     tuple(lists[:SHOWN_LINES]), len(lists), bool(form and form.lists and not own))


def _shown(comparison: Comparison) -> tuple[LineResult, ...]:
    results = comparison.results
    if len(results) <= SHOWN_LINES:
        return tuple(results)
    if comparison.counts.equal == len(results):
        return ()
    failed = (r for r in results if r.state != LineState.EQUAL)
    return tuple(r for r, _ in zip(failed, range(SHOWN_FAILURES), strict=False))


def _evidence(case: Case, reading: Reading, comparison: Comparison) -> dict[str, Mapping[str, str]]:
    counts, sums = comparison.counts, reading.readability.coverage(reading.lost_bytes)
    facts = {"listed": counts.listed, "equal": counts.equal, "algorithms": ", ".join(reading.fixities.algorithms),
             "anchor": case.binding.anchor, "files": counts.files, "bytes": counts.bytes, "missing": counts.missing,
             "unlisted": counts.unlisted, "read_bytes": sums.read_bytes, "planned_bytes": sums.planned_bytes,
             "unreadable_bytes": sums.unreadable_bytes, "not_attempted_bytes": sums.not_attempted_bytes}
    evidence: dict[str, Mapping[str, str]] = {
        check: catalogue.words("phrases", f"evidence-{check}", facts)
                for check in ("accuracy", "completeness", "usability", "appearance")}
    if reading.health.checked:
        evidence["health"] = _of_health(reading.health)
    for check, reason in _not_run(reading):
        evidence[check] = catalogue.words("phrases", f"reason-{reason}", {})
    return evidence


def _of_health(health: Health) -> Mapping[str, str]:
    """What the drive said of a disc, or a disk of itself, in a sentence; the serial number with whose it is."""
    if health.optical:
        return catalogue.words("phrases", "evidence-disc", {
            "medium": health.medium, "disc_state": health.disc_state, "sessions": health.sessions,
            "media_id": health.media_id or "-"})
    return catalogue.words("phrases", "evidence-health", {
        "model": health.drive["model"] or "-", "serial": health.serial or "-",
        "hours": "-" if health.hours < 0 else health.hours})


def _sittings(journal: Journal) -> Iterable[Sitting]:
    """Each stretch of reading with its last sign of life."""
    current: dict[str, Any] | None = None
    for record in journal.records():
        if record["type"] == "sitting":
            if current:
                yield Sitting(current["at"], current["last"], current["boot_id"])
            current = {**record, "last": record["at"]}
        elif current and "at" in record:
            current["last"] = record["at"]
    if current:
        yield Sitting(current["at"], utc_now(), current["boot_id"])


def _line_row(result: LineResult) -> str:
    text = encode_basestring
    return (f'{{"line":{result.line},"package_no":{text(result.package_no)},"path":{text(result.path)},'
            f'"algorithm":"{result.algorithm}","expected":"{result.expected}","actual":"{result.actual}",'
            f'"state":"{result.state}","list":{text(result.list)}}}')


def verdict_json(verdict: Verdict, texts: Iterable[str]) -> Iterable[str]:
    """The JSON of contract.md in pieces, with all lines (half a million of them are not held at once).

    texts: rows of the list of lines, parted by line ends.
    """
    record = to_record(replace(verdict, lines=()))
    record.pop("lines")
    yield json.dumps(record, ensure_ascii=False)[:-1] + ', "lines": ['
    for number, text in enumerate(texts):
        yield (", " if number else "") + text.replace("\n", ", ")
    yield "]}"


def boot_id() -> str:
    """The kernel's boot id, "" where there is none."""
    path = Path("/proc/sys/kernel/random/boot_id")
    return path.read_text().strip() if path.exists() else ""
