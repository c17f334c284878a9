"""Tables of forms: workbooks by other people's writers, and csv."""
from __future__ import annotations

import hashlib
import io
import random
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
import xlwt

from checks.form import CarrierLine, DigestLine, FormUnreadable, Scope, SubmittedForm, read_form
from checks.workbook import Sheet, read_sheets

A, B = hashlib.md5(b"a").hexdigest(), hashlib.md5(b"b").hexdigest()
SHA256 = hashlib.sha256(b"a").hexdigest()
Rows = Sequence[Sequence[Any]]


def xlsx(sheets: Mapping[str, Rows], merged: Sequence[tuple[int, int, int, int]] = ()) -> bytes:
    """A workbook; merged rectangles (top, left, bottom, right) of the first sheet keep the text of their corner."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for row, cells in enumerate(rows):
                for column, cell in enumerate(cells):
                    if isinstance(cell, date):
                        sheet.write_datetime(row, column, cell, day)
                    elif isinstance(cell, bool | int | float):
                        sheet.write(row, column, cell)
                    elif cell:
                        sheet.write_string(row, column, cell)
        for top, left, bottom, right in merged:
            rows = next(iter(sheets.values()))
            book.worksheets()[0].merge_range(top, left, bottom, right, rows[top][left])
    return out.getvalue()


def xls(rows: Rows) -> bytes:
    out = io.BytesIO()
    book = xlwt.Workbook(encoding="utf-8")
    sheet = book.add_sheet("续表")
    for row, cells in enumerate(rows):
        for column, cell in enumerate(cells):
            if cell != "":
                sheet.write(row, column, cell)
    book.save(out)
    return out.getvalue()


def csv(rows: Rows, delimiter: str = ",") -> bytes:
    return "".join(delimiter.join(map(str, cells)) + "\r\n" for cells in rows).encode()


def form_of(folder: Path, content: bytes, name: str = "form.xlsx") -> SubmittedForm:
    path = folder / name
    path.write_bytes(content)
    return read_form(path)


def of(folder: Path, rows: Rows, **more: Any) -> SubmittedForm:
    return form_of(folder, xlsx({"续表": rows}, **more))


def found(form: SubmittedForm) -> list[tuple[str, str, dict[str, str | int]]]:
    return [(finding.code, finding.path, dict(finding.facts)) for finding in form.findings]


FOUR = ["载体(包)编号", "内容说明", "数字摘要", "实际容量(GB)"]


@pytest.mark.parametrize("kind", ["xlsx", "xls", "csv", "semicolon", "tab", "gb18030", "utf-16", "et"])
def test_the_four_columns_of_the_national_form(tmp_path: Path, kind: str) -> None:
    rows = [["电子档案数字摘要"], ["单位名称（盖章）：", "某市档案局"], [], FOUR,
            ["J010-G001", "公文备份", A, "6.127"], ["J010-G002", "业务数据", "MD5：" + B.upper(), "0.5"],
            ["合计", "", "", "6.627"]]
    content = {"xlsx": xlsx({"续表": rows}), "xls": xls(rows), "csv": csv(rows), "semicolon": csv(rows, ";"),
               "tab": csv(rows, "\t"), "gb18030": csv(rows).decode().encode("gb18030"),
               "utf-16": csv(rows, "\t").decode().encode("utf-16"), "et": xls(rows)}[kind]
    form = form_of(tmp_path, content, f"x.{kind}")
    assert list(form.lines) == [
        DigestLine(5, "J010-G001", "", Scope.PACKAGE, "md5", A, "6.127GB", ""),
        DigestLine(6, "J010-G002", "", Scope.PACKAGE, "md5", B, "0.5GB", "")]
    assert form.findings == ()
    assert form.fields == {"unit_name": "某市档案局"}
    book = kind in ("xlsx", "xls", "et")
    assert (form.is_workbook, form.layout) == (book, "workbook" if book else "csv")
    assert form.encoding == {"gb18030": "gb18030", "utf-16": "utf-16-le"}.get(kind, "" if book else "utf-8")
    assert (form.sha256, form.size_bytes) == (hashlib.sha256(content).hexdigest(), len(content))


@pytest.mark.parametrize(("header", "path", "digest", "algorithm"), [
    (["序号", "文件名", "MD5"], "a.pdf", A, "md5"),
    (["序号", "电子文件名", "MD5码"], "a.pdf", A, "md5"),
    (["序号", "文件路径", "ＭＤ５值"], "a.pdf", A, "md5"),
    (["序号", "文 件 名 称", "数字摘要\n(MD5)"], "a.pdf", A, "md5"),
    (["序号", "数据包文件名", "摘要"], "a.pdf", A, "md5"),
    (["序号", "路径", "SHA256"], "a.pdf", SHA256, "sha256"),
    (["序号", "路径", "SHA-256校验值"], "a.pdf", SHA256, "sha256"),
    (["序号", "路径", "校验码（SM3）"], "a.pdf", SHA256, "sm3"),
    (["序号", "路径", "数字摘要：SM3"], "a.pdf", SHA256, "sm3"),
    (["序号", "路径", "哈希值"], "a.pdf", "SM3:" + SHA256, "sm3"),
    (["序号", "path", "Hash"], "a.pdf", "sha256=" + SHA256, "sha256"),
    (["序号", "文件名*", "crc32"], "a.pdf", "1234ABCD", "crc32"),
])
def test_headers_as_units_write_them(tmp_path: Path, header: list[str], path: str, digest: str, algorithm: str) -> None:
    form = of(tmp_path, [header, ["1", path, digest]])
    plain = digest.rpartition(":")[2].rpartition("=")[2].lower()
    assert list(form.lines) == [DigestLine(2, "", path, Scope.FILE, algorithm, plain, "", "")]
    assert form.findings == ()


@pytest.mark.parametrize("written", [
    A.upper(),
            f" {A} ", f"MD5:{A}", f"md5 = {A}", f"ＭＤ５：{A}", f"0x{A}", f"'{A}", f"{A}(MD5)", f"{A[:16]}\n{A[16:]}",
    " ".join(A[i:i + 2] for i in range(0, 32, 2)), ":".join(A[i:i + 2] for i in range(0, 32, 2)),
    "-".join(A[i:i + 8] for i in range(0, 32, 8)), A.translate({ord(c): ord(c) + 0xFEE0 for c in "0123456789abcdef"})])
def test_digests_as_units_write_them(tmp_path: Path, written: str) -> None:
    form = of(tmp_path, [["文件名", "数字摘要"], ["a", written]])
    assert [(entry.algorithm, entry.digest, entry.defect) for entry in form.lines] == [("md5", A, "")]


@pytest.mark.parametrize("make", [xlsx, xls, csv])
def test_a_digest_that_a_spreadsheet_made_a_number(tmp_path: Path, make: Any) -> None:
    rows: Rows = [["文件名", "MD5"], ["a", 12345678901234567890123456789012.0], ["b", 17], ["c", "1.23457E+31"],
                  ["d", "1234567890123450000"], ["e", "0" * 31 + "1"]]
    content = make({"s": rows}) if make is xlsx else make(rows)
    form = form_of(tmp_path, content)
    lost = "form-digest-is-number"
    assert list(form.lines) == [
        *(DigestLine(row, "", path, Scope.FILE, "md5", "", "", lost) for row, path in enumerate("abcd", start=2)),
        DigestLine(6, "", "e", Scope.FILE, "md5", "0" * 31 + "1", "", "")]
    values = ["1.234567890123457e+31" if make is xlsx else "1.2345678901234567e+31", "17", "1.23457E+31",
              "1234567890123450000"]
    assert found(form) == [
        (lost, path, {"line": row, "row": row, "column": "MD5", "value": value, "package_no": "",
                      "sheet": {xlsx: "s", xls: "续表"}.get(make, "")})
        for row, path, value in zip(range(2, 6), "abcd", values, strict=True)]


def test_a_number_of_32_digits_is_lost_even_if_it_fits(tmp_path: Path) -> None:
    form = of(tmp_path, [["文件名", "CRC32"], ["a", 12345678], ["b", "12345678"], ["c", date(2026, 1, 2)]])
    assert [(entry.digest, entry.defect) for entry in form.lines] == [
        ("", "form-digest-is-number"), ("12345678", ""), ("", "form-digest-is-number")]


@pytest.mark.parametrize(("digest", "reason"), [
    (A[:-1] + "g", "digest"), (A[:-1] + "O", "digest"), ("无", "digest"), ("", "digest-empty"), ("  ", "digest-empty"),
    (f"{A},{B}", "digest"), (f"SHA256:{A}\nMD5:{B[:-1]}z", "digest")])
def test_a_row_that_cannot_be_read_is_kept(tmp_path: Path, digest: str, reason: str) -> None:
    form = of(tmp_path, [["载体编号", "文件名", "MD5"], ["P1", "a", digest], ["P1", "b", B]])
    assert list(form.lines) == [
        DigestLine(2, "P1", "a", Scope.FILE, "", "", "", "form-line-malformed"),
        DigestLine(3, "P1", "b", Scope.FILE, "md5", B, "", "")]
    content = " | ".join(filter(None, ["P1", "a", digest.strip()]))[:80]
    assert found(form) == [("form-line-malformed", "a", {
        "line": 2, "content": content, "reason": reason, "sheet": "续表", "package_no": "P1"})]


@pytest.mark.parametrize(("header", "digest", "reason"), [
    ("数字摘要", SHA256, "algorithm-unnamed"), ("数字摘要", A[:-1], "algorithm-unnamed"), ("MD5", A[:-1], ""),
    ("MD5", SHA256, ""), ("SHA256", A, ""), ("数字摘要", "MD5:" + A[:-1], "")])
def test_a_digest_of_a_length_that_does_not_fit(tmp_path: Path, header: str, digest: str, reason: str) -> None:
    form = of(tmp_path, [["文件名", header], ["a", digest]])
    [entry] = form.lines
    assert (entry.digest, entry.defect) == ("", "form-digest-length")
    assert found(form) == [("form-digest-length", "a", {
        "line": 2, "length": len(digest.removeprefix("MD5:")), "content": f"a | {digest}"[:80], "reason": reason,
        "sheet": "续表", "package_no": ""})]


def test_two_names_of_the_algorithm_must_agree(tmp_path: Path) -> None:
    form = of(tmp_path, [["文件名", "摘要算法", "数字摘要"], ["a", "SM3", SHA256], ["b", "MD5", "SHA1:" + "0" * 40],
                         ["c", "SHA384", "a" * 96], ["d", "", A], ["e", "sha-256", SHA256]])
    assert [(entry.algorithm, entry.defect) for entry in form.lines] == [
        ("sm3", ""), ("", "form-line-malformed"), ("", "form-digest-length"), ("md5", ""), ("sha256", "")]


@pytest.mark.parametrize("title", [["摘要算法:SM3"], ["摘要算法", "SM3"], ["单位名称：某局   摘要算法：SM3"]])
def test_a_title_names_the_algorithm_for_all_sheets(tmp_path: Path, title: list[str]) -> None:
    form = form_of(tmp_path, xlsx({"一": [["文件名", "数字摘要"], ["a", SHA256]], "二": [title]}))
    assert [(entry.algorithm, entry.defect) for entry in form.lines] == [("sm3", "")]


def test_several_digest_columns_and_several_digests_in_a_cell(tmp_path: Path) -> None:
    form = of(tmp_path, [["文件名", "MD5", "SHA256", "备注"], ["a", A, SHA256, ""], ["b", B, "", ""],
                         ["c", f"MD5:{A}\nSM3:{SHA256}", "", ""]])
    assert [(entry.line_no, entry.path, entry.algorithm, entry.defect) for entry in form.lines] == [
        (2, "a", "md5", ""), (2, "a", "sha256", ""), (3, "b", "md5", ""), (4, "c", "", "form-line-malformed")]
    form = of(tmp_path, [["文件名", "数字摘要"], ["c", f"MD5:{A}\nSM3:{SHA256}"]])
    assert [(entry.algorithm, entry.digest) for entry in form.lines] == [("md5", A), ("sm3", SHA256)]


@pytest.mark.parametrize(("header", "cell", "size"), [
    ("实际容量(GB)", "6.127", "6.127GB"), ("实际容量(GB)", 6.127, "6.127GB"), ("实际容量（ＧＢ）", "6", "6GB"),
    ("容量", "6.1 GB", "6.1 GB"), ("实际容量(GB)", "700MB", "700MB"), ("字节数", 123456, "123456B"),
    ("文件大小(字节)", "1,234", "1,234B"), ("大小", "1234", "1234"), ("大小(MB)", "3", "3MB"), ("容量(GB)", "—", "")])
def test_sizes_carry_their_unit(tmp_path: Path, header: str, cell: Any, size: str) -> None:
    form = of(tmp_path, [["文件名", "MD5", header], ["a", A, cell]])
    assert [entry.declared_size for entry in form.lines] == [size]


def test_bytes_are_preferred_to_rounded_sizes(tmp_path: Path) -> None:
    form = of(tmp_path, [["文件名", "实际容量(GB)", "字节数", "MD5"], ["a", "0.001", "1073741", A]])
    assert form.lines[0].declared_size == "1073741B"


@pytest.mark.parametrize(("scope", "split", "path", "expected"), [
    ("单个文件", "", "a", Scope.FILE), ("整盘镜像", "", "", Scope.CARRIER), ("全盘", "", "", Scope.CARRIER),
    ("光盘", "", "x.iso", Scope.CARRIER), ("摘要清单文件", "", "md5.txt", Scope.LIST), ("清单", "", "", Scope.LIST),
    ("多文件", "", "a.zip", Scope.PARTS), ("分卷", "", "", Scope.PARTS), ("", "是", "a.zip", Scope.PARTS),
    ("", "3", "a.zip", Scope.PARTS), ("", "1", "a.zip", Scope.FILE), ("", "否", "a.zip", Scope.FILE),
    ("单个文件", "", "", Scope.PACKAGE), ("", "", "", Scope.PACKAGE), ("整盘镜像", "是", "", Scope.CARRIER)])
def test_what_a_digest_was_made_over(tmp_path: Path, scope: str, split: str, path: str, expected: Scope) -> None:
    form = of(tmp_path, [["载体编号", "文件名", "MD5", "摘要对象", "是否分卷"], ["P1", path, A, scope, split]])
    assert list(form.lines) == [DigestLine(2, "P1", path, expected, "md5", A, "", "", 3 if split == "3" else 0)]


@pytest.mark.parametrize(("note", "path", "is_catalogue"), [
    ("目录数据包", "", True), ("2026年度目录包(在线上报)", "", True), ("目 录 数 据 包", "", True),
    ("", "目录数据包.zip", True), ("", "E:\\备份\\J010-目录包.zip.enc", True),
    ("公文", "目录数据包/a.pdf", False), ("档案目录数据库", "", False), ("实体数据包", "", False),
    ("目录数据包、实体数据包", "", False), ("含目录数据包", "", False), ("文书档案目录", "", False),
    ("", "目录.xls", False), ("目录数据包", "实体数据包.zip", False)])
def test_which_lines_are_about_the_catalogue_package(tmp_path: Path, note: str, path: str, is_catalogue: bool) -> None:
    form = of(tmp_path, [["载体编号", "文件名", "内容说明", "MD5"], ["P1", path, note, A]])
    plain = Scope.FILE if path else Scope.PACKAGE
    assert [entry.scope for entry in form.lines] == [Scope.CATALOGUE if is_catalogue else plain]


def test_the_catalogue_package_and_the_physical_one_do_not_contradict_each_other(tmp_path: Path) -> None:
    form = of(tmp_path, [["载体编号", "内容说明", "MD5"], ["P1", "目录数据包", A], ["P1", "实体数据包", B]])
    assert [(entry.scope, entry.defect) for entry in form.lines] == [(Scope.CATALOGUE, ""), (Scope.PACKAGE, "")]


def test_a_rounded_size_counts_where_no_bytes_are_given(tmp_path: Path) -> None:
    form = of(tmp_path, [["文件名", "实际容量(GB)", "字节数", "MD5"], ["a", "0.001", "", A], ["b", "", "7", B]])
    assert [entry.declared_size for entry in form.lines] == ["0.001GB", "7B"]


@pytest.mark.parametrize("rows", [
    [["题名", "档号"], ["通知", A]], [["载体编号", "载体形式"], ["C1", A]], [["没有表头", A]], [["备注:", f"{A}  a"]],
    [["载体编号", "载体形式", "MD5"], ["C1", "光盘", B], [A, "光盘"]],
    [["数量(件)", "2"], ["数量(件)", A, "2"]]])                         # a field that is known already takes no digest
def test_a_digest_in_no_list_is_said(tmp_path: Path, rows: Rows) -> None:
    form = form_of(tmp_path, xlsx({"一": rows, "二": [["文件名", "MD5"], ["b", B]]}))
    [finding] = form.findings
    assert (finding.code, finding.facts["sheet"], finding.facts["row"]) == ("form-digest-outside", "一", len(rows))


def test_a_digest_that_is_the_value_of_a_field_is_no_stray(tmp_path: Path) -> None:
    assert of(tmp_path, [["批次号", A], ["文件名", "MD5"], ["b", B]]).findings == ()


@pytest.mark.parametrize(("label", "value", "fields"), [
    ("(联系人)", "", {}), ("(联系人)*", "王芳", {"contact": "王芳"}), ("（数量（件））", "3", {"item_count": "3"}),
    ("联系人", "※ 姓名", {"contact": ""})])
def test_brackets_are_optional_and_remarks_are_no_values(tmp_path: Path, label: str, value: str,
                                                       fields: dict[str, str]) -> None:
    assert of(tmp_path, [[label, value], ["文件名", "MD5"], ["b", B]]).fields == fields


def test_a_scope_in_unknown_words_is_not_guessed(tmp_path: Path) -> None:
    form = of(tmp_path, [["文件名", "MD5", "摘要对象"], ["a", A, "部分"]])
    assert [(entry.digest, entry.defect) for entry in form.lines] == [("", "form-line-malformed")]
    assert form.findings[0].facts["reason"] == "scope"


def test_a_digest_of_nothing_is_kept(tmp_path: Path) -> None:
    form = of(tmp_path, [["载体编号", "文件名", "MD5"], ["", "", A], ["P1", "a", A]])
    assert [(entry.line_no, entry.defect) for entry in form.lines] == [(2, "form-line-malformed"), (3, "")]
    assert form.findings[0].facts["reason"] == "nothing-named"


def test_blank_package_cells_below_a_filled_one(tmp_path: Path) -> None:
    rows = [["载体编号", "文件名", "MD5"], ["", "0", A], ["P1", "a", A], ["", "b", B], ["P2", "c", A], ["", "d", ""]]
    assert [(entry.package_no, entry.path) for entry in of(tmp_path, rows).lines] == [
        ("", "0"), ("P1", "a"), ("P1", "b"), ("P2", "c"), ("", "d")]


def test_merged_package_cells(tmp_path: Path) -> None:
    rows = [["载体编号", "摘要算法", "数字摘要"], ["P1", "MD5", A], ["", "SM3", SHA256], ["", "MD5", B]]
    form = of(tmp_path, rows, merged=[(1, 0, 2, 0)])
    assert [(entry.package_no, entry.algorithm, entry.defect) for entry in form.lines] == [
        ("P1", "md5", ""), ("P1", "sm3", ""), ("", "", "form-line-malformed")]


def test_a_digest_merged_over_several_files_is_of_none_of_them(tmp_path: Path) -> None:
    rows = [["文件名", "MD5"], ["a.z01", A], ["a.z02", ""], ["b", B]]
    form = of(tmp_path, rows, merged=[(1, 1, 2, 1)])
    assert [(entry.path, entry.defect) for entry in form.lines] == [
        ("a.z01", "form-line-malformed"), ("a.z02", "form-line-malformed"), ("b", "")]
    assert [finding.facts["reason"] for finding in form.findings] == ["digest-merged", "digest-empty"]


@pytest.mark.parametrize(("folder", "name", "path"), [
    ("档案/2026", "a.pdf", "档案/2026/a.pdf"), ("E:\\备份\\", "a.pdf", "E:\\备份\\a.pdf"),
    ("档案/a.pdf", "a.pdf", "档案/a.pdf"), ("", "a.pdf", "a.pdf"), ("x/a.pdf", "", "x/a.pdf")])
def test_folder_and_name_in_two_columns(tmp_path: Path, folder: str, name: str, path: str) -> None:
    form = of(tmp_path, [["文件路径", "文件名", "MD5"], [folder, name, A]])
    assert [entry.path for entry in form.lines] == [path]


def test_carrier_and_package_in_two_columns(tmp_path: Path) -> None:
    form = of(tmp_path, [["载体编号", "数据包编号", "文件名", "MD5"], ["C1", "P1", "a", A], ["C1", "P1", "", A],
                         ["C1", "P2", "", B]])
    assert [(entry.package_no, entry.defect) for entry in form.lines] == [("C1", ""), ("P1", ""), ("P2", "")]


def test_rows_that_are_no_lines(tmp_path: Path) -> None:
    rows = [["序号", "载体编号", "文件名", "MD5"], ["1", "P1", "a", A], ["2"], [], ["", "合计", "", ""], ["总计",
                "2 个", "", ""],
            ["填表人：张三", "", "审核人：李四"], ["注：1.数字摘要是指…"], ["2.载体形式是指…"], ["3", "P1", "b", B]]
    form = of(tmp_path, rows)
    assert [entry.line_no for entry in form.lines] == [2, 10]
    assert form.findings == ()
    assert form.fields == {"preparer": "张三", "reviewer": "李四"}


def test_notes_merged_across_the_sheet(tmp_path: Path) -> None:
    rows = [FOUR, ["P1", "x", A, "1"], ["1.“数字摘要”是指……", "", "", ""], ["P2", "", "", ""]]
    form = of(tmp_path, rows, merged=[(2, 0, 2, 3)])
    assert [(entry.line_no, entry.defect) for entry in form.lines] == [(2, "")]


def test_a_package_alone_is_a_line_without_a_digest(tmp_path: Path) -> None:
    form = of(tmp_path, [FOUR, ["P1", "x", A, "1"], ["P2", "", "", ""], ["P3", "", B, ""]])
    assert [(entry.package_no, entry.defect) for entry in form.lines] == [
        ("P1", ""), ("P2", "form-line-malformed"), ("P3", "")]


def test_the_header_again_on_every_page_and_a_second_table(tmp_path: Path) -> None:
    rows = [["文件名", "MD5"], ["a", A], ["文件名", "MD5"], ["b", B], [], ["SHA256", "文件名"], [SHA256, "c"]]
    form = of(tmp_path, rows)
    assert [(entry.line_no, entry.path, entry.algorithm) for entry in form.lines] == [
        (2, "a", "md5"), (4, "b", "md5"), (7, "c", "sha256")]


def test_a_table_far_down(tmp_path: Path) -> None:
    form = of(tmp_path, [["说明"]] * 80 + [["文件名", "MD5"], ["a", A]])
    assert [(entry.line_no, entry.path) for entry in form.lines] == [(82, "a")]


def test_numbers_as_numbers_and_names(tmp_path: Path) -> None:
    form = of(tmp_path, [["序号", "载体编号", "文件名", "MD5"], [1, 20260001, 7, A]])
    assert list(form.lines) == [DigestLine(2, "20260001", "7", Scope.FILE, "md5", A, "", "")]


def test_a_name_with_a_line_break_is_not_believed(tmp_path: Path) -> None:
    form = of(tmp_path, [["文件名", "MD5"], ["a\nb", A], ["x" * 32_760 + "y" * 7, B]])
    assert [(entry.path[:3], entry.defect) for entry in form.lines] == [("", "form-line-malformed"), ("xxx", "")]


def test_the_same_name_in_two_packages_is_normal(tmp_path: Path) -> None:
    form = of(tmp_path, [["载体编号", "文件名", "MD5"], ["P1", "a", A], ["P2", "a", B], ["P2", "a", A]])
    assert [entry.defect for entry in form.lines] == ["", "form-line-conflict", "form-line-conflict"]
    assert found(form) == [("form-line-conflict", "a", {"lines": "3,4", "count": 2, "package_no": "P2"})]


# --- 载体目录, 公文明细 ------------------------------------------------------------------------------------------

def test_the_catalogue_of_carriers(tmp_path: Path) -> None:
    catalogue: Rows = [["备份载体目录"], ["序号", "载体编号", "载体形式", "规格", "卷标", "序列号", "内容说明",
                "含数据包",
                "文件数", "字节数", "套别"],
                 ["1", "C1", "光盘", "DVD-R", "J010_1", "SN1", "公文", "P1、P2", "12,480", 6578815488, "A"],
                 ["2", "C2", "移动硬盘", "", "", "", "", "", "", "", "B"], ["合计", "", "", "", "", "", "", "",
                 "12480"]]
    form = form_of(tmp_path, xlsx({"目录": catalogue, "续表": [["文件名", "MD5"], ["a", A]]}))
    assert form.carriers == (
        CarrierLine("C1", "光盘", "DVD-R", "J010_1", "SN1", "公文", "A", 12480, 6578815488, ("P1", "P2")),
        CarrierLine("C2", "移动硬盘", set_code="B"))
    assert len(form.lines) == 1
    assert form.findings == ()


def test_a_catalogue_with_digests_has_lines_too(tmp_path: Path) -> None:
    form = of(tmp_path, [["载体编号", "载体形式", "卷标", "数字摘要", "套别"], ["C1", "光盘", "L1", A, "A"],
                         ["C2", "光盘", "L2", "", "A"]])
    assert [(row.carrier_no, row.volume_label) for row in form.carriers] == [("C1", "L1"), ("C2", "L2")]
    assert list(form.lines) == [DigestLine(2, "C1", "", Scope.PACKAGE, "md5", A, "", "")]
    assert form.findings == ()


def test_a_catalogue_alone_has_no_lines(tmp_path: Path) -> None:
    form = of(tmp_path, [["载体编号", "套别"], ["C1", "A"]])
    assert [row.carrier_no for row in form.carriers] == ["C1"]
    assert found(form) == [("form-no-lines", "", {"reason": "empty", "label": "", "choices": ""})]


def test_the_detailed_list_of_documents_is_neither(tmp_path: Path) -> None:
    documents = [["序号", "档号", "文号", "题名", "责任者", "密级", "页数", "备注"], ["1", "J010-1", "〔2026〕1号",
            "通知", "局", "内部", "3", ""]]
    form = form_of(tmp_path, xlsx({"明细": documents, "续表": [["文件名", "MD5"], ["a", A]]}))
    assert (form.fields, form.carriers, form.findings, len(form.lines)) == ({}, (), (), 1)


# --- csv -----------------------------------------------------------------------------------------------------

def test_quotes_commas_and_text_formulas(tmp_path: Path) -> None:
    text = f'文件名,MD5,说明\n"a,b ""c"".pdf",{A},"two\nlines"\n="007.pdf",{B},x\n'
    form = form_of(tmp_path, text.encode(), "x.csv")
    assert [(entry.line_no, entry.path, entry.digest) for entry in form.lines] == [
        (2, 'a,b "c".pdf', A), (4, "007.pdf", B)]


def test_a_quote_that_swallows_lines_is_not_believed(tmp_path: Path) -> None:
    text = f'文件名,MD5,说明\na,{A},"x\nb,{B},y"\nc,{A},z\n'
    form = form_of(tmp_path, text.encode(), "x.csv")
    assert [(entry.line_no, entry.defect) for entry in form.lines] == [
        (2, "form-line-malformed"), (3, "form-line-malformed"), (4, "")]


def test_a_quote_that_does_not_close_is_a_broken_form(tmp_path: Path) -> None:
    with pytest.raises(FormUnreadable) as caught:
        form_of(tmp_path, f'文件名,MD5\na,{A}\n"b,{B}\nc,{A}\n'.encode(), "x.csv")
    assert (caught.value.code, caught.value.facts) == ("form-broken", {"file": "x.csv", "line": 3})


def test_a_delimiter_inside_a_name_is_not_believed(tmp_path: Path) -> None:
    form = form_of(tmp_path, f"MD5,文件名\n{A},a,b.pdf\n{B},c\n".encode(), "x.csv")
    assert [(entry.path, entry.defect) for entry in form.lines] == [("a", "form-line-malformed"), ("c", "")]
    assert form.findings[0].facts["reason"] == "cells"


def test_csv_has_no_missing_fields(tmp_path: Path) -> None:
    form = form_of(tmp_path, csv([["单位名称：", ""], ["全宗号", "J010"], FOUR, ["P1", "", A, ""]]), "x.csv")
    assert form.fields == {"unit_name": "", "fonds_no": "J010"}
    assert form.findings == ()


# --- nothing to read -----------------------------------------------------------------------------------------

def test_a_header_and_no_rows(tmp_path: Path) -> None:
    for content in (xlsx({"续表": [FOUR]}), csv([FOUR])):
        form = form_of(tmp_path, content)
        assert (len(form.lines), [finding.code for finding in form.findings]) == (0, ["form-no-lines"])


@pytest.mark.parametrize("rows", [[["x"]], [["MD5"], [A]], [["姓名", "电话"], ["张三", "1"]]])
def test_unknown_tables_are_never_guessed(tmp_path: Path, rows: Rows) -> None:
    for content in (xlsx({"s": rows}), csv([*rows, ["y", "z"]])):
        with pytest.raises(FormUnreadable) as caught:
            form_of(tmp_path, content, "f")
        assert caught.value.code == "form-unknown-layout"


def test_one_package_in_a_vertical_form_is_no_header(tmp_path: Path) -> None:
    rows = [["全宗号", "J010", "单位名称", "某局"], ["数据包名称", "a.zip", "MD5", A], ["报送年度", "2026", "件数",
                "1"]]
    form = of(tmp_path, rows)
    assert found(form)[0] == ("form-digest-outside", "", {"count": 1, "sheet": "续表", "row": 2, "content": A})
    assert [finding.code for finding in form.findings[1:]] == ["form-no-lines"]


# --- damage --------------------------------------------------------------------------------------------------

def test_no_damage_to_a_csv_loses_a_row(tmp_path: Path) -> None:
    digests = [hashlib.md5(bytes([n])).hexdigest() for n in range(10)]
    sound = csv([["序号", "文件名", "MD5", "备注"], *([n, f"档/{n}.pdf", d, "x"] for n, d in enumerate(digests))])
    chance = random.Random(3)
    for _ in range(1000):
        damaged = bytearray(sound)
        for _ in range(chance.randrange(1, 4)):
            at = chance.randrange(40, len(damaged))
            damaged[at:at + chance.randrange(2)] = chance.choice([b"\n", b'"', b"\x00", b",", b"\r", b"7", b";", b"q"])
        try:
            form = form_of(tmp_path, bytes(damaged), "x.csv")
        except FormUnreadable:
            continue
        held = {entry.line_no for entry in form.lines}
        for number, text in enumerate(bytes(damaged).decode().replace("\r\n", "\n").split("\n")[1:], start=2):
            if any(digest in text for digest in digests):
                assert number in held, (bytes(damaged), held, number)
        for entry in form.lines:
            assert bool(entry.digest) == (entry.defect in ("", "form-line-conflict"))


def test_no_damage_to_a_workbook_is_a_crash_or_another_answer(tmp_path: Path) -> None:
    """Whatever is broken: the same lines as before, or FormUnreadable; a zip file says where it is damaged."""
    rows: Rows = [["文件名", "MD5"], *([f"档/{n}.pdf", hashlib.md5(bytes([n])).hexdigest()] for n in range(10))]
    sound = xlsx({"s": rows})
    lines = list(form_of(tmp_path, sound).lines)
    chance = random.Random(5)
    for _ in range(20):
        damaged = bytearray(sound)
        for _ in range(chance.randrange(1, 6)):
            damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
        if chance.randrange(4) == 0:
            del damaged[chance.randrange(len(damaged)):]
        try:
            form = form_of(tmp_path, bytes(damaged))
        except FormUnreadable:
            continue
        assert list(form.lines) == lines
    for _ in range(20):
        damaged = bytearray(xls(rows))
        damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
        try:
            form_of(tmp_path, bytes(damaged))
        except FormUnreadable:
            continue


def test_a_digest_in_a_row_like_a_note_is_said() -> None:
    """Found by mutations: alone in its row, in a column where none belongs, the row merged over the table's width."""
    tables = read_sheets([Sheet("s", [(1, ("载体(包)编号", "内容说明", "数字摘要", "实际容量(GB)")),
                                      (2, ("G001", "公文", "0cc175b9c0f1b6a831c399e269772661", "1")),
                                      (3, ("", "", "", "92eb5ffee6ae2fec3ad71c777531578f"))], [(2, 0, 2, 4)])])
    assert [(line.line_no, line.defect) for line in tables.lines] == [(2, ""), (3, "form-line-malformed")]
