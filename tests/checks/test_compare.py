"""Comparing: every line ends in exactly one state; one file answers one line; nothing unlisted goes unsaid."""
from __future__ import annotations

import hashlib
import random
from collections.abc import Mapping

import pytest

from carriers.model import Extent, FileEntry, Finding
from checks.bind import Choice, bind
from checks.compare import compare, content_sha256
from checks.fixity import Fixities, ReadState
from checks.form import CarrierLine, Scope, SubmittedForm
from checks.unseen import check_structure
from checks.verdict import CarrierDigest, Counts
from tests.checks.made import (
    ALGORITHMS,
    bound,
    codes,
    compared,
    digest,
    disc,
    fixities_of,
    form_of,
    line,
    listing,
    structure_of,
    told,
)

Told = tuple[str, str, dict[str, object]]
ONE = {"a.txt": b"alpha", "d/b.txt": b"beta"}


def states(form: SubmittedForm | None, contents: Mapping[str, bytes], **more: object) -> list[str]:
    return [r.state for r in compared(form, contents, **more).results]  # type: ignore[arg-type]


def mismatch(path: str, listed: bytes, actual: bytes, line_no: int = 1, elsewhere: str = "", place: str = "",
             algorithm: str = "md5", reason: str = "") -> Told:
    return ("digest-mismatch", path, {
        "line": line_no, "algorithm": algorithm, "expected": digest(listed, algorithm),
        "actual": digest(actual, algorithm), "elsewhere": elsewhere, "place": place,
        "reason": reason or ("elsewhere" if elsewhere else "")})


def missing(path: str, line_no: int = 1, place: str = "") -> Told:
    return ("file-missing", path, {"line": line_no, "place": place})


def unlisted(path: str, size: int) -> Told:
    return ("file-unlisted", path, {"bytes": size})


def not_run(reason: str, lines: int, examples: str = "") -> Told:
    return ("check-not-run", "", {"check": "accuracy", "reason": reason, "lines": lines, "examples": examples})


def moved(listed: str, found: str, line_no: int = 1, code: str = "file-moved") -> Told:
    return (code, found, {"line": line_no, "listed": listed, "found": found})


# ------------------------------------------------------------------------------------------------------- states

def test_a_sound_carrier_says_nothing() -> None:
    comparison = compared(listing(ONE), ONE)
    assert comparison.findings == ()
    assert comparison.counts == Counts(listed=2, equal=2, files=2, bytes=9)
    assert comparison.carrier_digest is None
    assert comparison.results[1]._asdict() == {
        "line": 2, "package_no": "", "path": "d/b.txt", "algorithm": "md5", "expected": digest(b"beta"),
        "actual": digest(b"beta"), "state": "equal", "list": ""}
    assert comparison.results[-1] == comparison.results[1] == comparison.results[0:2][1]


@pytest.mark.parametrize("algorithm", ["md5", "sha1", "sha256"])
def test_another_content_differs(algorithm: str) -> None:
    comparison = compared(form_of(line("a.txt", b"other", algorithm=algorithm), line("d/b.txt", b"beta")), ONE)
    assert [r.state for r in comparison.results] == ["differs", "equal"]
    assert told(comparison.findings) == [mismatch("a.txt", b"other", b"alpha", algorithm=algorithm)]
    assert comparison.results[0].actual == digest(b"alpha", algorithm)


def test_a_difference_says_where_the_listed_content_lies() -> None:
    comparison = compared(form_of(line("a.txt", b"beta"), line("d/b.txt", b"alpha")), ONE)
    assert [r.state for r in comparison.results] == ["differs", "differs"]
    assert told(comparison.findings) == [mismatch("a.txt", b"beta", b"alpha", 1, "d/b.txt"),
                                         mismatch("d/b.txt", b"alpha", b"beta", 2, "a.txt")]


