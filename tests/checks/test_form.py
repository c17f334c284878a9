"""Reading a submitted form: what is refused and why, encodings, fields, and what written values mean."""
from __future__ import annotations

import hashlib
import io
import os
import struct
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import xlsxwriter
import xlwt

from checks import form as form_module
from checks.form import DigestLine, FormUnreadable, Lines, Scope, read_form
from checks.normalise import declared_count, is_classified, size_agrees

A = hashlib.md5(b"a").hexdigest()
SHEET = [("全宗号", "J010"), ("单位名称(盖章)", "某市档案局"), ("报送年度", "2026"), ("登记备份层级", "必须登记"),
         ("数据形式", "电子公文"),
         ("内容描述", "公文"), ("数量（件）", "12,480"), ("数据量(GB)", "6.127"), ("密级", "内部"), ("是否加密", "否"),
         ("备份方式", "脱机"), ("载体形式", "光盘"), ("载体数量", "2"), ("载体起止编号", "J010-001至J010-002"),
         ("套数", "3"),
         ("联系人、电话", "张三 0573-86001234"), ("填表人、日期", "李四  2026年3月1日"), ("起止年度", "2010—2025年度")]
FIELDS = {
    "fonds_no": "J010", "unit_name": "某市档案局", "year": "2026", "layer": "必须登记", "data_form": "电子公文",
    "description": "公文", "item_count": "12,480", "declared_gb": "6.127", "security_level": "内部",
    "is_encrypted": "否",
    "backup_mode": "脱机", "carrier_form": "光盘", "carrier_count": "2", "carrier_from": "J010-001",
    "carrier_to": "J010-002", "set_count": "3", "contact": "张三", "phone": "0573-86001234", "preparer": "李四",
    "prepared_on": "2026年3月1日", "year_from": "2010", "year_to": "2025"}
LIST = [["文件名", "MD5"], ["a", A]]


def book(*sheets: list[list[str]]) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as made:
        for rows in sheets:
            sheet = made.add_worksheet()
            for row, cells in enumerate(rows):
                for column, cell in enumerate(cells):
                    sheet.write_string(row, column, cell)
    return out.getvalue()


def xls() -> bytes:
    out, made = io.BytesIO(), xlwt.Workbook()
    sheet = made.add_sheet("s")
    for row, cells in enumerate(LIST):
        for column, cell in enumerate(cells):
            sheet.write(row, column, cell)
    made.save(out)
    return out.getvalue()


def put(folder: Path, content: bytes, name: str = "form") -> Path:
    (folder / name).write_bytes(content)
    return folder / name


def refusal(path: Path) -> tuple[str, dict[str, str | int]]:
    with pytest.raises(FormUnreadable) as caught:
        read_form(path)
    return caught.value.code, caught.value.facts


# --- refusals ------------------------------------------------------------------------------------------------

def test_what_is_no_file(tmp_path: Path) -> None:
    put(tmp_path, b"x", "plain")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to("loop")
    assert refusal(tmp_path / "none") == ("form-missing", {"file": "none", "reason": "No such file or directory"})
    assert refusal(tmp_path / "plain" / "x") == ("form-missing", {"file": "x", "reason": "Not a directory"})
    assert refusal(tmp_path) == ("form-not-file", {"file": tmp_path.name})
    assert refusal(tmp_path / "pipe") == ("form-not-file", {"file": "pipe"})
    assert refusal(tmp_path / "loop") == (
        "form-failed", {"file": "loop", "reason": "Too many levels of symbolic links"})


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = put(tmp_path, b"x")

    def denied(*_args: object, **_more: object) -> None:
        raise PermissionError(13, "Permission denied")
    monkeypatch.setattr(Path, "open", denied)               # a test may run as root, who may read everything
    assert refusal(path) == ("form-denied", {"file": "form", "reason": "Permission denied"})


@pytest.mark.parametrize("content", [b"", b"\n\r\n \t", b"\xef\xbb\xbf", b"\xff\xfe", bytes(5000)])
def test_empty(tmp_path: Path, content: bytes) -> None:
    assert refusal(put(tmp_path, content)) == ("form-empty", {"file": "form"})


