"""Parts of a package: which files a cell speaks of, whatever tool cut them, and in which order."""
from __future__ import annotations

from collections.abc import Sequence

import pytest

from checks.bind import UNBOUND, UNSETTLED, Binding
from checks.form import Scope
from tests.checks.made import bound, form_of, line, structure_of


def joined(written: str, paths: Sequence[str], package_no: str = "", parts: int = 0) -> list[str] | str:
    """The files of a line over parts in their order; the reason where they cannot be told; "missing"."""
    binding = bound(form_of(line(written, b"x", package_no, scope=Scope.PARTS)._replace(parts=parts)),
                    structure_of(dict.fromkeys(paths, b"1")))
    return said(binding, paths)


def said(binding: Binding, paths: Sequence[str]) -> list[str] | str:
    target = binding.targets[0]
    if target == UNBOUND:
        return "missing"
    if target == UNSETTLED:
        return binding.unsettled[0]
    if target < len(paths):
        return [paths[target]]
    assert binding.named >= set(binding.joined[target - len(paths)])
    return [paths[number] for number in binding.joined[target - len(paths)]]


@pytest.mark.parametrize(("written", "paths", "order"), [
    ("p.7z", ["p.7z.002", "p.7z.001", "p.7z.003"], [1, 0, 2]),
    ("P.7Z.001", ["p.7z.001", "p.7z.002"], [0, 1]),
    ("p", ["p.7z.001", "p.7z.002"], [0, 1]),
    ("p", ["p.001", "p.002"], [0, 1]),
    ("p.rar", ["p.part10.rar", *(f"p.part{n}.rar" for n in range(1, 10))], [*range(1, 10), 0]),
    ("p", ["p.part1.exe", "p.part2.exe"], [0, 1]),
    ("p.zip", ["p.zip", "p.z02", "p.z01"], [2, 1, 0]),
    ("p.z01~p.zip", ["p.zip", "p.z01"], [1, 0]),
    ("p.rar", ["p.r00", "p.r01", "p.rar"], [2, 0, 1]),
    ("包_1.zip", ["包_2.zip", "包_1.zip"], [1, 0]),
    ("包.zip", ["包（2）.zip", "包（1）.zip"], [1, 0]),
    ("p", ["p-0", "p-1"], [0, 1]),
    ("甲\\p.7z", ["甲/p.7z.001", "甲/p.7z.002", "乙/p.7z.001", "乙/p.7z.002"], [0, 1]),
    ("p.001-p.003", ["p.001", "p.002", "p.003"], [0, 1, 2]),
    ("p.001至003", ["p.001", "p.002", "p.003"], [0, 1, 2]),
    ("a-b.001-a-b.002", ["a-b.001", "a-b.002"], [0, 1]),
    ("p.002；p.001", ["p.001", "p.002"], [0, 1]),
    ("y.dat、x.dat", ["x.dat", "y.dat"], [1, 0]),
    ("d/y.dat\nx.dat", ["d/x.dat", "d/y.dat"], [1, 0]),
    ("single.zip", ["single.zip", "other.zip"], [0]),
    ("a,b.7z", ["a,b.7z.001", "a,b.7z.002"], [0, 1]),
])
def test_the_parts_of_a_cell(written: str, paths: list[str], order: list[int]) -> None:
    assert joined(written, paths) == [paths[number] for number in order]


def test_ambiguous_names_are_not_guessed() -> None:
    """part01 and part1 are two packages or one, who knows; two directories hold a package of this number."""
    assert joined("p.rar", ["p.part01.rar", "p.part1.rar", "p.part2.rar"]) == "parts-gap"
    assert joined("", ["d/P1.001", "d/P1.002", "e/P1.001", "e/P1.002"], "P1") == "parts-ambiguous"
    assert joined("p", ["p.001", "p.002", "p_1.zip", "p_2.zip"]) == "parts-ambiguous"
    assert joined("x.dat;x.dat", ["x.dat"]) == "parts-ambiguous"


@pytest.mark.parametrize(("written", "paths", "reason"), [
    ("p.7z", ["p.7z.001", "p.7z.003"], "parts-gap"), ("p.7z", ["p.7z.002", "p.7z.003"], "parts-gap"),
    ("p.zip", ["p.z01", "p.z02"], "parts-gap"), ("p", ["p.r00", "p.r01"], "parts-gap"),
    ("p.7z", ["q.7z.001", "q.7z.002"], "parts-none"), ("p.001-p.009", ["p.001", "p.002"], "parts-none"),
    ("p.001;p.009", ["p.001", "p.002"], "missing")])
def test_incomplete_parts_are_never_joined(written: str, paths: list[str], reason: str) -> None:
    assert joined(written, paths) == reason


def test_the_number_of_parts_must_be_the_one_of_the_form() -> None:
    paths = ["p.001", "p.002"]
    assert [joined("p", paths, parts=count) for count in (0, 2, 3)] == [paths, paths, "parts-count"]
    assert joined("", ["d/P1.7z.001", "d/P1.7z.002"], "P1") == ["d/P1.7z.001", "d/P1.7z.002"]


def test_names_cut_by_another_tree_make_no_second_package() -> None:
    contents = dict.fromkeys(["长名字包.7z.001", "长名字包.7z.002"], b"1")
    structure = structure_of(contents, {"Joliet": list(contents), "ISO 9660": ["P_1.001", "P_2.001"]})
    binding = bound(form_of(line("长名字包", b"x", scope=Scope.PARTS)), structure)
    assert (list(binding.targets), binding.joined) == ([2], ((0, 1),))