@pytest.mark.parametrize(("state", "result", "found"), [
    (ReadState.UNREADABLE, "unreadable", [("file-unreadable", "a.txt", {"line": 1, "place": ""})]),
    (ReadState.TRUNCATED, "unreadable", [("file-truncated", "a.txt", {"line": 1, "place": ""})]),
    (ReadState.NO_CONTENT, "not_checked", []),
    (ReadState.NOT_READ, "not_checked", [not_run("not-read", 1, "a.txt")]),
])
def test_not_checked_unreadable_and_different_are_three_answers(
        state: ReadState, result: str, found: list[Told]) -> None:
    comparison = compared(listing(ONE), ONE, fixities_of(ONE, states={"a.txt": state}))
    assert [r.state for r in comparison.results] == [result, "equal"]
    assert comparison.results[0].actual == ""
    assert told(comparison.findings) == found


def test_a_digest_that_was_not_computed_is_not_checked() -> None:
    comparison = compared(listing(ONE), ONE, fixities_of(ONE, ["sha256"]))
    assert [r.state for r in comparison.results] == ["not_checked", "not_checked"]
    assert told(comparison.findings) == [not_run("algorithm", 2, "a.txt; d/b.txt")]


def test_a_line_with_a_defect_is_never_checked_and_its_file_not_unlisted() -> None:
    comparison = compared(form_of(line("a.txt", defect="form-digest-length"), line("d/b.txt", b"beta")), ONE)
    assert [r.state for r in comparison.results] == ["not_checked", "equal"]
    assert comparison.findings == ()
    assert comparison.counts == Counts(listed=2, equal=1, not_checked=1, files=2, bytes=9)


def test_a_file_named_by_a_line_with_a_defect_answers_no_other_line() -> None:
    form = form_of(line("a.txt", defect="form-digest-length"), line("gone.txt", b"alpha"), line("d/b.txt", b"beta"))
    assert states(form, ONE) == ["not_checked", "missing", "equal"]


PARTS = {"p.7z.001": b"one", "p.7z.002": b"two", "q.txt": b"q"}


def parts_fixities(joined: bytes | None) -> Fixities:
    """The measured files and, after them, the two parts as one; None: they were not hashed as one."""
    fixities, known = Fixities(ALGORITHMS, 4), fixities_of(PARTS)
    for number in range(3):
        fixities.put(number, {name: known.digest(number, name) for name in ALGORITHMS})
    if joined is not None:
        fixities.put(3, {name: bytes.fromhex(digest(joined, name)) for name in ALGORITHMS})
    return fixities


@pytest.mark.parametrize(("joined", "state", "codes"), [
    (b"onetwo", "equal", []), (b"twoone", "differs", ["digest-mismatch"]), (None, "not_checked", ["check-not-run"])])
def test_parts_are_one_digest_in_their_order(joined: bytes | None, state: str, codes: list[str]) -> None:
    form = form_of(line("p.7z", b"onetwo", scope=Scope.PARTS, size="6B"), line("q.txt", b"q"))
    comparison = compared(form, PARTS, parts_fixities(joined))
    assert [(r.path, r.state) for r in comparison.results] == [("p.7z", state), ("q.txt", "equal")]
    assert list(comparison.results) == [comparison.results[0], comparison.results[1]]
    assert [f.code for f in comparison.findings] == codes
    assert (comparison.counts.unlisted, comparison.counts.files) == (0, 3)


def test_parts_and_each_of_them_may_both_be_listed() -> None:
    form = form_of(line("p.7z", b"onetwo", scope=Scope.PARTS), *(line(path, raw) for path, raw in PARTS.items()))
    comparison = compared(form, PARTS, parts_fixities(b"onetwo"))
    assert [r.state for r in comparison.results] == ["equal"] * 4
    assert comparison.findings == ()


def test_a_package_that_several_files_may_be_is_not_checked() -> None:
    contents = {"P1.zip": b"1", "P1.txt": b"2"}
    comparison = compared(form_of(line("", b"1", "P1", scope=Scope.PACKAGE)), contents)
    assert [r.state for r in comparison.results] == ["not_checked"]
    assert told(comparison.findings) == [not_run("ambiguous", 1, "P1")]


# ------------------------------------------------------------------------------------------------ moved and lost

