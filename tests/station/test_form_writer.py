"""The unit's form: what it lists comes back the same through another reader and through our own."""
from __future__ import annotations

import hashlib
import os
import re
import tomllib
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook

from carriers.model import Refused
from checks.form import CarrierLine, DigestLine, Scope, read_form
from checks.normalise import algorithm_named, identifiers, label, words
from checks.workbook import header_of
from station import form_book, form_writer
from station.form_book import labels
from station.form_writer import list_files, write_blank, write_form

A, SM3 = hashlib.md5(b"a").hexdigest(), hashlib.sha256(b"a").hexdigest()

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
    assert " ".join(heading).replace("*", "") == (
        "序号 载体(包)编号 文件名 内容说明 摘要算法 数字摘要 字节数 摘要对象 实际容量(GB) 是否分卷 备注")
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
    written = CalamineWorkbook.from_path(str(out)).get_sheet_by_name("情况表").to_python()
    rows = {row[0].rstrip("*"): row[1] for row in written}
    in_all = (5 << 20) + sum(map(len, CONTENT.values()))
    known = [rows[label] for label in ("全宗号", "载体起始编号", "载体终止编号", "载体数量")]
    assert known == ["J010", "G001", "G001", "1"]
    assert (rows["数据量"], rows["文件数"], rows["字节数"]) == ("0.005GB", str(len(CONTENT) + 1), str(in_all))
    assert rows["单位名称"] == "某局" and {"密级", "填表人", "电话"}.isdisjoint(rows)
    assert (rows["(密级)"], rows["(填表人)"], rows["(电话)"]) == ("", "", "")
    assert [finding.code for finding in read_form(out).findings] == []


def test_without_a_unit_nothing_is_declared_and_nothing_missing(folder: Path, tmp_path: Path) -> None:
    write_form(folder, tmp_path / "form.xlsx", {}, nobody)
    form = read_form(tmp_path / "form.xlsx")
    assert (form.findings, dict(form.fields), form.carriers, len(form.lines)) == ((), {}, (), len(CONTENT))


def test_the_only_carrier_stands_in_the_catalogue(folder: Path, tmp_path: Path) -> None:
    fields = {"fonds_no": "J010", "unit_name": "某局", "carrier_from": "G001-A", "carrier_form": "光盘"}
    write_form(folder, tmp_path / "form.xlsx", fields | {"description": "公文"}, nobody)
    assert read_form(tmp_path / "form.xlsx").carriers == (
        CarrierLine("G001-A", carrier_form="光盘", content_note="公文"),)


# --- the empty form, and what comes back of it ----------------------------------------------------------------------

FILLED: dict[str, Sequence[Sequence[str]]] = {
    "续表": [["1", "G001-A", "a/1.zip", "数据包", "MD5", A, "", "单个文件", "1.500", "", ""],
           ["2", "G002-A", "", "目录数据包", "SM3", SM3, "", "", "0.001", "", ""],
           ["3", "G002-A", "b.7z", "实体数据包", "SHA-256", SM3, "123", "多文件", "", "3", ""]],
    "载体目录": [["1", "G001-A", "光盘", "DVD-R", "J010_G001_A", "SN1", "公文", "P1、P2", "1", "5", "4.7GB", "A"],
             ["2", "G001-B", "光盘", "DVD-R", "", "", "公文", "", "", "", "", "B"],
             ["3", "G002-A", "移动硬盘", "SSD", "", "", "业务", "", "", "", "", "A"]],
    "公文明细": [["1", "J010-1", "", "通知"], ["2", "", "", "报告"], ["合计", "", "", "2件"]],
}


def filled(blank: Path, out: Path, fields: Mapping[str, str], tables: Mapping[str, Sequence[Sequence[str]]]) -> Path:
    """What a clerk makes of the empty form, by another writer: every cell as it was, the answers beside the labels."""
    known = {label: name for name, label in labels().items()}
    with xlsxwriter.Workbook(str(out)) as book:
        for sheet in CalamineWorkbook.from_path(str(blank)).sheet_names:
            page = book.add_worksheet(sheet)
            rows = CalamineWorkbook.from_path(str(blank)).get_sheet_by_name(sheet).to_python()
            for at, cells in enumerate(rows):
                for column, cell in enumerate(cells):
                    page.write_string(at, column, str(cell))
                written = re.sub(r"^\((.+)\)$", r"\1", str(cells[0]).rstrip("*"))
                if sheet == "情况表" and (name := known.get(written)) in fields:
                    page.write_string(at, 1, fields[name])
            for at, cells in enumerate(tables.get(sheet, ()), 1):
                for column, cell in enumerate(cells):
                    page.write_string(at, column, cell)
    return out


def test_an_empty_form_lacks_what_is_required_and_lists_nothing(tmp_path: Path) -> None:
    write_blank(tmp_path / "blank.xlsx", {})
    form = read_form(tmp_path / "blank.xlsx")
    missing = [f.facts["field"] for f in form.findings if f.code == "form-field-missing"]
    assert missing == words()["required"]["fields"]
    assert [f.code for f in form.findings[len(missing):]] == ["form-no-lines"]
    assert (len(form.lines), form.carriers, set(form.fields.values())) == (0, (), {""})
    assert set(form.fields) == set(labels()) - {"batch_seq", "digest_alg"}


