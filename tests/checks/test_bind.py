"""Binding: which lines speak of this carrier, and which file each names; by names and sizes, never by digests."""
from __future__ import annotations

import random
import unicodedata

import pytest

from carriers.model import CarrierKind, Finding
from checks.bind import LOST_NAME, UNBOUND, UNSETTLED, UNTRUSTED, WHOLE_CARRIER
from checks.form import CarrierLine, Scope
from checks.names import (
    RootOffset,
    is_digest_list,
    is_generic_label,
    is_litter,
    literal_prefix,
    lost_agrees,
    relative,
    shown_prefix,
)
from checks.spoken import same_number
from tests.checks.made import bound, codes, disc, form_of, line, structure_of, told

NFD = unicodedata.normalize("NFD", "é.txt")
A, B = "J010-2025-01-G001-A", "J010-2025-01-G002-A"


def tree(*paths: str) -> dict[str, bytes]:
    return {path: path.encode() for path in paths}


def targets_of(paths: list[str], structure: object, **choice: object) -> list[int]:
    return list(bound(form_of(*map(line, paths)), structure, **choice).targets)  # type: ignore[arg-type]


# --------------------------------------------------------------------------------------------- paths as written

@pytest.mark.parametrize(("written", "path", "drop", "prefix"), [
    ("a/b.txt", "a/b.txt", 0, ""),
    ("./a//b.txt", "a/b.txt", 0, ""),
    (r".\a\.\b.txt", "a/b.txt", 0, ""),
    ("/a/b.txt", "a/b.txt", 0, ""),
    (r"E:\a\b.txt", "a/b.txt", 0, "E:\\"),
    (r"E:\备份\2025\b.txt", "备份/2025/b.txt", 2, r"E:\备份\2025"),
    ("e:/备份/b.txt", "备份/b.txt", 1, "e:/备份"),
    ("E:b.txt", "b.txt", 0, "E:"),
    (r"\\server\share\a\b.txt", "a/b.txt", 0, r"\\server\share"),
    (r"\\server\share\a\b.txt", "a/b.txt", 1, r"\\server\share\a"),
    (r"\\?\E:\a\b.txt", "a/b.txt", 0, "\\\\?\\E:\\"),
    (r"\\?\UNC\server\share\b.txt", "b.txt", 0, r"\\?\UNC\server\share"),
    ("/media/disc/a.txt", "media/disc/a.txt", 2, "/media/disc"),
    ("../a.txt", "", 0, ""),
    (r"a\..\b.txt", "", 0, ""),
    ("a..b/c.txt", "a..b/c.txt", 0, ""),
])
def test_a_path_loses_what_a_system_puts_before_it(written: str, path: str, drop: int, prefix: str) -> None:
    assert relative(written) == path
    assert shown_prefix(literal_prefix(written, drop)) == prefix


@pytest.mark.parametrize(("listed", "path", "agrees"), [
    ("??.txt", "档案.txt", True), ("档?.txt", "档案.txt", True), ("a_b.txt", "a-b.txt", True),
    ("资料…txt", "资料很长.txt", True), ("\ufffd.txt", "案.txt", True), ("?/a.txt", "甲/a.txt", True),
    ("a?b?c", "axxbyyc", True), ("?a", "ba", True), ("a?a", "aa", False), ("?.txt", ".txt", False),
    ("?.txt", "甲/乙.txt", False), ("甲.txt", "甲.txt", True), ("甲.txt", "乙.txt", False), ("a?b?b", "axb", False),
])
def test_lost_characters_stand_for_others_in_their_component(listed: str, path: str, agrees: bool) -> None:
    assert lost_agrees(listed, path) is agrees


def test_many_lost_characters_are_compared_in_no_time() -> None:
    assert not lost_agrees("…a" * 60 + "b", "a" * 250)