def test_content_under_another_name_answers_with_a_doubt() -> None:
    comparison = compared(form_of(line("a.txt", b"alpha"), line("old/b.txt", b"beta")), ONE)
    assert [(r.state, r.path) for r in comparison.results] == [("equal", "a.txt"), ("equal", "d/b.txt")]
    assert told(comparison.findings) == [moved("old/b.txt", "d/b.txt", 2)]
    assert comparison.counts.unlisted == 0


def test_a_file_that_answers_its_own_line_answers_no_other() -> None:
    comparison = compared(form_of(line("a.txt", b"alpha"), line("copy.txt", b"alpha"), line("d/b.txt", b"beta")), ONE)
    assert [r.state for r in comparison.results] == ["equal", "missing", "equal"]
    assert told(comparison.findings) == [missing("copy.txt", 2)]


def test_one_moved_file_answers_one_line() -> None:
    contents = {"here.txt": b"x", "a.txt": b"alpha"}
    form = form_of(line("a.txt", b"alpha"), line("1.txt", b"x"), line("2.txt", b"x"))
    comparison = compared(form, contents)
    assert [r.state for r in comparison.results] == ["equal", "equal", "missing"]
    assert told(comparison.findings) == [moved("1.txt", "here.txt", 2), missing("2.txt", 3)]


def test_one_moved_file_answers_its_name_under_two_algorithms() -> None:
    contents = {"here.txt": b"x", "a.txt": b"alpha"}
    rows = [line("a.txt", b"alpha"), line("1.txt", b"x"), line("1.txt", b"x", algorithm="sha1")]
    assert states(form_of(*rows), contents) == ["equal", "equal", "equal"]
    rows[2] = line("1.txt", b"other", algorithm="sha1")
    assert states(form_of(*rows), contents) == ["equal", "equal", "missing"]


def test_content_under_the_listed_name_is_never_looked_for_elsewhere() -> None:
    contents = {"a.txt": b"changed", "b.txt": b"alpha"}
    comparison = compared(form_of(line("a.txt", b"alpha")), contents)
    assert [r.state for r in comparison.results] == ["differs"]
    assert told(comparison.findings) == [mismatch("a.txt", b"alpha", b"changed", 1, "b.txt"), unlisted("b.txt", 5)]


def test_empty_files_and_crc32_prove_nothing_of_content() -> None:
    contents = {"a.txt": b"alpha", "empty.txt": b"", "other.txt": b"x"}
    form = form_of(line("a.txt", b"alpha"), line("gone.txt", b""), line("gone2.txt", b"x", algorithm="crc32"))
    assert states(form, contents) == ["equal", "missing", "missing"]


def test_a_name_that_lost_characters_is_settled_by_digest_in_its_directory() -> None:
    contents = {"甲/档案.txt": b"1", "甲/卷宗.txt": b"2", "乙/目录.txt": b"3", "x.txt": b"x"}
    form = form_of(line("甲/??.txt", b"2"), line("甲/?案.txt", b"1"), line("x.txt", b"x"), line("甲/???.txt", b"9"),
                   line("乙/目?.txt", b"3"))
    comparison = compared(form, contents)
    assert [(r.state, r.path) for r in comparison.results] == [
        ("equal", "甲/卷宗.txt"), ("equal", "甲/档案.txt"), ("equal", "x.txt"), ("missing", "甲/???.txt"),
        ("equal", "乙/目录.txt")]
    assert told(comparison.findings) == [
        moved("甲/??.txt", "甲/卷宗.txt", 1, "form-name-lost"), moved("甲/?案.txt", "甲/档案.txt", 2, "form-name-lost"),
        moved("乙/目?.txt", "乙/目录.txt", 5, "form-name-lost"), missing("甲/???.txt", 4)]


def test_a_name_that_lost_characters_is_not_found_in_another_directory() -> None:
    contents = {"甲/档案.txt": b"1", "乙/卷宗.txt": b"2", "x.txt": b"x"}
    assert states(form_of(line("甲/??.txt", b"2"), line("x.txt", b"x")), contents) == ["missing", "equal"]


def test_a_name_known_in_part_goes_before_one_not_known_at_all() -> None:
    contents = {"甲/档案.txt": b"1", "x.txt": b"x"}
    form = form_of(line("gone.txt", b"1"), line("甲/??.txt", b"1"), line("x.txt", b"x"))
    assert states(form, contents) == ["missing", "equal", "equal"]


