"""Lists that stand for a form: on the carrier, in a folder, in a bag; and hostile ones."""
from __future__ import annotations

import random
from collections.abc import Mapping
from pathlib import Path

import pytest

from carriers.model import Finding
from checks import lists
from checks.bagit import read_bag
from checks.bind import Choice, bind
from checks.compare import compare
from checks.form import FormUnreadable, Scope, SubmittedForm, form_of
from checks.lists import Shelf, followed, form_on, lists_on, names_of, read_reference
from tests.checks.made import digest, disc, fixities_of, line, structure_of
from tests.checks.made import form_of as form_with
from tests.vectors_kit import bag, manifest

CONTENTS = {"a.txt": b"alpha", "d/b.txt": b"beta"}


def shelf(contents: Mapping[str, bytes | None]) -> Shelf:
    """A carrier with these files; None = its content cannot be had."""
    paths = list(contents)
    return Shelf(structure_of({path: raw or b"?" for path, raw in contents.items()}),
                 lambda number: contents[paths[number]])


def states(form: SubmittedForm, contents: Mapping[str, bytes], **choice: object) -> list[tuple[str, str, str]]:
    structure = structure_of(contents)
    binding = bind(form, disc(), structure, Choice(**choice))  # type: ignore[arg-type]
    comparison = compare(form, binding, structure, fixities_of(contents))
    assert list(comparison.results) == [comparison.results[n] for n in range(len(comparison.results))]
    return [(r.list, r.path, r.state) for r in comparison.results]


def reasons(findings: tuple[Finding, ...]) -> list[tuple[str, str]]:
    return [(f.path, str(f.facts.get("why", f.code))) for f in findings]


# --- on the carrier ----------------------------------------------------------------------------------------------

def test_which_files_are_lists() -> None:
    inside = bag({"x.md5": b"payload"}, "md5", tags=["md5"])
    contents = {**CONTENTS, "MD5SUMS": b"", "d/b.txt.md5": b"", "d/Thumbs.db": b"", "$RECYCLE.BIN/x.md5": b"",
                **{f"bag/{path}": raw for path, raw in inside.items()}}
    assert lists_on(structure_of(contents)) == ["MD5SUMS", "bag/bagit.txt", "d/b.txt.md5"]


def test_a_list_is_read_from_its_own_directory_else_from_the_root() -> None:
    own, root = manifest({"b.txt": b"beta"}), manifest(CONTENTS)
    contents = {**CONTENTS, "d/own.md5": own, "e/root.md5": root, "b.txt": b"another"}
    form = form_on(shelf(contents), "", "")
    assert states(form, contents, lists="") == [
        ("d/own.md5", "d/b.txt", "equal"), ("e/root.md5", "a.txt", "equal"), ("e/root.md5", "d/b.txt", "equal")]


def test_two_lists_may_name_one_file_and_each_line_has_its_answer() -> None:
    contents = {**CONTENTS, "1.md5": manifest({"a.txt": b"alpha"}), "2.md5": manifest({"a.txt": b"other"})}
    form = form_on(shelf(contents), "", "")
    assert states(form, contents, lists="") == [("1.md5", "a.txt", "equal"), ("2.md5", "a.txt", "differs")]


def test_one_name_in_lists_of_two_directories_is_two_files() -> None:
    """Moved here and there: each line finds its own content; two algorithms for one name find the same file."""
    contents = {"d/1.txt": b"one", "e/2.txt": b"two", "d/x.md5": manifest({"gone.txt": b"one"}),
                "e/x.md5": manifest({"gone.txt": b"two"}), "e/x.sha1": manifest({"gone.txt": b"two"}, "sha1")}
    assert states(form_on(shelf(contents), "", ""), contents, lists="") == [
        ("d/x.md5", "d/1.txt", "equal"), ("e/x.md5", "e/2.txt", "equal"), ("e/x.sha1", "e/2.txt", "equal")]


def test_a_root_of_a_person_goes_for_the_list_that_needs_it() -> None:
    inner = manifest(CONTENTS, prefix="E:/x/y/")
    contents = {**{f"备份/{path}": raw for path, raw in CONTENTS.items()}, "all.md5": inner, "备份2/a.txt": b"alpha"}
    form = form_with(line("all.md5", inner, scope=Scope.LIST))
    whole = followed(form, disc(), shelf(contents), Choice(root=(2, "备份")))
    assert [state for _, _, state in states(whole, contents, root=(2, "备份"))] == ["equal"] * 3