@pytest.mark.parametrize(("path", "litter"), [
    ("Thumbs.db", True), ("a/THUMBS.DB", True), ("desktop.ini", True), ("a/.DS_Store", True), ("a/._b.tif", True),
    ("System Volume Information/tracking.log", True), ("$RECYCLE.BIN/S-1/a.doc", True), ("RECYCLER/a", True),
    (".Trash-1000/files/a", True), (".fseventsd/0", True), (".Spotlight-V100/x/y", True),
    ("Thumbs.db/a.txt", False), ("a.db", False), ("RECYCLER", False), ("a/Thumbs.db.txt", False), ("b._a", False),
])
def test_litter(path: str, litter: bool) -> None:
    assert is_litter(path) is litter


@pytest.mark.parametrize(("path", "is_list"), [
    ("a.md5", True), ("b/清单.SHA256", True), ("md5sum.txt", True), ("MD5SUMS", True), ("checksums.txt", True),
    ("manifest-sha256.txt", True), ("x.sm3", True), ("x.sfv", True), ("md5.txt", False), ("a.md5.doc", False),
    ("checksums.rar", False), ("checksums.csv", True),
])
def test_lists_of_digests(path: str, is_list: bool) -> None:
    assert is_digest_list(path) is is_list


@pytest.mark.parametrize(("label", "generic"), [
    ("", True), ("新建卷", True), ("新加卷", True), ("CDROM", True), ("My Disc", True), ("UNTITLED", True),
    ("NEW", True),
    ("20250131", True), ("2025_01_31", True), ("2025年1月31日", True), ("250131_1015", True), ("Jan 31 2025", True),
    ("J010_2025_01_G001_A", False), ("城建档案", False), ("20251399", False), ("NEWTON", False),
])
def test_generic_labels(label: str, generic: bool) -> None:
    assert is_generic_label(label) is generic


# --------------------------------------------------------------------------------------------- ladder and trees

@pytest.mark.parametrize(("contents", "listed", "targets"), [
    (["a.txt", "b.txt"], ["b.txt", "a.txt"], [1, 0]),
    (["d/a.txt"], [r"d\a.txt"], [0]),
    (["d/a.txt"], ["./d//a.txt"], [0]),
    (["é.txt"], [NFD], [0]),
    ([NFD], ["é.txt"], [0]),
    ([NFD, "é.txt"], ["é.txt", NFD], [1, 0]),
    (["Readme.TXT"], ["readme.txt"], [0]),
    (["Readme", "readme"], ["readme"], [1]),
    (["Readme", "readMe"], ["readme"], [UNBOUND]),
    (["readme"], ["readme", "README"], [0, UNBOUND]),
    (["readme"], ["README", "readme"], [UNBOUND, 0]),
    (["readme"], ["readme", "readme"], [0, 0]),
    (["a.txt"], ["b.txt"], [UNBOUND]),
    (["a.txt"], ["../a.txt", "a.txt"], [UNTRUSTED, 0]),
    (["a\\b.txt", "a/b.txt"], ["a\\b.txt", "a/b.txt"], [0, 1]),
    (["甲/档案.txt"], ["甲/??.txt"], [LOST_NAME]),
    (["甲/档案.txt"], ["?/??.txt"], [LOST_NAME]),
    (["乙/档案.txt"], ["甲/??.txt"], [UNBOUND]),
    (["a-b.txt", "a_b.txt"], ["a_b.txt"], [1]),
    (["a-b.txt"], ["a-b.txt", "a_b.txt"], [0, UNBOUND]),
])
def test_every_step_of_the_ladder_binds_uniquely(contents: list[str], listed: list[str], targets: list[int]) -> None:
    assert targets_of(listed, structure_of(tree(*contents))) == targets


def test_one_file_answers_one_line_of_each_algorithm() -> None:
    structure = structure_of(tree("a.txt"))
    form = form_of(line("A.TXT", algorithm="md5"), line("a.txt", algorithm="sha1"), line("a.TXT", algorithm="sha1"))
    assert list(bound(form, structure).targets) == [0, 0, UNBOUND]