@pytest.mark.parametrize("seed", range(40))
def test_one_file_answers_one_line(seed: int) -> None:
    chance = random.Random(seed)
    names = [f"{d}{n}" for d in ("", "d/", "e/") for n in "abAB"]
    contents = {path: chance.choice((b"", b"1", b"2", b"3")) for path in chance.sample(names, 6)}
    lines = [line(path, chance.choice((b"", b"1", b"2", b"3"))) for path in chance.sample([*names, "d/?", "_"], 6)]
    form = form_of(*lines)
    structure, fixities = structure_of(contents), fixities_of(contents)
    comparison = compare(form, bound(form, structure), structure, fixities)
    answering = [t for t in comparison.results.targets if t >= 0]
    assert len(answering) == len(set(answering))
    for result in comparison.results:
        if result.state == "equal":
            assert result.actual == result.expected == digest(contents[result.path])
        elif result.state == "differs":
            assert result.actual == digest(contents[result.path]) != result.expected
        else:
            assert (result.state, result.actual) == ("missing", "")
    c = comparison.counts
    assert c.equal + c.differs + c.missing == c.listed == 6
    assert c.unlisted == len(contents) - len(answering) == codes(comparison.findings).count("file-unlisted")


# ------------------------------------------------------------------------------------------- the whole carrier

@pytest.mark.parametrize(("listed", "state", "actual", "range_bytes", "found"), [
    (b"image", "equal", b"image", 5, []),
    (b"image+", "equal", b"image+", 4101, []),
    (b"other", "differs", b"image", 5, [mismatch("", b"other", b"image", reason="carrier")]),
])
def test_the_digest_of_the_whole_carrier_over_any_range(
        listed: bytes, state: str, actual: bytes, range_bytes: int, found: list[Told]) -> None:
    comparison = compared(form_of(line("", listed, scope=Scope.CARRIER)), ONE, fixities_of(ONE, carrier=b"image"))
    assert [(r.state, r.path, r.actual) for r in comparison.results] == [(state, "", digest(actual))]
    assert comparison.carrier_digest == CarrierDigest("md5", digest(actual), range_bytes)
    assert told(comparison.findings) == found           # and no file is unlisted: none was to be listed


def test_a_whole_carrier_that_was_not_hashed_is_not_checked() -> None:
    comparison = compared(form_of(line("", b"image", scope=Scope.CARRIER)), ONE)
    assert [r.state for r in comparison.results] == ["not_checked"]
    assert told(comparison.findings) == [not_run("carrier-digest", 1)]


@pytest.mark.parametrize(("listed", "state", "actual", "found"), [
    (b"content", "equal", b"content", []),
    (b"image", "equal", b"image", []),
    (b"other", "differs", b"content", ["digest-mismatch"]),
])
def test_the_digest_of_the_only_file_or_of_its_carrier(
        listed: bytes, state: str, actual: bytes, found: list[str]) -> None:
    contents = {"备份.zip": b"content"}
    form = form_of(line("", listed, "J010-2025-01-G001-A", scope=Scope.PACKAGE))
    comparison = compared(form, contents, fixities_of(contents, carrier=b"image"))
    assert [(r.state, r.actual) for r in comparison.results] == [(state, digest(actual))]
    assert codes(comparison.findings) == found


def test_an_unreadable_only_file_is_unreadable() -> None:
    contents = {"备份.zip": b"content"}
    comparison = compared(form_of(line("", b"content", "P", scope=Scope.PACKAGE)), contents,
                          fixities_of(contents, states={"备份.zip": ReadState.UNREADABLE}))
    assert [r.state for r in comparison.results] == ["unreadable"]
    assert codes(comparison.findings) == ["file-unreadable"]


def test_unlisted_files_litter_and_lists() -> None:
    contents = {**ONE, "new.txt": b"new", "Thumbs.db": b"t", "empty.txt": b"", "._a": b"", "a.md5": b"list",
                "form.xlsx": b"the form"}
    comparison = compared(listing(ONE), contents)
    assert told(comparison.findings) == [
        unlisted("new.txt", 3), ("file-litter", "Thumbs.db", {}), ("file-empty", "empty.txt", {}),
        unlisted("empty.txt", 0), ("file-litter", "._a", {}), ("form-on-carrier", "a.md5", {}),
        ("form-on-carrier", "form.xlsx", {})]
    assert comparison.counts == Counts(listed=2, equal=2, unlisted=2, files=8, bytes=25)


