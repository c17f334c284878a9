"""Names that lost characters against root offsets; one file against lines of several packages."""
from __future__ import annotations

import pytest

from checks.bind import LOST_NAME, UNBOUND, UNTRUSTED
from tests.checks.made import bound, codes, compared, form_of, line, structure_of, told

CASES = ("案卷/0001.txt", "案卷/0002.txt", "说明.txt")


def tree(*paths: str) -> dict[str, bytes]:
    return {path: path.encode() for path in paths}


def test_a_directory_that_lost_characters_is_no_root_to_drop() -> None:
    binding = bound(form_of(*map(line, ("??/0001.txt", "??/0002.txt", "??.txt"))), structure_of(tree(*CASES)))
    assert list(binding.targets) == [LOST_NAME] * 3
    assert binding.lost == {0: "??/0001.txt", 1: "??/0002.txt", 2: "??.txt"}
    assert binding.findings == ()


def test_absolute_paths_lose_their_root_and_keep_the_lost_directories() -> None:
    """PowerShell's CSV in ASCII: `E:\\备份\\案卷\\0001.txt` with `?` for every Chinese character."""
    binding = bound(form_of(*map(line, (r"E:\??\??\0001.txt", r"E:\??\??\0002.txt", r"E:\??\??.txt"))),
                    structure_of(tree(*CASES)))
    assert binding.lost == {0: "??/0001.txt", 1: "??/0002.txt", 2: "??.txt"}
    assert told(binding.findings) == [
        ("path-root-shifted", "", {"dropped": r"E:\??", "prepended": "", "reason": "top"})]


def test_a_directory_that_cannot_be_the_one_that_lost_characters_is_dropped() -> None:
    binding = bound(form_of(line("my_files/a.txt"), line("my_files/b.txt")), structure_of(tree("a.txt", "b.txt")))
    assert list(binding.targets) == [0, 1]
    assert codes(binding.findings) == ["path-root-shifted"]


def test_names_that_lost_characters_end_equal_with_a_doubt_each() -> None:
    contents = tree(*CASES)
    form = form_of(*(line("".join(c if c.isascii() else "?" for c in path), raw) for path, raw in contents.items()))
    comparison = compared(form, contents)
    assert [(r.state, r.path) for r in comparison.results] == [("equal", path) for path in CASES]
    assert codes(comparison.findings) == ["form-name-lost"] * 3


@pytest.mark.parametrize(("package_nos", "algorithms", "second"), [
    (("P1", "P2"), ("md5", "md5"), UNBOUND),
    (("P1", "P2"), ("md5", "sha256"), UNBOUND),
    (("P1", "P1"), ("md5", "md5"), 0),
    (("P1", "P1"), ("md5", "sha256"), 0),
    (("J010-01", "J010_01"), ("md5", "sha256"), 0),
    (("", "P1"), ("md5", "sha256"), 0),
])
def test_one_file_answers_one_package(package_nos: tuple[str, str], algorithms: tuple[str, str], second: int) -> None:
    lines = [line("a.dat", b"a", number, algorithm=name) for number, name in zip(package_nos, algorithms, strict=True)]
    form = form_of(*lines, fields={"carrier_count": "1"})
    assert list(bound(form, structure_of({"a.dat": b"a", "b.dat": b"b"})).targets) == [0, second]


def test_one_moved_file_answers_one_package() -> None:
    form = form_of(line("a.dat", b"a", "P1"), line("a.dat", b"a", "P2"), fields={"carrier_count": "1"})
    assert [r.state for r in compared(form, {"x.dat": b"a"}).results] == ["equal", "missing"]


def test_a_path_that_climbs_is_not_checked_and_not_missing() -> None:
    form = form_of(line("a.txt", b"a"), line("../b.txt", b"b"), line("/../b.txt", b"c"))
    binding = bound(form, structure_of({"a.txt": b"a", "b.txt": b"b"}))
    assert list(binding.targets) == [0, UNTRUSTED, UNTRUSTED]
    assert [f.facts["reason"] for f in binding.findings] == ["dotdot", "dotdot"]
    comparison = compared(form, {"a.txt": b"a", "b.txt": b"b"})
    assert [r.state for r in comparison.results] == ["equal", "not_checked", "not_checked"]
    assert codes(comparison.findings) == ["file-unlisted"]


def test_no_other_root_is_as_good_as_the_lost_directory() -> None:
    binding = bound(form_of(line(r"E:\??\??\0001.txt"), line(r"E:\??\??\0002.txt")), structure_of(tree(*CASES)))
    assert list(binding.targets) == [LOST_NAME] * 2
    assert told(binding.findings) == [
        ("path-root-shifted", "", {"dropped": r"E:\??", "prepended": "", "reason": "top"})]


def test_the_list_as_it_stands_comes_first_with_lost_characters_too() -> None:
    binding = bound(form_of(line("??/0001.txt"), line("??/0002.txt")),
                    structure_of(tree(*CASES, "0001.txt", "0002.txt")))
    assert list(binding.targets) == [LOST_NAME] * 2
    assert binding.findings == ()


def test_of_several_trees_the_first_that_knows_a_name_counts() -> None:
    trees = {"UDF": ["p", "q"], "Joliet": ["a", "b"], "ISO 9660": ["b", "a"]}
    binding = bound(form_of(line("a"), line("q")), structure_of({"p": b"p", "q": b"q"}, trees))
    assert list(binding.targets) == [0, 1]
    assert binding.trees == {"UDF": 1, "Joliet": 1}