def test_names_are_looked_up_in_every_tree_before_the_next_step() -> None:
    structure = structure_of(tree("Long name.txt", "other.txt"), {
        "UDF": ["Long name.txt", "other.txt"], "Joliet": ["Long name.txt", "other.txt"],
        "ISO 9660": ["LONG_NAM.TXT", "OTHER.TXT"]})
    binding = bound(form_of(line("LONG_NAM.TXT"), line("other.txt")), structure)
    assert list(binding.targets) == [0, 1]
    assert binding.trees == {"UDF": 1, "ISO 9660": 1}
    assert list(bound(form_of(line("long_nam.txt"), line("Other.txt")), structure).targets) == [0, 1]


def test_a_cut_name_of_one_file_does_not_answer_for_another() -> None:
    structure = structure_of(tree("abcdefgh-long.txt"), {"Joliet": ["abcdefgh-long.txt"], "ISO 9660": ["ABCDEFGH.TXT"]})
    assert targets_of(["ABCDEFGH.TXT", "abcdefgh-long.txt"], structure) == [UNBOUND, 0]


def test_a_name_that_two_files_bear_binds_to_neither() -> None:
    structure = structure_of(tree("a.txt", "b.txt"), {"Joliet": ["same.txt", "same.txt"]})
    assert targets_of(["same.txt"], structure) == [UNBOUND]


def test_a_line_with_a_defect_binds_to_nothing_but_names_its_file() -> None:
    form = form_of(line("a.txt", defect="form-digest-length"), line("b.txt"))
    binding = bound(form, structure_of(tree("a.txt", "b.txt")))
    assert list(binding.targets) == [UNTRUSTED, 1]
    assert binding.named == {0}


def test_a_path_that_climbs_is_refused() -> None:
    binding = bound(form_of(line("a.txt"), line("../a.txt")), structure_of(tree("a.txt")))
    assert told(binding.findings) == [
        ("form-line-malformed", "../a.txt", {"line": 2, "content": "../a.txt", "reason": "dotdot"})]


# ----------------------------------------------------------------------------------------------- the root offset

def shifted(dropped: str, prepended: str) -> list[tuple[str, str, dict[str, object]]]:
    way = "top" if not prepended else "" if dropped else "within"
    return [("path-root-shifted", "", {"dropped": dropped, "prepended": prepended, "reason": way})]


@pytest.mark.parametrize(("contents", "listed", "targets", "dropped", "prepended"), [
    (["a.txt", "d/b.txt"], [r"E:\a.txt", r"E:\d\b.txt"], [0, 1], "E:\\", ""),
    (["a.txt", "d/b.txt"], [r"E:\备份\a.txt", r"E:\备份\d\b.txt"], [0, 1], r"E:\备份", ""),
    (["x/a.txt", "x/d/b.txt"], ["a.txt", "d/b.txt"], [0, 1], "", "x"),
    (["x/y/a.txt", "x/y/d/b.txt"], ["/mnt/u/a.txt", "/mnt/u/d/b.txt"], [0, 1], "/mnt/u", "x/y"),
    (["a.txt", "b.txt", "c.txt"], [r"\\s\v\A.txt", r"\\s\v\b.txt"], [0, 1], r"\\s\v", ""),
    (["1/a.txt", "1/b.txt", "2/a.txt"], ["p/a.txt", "p/b.txt"], [0, 1], "p", "1"),
])
def test_the_one_root_offset_that_binds_all_is_taken(contents: list[str], listed: list[str], targets: list[int],
                                                     dropped: str, prepended: str) -> None:
    binding = bound(form_of(*map(line, listed)), structure_of(tree(*contents)))
    assert list(binding.targets) == targets
    assert binding.root_offset == {"dropped": dropped, "prepended": prepended}
    assert told(binding.findings) == shifted(dropped, prepended)