def test_packages_are_counted_as_the_lines_name_them() -> None:
    form = form_of(line("a.txt", b"alpha", "P1"), line("d/b.txt", b"beta", "P1"), line("x", b"", "P2"))
    assert compared(form, ONE, carrier_no="G001").counts.packages == 2


def test_without_lines_nothing_is_unlisted() -> None:
    assert codes(compared(None, {**ONE, "Thumbs.db": b"t"}).findings) == ["file-litter"]
    rows = (CarrierLine("G001"), CarrierLine("G002"))
    other = form_of(line("a.txt", b"alpha", "G001"), line("b", b"", "G002"), carriers=rows)
    comparison = compared(other, ONE)
    assert (comparison.findings, comparison.counts) == ((), Counts(files=2, bytes=9))


def test_a_listed_empty_file_is_equal_and_noted() -> None:
    contents = {"a.txt": b""}
    comparison = compared(listing(contents), contents)
    assert [r.state for r in comparison.results] == ["equal"]
    assert told(comparison.findings) == [("file-empty", "a.txt", {})]


def test_listed_litter_is_judged_in_its_place() -> None:
    contents = {"a.txt": b"alpha", "Thumbs.db": b"new"}
    form = form_of(line("a.txt", b"alpha"), line("Thumbs.db", b"old"), line("d/desktop.ini", b"gone"))
    comparison = compared(form, contents)
    assert [r.state for r in comparison.results] == ["equal", "differs", "missing"]
    assert told(comparison.findings) == [mismatch("Thumbs.db", b"old", b"new", 2, place="litter"),
                                         missing("d/desktop.ini", 3, "litter")]


@pytest.mark.parametrize(("file_name", "contents"), [
    ("list.md5", {"a.txt": b"alpha", "list.md5": b"as it lies there"}),
    ("renamed.txt", {"a.txt": b"alpha", "list.md5": b"the form"}),
    ("list.md5", {"a.txt": b"alpha"}),
])
def test_a_list_cannot_hold_its_own_digest(file_name: str, contents: dict[str, bytes]) -> None:
    form = form_of(line("a.txt", b"alpha"), line("list.md5", b"half written"), file_name=file_name)
    comparison = compared(form, contents)
    assert [r.state for r in comparison.results] == ["equal", "not_checked"]
    assert told(comparison.findings) == [("list-lists-itself", "list.md5", {"line": 2})]


def test_crc32_alone_is_weak() -> None:
    weak = form_of(line("a.txt", b"alpha", algorithm="crc32"), line("d/b.txt", b"beta", algorithm="crc32"))
    comparison = compared(weak, ONE)
    assert [r.state for r in comparison.results] == ["equal", "equal"]
    assert told(comparison.findings) == [("digest-weak", "", {"lines": 2})]
    both = form_of(*(line(p, c, algorithm=a) for p, c in ONE.items() for a in ("crc32", "md5")))
    assert compared(both, ONE).findings == ()
    partly = form_of(line("a.txt", b"alpha", algorithm="crc32"), line("a.txt", b"alpha"),
                     line("d/b.txt", b"beta", algorithm="crc32"))
    assert told(compared(partly, ONE).findings) == [("digest-weak", "", {"lines": 1})]


@pytest.mark.parametrize(("same_extents", "found"), [
    ({}, [("file-duplicate", "b.txt", {"first": "a.txt"}), ("file-duplicate", "d.txt", {"first": "a.txt"})]),
    ({"b.txt": "a.txt"}, [("file-duplicate", "d.txt", {"first": "a.txt"})]),
    ({"b.txt": "a.txt", "d.txt": "a.txt"}, []),
])
def test_copies_of_a_content(same_extents: dict[str, str], found: list[Told]) -> None:
    contents = {"a.txt": b"same", "b.txt": b"same", "c.txt": b"other", "d.txt": b"same"}
    structure, form = structure_of(contents, same_extents=same_extents), listing(contents)
    assert told(compare(form, bound(form, structure), structure, fixities_of(contents)).findings) == found


