"""What could not be looked at is not missing: the state of its lines, and what the damage then costs."""
from __future__ import annotations

import pytest

from carriers.model import Finding
from checks.compare import Comparison, compare
from checks.form import Scope, SubmittedForm
from checks.unseen import Unseen
from checks.verdict import LineState
from tests.checks.made import bound, codes, digest, fixities_of, form_of, line, listing, structure_of, told

HERE = {"a.txt": b"alpha", "d/b.txt": b"beta"}
GONE = {**HERE, "sub/c.txt": b"gone"}


def damaged(path: str, what: str = "directory-record") -> Finding:
    return Finding("structure-damaged", path, facts={"what": what, "count": 1})


def compared_with(found: list[Finding], form: SubmittedForm, here: dict[str, bytes], **more: object) -> Comparison:
    structure = structure_of(here)
    return compare(form, bound(form, structure), structure, fixities_of(here, **more), found)  # type: ignore[arg-type]


@pytest.mark.parametrize(("found", "state"), [
    ([], "missing"),
    ([Finding("blank")], "missing"),
    ([damaged("sub")], "not_checked"),
    ([damaged("SUB")], "not_checked"),
    ([damaged("")], "not_checked"),
    ([damaged("d")], "missing"),
    ([damaged("sub/c.txt")], "missing"),
    ([damaged("su")], "missing"),
    ([damaged("sub", "unreadable-block")], "unreadable"),
    ([damaged("", "directory-not-reached"), damaged("sub", "unreadable-block")], "unreadable"),
    ([damaged("", "path-table")], "missing"),
    ([damaged("sub", "duplicate-name")], "missing"),
    ([Finding("file-system-unknown", facts={"layer": "UDF"})], "not_checked"),
    ([Finding("encrypted")], "not_checked"),
])
def test_a_file_is_missing_only_where_it_was_looked_for(found: list[Finding], state: str) -> None:
    comparison = compared_with(found, listing(GONE), HERE)
    assert [r.state for r in comparison.results] == ["equal", "equal", state]
    assert codes(comparison.findings) == (["file-missing"] if state == "missing" else [])


def test_damage_that_hides_a_listed_file_says_so() -> None:
    found = [damaged("sub"), damaged("d"), Finding("label-generic")]
    comparison = compared_with(found, listing({**GONE, "sub/x/e.txt": b"e"}), HERE)
    assert told(comparison.found) == [
        ("structure-damaged", "sub", {"what": "directory-record", "count": 1, "place": "listed", "reason": "listed",
                                      "lines": 2, "examples": "sub/c.txt; sub/x/e.txt"}),
        ("structure-damaged", "d", {"what": "directory-record", "count": 1}), ("label-generic", "", {})]


def test_hidden_litter_costs_nothing() -> None:
    comparison = compared_with([damaged("sub")], listing({**HERE, "sub/Thumbs.db": b"t"}), HERE)
    assert [r.state for r in comparison.results] == ["equal", "equal", "not_checked"]
    assert comparison.found == (damaged("sub"),)


def test_a_path_is_hidden_under_its_root_offset() -> None:
    here = {**HERE, "e.txt": b"e"}
    comparison = compared_with([damaged("sub")], listing({**here, "sub/c.txt": b"gone"}, "E:\\备份\\"), here)
    assert [r.state for r in comparison.results] == ["equal", "equal", "equal", "not_checked"]


def test_content_elsewhere_does_not_answer_for_a_file_that_may_be_in_its_place() -> None:
    here = {**HERE, "copy.txt": b"gone"}
    assert [r.state for r in compared_with([], listing(GONE), here).results] == ["equal", "equal", "equal"]
    comparison = compared_with([damaged("sub")], listing(GONE), here)
    assert [r.state for r in comparison.results] == ["equal", "equal", "not_checked"]
    assert codes(comparison.findings) == ["file-unlisted"]


def test_a_package_without_a_path_may_lie_in_any_damaged_directory() -> None:
    form = form_of(line("", b"alpha", "P1", scope=Scope.PACKAGE), line("", b"gone", "P2", scope=Scope.PACKAGE),
                   fields={"carrier_count": "1"})
    here = {"P1.zip": b"alpha", "b.txt": b"beta"}
    assert [r.state for r in compared_with([], form, here).results] == ["equal", "missing"]
    assert [r.state for r in compared_with([damaged("sub")], form, here).results] == ["equal", "not_checked"]


@pytest.mark.parametrize(("listed", "place"), [(b"image", "digest"), (b"other", None)])
def test_a_digest_of_the_whole_carrier_vouches_for_what_is_encrypted(listed: bytes, place: str | None) -> None:
    form = form_of(line("", listed, scope=Scope.CARRIER))
    comparison = compared_with([Finding("encrypted", facts={"what": "BitLocker"})], form, {}, carrier=b"image")
    assert comparison.results[0].actual == digest(b"image")
    assert comparison.found[0].facts.get("place") == place


def test_nothing_is_hidden_where_nothing_is_damaged() -> None:
    assert Unseen([Finding("label-generic")]).hide("a") is None
    assert Unseen([damaged("甲")]).hide("甲/乙/丙.txt") is LineState.NOT_CHECKED


@pytest.mark.parametrize(("found", "states"), [
    ([], ["differs"]), ([Finding("file-system-unknown")], ["not_checked"]),
    ([damaged("", "unreadable-block")], ["unreadable"]), ([Finding("blank")], ["differs"]),
])
def test_a_package_on_a_carrier_that_shows_no_file_is_not_said_to_differ(found: list[Finding], states: list[str]
                                                                         ) -> None:
    comparison = compared_with(found, form_of(line("", b"zip", "P1", scope=Scope.PACKAGE)), {}, carrier=b"image")
    assert [r.state for r in comparison.results] == states
    assert codes(comparison.findings) == (["digest-mismatch"] if states == ["differs"] else [])
    equal = compared_with(found, form_of(line("", b"image", "P1", scope=Scope.PACKAGE)), {}, carrier=b"image")
    assert [r.state for r in equal.results] == ["equal"]