def test_the_list_as_it_stands_comes_first() -> None:
    binding = bound(form_of(line("a.txt"), line("b.txt")), structure_of(tree("a.txt", "b.txt", "x/a.txt", "x/b.txt")))
    assert list(binding.targets) == [0, 1]
    assert binding.findings == ()
    assert binding.root_offset == {"dropped": "", "prepended": ""}


def test_as_good_as_any_other_is_good_enough() -> None:
    """One file is gone; another offset binds no more: no shift, no finding."""
    binding = bound(form_of(line("a.txt"), line("b.txt")), structure_of(tree("a.txt", "x/b.txt")))
    assert list(binding.targets) == [0, UNBOUND]
    assert binding.findings == ()


def test_the_best_offset_that_does_not_bind_all_asks_a_person() -> None:
    binding = bound(form_of(line(r"E:\备份\a.txt"), line(r"E:\备份\b.txt"), line(r"E:\备份\c.txt")),
                    structure_of(tree("a.txt", "b.txt")))
    assert list(binding.targets) == [0, 1, UNBOUND]
    assert told(binding.findings) == [("path-root-unconfirmed", "", {
        "dropped": r"E:\备份", "prepended": "", "bound": 2, "listed": 3, "root": "1:", "reason": "top",
        "examples": r"E:\备份\a.txt → a.txt; E:\备份\b.txt → b.txt; E:\备份\c.txt → c.txt"})]


def test_a_list_that_fits_two_directories_fits_none_until_a_person_says() -> None:
    structure = structure_of(tree("x/a.txt", "x/b.txt", "y/a.txt", "y/b.txt"))
    form = form_of(line("a.txt"), line("b.txt"))
    binding = bound(form, structure)
    assert list(binding.targets) == [UNBOUND, UNBOUND]
    assert told(binding.findings) == [("path-root-unconfirmed", "", {
        "dropped": "", "prepended": "x", "bound": 2, "listed": 2, "root": "0:x", "reason": "rivals",
        "examples": "a.txt → x/a.txt; a.txt → y/a.txt"})]
    confirmed = bound(form, structure, root=(0, "y"))
    assert list(confirmed.targets) == [2, 3]
    assert told(confirmed.findings) == shifted("", "y")


def test_sizes_break_ties() -> None:
    structure = structure_of({"x/a.txt": b"1", "x/b.txt": b"22", "y/a.txt": b"333", "y/b.txt": b"4444"})
    binding = bound(form_of(line("a.txt", size="3B"), line("b.txt", size="4B")), structure)
    assert list(binding.targets) == [2, 3]
    assert told(binding.findings) == shifted("", "y")


def test_lines_that_lose_different_directories_ask_a_person() -> None:
    binding = bound(form_of(line("x/a.txt"), line("y/b.txt")), structure_of(tree("a.txt", "b.txt")))
    assert list(binding.targets) == [0, 1]
    assert codes(binding.findings) == ["path-root-unconfirmed"]
    assert binding.root_offset["dropped"] == "x | y"


def test_no_suffix_matching_line_by_line() -> None:
    assert targets_of(["p/a.txt", "q/b.txt"], structure_of(tree("1/a.txt", "2/b.txt"))) != [0, 1]


def test_a_root_that_a_person_gives_is_taken_even_if_it_binds_less() -> None:
    form = form_of(line("a.txt"), line("b.txt"))
    binding = bound(form, structure_of(tree("a.txt", "b.txt", "x/a.txt")), root=(0, "x"))
    assert list(binding.targets) == [2, UNBOUND]
    as_it_stands = bound(form_of(line("p/a.txt")), structure_of(tree("a.txt")), root=(0, ""))
    assert list(as_it_stands.targets) == [UNBOUND]
    assert as_it_stands.findings == ()