def test_digests_that_only_begin_alike_are_no_copies() -> None:
    contents = {"a.txt": b"1", "b.txt": b"2", "c.txt": b"3"}
    fixities = fixities_of(contents)
    for number, end in enumerate((b"x", b"y", b"x")):
        fixities.put(number, {"sha256": b"12345678" + end * 24})
    found = compared(listing(contents), contents, fixities).findings
    assert told(found) == [("file-duplicate", "c.txt", {"first": "a.txt"})]


@pytest.mark.parametrize(("row", "found"), [
    (CarrierLine("G1", file_count=3, byte_count=12), []),
    (CarrierLine("G1", file_count=2, byte_count=9), []),
    (CarrierLine("G1", file_count=4), [("form-count-differs", "", {
        "what": "files", "reason": "files", "declared": 4, "actual": 2})]),
    (CarrierLine("G1", byte_count=11), [("form-count-differs", "", {
        "what": "bytes", "reason": "bytes", "declared": 11, "actual": 9})]),
])
def test_the_counts_of_the_carriers_row(row: CarrierLine, found: list[Told]) -> None:
    form = form_of(*(line(p, c) for p, c in ONE.items()), carriers=[row])
    comparison = compared(form, {**ONE, "Thumbs.db": b"ttt"})
    assert told(comparison.findings) == [("file-litter", "Thumbs.db", {}), *found]


@pytest.mark.parametrize(("size", "agrees"), [
    ("5B", True), ("5", True), ("0.005KB", True), ("0.000GB", True), ("6B", False), ("1.0KB", False), ("约若干", True),
])
def test_declared_sizes_of_lines(size: str, agrees: bool) -> None:
    form = form_of(line("a.txt", b"alpha", size=size), line("d/b.txt", b"beta"))
    assert told(compared(form, ONE).findings) == ([] if agrees else [
        ("form-size-differs", "a.txt", {"line": 1, "declared": size, "actual": 5})])


def test_the_declared_size_of_a_whole_carrier() -> None:
    fixities = fixities_of(ONE, carrier=b"image")
    for size, found in (("9B", []), ("4101B", []), ("77B", ["form-size-differs"])):
        form = form_of(line("", b"image", scope=Scope.CARRIER, size=size))
        assert codes(compared(form, ONE, fixities).findings) == found


# ------------------------------------------------------------------------------------------------------- content

def test_the_content_of_a_carrier_is_its_sorted_lines() -> None:
    lines = sorted(f"{len(c)} {hashlib.sha256(c).hexdigest()} {p}\n".encode() for p, c in ONE.items())
    assert content_sha256(structure_of(ONE), fixities_of(ONE)) == hashlib.sha256(b"".join(lines)).hexdigest()
    bare = sorted(f"{len(c)} {hashlib.sha256(c).hexdigest()}\n".encode() for c in ONE.values())
    assert content_sha256(structure_of(ONE), fixities_of(ONE), with_paths=False) \
        == hashlib.sha256(b"".join(bare)).hexdigest()


def test_the_content_does_not_depend_on_order_or_on_how_names_are_composed() -> None:
    composed, decomposed = {"é": b"1", "b": b"2"}, {"b": b"2", "e\u0301": b"1"}
    renamed = {"x": b"1", "y": b"2"}
    of = [content_sha256(structure_of(c), fixities_of(c)) for c in (composed, decomposed, renamed)]
    assert of[0] == of[1] != of[2]
    assert content_sha256(structure_of(renamed), fixities_of(renamed), with_paths=False) \
        == content_sha256(structure_of(composed), fixities_of(composed), with_paths=False)


@pytest.mark.parametrize("state", [s for s in ReadState if s is not ReadState.COMPLETE])
def test_content_that_was_not_had_has_no_digest(state: ReadState) -> None:
    assert content_sha256(structure_of(ONE), fixities_of(ONE, states={"a.txt": state})) is None