@pytest.mark.parametrize(("content", "kind"), [
    (b"%PDF-1.4\n", "pdf"), (b"\xff\xd8\xff\xe0xx", "jpeg"), (b"\x89PNG\r\n\x1a\n", "png"), (b"II*\0xx", "tiff"),
    (b"MM\0*xx", "tiff"), (b"GIF89a", "gif"), (b"BM\x36\x00\x00\x00\x00\x00\x00\x00\x36", "bmp"), (b"{\\rtf1 x}",
    "rtf")])
def test_pictures_and_papers(tmp_path: Path, content: bytes, kind: str) -> None:
    assert refusal(put(tmp_path, content)) == ("form-is-image", {"file": "form", "kind": kind})


def test_a_list_that_begins_with_the_letters_of_a_bitmap(tmp_path: Path) -> None:
    assert len(read_form(put(tmp_path, b"BM.bin 1234ABCD\n")).lines) == 1


def repacked(change: Callable[[zipfile.ZipFile], None]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book(LIST))) as sound, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for entry in sound.infolist():
            made.writestr(entry.filename, sound.read(entry))
        change(made)
    return out.getvalue()


def zipped(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name in names:
            made.writestr(name, b"<x/>")
    return out.getvalue()


def entry(name: str) -> bytes:
    """A directory entry of a compound file. Source: MS-CFB 2.6.1."""
    return name.encode("utf-16-le").ljust(64, b"\0") + struct.pack("<H", 2 * len(name) + 2) + bytes(62)


def corner() -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as made:
        sheet = made.add_worksheet()
        sheet.write(0, 0, "MD5")
        sheet.write(1_048_575, 16_383, "x")
    return out.getvalue()


def protected_xls() -> bytes:
    """A BIFF8 workbook with the record that says that the rest is enciphered."""
    content = xls()
    at = content.index(struct.pack("<HH", 0x0809, 16)) + 20
    filepass = struct.pack("<HHHHHH", 0x2F, 8, 1, 1, 1, 0)           # in the place of two records of six bytes
    return content[:at] + filepass + content[at + len(filepass):]


@pytest.mark.parametrize(("content", "code", "kind"), [
    (book(LIST)[:-300], "form-broken", ""),
    (book(LIST)[:900], "form-broken", ""),
    (b"PK\x03\x04" + bytes(100), "form-broken", ""),
    (xls()[:2000], "form-broken", ""),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(3000), "form-broken", ""),
    (protected_xls(), "form-protected", ""),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + entry("EncryptedPackage"), "form-protected", ""),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + entry("WordDocument"), "form-wrong-kind", "doc"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + entry("_VBA_PROJECT_CUR"), "form-macro", ""),
    (repacked(lambda made: made.writestr("xl/vbaProject.bin", b"x")), "form-macro", ""),
    (zipped("a.txt"), "form-wrong-kind", "zip"),
    (zipped("inner.xlsx"), "form-wrong-kind", "zip"),
    (zipped("xl/workbook.bin"), "form-wrong-kind", "xlsb"),
    (zipped("Index/Document.iwa"), "form-wrong-kind", "iwork"),
    (zipped("OFD.xml", "Doc_0/Document.xml"), "form-wrong-kind", "ofd"),
    (zipped("ppt/presentation.xml"), "form-wrong-kind", "ppt"),
    (zipped("xl/workbook.xml", "xl/macrosheets/sheet1.xml"), "form-macro", ""),
    (zipped("content.xml", "Basic/Standard/Module1.xml"), "form-macro", ""),
    (zipped("word/document.xml", "word/vbaProject.bin"), "form-macro", ""),
    (zipped("word/document.xml", "word/embeddings/Sheet1.xlsx"), "form-embedded", ""),
    (zipped("word/document.xml"), "form-broken", ""),
    (zipped("xl/workbook.xml", "XL/workbook.xml"), "form-broken", ""),
    (repacked(lambda made: made.writestr("xl/media/x.bin", bytes(60 << 20))), "form-bomb", ""),
    (zipped("xl/workbook.xml", *(f"xl/{n}" for n in range(10_000))), "form-bomb", ""),
])
def test_workbooks_that_are_not_opened(tmp_path: Path, content: bytes, code: str, kind: str) -> None:
    assert refusal(put(tmp_path, content)) == (code, {"file": "form", "kind": kind})