def test_numbered_pages_in_many_folders_do_not_hide_the_root() -> None:
    """Every folder holds the same names: only what is left of the directories tells."""
    paths = [f"卷{v:03d}/{p:04d}.tif" for v in range(60) for p in range(20)]
    binding = bound(form_of(*(line("D:\\扫描\\" + p.replace("/", "\\")) for p in paths)), structure_of(tree(*paths)))
    assert list(binding.targets) == list(range(len(paths)))
    assert told(binding.findings) == shifted(r"D:\扫描", "")


def test_one_line_in_eight_is_a_coincidence_and_no_root() -> None:
    listed = ["readme.txt", *(f"p/{n}.tif" for n in range(9))]
    binding = bound(form_of(*map(line, listed)), structure_of(tree("x/readme.txt", "x/q/1.pdf")))
    assert set(binding.targets) == {UNBOUND}
    assert binding.findings == ()


@pytest.mark.parametrize("seed", range(60))
def test_an_offset_is_taken_only_if_it_is_the_only_one(seed: int) -> None:
    """Against every offset tried one by one: taken without asking means no other binds all lines."""
    chance = random.Random(seed)
    names = ["a", "b", "c"]

    def path() -> str:
        return "/".join(chance.choice(names) for _ in range(chance.randint(1, 4)))
    contents = list(dict.fromkeys(path() for _ in range(chance.randint(1, 12))))
    listed = list(dict.fromkeys(path() for _ in range(chance.randint(1, 3))))
    directories = {""} | {p.rsplit("/", n)[0] for p in contents for n in range(1, p.count("/") + 1)}
    fitting = set()
    for drop in range(4):
        for directory in directories:
            mapped = [RootOffset(drop, directory).apply(p) for p in listed]
            if all(m in contents for m in mapped) and len(set(mapped)) == len(mapped):
                fitting.add(tuple(contents.index(m) for m in mapped))
    as_it_stands = tuple(contents.index(p) if p in contents else UNBOUND for p in listed)
    binding = bound(form_of(*map(line, listed)), structure_of(tree(*contents)))
    targets = tuple(binding.targets)
    if UNBOUND not in as_it_stands:
        assert targets == as_it_stands
        assert binding.findings == ()
    elif "path-root-unconfirmed" not in codes(binding.findings) and targets != as_it_stands:
        assert fitting == {targets}
    elif len(fitting) == 1:
        assert targets == fitting.pop()
    if UNBOUND in as_it_stands and len(fitting) > 1:
        assert targets == as_it_stands
    used = [t for t in targets if t >= 0]
    assert len(used) == len(set(used))


# ---------------------------------------------------------------------------------- packages and whole carriers

@pytest.mark.parametrize(("contents", "package_nos", "targets", "either"), [
    (["P1.zip", "P2.zip"], ["P1", "P2.ZIP"], [0, 1], []),
    (["P1.zip", "P2.zip", "Thumbs.db"], ["P1", "P3"], [0, UNBOUND], []),
    (["内容.zip", "Thumbs.db"], [A], [0], [0]),
    (["a.txt", "b.txt"], [A], [WHOLE_CARRIER], []),
    (["P1.001", "P1.002"], ["P1"], [UNSETTLED], []),
    (["P1.zip", "p1.txt", "P1.txt"], ["P1.txt"], [UNSETTLED], []),
])
def test_lines_without_a_path_name_a_file_or_the_whole_carrier(contents: list[str], package_nos: list[str],
                                                              targets: list[int], either: list[int]) -> None:
    form = form_of(*(line("", b"x", p, scope=Scope.PACKAGE) for p in package_nos), fields={"carrier_count": "1"})
    binding = bound(form, structure_of(tree(*contents)), disc(A))
    assert list(binding.targets) == targets
    assert sorted(binding.either) == either


def test_other_scopes() -> None:
    form = form_of(line("", b"x", A, scope=Scope.CARRIER), line("p.001", b"x", scope=Scope.PARTS),
                   line("list.txt", b"x", scope=Scope.LIST), line("", b"x", A, scope=Scope.LIST))
    binding = bound(form, structure_of(tree("p.001", "p.002", "list.txt")))
    assert list(binding.targets) == [WHOLE_CARRIER, 3, 2, UNSETTLED]
    assert (binding.joined, binding.named) == (((0, 1),), {0, 1})
    assert (binding.file_algorithms, binding.carrier_algorithms) == (("md5", "sha256"), ("md5",))