def test_a_filled_form_is_read_completely(tmp_path: Path) -> None:
    write_blank(tmp_path / "blank.xlsx", {"fonds_no": "J010", "unit_name": "某局"})
    answers = {name: f"某{name}" for name in labels()} | {"item_count": "2", "declared_gb": "1.5", "byte_count": "7"}
    form = read_form(filled(tmp_path / "blank.xlsx", tmp_path / "form.xlsx", answers, FILLED))
    assert form.findings == ()
    assert dict(form.fields) == {n: t for n, t in answers.items() if n not in ("batch_seq", "digest_alg")} | {
        "byte_count": "7B"}
    assert list(form.lines) == [
        DigestLine(2, "G001-A", "a/1.zip", Scope.FILE, "md5", A, "1.500GB", ""),
        DigestLine(3, "G002-A", "", Scope.CATALOGUE, "sm3", SM3, "0.001GB", ""),
        DigestLine(4, "G002-A", "b.7z", Scope.PARTS, "sha256", SM3, "123B", "", 3)]
    assert form.carriers == (
        CarrierLine("G001-A", "光盘", "DVD-R", "J010_G001_A", "SN1", "公文", "A", 1, 5, ("P1", "P2")),
        CarrierLine("G001-B", "光盘", "DVD-R", "", "", "公文", "B"),
        CarrierLine("G002-A", "移动硬盘", "SSD", "", "", "业务", "A"))


def test_one_field_left_blank_and_documents_that_do_not_add_up(tmp_path: Path) -> None:
    write_blank(tmp_path / "blank.xlsx", {})
    answers = {name: f"某{name}" for name in labels()} | {"item_count": "3"}
    for name in words()["required"]["fields"]:
        form = read_form(filled(tmp_path / "blank.xlsx", tmp_path / "form.xlsx", answers | {name: ""}, FILLED))
        wanted = [("form-field-missing", labels()[name])]
        if name != "item_count":
            wanted.append(("form-count-differs", None))
        assert [(f.code, f.facts.get("label")) for f in form.findings] == wanted


def test_what_a_programme_left_in_brackets_is_taken_when_a_clerk_fills_it_in(folder: Path, tmp_path: Path) -> None:
    write_form(folder, tmp_path / "made.xlsx", {"fonds_no": "J010", "unit_name": "某局"}, nobody)
    form = read_form(filled(tmp_path / "made.xlsx", tmp_path / "form.xlsx", {"contact": "王芳", "year": "2026"}, {}))
    assert (form.fields["contact"], form.fields["year"], "phone" in form.fields) == ("王芳", "2026", False)
    assert (form.findings, len(form.lines)) == ((), len(CONTENT))


def test_the_example_page_is_never_read(tmp_path: Path) -> None:
    """Its words are what the reader knows it by; without them its fields would be those of the form."""
    write_blank(tmp_path / "blank.xlsx", {})
    *_, page = CalamineWorkbook.from_path(str(tmp_path / "blank.xlsx")).sheet_names
    rows = CalamineWorkbook.from_path(str(tmp_path / "blank.xlsx")).get_sheet_by_name(page).to_python()
    assert rows[0][0] in words()["words"]["not_submitted"]
    assert any("0123456789abcdef" in str(cell) for cells in rows for cell in cells)
    with xlsxwriter.Workbook(str(tmp_path / "form.xlsx")) as book:
        sheet = book.add_worksheet(page)
        for at, cells in enumerate(rows[1:]):
            sheet.write_row(at, 0, cells)
    assert read_form(tmp_path / "form.xlsx").fields["fonds_no"] == "J010"


def test_every_list_and_label_of_the_workbook_is_known_to_the_reader() -> None:
    layout = tomllib.loads((Path(form_book.__file__).with_name("form_sheets.toml")).read_text(encoding="utf-8"))
    used = [row["list"] for row in layout["summary"] if "list" in row]
    for table in layout["table"]:
        header = header_of([column["label"] + "*" for column in table["columns"]])
        assert header is not None
        assert (header.is_list, header.is_catalogue) == (table["name"] == "续表", table["name"] == "载体目录")
        used += [column["list"] for column in table["columns"] if "list" in column]
    assert set(used) == set(layout["lists"])
    assert all(label(text) in identifiers("scopes") for text in layout["lists"]["digest_scope"])
    assert all(algorithm_named(text) for text in layout["lists"]["digest_alg"])
    assert all(len(",".join(texts)) <= 255 for texts in layout["lists"].values())      # what a list of Excel may hold
    assert {row["field"] for row in layout["summary"]} >= set(words()["required"]["fields"])


def test_the_workbook_keeps_digests_as_text_and_offers_its_lists(tmp_path: Path) -> None:
    write_blank(tmp_path / "blank.xlsx", {})
    with zipfile.ZipFile(tmp_path / "blank.xlsx") as archive:
        summary, table = (archive.read(f"xl/worksheets/sheet{n}.xml").decode() for n in (1, 2))
        styles, comments = archive.read("xl/styles.xml").decode(), archive.read("xl/comments1.xml").decode()
    formats = re.findall(r'<xf numFmtId="(\d+)"', styles.partition("<cellXfs")[2])
    digest = re.search(r'<col min="6" max="6" width="[\d.]+" style="(\d+)"', table)
    assert digest is not None and formats[int(digest[1])] == "49"                      # text
    assert '"MD5,SHA-1,SHA-256,SM3"' in table and "LEN(F2)=32" in table
    assert '"公开,内部"' in summary and 'errorStyle="warning"' in summary
    assert "保持文本格式" in comments and 'ySplit="1"' in table and 'paperSize="9"' in summary


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
