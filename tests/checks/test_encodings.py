"""Names whose encoding is not recorded, in the one that the form names; before anything is read, by names alone."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from carriers.model import Finding, Structure
from checks.encodings import named_as_listed, undecodable
from tests.checks.made import form_of, line, structure_of


def guessed(names: Mapping[str, bytes], more: Mapping[str, bytes] | None = None) -> Structure:
    """A disc without Joliet: shown path → as recorded; more: names that are no guess."""
    structure = structure_of({**dict.fromkeys(names, b"x"), **dict.fromkeys(more or {}, b"y")})
    assert structure.files is not None
    structure.files.raw_names.update(enumerate(names.values()))
    return structure


def as_gbk(*names: str, encoding: str) -> dict[str, bytes]:
    return {name.encode(encoding).decode("gb18030"): name.encode(encoding) for name in names}


def paths(structure: Structure) -> list[str]:
    assert structure.files is not None
    return list(structure.files.paths)


@pytest.mark.parametrize(("encoding", "names"), [
    ("cp950", ("許功蓋/說明.txt", "檔案.txt")), ("cp932", ("表/能.txt", "ソ.txt")), ("cp949", ("기록/목록.txt",)),
    ("gb18030", ("誠信/档案.txt",))])
def test_the_encoding_that_names_most_is_taken(encoding: str, names: tuple[str, ...]) -> None:
    structure = guessed(as_gbk(*names, encoding=encoding), {"说明.txt": b""})
    wrong = next(iter(structure.files.paths)) if structure.files else ""
    found = (Finding("name-undecodable", wrong, facts={"encoding": "gb18030"}), Finding("name-unsafe", "说明.txt"))
    form = form_of(*(line(f"D:\\x\\{name}".replace("/", "\\")) for name in names))
    named, told = named_as_listed(form, structure, found)
    assert paths(named) == [*names, "说明.txt"]
    assert list(named.trees[0].paths) == paths(named)
    assert [(f.path, dict(f.facts)) for f in told] == [(names[0], {"encoding": encoding}), ("说明.txt", {})]
    assert named.files is not None and structure.files is not None
    assert named.files.raw_names == structure.files.raw_names
    again, _ = named_as_listed(form_of(*map(line, as_gbk(*names, encoding=encoding))), named, told)
    assert paths(again) == [*as_gbk(*names, encoding=encoding), "说明.txt"]       # another form, another encoding


def test_names_that_no_form_asks_for_stay_as_they_are() -> None:
    structure = guessed(as_gbk("許功蓋.txt", encoding="cp950"))
    for form in (None, form_of(line("別的.txt")), form_of(line(paths(structure)[0]))):
        assert named_as_listed(form, structure, ())[0] is structure


def test_a_directory_alone_tells_and_its_findings_follow() -> None:
    structure = guessed({"砛/0001.bin": "許".encode("cp950") + b"/0001.bin"})
    found = (Finding("name-undecodable", "砛", facts={"encoding": "gb18030"}),)
    named, told = named_as_listed(form_of(line("許/0001.bin")), structure, found)
    assert paths(named) == ["許/0001.bin"]
    assert told == (Finding("name-undecodable", "許", facts={"encoding": "cp950"}),)


def test_utf_8_and_what_the_encoding_cannot_be_keep_their_names() -> None:
    structure = guessed({"档案/砛.txt": "档案/".encode() + "許.txt".encode("cp950"), "odd\udcff": b"odd\xff"})
    assert paths(named_as_listed(form_of(line("許.txt")), structure, ())[0]) == ["档案/許.txt", "odd\udcff"]


def test_other_trees_follow_where_they_have_the_name() -> None:
    structure = guessed({"砛.txt": "許.txt".encode("cp950")}, {"b.txt": b""})
    two = replace(structure, trees=(*structure.trees, replace(structure.trees[0], name="ISO 9660",
                                                              paths=["_.TXT", "b.txt"])))
    named, _ = named_as_listed(form_of(line("許.txt")), two, ())
    assert [list(tree.paths) for tree in named.trees] == [["許.txt", "b.txt"], ["_.TXT", "b.txt"]]


def test_which_files_a_listed_name_may_be() -> None:
    structure = guessed({"案/砛.txt": "案/".encode() + "許.txt".encode("cp950")}, {"案/b.txt": b""})
    assert structure.files is not None
    assert undecodable(structure.files, 0, "案/опись.txt")
    assert not undecodable(structure.files, 0, "別/опись.txt")
    assert not undecodable(structure.files, 0, "опись.txt")
    assert not undecodable(structure.files, 1, "案/опись.txt")
