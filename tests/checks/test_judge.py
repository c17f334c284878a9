"""The rules that make an outcome."""
from dataclasses import replace

import pytest

from carriers.model import Extent, Finding
from checks import catalogue
from checks.judge import NEVER_ACCEPTED, batch_outcome, judge_findings, outcome_of, run_checks
from checks.verdict import CheckResult, Counts, CoverageSums, Outcome, Severity

COUNTS = Counts(listed=2, equal=2, files=2, bytes=10)
READ = CoverageSums(100, 100, 0, 0)
EVIDENCE = {"accuracy": {"zh": "-", "en": "-"}}


def outcome(findings: list[Finding], counts: Counts = COUNTS, coverage: CoverageSums = READ,
            run_out: int = 0) -> Outcome:
    judged = judge_findings(findings, "backup")
    checks = run_checks(judged, counts, coverage, (), EVIDENCE)
    return outcome_of(judged, checks, counts, coverage, run_out)


def test_all_equal_and_all_read_passes() -> None:
    assert outcome([]) is Outcome.PASSED


@pytest.mark.parametrize("counts", [
    Counts(), replace(COUNTS, equal=1, not_checked=1), replace(COUNTS, equal=1, missing=1), replace(COUNTS, equal=0)])
def test_a_line_that_was_not_proven_never_passes(counts: Counts) -> None:
    assert outcome([], counts) is Outcome.UNDECIDED


@pytest.mark.parametrize("coverage", [
    CoverageSums(100, 99, 0, 1), CoverageSums(100, 98, 2, 0), CoverageSums(100, 90, 0, 0), CoverageSums(100, 98, 1, 1)])
def test_what_was_not_read_never_passes(coverage: CoverageSums) -> None:
    assert outcome([], coverage=coverage) is Outcome.UNDECIDED


def test_run_out_is_no_damage_but_covers_nothing_else() -> None:
    note = Finding("run-out", "", Extent(50, 2), {"lba": 50, "blocks": 1, "bytes": 2})
    assert outcome([note], coverage=CoverageSums(100, 98, 2, 0), run_out=2) is Outcome.PASSED
    assert outcome([note], coverage=CoverageSums(100, 97, 3, 0), run_out=2) is Outcome.UNDECIDED


def test_severity_by_place_and_profile() -> None:
    facts: dict[str, str | int] = {"lba": 1, "blocks": 1, "bytes": 1}
    for place, wanted in (("listed", Severity.REJECT), ("structure", Severity.REJECT), ("elsewhere", Severity.DOUBT)):
        judged = judge_findings([Finding("block-unreadable", "a", None, {**facts, "place": place})], "backup")
        assert [j.severity for j in judged] == [wanted]
    encrypted = [Finding("package-encrypted", "a.zip")]
    assert judge_findings(encrypted, "backup")[0].severity is Severity.NOTE
    assert judge_findings(encrypted, "transfer")[0].severity is Severity.REJECT


def test_twenty_are_listed_and_one_more_is_counted() -> None:
    many = [Finding("file-unlisted", f"f{n}") for n in range(20)]
    assert [j.count for j in judge_findings(many, "backup")] == [1] * 20
    counted = judge_findings([*many, Finding("file-unlisted", "f20")], "backup")
    assert [(j.code, j.count, j.path, j.severity) for j in counted] == [("file-unlisted", 21, "", Severity.DOUBT)]
    assert "21" in counted[0].text["zh"] and "21" in counted[0].text["en"]


def test_a_doubtful_check_is_not_passed() -> None:
    checks = run_checks(judge_findings([Finding("file-unlisted", "x")], "backup"), COUNTS, READ, ("quality",), EVIDENCE)
    results = {c.id: c.result for c in checks}
    assert results["completeness"] is CheckResult.NOT_CHECKED
    assert results["accuracy"] is CheckResult.PASSED
    assert results["quality"] is CheckResult.NOT_APPLICABLE
    assert results["appearance"] is CheckResult.NOT_CHECKED


def test_batch_outcomes() -> None:
    passed, failed, open_ = Outcome.PASSED, Outcome.FAILED, Outcome.UNDECIDED
    assert batch_outcome([passed, passed]) is passed
    assert batch_outcome([passed, failed]) is Outcome.PARTLY
    assert batch_outcome([failed]) is failed
    assert batch_outcome([passed, open_]) is open_
    assert batch_outcome([]) is open_


def test_what_people_never_accept_is_in_the_catalogue() -> None:
    assert set(catalogue.findings()) >= NEVER_ACCEPTED


def test_a_drive_in_doubt_does_not_fail_the_carrier() -> None:
    facts: dict[str, str | int] = {"lba": 1, "blocks": 1, "bytes": 1, "place": "listed"}
    read = [Finding("block-unreadable", "a", Extent(1, 1), facts), Finding("file-unreadable", "a", None, {"line": 1})]
    doubt = Finding("drive-doubt", "", Extent(9, 1), {"error_lba": 1})
    differs = Finding("digest-mismatch", "b", None, {"expected": "x", "actual": "y", "algorithm": "md5"})
    assert outcome(read) is Outcome.FAILED
    assert outcome([*read, doubt]) is Outcome.UNDECIDED
    assert outcome([*read, doubt, differs]) is Outcome.FAILED
