"""Joining trees: what is one file, what only some of them show, what one of them lost."""
from __future__ import annotations

from collections.abc import Mapping

from carriers.layers import reconcile
from carriers.model import Extent, FileEntry, Finding
from carriers.volume import Listing

Files = Mapping[str, tuple[Extent, ...]]


def listing(files: Files, iso: list[str] | None = None, lost: tuple[str, ...] = ()) -> Listing:
    """A tree with these files; iso: the plain names beside Rock Ridge's. lost: files of which only the name is left."""
    made = Listing(iso_paths=iso)
    for path, extents in files.items():
        made.files.add(FileEntry(path, b"", sum(e.length_bytes for e in extents), extents))
    for path in lost:
        made.files.add(FileEntry(path, b"", 0, (), "structure-damaged"))
    return made


A, B, BIG = (Extent(100, 5000),), (Extent(200, 9),), (Extent(300, 5 << 30),)


def only(path: str, tree: str, other: str) -> Finding:
    return Finding("layers-differ", path, facts={"what": "only-here", "tree": tree, "other": other})


def test_three_trees_are_one_set_of_files() -> None:
    joined = reconcile([("UDF", listing({"案卷.txt": A, "b": B})), ("Joliet", listing({"b": B, "案卷.txt": A})),
                        ("ISO 9660", listing({"__.TXT": A, "B": B}))])
    assert joined.findings == [] and joined.files.paths == ["案卷.txt", "b"]
    assert [(t.name, list(t.paths), list(t.file_nos)) for t in joined.trees] == [
        ("UDF", ["案卷.txt", "b"], [0, 1]), ("Joliet", ["b", "案卷.txt"], [1, 0]),
        ("ISO 9660", ["__.TXT", "B"], [0, 1])]


def test_what_not_every_tree_shows_is_said_of_each_file_once() -> None:
    rock_ridge = listing({"a": A, "c": (Extent(400, 1),)}, ["A", "C"])
    joined = reconcile([("UDF", listing({"a": A, "b": B})), ("Joliet", listing({"a": A, "b": B})),
                        ("ISO 9660", rock_ridge)])
    assert joined.findings == [only("b", "UDF, Joliet", "Rock Ridge"), only("c", "Rock Ridge", "UDF, Joliet")]
    assert joined.files.paths == ["a", "b", "c"] and [len(t.paths) for t in joined.trees] == [2, 2, 2, 2]


def test_the_low_32_bits_of_a_size_are_what_iso_9660_can_say() -> None:
    for short in ("big.bin", "BIG.BIN"):
        cut = listing({short: (Extent(300, 1 << 30),)})
        joined = reconcile([("UDF", listing({"big.bin": BIG})), ("ISO 9660", cut)])
        assert joined.findings == [] and list(joined.files.sizes) == [5 << 30]
    other = reconcile([("UDF", listing({"big.bin": BIG})), ("ISO 9660", listing({"BIG.BIN": (Extent(300, 1 << 29),)}))])
    assert len(other.findings) == 2


def test_what_one_tree_lost_another_may_know() -> None:
    joined = reconcile([("UDF", listing({"b": B}, lost=("a", "c"))), ("Joliet", listing({"a": A, "b": B}))])
    assert {e.path: (e.extents, e.obstacle) for e in joined.files} == {
        "b": (B, ""), "a": (A, ""), "c": ((), "structure-damaged")}
    assert joined.findings == [only("c", "UDF", "Joliet")]


def test_one_name_for_two_contents() -> None:
    joined = reconcile([("UDF", listing({"a": A})), ("Joliet", listing({"a": B}))])
    assert [(f.path, f.facts["what"]) for f in joined.findings] == [("a", "other-content")] and len(joined.files) == 2


def test_an_altered_name_is_told_against_the_first_tree_that_shows_the_file() -> None:
    joined = reconcile([("UDF", listing({"a.txt": A})), ("Joliet", listing({"a.txt": A, "b.txt": B})),
                        ("ISO 9660", listing({"a.txt": A, "x.txt": B}, ["A.TXT", "X.TXT"]))])
    assert [(f.path, f.facts["what"], f.facts["tree"], f.facts["other"]) for f in joined.findings] == [
        ("b.txt", "other-name", "Joliet", "Rock Ridge"), ("b.txt", "only-here", "Joliet, Rock Ridge", "UDF")]