@pytest.mark.parametrize(("form", "files", "carrier"), [
    (None, ("md5", "sha256"), ()),
    (form_of(line("a.txt", algorithm="sha1")), ("sha1", "sha256"), ()),
    (form_of(line("", b"x", A, algorithm="sha1", scope=Scope.CARRIER)), ("sha256",), ("sha1",)),
    (form_of(line("", b"x", "包", scope=Scope.PACKAGE)), ("md5", "sha256"), ("md5",)),
])
def test_the_algorithms_that_are_needed(form: object, files: tuple[str, ...], carrier: tuple[str, ...]) -> None:
    binding = bound(form, structure_of(tree("a.txt")))  # type: ignore[arg-type]
    assert (binding.file_algorithms, binding.carrier_algorithms) == (files, carrier)


# ------------------------------------------------------------------------------------------ lines of this carrier

ROWS = (CarrierLine(A, set_code="A", volume_label="城建档案一"), CarrierLine(B, serial_no="LT0002L8"))
TWO = (line("a.txt", b"a", A), line("b.txt", b"b", B), line("c.txt", b"c"), line("d.txt", b"d"))


@pytest.mark.parametrize(("label", "serial", "carrier_no", "lines", "number", "left"), [
    ("J010_2025_01_G001_A", "", "", [0, 2], A, [3]),
    ("j010 2025·01.g002", "", "", [1, 2], B, [3]),
    ("城建档案一", "", "", [0, 2], A, [3]),
    ("资料", "LT0002L8", "", [1, 2], B, [3]),
    ("资料", "", B, [1, 2], B, [3]),
    ("资料", "", "J010_2025_01_G002_A", [1, 2], "J010_2025_01_G002_A", [3]),
])
@pytest.mark.parametrize("rows", [ROWS, ROWS[::-1], (*ROWS, CarrierLine("J010-2025-01-G003-A"))])
def test_a_form_of_several_carriers_is_bound_by_number_label_or_serial(
        rows: tuple[CarrierLine, ...], label: str, serial: str, carrier_no: str, lines: list[int], number: str,
        left: list[int]) -> None:
    structure = structure_of(tree("a.txt", "b.txt", "c.txt"))
    binding = bound(form_of(*TWO, carriers=rows), structure, disc(label, serial), carrier_no=carrier_no)
    assert (list(binding.lines), binding.carrier_no, list(binding.left)) == (lines, number, left)
    assert all(target >= 0 for target in binding.targets)
    assert binding.findings == ()


@pytest.mark.parametrize(("label", "carrier_no", "shown"), [
    ("资料", "", "资料"), ("J010_2025_01_G001_B", "", "J010_2025_01_G001_B"), ("资料", "G009", "G009")])
def test_a_carrier_that_reads_as_none_of_them_has_no_lines(label: str, carrier_no: str, shown: str) -> None:
    binding = bound(form_of(*TWO, carriers=ROWS), structure_of(tree("a.txt")), disc(label), carrier_no=carrier_no)
    assert list(binding.lines) == []
    assert told(binding.findings) == [
        ("form-no-lines", "", {"reason": "not-bound", "label": shown, "choices": f"{A}、{B}"})]


def test_a_label_without_the_letter_of_its_set_is_bound_only_if_the_sets_have_the_same_lines() -> None:
    sets = (CarrierLine("G001", set_code="A"), CarrierLine("G001", set_code="B"))
    structure = structure_of(tree("a.txt"))
    for numbers, lines in ((("G001-A", "G001-B"), []), (("G001", "G001"), [0, 1])):
        form = form_of(line("a.txt", b"a", numbers[0]), line("b.txt", b"b", numbers[1]), carriers=sets)
        assert list(bound(form, structure, disc("G001")).lines) == lines