def test_hostile_names_have_a_digest_too() -> None:
    contents = {chr(0xdc80): b"1", chr(0xd800): b"2", "a\nb": b"3"}
    assert content_sha256(structure_of(contents), fixities_of(contents)) is not None
    assert compared(listing(contents), contents).counts.equal == 3


def test_a_carrier_without_files_never_passes() -> None:
    nothing = structure_of({})
    assert told(check_structure(nothing)) == [("structure-damaged", "", {"reason": "no-files", "place": ""})]
    assert check_structure(nothing, [Finding("blank")]) == ()
    assert check_structure(nothing, [Finding("encrypted")]) == ()
    assert check_structure(structure_of(ONE)) == ()
    comparison = compared(listing(ONE), {})
    assert [r.state for r in comparison.results] == ["missing", "missing"]


def test_files_in_several_extents_are_copies_of_no_one_but_themselves() -> None:
    structure = structure_of({"a": b"1" * 4096})
    assert structure.files is not None
    structure.files.add(FileEntry("b", b"", 4096, (Extent(50, 2048), Extent(70, 2048))))
    contents = {"a": b"1" * 4096, "b": b"1" * 4096}
    binding = bind(None, disc(), structure, Choice())
    assert told(compare(None, binding, structure, fixities_of(contents)).findings) == [
        ("file-duplicate", "b", {"first": "a"})]


@pytest.mark.parametrize(("fields", "found"), [
    ({"declared_gb": "0.000"}, []),
    ({"declared_gb": "9字节"}, []),
    ({"declared_gb": "0.001GB(9字节)"}, []),
    ({"declared_gb": "6.127"}, [("form-size-differs", "6.127")]),
    ({"declared_gb": "0.5 MB"}, [("form-size-differs", "0.5 MB")]),
    ({"declared_gb": "6.127GB(6,578,815,488字节)"}, [("form-size-differs", "6.127GB(6,578,815,488字节)")]),
    ({"declared_gb": "38912B"}, []),                             # the whole carrier
    ({"declared_gb": "很多"}, []),
    ({"declared_gb": "፩"}, []),
    ({"byte_count": "9"}, []),
    ({"byte_count": "10"}, []),                                  # with litter
    ({"byte_count": "11"}, [("form-size-differs", "11B")]),
    ({"file_count": "2"}, []),
    ({"file_count": "3"}, []),
    ({"file_count": "4"}, [("form-count-differs", 4)]),
    ({"item_count": "4", "page_count": "9"}, []),
    ({"declared_gb": "6.127", "carrier_count": "2"}, []),
    ({"declared_gb": "6.127", "carrier_count": "3", "set_count": "3"}, [("form-size-differs", "6.127")]),
])
def test_the_totals_of_the_form(fields: Mapping[str, str], found: list[tuple[str, object]]) -> None:
    contents = {**ONE, "Thumbs.db": b"t"}
    form = form_of(*(line(path, content) for path, content in ONE.items()), fields=fields)
    comparison = compared(form, contents)
    said = [f for f in comparison.findings if f.code != "file-litter"]
    assert [(f.code, f.facts["declared"]) for f in said] == found
    assert all(f.path == "" and f.facts["reason"] == "total" for f in said)


def test_the_totals_of_several_carriers_are_not_those_of_one() -> None:
    rows = (CarrierLine("G001"), CarrierLine("G002"))
    form = form_of(line("a.txt", b"alpha", "G001"), line("d/b.txt", b"beta", "G001"), carriers=rows,
                   fields={"declared_gb": "6.127"})
    assert compared(form, ONE, carrier_no="G001").findings == ()


def test_only_a_small_list_is_excused() -> None:
    contents = {**ONE, "sums.md5": b"list", "big.md5": b"x", "checksums.rar": b"Rar!"}
    structure = structure_of(contents)
    assert structure.files is not None
    structure.files.sizes[3] = 65 << 20
    form = listing(ONE)
    comparison = compare(form, bound(form, structure), structure, fixities_of(contents))
    assert [(f.code, f.path) for f in comparison.findings] == [
        ("form-on-carrier", "sums.md5"), ("file-unlisted", "big.md5"), ("file-unlisted", "checksums.rar")]
