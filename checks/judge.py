"""Judging: findings become judgements by the catalogue's table, once; judgements become an outcome.

Takes findings, counts and coverage, gives what a `Verdict` says; relies on the catalogue. The rules are here and
nowhere else: any reject → failed; else any doubt, anything claimed that was not proven → undecided; else passed.
"""
from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from carriers.model import Finding
from checks import catalogue
from checks.verdict import (
    CHECKS,
    MUST_BE_CHECKED,
    Check,
    CheckResult,
    Counts,
    CoverageSums,
    Judgement,
    Outcome,
    Resolution,
    Severity,
    Verdict,
)

# What a bad drive does to a good carrier: no reason to fail it while the drive is in doubt (house §6.1).
_OF_THE_DRIVE = frozenset({"block-unreadable", "file-unreadable", "structure-damaged"})
LISTED_AT_MOST = 20          # of one code and severity; more are counted (contract: "The same code more than 20 times")


def judge_findings(found: Iterable[Finding], profile: str) -> tuple[Judgement, ...]:
    """Every finding with its severity, clause and words; more than 20 of one kind become one with their count."""
    groups: dict[tuple[str, Severity], list[Finding]] = defaultdict(list)
    for finding in found:
        place = str(finding.facts.get("place", ""))
        groups[finding.code, Severity(catalogue.severity_of(finding.code, place, profile))].append(finding)
    judged = []
    for (code, severity), members in groups.items():
        if len(members) <= LISTED_AT_MOST:
            judged += [_judgement(f, severity) for f in members]
        else:
            judged.append(_counted(code, severity, members))
    order = list(Severity)
    return tuple(sorted(judged, key=lambda j: (order.index(j.severity), j.code, j.start_lba or 0, j.path)))


def _judgement(finding: Finding, severity: Severity) -> Judgement:
    row = catalogue.findings()[finding.code]
    extent = finding.extent
    place: dict[str, str | int] = {"lba": extent.start_lba, "bytes": extent.length_bytes} if extent else {}
    text = catalogue.words("findings", finding.code, {**place, **finding.facts, "path": finding.path})
    return Judgement(finding.code, severity, row["check"], row.get("clause", ""), finding.path,
                     extent.start_lba if extent else None, extent.length_bytes if extent else None, 1,
                     dict(finding.facts), text)


def _counted(code: str, severity: Severity, members: Sequence[Finding]) -> Judgement:
    row = catalogue.findings()[code]
    examples = "; ".join(f.path for f in members[:3] if f.path)
    name = {lang: row["name_" + lang] for lang in catalogue.LANGUAGES}
    counted = {lang: catalogue.words("phrases", "counted", {"name": name[lang], "count": len(members),
                                                            "examples": examples})[lang] for lang in name}
    return Judgement(code, severity, row["check"], row.get("clause", ""), "", None,
                     sum(f.extent.length_bytes for f in members if f.extent) or None, len(members),
                     {"examples": examples}, counted)


def run_checks(judged: Sequence[Judgement], counts: Counts, coverage: CoverageSums, not_applicable: Iterable[str],
               evidence: Mapping[str, Mapping[str, str]]) -> tuple[Check, ...]:
    """The result of every check: failed by a reject, not_checked by a doubt or a check that was not run, else passed.

    `appearance` belongs to people and is never the machine's; accuracy needs every line equal, usability everything
    planned asked for. evidence: what was done, per check and language.
    """
    absent = set(not_applicable)
    unproven = {"appearance"}
    if not counts.listed or counts.equal != counts.listed:
        unproven.add("accuracy")
    if coverage.not_attempted_bytes:
        unproven.add("usability")
    results = []
    for name in CHECKS:
        mine = [j for j in judged if j.check == name or (j.code == "check-not-run" and j.facts.get("check") == name)]
        if any(j.severity is Severity.REJECT for j in mine):
            result = CheckResult.FAILED
        elif name in absent:
            result = CheckResult.NOT_APPLICABLE
        elif name in unproven or any(j.severity is Severity.DOUBT or j.code == "check-not-run" for j in mine):
            result = CheckResult.NOT_CHECKED
        else:
            result = CheckResult.PASSED
        results.append(Check(name, result, evidence.get(name, {})))
    return tuple(results)