def test_the_rows_say_which_packages_a_carrier_holds() -> None:
    rows = (CarrierLine(A, package_nos=("P1",)), CarrierLine(B, package_nos=("P2",)))
    form = form_of(line("", b"1", "P1", scope=Scope.PACKAGE), line("", b"2", "P2", scope=Scope.PACKAGE), carriers=rows)
    binding = bound(form, structure_of(tree("P2.zip", "说明.txt")), disc(B))
    assert (list(binding.lines), list(binding.targets), binding.row) == ([1], [0], rows[1])


@pytest.mark.parametrize("carrier_no", ["", A, "无关"])
def test_all_lines_speak_of_the_only_carrier(carrier_no: str) -> None:
    for form in (form_of(line("a.txt", b"a", A), line("b.txt", b"b", A)), form_of(line("a.txt"), line("b.txt")),
                 form_of(line("a.txt", b"a", A), line("b.txt"), carriers=[CarrierLine(A)])):
        assert list(bound(form, structure_of(tree("a.txt")), carrier_no=carrier_no).lines) == [0, 1]


def test_a_number_that_a_person_gives_tells_packages_from_carriers() -> None:
    form = form_of(line("a.txt", b"a", "P1"), line("b.txt", b"b", "P2"))
    structure = structure_of(tree("a.txt", "b.txt"))
    assert list(bound(form, structure, carrier_no=A).lines) == [0, 1]
    assert list(bound(form, structure, carrier_no="P2").lines) == [1]
    assert list(bound(form, structure, carrier_no="P3").lines) == []
    assert list(bound(form, structure).lines) == []


def test_a_form_that_names_no_carriers_but_counts_several_asks_only_for_what_is_here() -> None:
    form = form_of(line("a.txt"), line("b.txt"), fields={"carrier_count": "2张"})
    binding = bound(form, structure_of(tree("a.txt")))
    assert (list(binding.lines), list(binding.targets), list(binding.left)) == ([0], [0], [1])
    two_sets = form_of(line("a.txt"), line("b.txt"), fields={"carrier_count": "2", "set_count": "2"})
    assert list(bound(two_sets, structure_of(tree("a.txt"))).targets) == [0, UNBOUND]
    plain = form_of(line("a.txt"), line("b.txt"), is_workbook=False)
    assert list(bound(plain, structure_of(tree("a.txt"))).targets) == [0, UNBOUND]


def test_a_package_that_may_lie_on_another_carrier_is_never_passed_over() -> None:
    form = form_of(line("", b"1", "P1", scope=Scope.PACKAGE), line("", b"2", "P2", scope=Scope.PACKAGE))
    structure = structure_of(tree("P1.zip", "x.txt"))
    binding = bound(form, structure)
    assert (list(binding.lines), list(binding.left)) == ([0], [1])
    assert told(binding.findings) == [("check-not-run", "", {
        "check": "completeness", "reason": "carrier-not-named", "lines": 1, "examples": "P2"})]
    assert list(bound(form, structure, carrier_no=A).targets) == [0, UNBOUND]


@pytest.mark.parametrize(("label", "number", "found"), [
    ("J010_2025_01_G001_A", A, []),
    ("J010_2025_01_G001", A, []),
    ("J010_2025_01_G001_B", A, ["carrier-number-differs"]),
    ("J010_2025_01_G002_A", A, ["carrier-number-differs"]),
    ("城建档案", A, []), ("城建档案", "甲", []),
    ("", A, ["label-generic"]), ("20250131", A, ["label-generic"]), ("新建卷", "", ["label-generic"]),
])
def test_what_the_label_says_against_the_number(label: str, number: str, found: list[str]) -> None:
    structure = structure_of(tree("a.txt"))
    assert codes(bound(form_of(line("a.txt")), structure, disc(label), carrier_no=number).findings) == found
    assert codes(bound(form_of(line("a.txt", b"", number)), structure, disc(label)).findings) == found
    folder = disc(label, kind=CarrierKind.FOLDER)
    assert codes(bound(form_of(line("a.txt")), structure, folder, carrier_no=number).findings) == []