def test_what_cannot_be_followed_is_said() -> None:
    contents: dict[str, bytes | None] = {**CONTENTS, "lost.md5": None, "odd.md5": b"no list\n", "ok.md5": manifest(
        {"a.txt": b"alpha"}), "empty.md5": b" "}
    form = form_on(shelf(contents), "", "")
    assert reasons(form.findings) == [("empty.md5", "form-empty"), ("lost.md5", "unreadable"),
                                      ("odd.md5", "form-unknown-layout")]
    assert [each.path for each in form.lists] == ["ok.md5"]
    assert form.sha256 == digest(manifest({"a.txt": b"alpha"}), "sha256")


def test_one_list_by_name_is_refused_where_it_is_none() -> None:
    contents: dict[str, bytes | None] = {**CONTENTS, "odd.txt": b"no list\n", "lost.txt": None}
    for name, code in (("odd.txt", "form-unknown-layout"), ("none.txt", "form-not-on-carrier"),
                       ("d", "form-not-on-carrier")):
        with pytest.raises(FormUnreadable) as refusal:
            form_on(shelf(contents), name, "")
        assert refusal.value.code == code
    form = form_on(shelf(contents), "lost.txt", "carrier:")
    assert (reasons(form.findings), len(form.lines)) == ([("lost.txt", "unreadable")], 0)


def test_lists_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    contents = {**CONTENTS, **{f"{n}.md5": manifest(CONTENTS) for n in range(4)}}
    monkeypatch.setattr(lists, "LISTS_AT_MOST", 2)
    form = form_on(shelf(contents), "", "")
    assert reasons(form.findings) == [("2.md5", "too-many"), ("3.md5", "too-many")]
    monkeypatch.setattr(lists, "LISTS_AT_MOST", 9)
    monkeypatch.setattr(lists, "MAX_LINES", 5)
    assert [len(form_on(shelf(contents), "", "").lists), len(form.lines)] == [2, 4]


def test_a_list_that_names_lists_is_not_followed_further() -> None:
    rows = "载体(包)编号,文件名,摘要对象,数字摘要\nP1,b.md5,清单," + digest(b"") + "\n"
    contents = {**CONTENTS, "a.md5": rows.encode(), "b.md5": b""}
    assert reasons(form_on(shelf(contents), "a.md5", "").findings) == [("a.md5", "nested")]
    assert ("a.md5", "nested") in reasons(form_on(shelf(contents), "", "").findings)


def test_a_form_whose_list_line_is_not_trusted_follows_nothing() -> None:
    contents = {**CONTENTS, "x.md5": manifest(CONTENTS)}
    form = form_with(line("x.md5", scope=Scope.LIST, defect="form-line-malformed"))
    whole = followed(form, disc(), shelf(contents), Choice())
    assert (reasons(whole.findings), whole.lists) == ([("x.md5", "untrusted")], ())


def test_lines_know_their_list() -> None:
    form = form_on(shelf({**CONTENTS, "1.md5": manifest(CONTENTS), "2.sha1": manifest(CONTENTS, "sha1")}), "", "")
    assert [form.lines.list_of(n) for n in range(4)] == ["1.md5", "1.md5", "2.sha1", "2.sha1"]
    assert [(name, len(indices)) for name, indices in form.lines.by_list()] == [("", 0), ("1.md5", 2), ("2.sha1", 2)]


# --- folders and bags --------------------------------------------------------------------------------------------

def planted(folder: Path, files: Mapping[str, bytes]) -> Path:
    for path, raw in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(raw)
    return folder


def test_a_folder_of_lists_is_identified_by_all_of_them(tmp_path: Path) -> None:
    files = {"d/b.txt.md5": manifest({"b.txt": b"beta"}), "a.txt.md5": manifest({"a.txt": b"alpha"})}
    form = read_reference(planted(tmp_path / "lists", files))
    assert [state for _, _, state in states(form, CONTENTS)] == ["equal", "equal"]
    assert form.sha256 == digest(names_of(form.lists), "sha256")
    assert names_of(form.lists) == "".join(
        f"{digest(files[path], 'sha256')}  {path}\n" for path in sorted(files)).encode()


def test_a_link_in_a_folder_is_not_followed(tmp_path: Path) -> None:
    folder = planted(tmp_path / "lists", {"a.md5": manifest(CONTENTS)})
    (folder / "b.md5").symlink_to(folder / "a.md5")
    with pytest.raises(FormUnreadable) as refusal:
        read_reference(folder)
    assert refusal.value.code == "form-folder-mixed"


