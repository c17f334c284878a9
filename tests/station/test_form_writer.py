"""The unit's form: what it lists comes back the same through another reader and through our own."""
from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from carriers.model import Refused
from checks.form import Scope, read_form
from station import form_writer
from station.form_writer import labels, list_files, write_form

CONTENT = {
    "正文.pdf": b"%PDF-1.4\n", "目录/第1卷/附件 一.docx": b"PK\x03\x04", "目录/第1卷/空.txt": b"",
    "目录/=SUM(1).txt": b"formula", "_x0041_.txt": b"escape", "0123.txt": b"zeros", "䶮㐀𠀀.txt": b"rare",
    "e\u0301.txt": b"nfd", "前 后 .txt": b"blanks",
}


def fill(folder: Path) -> None:
    for path, content in CONTENT.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)


def nobody(_done: int, _in_all: int) -> None:
    """Nobody looks at the progress."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "移交"
    made.mkdir()
    fill(made)
    return made


def test_the_list_comes_back_through_another_reader(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "情况表.xlsx"
    assert write_form(folder, out, {"carrier_from": "J010-2026-01-G001"}, nobody) == len(CONTENT)
    heading, *rows = CalamineWorkbook.from_path(str(out)).get_sheet_by_name("续表").to_python()
    assert heading == ["序号", "载体(包)编号", "文件名", "内容说明", "摘要算法", "数字摘要", "字节数", "摘要对象"]
    assert [row[0] for row in rows] == list(range(1, len(CONTENT) + 1))
    assert {row[2]: (row[1], row[3], row[4], row[5], row[6], row[7]) for row in rows} == {
        path: ("J010-2026-01-G001", "", "MD5", hashlib.md5(content).hexdigest(), len(content), "单个文件")
        for path, content in CONTENT.items()}


def test_our_own_reader_trusts_every_line(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "form.xlsx"
    fields = {name: f"某{name}" for name in labels()} | {
        "fonds_no": "J010", "unit_name": "某局", "year": "2026", "year_from": "2025", "year_to": "2025",
        "carrier_from": "G001", "carrier_to": "G001", "carrier_count": "1", "set_count": "1", "volume_count": "1",
        "item_count": "10", "page_count": "1", "declared_gb": "0.001GB", "security_level": "内部", "is_encrypted": "否"}
    write_form(folder, out, fields, nobody)
    form = read_form(out)
    assert [finding.code for finding in form.findings] == []
    assert {name: form.fields[name] for name in ("fonds_no", "unit_name", "carrier_from", "carrier_to", "year")} == {
        "fonds_no": "J010", "unit_name": "某局", "carrier_from": "G001", "carrier_to": "G001", "year": "2026"}
    lines = {line.path: (line.algorithm, line.digest, line.scope, line.package_no, line.defect) for line in form.lines}
    assert lines == {path: ("md5", hashlib.md5(content).hexdigest(), Scope.FILE, "G001", "")
                     for path, content in CONTENT.items()}


def test_only_what_is_known_stands_on_the_form(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "form.xlsx"
    (folder / "大.bin").write_bytes(bytes(5 << 20))
    write_form(folder, out, {"fonds_no": "J010", "unit_name": "某局", "carrier_from": "G001", "phone": ""}, nobody)
    rows = dict(CalamineWorkbook.from_path(str(out)).get_sheet_by_name("情况表").to_python())
    in_all = (5 << 20) + sum(map(len, CONTENT.values()))
    known = [rows[label] for label in ("全宗号", "载体起始编号", "载体终止编号", "载体数量")]
    assert known == ["J010", "G001", "G001", "1"]
    assert (rows["数据量"], rows["文件数"], rows["字节数"]) == ("0.005GB", str(len(CONTENT) + 1), str(in_all))
    assert rows["单位名称"] == "某局" and {"密级", "填表人", "电话"}.isdisjoint(rows)
    assert [finding.code for finding in read_form(out).findings] == []


def test_without_a_unit_there_is_a_list_only(folder: Path, tmp_path: Path) -> None:
    write_form(folder, tmp_path / "form.xlsx", {}, nobody)
    form = read_form(tmp_path / "form.xlsx")
    assert CalamineWorkbook.from_path(str(tmp_path / "form.xlsx")).sheet_names == ["续表"]
    assert (form.findings, len(form.lines)) == ((), len(CONTENT))


def test_the_progress_ends_at_all_bytes(folder: Path, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    write_form(folder, tmp_path / "form.xlsx", {}, lambda done, in_all: seen.append((done, in_all)))
    in_all = sum(map(len, CONTENT.values()))
    assert seen[-1] == (in_all, in_all)
    assert seen == sorted(seen)


def test_the_form_does_not_list_itself(folder: Path) -> None:
    out = folder / "情况表.xlsx"
    assert write_form(folder, out, {}, nobody) == len(CONTENT)
    assert write_form(folder, out, {}, nobody) == len(CONTENT)
    assert sorted(p.name for p in folder.iterdir() if p.name.startswith(".")) == []


@pytest.mark.parametrize("name", [
    "a\nb.txt", "blank at its end ", "a\tb", "gpj.\u202eexe", "零\u200b宽", "a\\b", b"\xcc\xe5.txt",
])
def test_a_name_that_reads_as_another_is_refused(folder: Path, tmp_path: Path, name: str | bytes) -> None:
    written = os.fsdecode(name)
    (folder / "目录" / written).write_bytes(b"x")
    with pytest.raises(Refused) as refusal:
        write_form(folder, tmp_path / "form.xlsx", {}, nobody)
    assert (refusal.value.code, refusal.value.facts) == ("form-name-unsafe", {"path": "目录/" + written})
    assert list(tmp_path.iterdir()) == [folder]


def test_a_link_is_neither_followed_nor_left_out(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (folder / "链接").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Refused) as refusal:
        list_files(folder)
    assert (refusal.value.code, refusal.value.facts) == ("form-not-a-file", {"path": "链接"})


def test_an_empty_or_absent_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "空" / "空").mkdir(parents=True)
    with pytest.raises(Refused) as refusal:
        list_files(tmp_path / "空")
    assert refusal.value.code == "form-folder-empty"
    with pytest.raises(Refused) as refusal:
        list_files(tmp_path / "无")
    assert refusal.value.code == "form-folder-unreadable"


def test_a_file_that_grows_while_it_is_hashed_is_refused(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "form.xlsx"
    out.write_bytes(b"the one before")

    def grow(_done: int, _in_all: int) -> None:
        with open(folder / "䶮㐀𠀀.txt", "ab") as stream:
            stream.write(b"more")

    with pytest.raises(Refused) as refusal:
        write_form(folder, out, {}, grow)
    assert (refusal.value.code, refusal.value.facts) == ("form-file-changed", {"path": "䶮㐀𠀀.txt"})
    assert out.read_bytes() == b"the one before"
    assert sorted(tmp_path.iterdir()) == sorted([folder, out])


def test_a_place_that_cannot_be_written_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(Refused) as refusal:
        write_form(folder, tmp_path / "无此目录" / "form.xlsx", {}, nobody)
    assert refusal.value.code == "form-not-writable"


def test_more_files_than_a_sheet_has_rows_are_refused(
        folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(form_writer, "_MOST_FILES", len(CONTENT) - 1)
    with pytest.raises(Refused) as refusal:
        write_form(folder, tmp_path / "form.xlsx", {}, nobody)
    assert refusal.value.facts == {"count": len(CONTENT), "limit": len(CONTENT) - 1}


def test_an_unknown_field_is_a_program_error(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="fond_number"):
        write_form(folder, tmp_path / "form.xlsx", {"fond_number": "J010"}, nobody)