def test_the_label_of_another_carrier_of_the_form_differs() -> None:
    binding = bound(form_of(*TWO, carriers=ROWS), structure_of(tree("b.txt")), disc("城建档案一"), carrier_no=B)
    assert told(binding.findings) == [("carrier-number-differs", "", {"number": B, "label": "城建档案一"})]


@pytest.mark.parametrize(("a", "b", "same"), [
    (A, "J010_2025_01_G001_A", True), (A, "j010.2025 01·g001-a", True), (A, "J010-2025-01-G001", True),
    (A, "J010-2025-01-G001-B", False), (A, B, False), ("", "", False), ("G001", "G0011", False),
    ("Ｇ００１", "G001", True),
])
def test_numbers_are_the_same_however_written(a: str, b: str, same: bool) -> None:
    assert same_number(a, b) is same
    assert same_number(b, a) is same


# --------------------------------------------------------------------------------------- anchor, findings, identity

@pytest.mark.parametrize(("choice", "anchor", "found"), [
    ({}, "P3", []), ({"anchor": "P1"}, "P1", []), ({"form_on_carrier": True}, "P4", ["reference-on-carrier-only"]),
    ({"form_on_carrier": True, "anchor": "P2"}, "P2", []),
])
def test_the_anchor_of_the_reference(choice: dict[str, object], anchor: str, found: list[str]) -> None:
    binding = bound(form_of(line("a.txt")), structure_of(tree("a.txt")), **choice)
    assert (binding.anchor, codes(binding.findings)) == (anchor, found)


def test_without_a_form_nothing_is_compared() -> None:
    binding = bound(None, structure_of(tree("a.txt")), anchor="P1")
    assert (binding.anchor, list(binding.lines)) == ("P5", [])
    assert told(binding.findings) == [("check-not-run", "", {"check": "accuracy", "reason": "no-form"})]


def test_a_form_without_lines_says_so_once() -> None:
    empty = form_of()
    assert codes(bound(empty, structure_of(tree("a.txt"))).findings) == ["form-no-lines"]
    said = form_of(findings=(Finding("form-no-lines"),))
    assert codes(bound(said, structure_of(tree("a.txt"))).findings) == ["form-no-lines"]
    elsewhere = form_of(line("a.txt"), fields={"carrier_count": "3"})
    assert told(bound(elsewhere, structure_of(tree("b.txt"))).findings) == [
        ("form-no-lines", "", {"reason": "none-here", "label": "", "choices": ""})]


def test_findings_about_lines_of_other_carriers_are_theirs() -> None:
    about = (*(Finding("form-digest-length", facts={"line": n}) for n in (1, 2)),
             Finding("form-line-conflict", facts={"lines": "2,9"}),
             Finding("form-field-missing", facts={"field": "year"}))
    form = form_of(*TWO, carriers=ROWS, findings=about)
    assert bound(form, structure_of(tree("a.txt", "c.txt")), disc(A)).findings == (about[0], about[3])


def test_the_identity_of_a_binding_follows_what_decides() -> None:
    structure = structure_of(tree("a.txt", "b.txt", "x/a.txt"))
    bindings = [bound(form_of(line("a.txt")), structure), bound(form_of(line("b.txt")), structure),
                bound(form_of(line("a.txt")), structure, anchor="P1"), bound(None, structure),
                bound(form_of(line("a.txt")), structure, root=(0, "x")),
                bound(form_of(line("a.txt")), structure, carrier_no=A)]
    assert len({b.sha256 for b in bindings}) == len(bindings)
    assert bound(form_of(line("a.txt")), structure).sha256 == bindings[0].sha256