def test_a_small_workbook_that_asks_for_all_memory(tmp_path: Path) -> None:
    content = corner()
    assert len(content) < 10_000
    assert refusal(put(tmp_path, content)) == ("form-bomb", {"file": "form"})


@pytest.mark.parametrize("packed", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_damage_inside_a_zip_is_seen_before_anything_is_believed(tmp_path: Path, packed: int) -> None:
    """A digit of a digest changed: the reader of workbooks would give the other digest without a word."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book(LIST))) as sound, zipfile.ZipFile(out, "w", packed) as made:
        for entry in sound.infolist():
            made.writestr(entry.filename, sound.read(entry))
        entry = made.getinfo("xl/sharedStrings.xml")
    content = bytearray(out.getvalue())
    begin = entry.header_offset + 30 + len(entry.filename)
    at = content.find(A.encode(), begin)
    content[at if at >= 0 else begin + entry.compress_size // 2] ^= 1
    assert refusal(put(tmp_path, bytes(content))) == ("form-broken", {"file": "form", "kind": ""})


def test_files_larger_than_any_form(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(form_module, "TEXT_BYTES", 100)
    assert refusal(put(tmp_path, b"x" * 101)) == ("form-bomb", {"file": "form", "limit": 100})


def test_a_missing_reader_of_workbooks_is_a_program_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = put(tmp_path, book(LIST))

    def failed(*_args: object, **_more: object) -> subprocess.CompletedProcess[bytes]:
        return subprocess.CompletedProcess([], 1, b"", b"ModuleNotFoundError: python_calamine")
    monkeypatch.setattr(subprocess, "run", failed)
    with pytest.raises(RuntimeError, match="python_calamine"):
        read_form(path)


# --- encodings -----------------------------------------------------------------------------------------------

NAMES = ["档案/通知.pdf", "档案/㐀𠀀.pdf", "plain.pdf"]
TEXT = "".join(f"{A}  {name}\n" for name in NAMES)


@pytest.mark.parametrize(("content", "encoding"), [
    (TEXT.encode(), "utf-8"), (b"\xef\xbb\xbf" + TEXT.encode(), "utf-8-sig"), (TEXT.encode("gb18030"), "gb18030"),
    (b"\xff\xfe" + TEXT.encode("utf-16-le"), "utf-16-le"), (b"\xfe\xff" + TEXT.encode("utf-16-be"), "utf-16-be"),
    (TEXT.encode("utf-16-le"), "utf-16-le"), (TEXT.encode("utf-16-be"), "utf-16-be")])
def test_one_encoding_for_the_file(tmp_path: Path, content: bytes, encoding: str) -> None:
    form = read_form(put(tmp_path, content))
    assert (form.encoding, list(form.lines.paths), form.findings) == (encoding, NAMES, ())


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16"])
def test_characters_cut_by_a_chunk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encoding: str) -> None:
    monkeypatch.setattr(form_module, "CHUNK_BYTES", 101)
    text = "".join(f"{A}  档案{n}𠀀.pdf\r\n" for n in range(200))
    form = read_form(put(tmp_path, text.encode(encoding)))
    assert form.lines.paths == [f"档案{n}𠀀.pdf" for n in range(200)]
    assert list(form.lines.line_nos) == list(range(1, 201))


@pytest.mark.parametrize("content", [
    TEXT.encode() + b"\xff\xfe\xff\n", b"\xef\xbb\xbf" + TEXT.encode("gb18030"),
            b"\xff\xfe" + TEXT.encode("utf-16-le")[:-1],
    # two lists joined, one in each encoding: as GB18030 every name of the first would be another
    f"{A}  档案.pdf\n".encode() * 3 + f"{A}  报告.pdf\n".encode("gbk")])
def test_no_encoding(tmp_path: Path, content: bytes) -> None:
    assert refusal(put(tmp_path, content)) == ("form-undecodable", {"file": "form"})


# --- 情况表 ---------------------------------------------------------------------------------------------------

def test_a_whole_summary(tmp_path: Path) -> None:
    form = read_form(put(tmp_path, book([list(pair) for pair in SHEET], LIST)))
    assert (dict(form.fields), form.findings, form.is_workbook) == (FIELDS, (), True)


@pytest.mark.parametrize("layout", ["colon", "two-in-a-row", "one-cell", "spaced", "gap"])
def test_labels_wherever_they_stand(tmp_path: Path, layout: str) -> None:
    rows = {"colon": [[f"{label}：{value}"] for label, value in SHEET],
            "two-in-a-row": [[*one, *two] for one, two in zip(SHEET[::2], SHEET[1::2], strict=True)],
            "one-cell": [["    ".join(f"{label}: {value}" for label, value in SHEET[n:n + 3])]
                         for n in range(0, 18, 3)],
            "spaced": [[" ".join(label), value] for label, value in SHEET],
            "gap": [["", label + "：", "", value] for label, value in SHEET]}[layout]
    form = read_form(put(tmp_path, book([["电子文件和数字档案备份情况表"], [], *rows], LIST)))
    assert dict(form.fields) == FIELDS
    assert form.findings == ()


@pytest.mark.parametrize("blank", ["", "____", "＿＿＿", "  ", "    年  月  日"])
def test_required_fields_left_blank(tmp_path: Path, blank: str) -> None:
    for label, names in (("全宗号", ["fonds_no"]), ("密级", ["security_level"]), ("填表人、日期", ["preparer",
    "prepared_on"]),
                         ("起止年度", []), ("载体起止编号", ["carrier_from", "carrier_to"])):
        rows = [[one, blank if one == label else value] for one, value in SHEET]
        form = read_form(put(tmp_path, book(rows, LIST)))
        assert [(f.code, f.facts["field"]) for f in form.findings] == [("form-field-missing", name) for name in names]
        assert all(form.fields[name] == "" for name in names)


def test_what_every_summary_must_have(tmp_path: Path) -> None:
    rows = [[label, value] for label, value in SHEET if label not in ("全宗号", "单位名称(盖章)", "密级")]
    form = read_form(put(tmp_path, book(rows, LIST)))
    assert [dict(f.facts) for f in form.findings] == [
        {"field": "fonds_no", "label": "全宗号"}, {"field": "unit_name", "label": "单位名称"}]


@pytest.mark.parametrize(("unit", "missing"), [
    ([], []), (["单位名称(盖章)：某局"], []), (["单位名称(盖章)：____"], ["unit_name"]), (["单位名称(盖章)：", "某局"],
    [])])
def test_a_list_without_a_summary(tmp_path: Path, unit: list[str], missing: list[str]) -> None:
    foot = [["填表人：", "审核人：", "填表日期：    年  月  日", "联系电话："]]
    form = read_form(put(tmp_path, book([unit, *LIST, *foot])))
    assert [finding.facts["field"] for finding in form.findings] == missing
    assert len(form.lines) == 1


def test_the_first_value_counts_and_a_blank_does_not(tmp_path: Path) -> None:
    form = read_form(put(tmp_path, book([["单位名称：____"]], [["单位名称", "甲局"]], [["单位名称", "乙局"], *LIST])))
    assert form.fields["unit_name"] == "甲局"
    assert form.findings == ()


@pytest.mark.parametrize(("label", "value", "fields"), [
    ("载体起止编号", "J010-2026-01-G001", {"carrier_from": "J010-2026-01-G001"}),
    ("载体起止编号", "G001 ~ G005", {"carrier_from": "G001", "carrier_to": "G005"}),
    ("起止年度", "2010-2025", {"year_from": "2010", "year_to": "2025"}),
    ("起止年度", "历年", {"year_from": "历年"}),
    ("未压缩前数据量(MB)", "388", {"declared_original_gb": "388MB"}),
    ("单位名称", "http://x", {"unit_name": "http://x"}),
    ("注：请写联系人：", "某", {})])
def test_values_that_are_special(tmp_path: Path, label: str, value: str, fields: dict[str, str]) -> None:
    form = read_form(put(tmp_path, book([[label, value], [], *LIST])))
    assert dict(form.fields) == fields


# --- what written values mean ---------------------------------------------------------------------------------

@pytest.mark.parametrize(("text", "count"), [
    ("12480", 12480), ("12,480", 12480), ("１２，４８０", 12480), ("12480件", 12480), (" 3 卷 ", 3), ("3.0", 3),
    ("0", 0),
    ("", None), ("12.5", None), ("1,2480", None), ("约12", None), ("3.2万", None), ("12件3卷", None), ("-1", None),
    ("9" * 19, None)])
def test_counts(text: str, count: int | None) -> None:
    assert declared_count(text) == count


@pytest.mark.parametrize(("declared", "actual_bytes", "agrees"), [
    ("6578815488B", 6578815488, "bytes"), ("6578815488", 6578815488, "bytes"),
    ("6,578,815,488 字节", 6578815488, "bytes"),
    ("6578815488B", 6578815489, ""), ("6.127GB", 6578815488, "1024"), ("6.127", 6578815488, "1024"),
    ("6.579GB", 6578815488, "1000"), ("６．１ＧＢ", 6578815488, "1024"), ("6GB", 6578815488, "1024"),
    ("6.2GB", 6578815488, ""),
    ("6.128GB", 6578815488, ""), ("6.1266GB", 6578815488, ""), ("6274MB", 6578815488, "1024"),
    ("6.579 GiB", 6578815488, ""),
    ("6.127 GiB", 6578815488, "1024"), ("66.4M", 69625446, "1024"), ("1T", 1 << 40, "1024"),
    ("0.001GB", 1 << 20, "1024"),
    ("0.000GB", 100, "1024"), ("6.12 GB (6,578,815,488 字节)", 6578815488, "bytes"),
    ("6.12 GB (6,578,815,487 字节)", 6578815488, ""), (f"{6578815488 / 2 ** 30!r}GB", 6578815488, "1024"),
    ("10B", 11, ""),
    ("6.1265GB", 6578279341, "1024"), ("6.5 千克", 6500, "")])
def test_sizes(declared: str, actual_bytes: int, agrees: str) -> None:
    assert size_agrees(declared, actual_bytes) == agrees


@pytest.mark.parametrize("text", ["GB", "不详"])
def test_a_size_without_a_number(text: str) -> None:
    with pytest.raises(ValueError, match=text):
        size_agrees(text, 1)


@pytest.mark.parametrize(("text", "classified"), [
    ("秘密", True), ("机密级", True), ("绝密★30年", True), ("机 密", True), ("秘密★10年", True), ("内部、秘密", True),
    ("涉密", True),
    ("公开", False), ("内部", False), ("无", False), ("", False), ("非涉密", False), ("不涉密", False),
    ("TOP SECRET", True)])
def test_security_levels(text: str, classified: bool) -> None:
    assert is_classified(text) is classified


@pytest.mark.parametrize("again", ["./x", ".\\x", "/x", "E:\\x", "a/../x"])
def test_one_name_written_in_two_ways_is_one_name(again: str, tmp_path: Path) -> None:
    """As binding takes it; a path that climbs is no name at all."""
    path = tmp_path / "list.md5"
    path.write_text(f"{'0' * 32}  x\n{'1' * 32}  {again}\n{'2' * 32}  y\n")
    wanted = ["form-line-conflict"] * 2 if again != "a/../x" else ["", ""]
    assert [line.defect for line in read_form(path).lines] == [*wanted, ""]


@pytest.mark.parametrize("written", ["", "0B", "12345B", "007B", "12345 B", "1.5GB", "99999999999999999999B", "字节"])
def test_a_declared_size_stays_as_it_was_written(written: str) -> None:
    lines = Lines()
    lines.extend([1], ["a"], [hashlib.md5(b"a").hexdigest()], {32: "md5"})
    lines.append(DigestLine(2, "", "b", Scope.FILE, "md5", hashlib.md5(b"b").hexdigest(), written, ""))
    assert [line.declared_size for line in lines] == ["", written]
    assert [line.digest for line in lines] == [hashlib.md5(name).hexdigest() for name in (b"a", b"b")]