def outcome_of(judged: Sequence[Judgement], checks: Sequence[Check], counts: Counts, coverage: CoverageSums,
               run_out_bytes: int) -> Outcome:
    """合格 only where everything claimed was proven; run_out_bytes: unreadable bytes that are no damage."""
    rejects = {j.code for j in judged if j.severity is Severity.REJECT}
    if rejects and not (rejects <= _OF_THE_DRIVE and any(j.code == "drive-doubt" for j in judged)):
        return Outcome.FAILED
    if rejects:
        return Outcome.UNDECIDED                               # it may be the drive: to be read in another one
    proven = (
        not any(j.severity is Severity.DOUBT for j in judged)
        and all(c.result is CheckResult.PASSED for c in checks if c.id in MUST_BE_CHECKED)
        and counts.listed > 0 and counts.equal == counts.listed
        and coverage.not_attempted_bytes == 0 and coverage.unreadable_bytes <= run_out_bytes
        and coverage.read_bytes + coverage.unreadable_bytes == coverage.planned_bytes
    )
    return Outcome.PASSED if proven else Outcome.UNDECIDED


# Doubts that no resolution can turn into a pass (domain §10.5: "Never acceptable by resolution").
NEVER_ACCEPTED = frozenset({"form-line-malformed", "form-digest-is-number", "form-digest-length", "form-line-conflict",
                            "form-no-lines", "file-system-unknown", "check-not-run", "list-lists-itself",
                            "reference-on-carrier-only", "content-not-on-carrier", "file-encrypted", "content-encoded",
                            "digest-weak", "structure-damaged", "drive-doubt"})


def open_doubts(verdict: Verdict, resolutions: Iterable[Resolution]) -> list[Judgement]:
    """The doubts of a verdict that no resolution answers with accept or reject."""
    answered = {(r.code, r.path) for r in resolutions if r.intake == verdict.intake and r.answer != "recheck"}
    return [j for j in verdict.findings if j.severity is Severity.DOUBT
            and (j.code, j.path) not in answered and (j.code, "") not in answered]


def final_outcome(verdict: Verdict, resolutions: Iterable[Resolution]) -> Outcome:
    """The outcome of a carrier after people have answered its doubts; a reject stands whatever they say."""
    mine = [r for r in resolutions if r.intake == verdict.intake]
    if verdict.outcome is not Outcome.UNDECIDED:
        return verdict.outcome
    if any(r.answer == "reject" for r in mine):
        return Outcome.FAILED
    proven = verdict.counts.listed > 0 and verdict.counts.equal == verdict.counts.listed
    covered = verdict.coverage.not_attempted_bytes == 0
    doubts = [j for j in verdict.findings if j.severity is Severity.DOUBT]
    never = any(j.code in NEVER_ACCEPTED for j in doubts) or not _only_doubted(verdict)
    if doubts and proven and covered and not never and not open_doubts(verdict, mine):
        return Outcome.PASSED
    return Outcome.UNDECIDED


def _only_doubted(verdict: Verdict) -> bool:
    """Whether the machine left doubts to answer, or had proven all: a doubt of people alone excuses nothing else."""
    machine = [j for j in verdict.findings if j.check != "appearance"]
    run_out = sum(j.length_bytes or 0 for j in machine if j.code == "run-out")
    return (any(j.severity is Severity.DOUBT for j in machine)
            or outcome_of(machine, verdict.checks, verdict.counts, verdict.coverage, run_out) is Outcome.PASSED)


def with_people(verdict: Verdict, judged: Sequence[Judgement], result: CheckResult, evidence: Mapping[str, str]
                ) -> Verdict:
    """A verdict as a decision takes it, with what people saw of the carrier (外观); never better than it was.

    judged: their findings, with their names. result, evidence: of the check `appearance`.
    """
    checks = tuple(Check(c.id, result, evidence) if c.id == "appearance" else c for c in verdict.checks)
    severities = {j.severity for j in judged}
    outcome = Outcome.FAILED if Severity.REJECT in severities else \
        Outcome.UNDECIDED if Severity.DOUBT in severities and verdict.outcome is Outcome.PASSED else verdict.outcome
    order = list(Severity)
    findings = tuple(sorted((*verdict.findings, *judged), key=lambda j: order.index(j.severity)))
    return replace(verdict, outcome=outcome, findings=findings, checks=checks)


def batch_outcome(outcomes: Sequence[Outcome]) -> Outcome:
    """合格: all passed; 部分合格: some of each; 不合格: otherwise; 待定 while one is undecided or there is none."""
    if not outcomes or Outcome.UNDECIDED in outcomes:
        return Outcome.UNDECIDED
    passed = sum(o is Outcome.PASSED for o in outcomes)
    if passed == len(outcomes):
        return Outcome.PASSED
    return Outcome.PARTLY if passed else Outcome.FAILED