@pytest.mark.parametrize(("version", "encoding", "name", "listed"), [
    ("1.0", "UTF-8", "文 100%25.txt", "文 100%.txt"), ("0.97", "UTF-8", "文 100%25.txt", "文 100%25.txt"),
    ("0.96", "GB18030", "文%0A.txt", "文\n.txt"), ("1.0", "UTF-16", "文.txt", "文.txt")])
def test_versions_and_encodings_of_bags(version: str, encoding: str, name: str, listed: str) -> None:
    files = {"bagit.txt": f"BagIt-Version: {version}\r\nTag-File-Character-Encoding: {encoding}\r\n".encode(),
             "manifest-md5.txt": f"{digest(b'1').upper()} \t*./data/{name}\r\n".encode(encoding)}
    found = read_bag("", files, files.get)
    assert [lines.paths for _, lines in found.lists if len(lines)] == [[f"./data/{listed}"]]
    assert found.findings == []


def test_lines_of_a_manifest_that_cannot_be_trusted() -> None:
    text = (f"{digest(b'1')}  data/a\n{digest(b'1')}  outside\n{digest(b'1')}  data/../../up\nzz  data/b\n"
            f"{digest(b'1')[1:]}  data/c\n{digest(b'2')}  data/a\n\n")
    files = bag({}, manifest_md5=text.encode())
    found = read_bag("x", files, lambda path: files.get(path.removeprefix("x/")))
    assert [(f.code, f.facts.get("line", f.facts.get("lines")), f.facts["list"]) for f in found.findings] == [
        ("form-line-malformed", 2, "x/manifest-md5.txt"), ("form-line-malformed", 4, "x/manifest-md5.txt"),
        ("form-digest-length", 5, "x/manifest-md5.txt"), ("form-line-conflict", "1,6", "x/manifest-md5.txt")]
    lines = next(lines for _, lines in found.lists if len(lines))
    assert sorted(lines.defects) == [0, 1, 3, 4, 5]


@pytest.mark.parametrize(("texts", "code"), [
    ({"bagit": b"BagIt-Version: 1.0\n"}, "form-bag-declaration"), ({"bagit": b"\xff\xfe"}, "form-bag-declaration"),
    ({"bagit": b"BagIt-Version: 1.0\nTag-File-Character-Encoding: zip\n"}, "form-bag-declaration"),
    ({"fetch": b"http://x 1 data/a\n"}, "form-bag-fetch"), ({"fetch": b"\xff"}, "form-bag-fetch")])
def test_bags_that_are_refused(texts: dict[str, bytes], code: str) -> None:
    files = bag({"a": b"1"}, "md5", **texts)
    with pytest.raises(FormUnreadable) as refusal:
        read_bag("", files, files.get)
    assert refusal.value.code == code


def test_an_empty_fetch_txt_is_no_obstacle() -> None:
    files = bag({"a": b"1"}, "md5", fetch=b"\n")
    assert read_bag("", files, files.get).findings == []


@pytest.mark.parametrize("seed", range(200))
def test_hostile_bags_and_lists_are_refused_or_said(seed: int) -> None:
    """Damaged anywhere: no program error, and no line that was not written."""
    chance = random.Random(seed)
    files = bag({**CONTENTS, "x%.md5": b"y"}, "md5", "sha512", tags=["sha1"])
    files["list.md5"] = manifest(CONTENTS)
    for _ in range(chance.randrange(1, 6)):
        name = chance.choice(sorted(files))
        raw = bytearray(files[name])
        at = chance.randrange(len(raw) + 1)
        raw[at:at + chance.randrange(4)] = chance.choice([
            b"", b"\0", b"\xff\xfe", b"..", b"%", b"\r", b" " * 70_000, chance.randbytes(3), b"/data/", raw[:at] * 3])
        files[name] = bytes(raw)
    try:
        form = form_on(shelf(files), "", "")
    except FormUnreadable:
        return
    assert all(f.facts.get("list") or f.facts.get("why") or f.code == "manifests-differ" for f in form.findings)
    written = {line for raw in files.values() for line in raw.replace(b"\r", b"\n").split(b"\n")}
    assert len(form.lines) <= len(written) * 2
    states(form, files, lists="")


def test_form_of_bytes_is_form_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "x.md5").write_bytes(manifest(CONTENTS))
    one, other = form_of(manifest(CONTENTS), "x.md5"), read_reference(tmp_path / "x.md5")
    assert (one.sha256, one.size_bytes, list(one.lines)) == (other.sha256, other.size_bytes, list(other.lines))
