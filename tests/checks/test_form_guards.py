"""Workbooks that ask for too much, or are something else: one refusal each, in good time."""
from __future__ import annotations

import hashlib
import io
import random
import struct
import zipfile
from pathlib import Path

import docx
import pytest
import xlsxwriter

from checks import catalogue
from checks.form import FormUnreadable, read_form
from tests.vectors_kit import HEADER, ods, written

A = hashlib.md5(b"a").hexdigest()
ROW = ("G001", "a", "MD5", A)


def refusal(path: Path) -> tuple[str, object]:
    with pytest.raises(FormUnreadable) as caught:
        read_form(path)
    assert all(catalogue.words("errors", caught.value.code, caught.value.facts).values())
    return caught.value.code, caught.value.facts.get("kind")


def book(*, rows: int = 1, zip64: bool = False) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as made:
        if zip64:
            made.use_zip64()
        sheet = made.add_worksheet()
        for at, cells in enumerate([HEADER, *[ROW] * rows]):
            sheet.write_row(at, 0, cells)
    return out.getvalue()


def entries(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(parts: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def with_zip64_end(content: bytes, directory_bytes: int | None = None) -> bytes:
    """The same archive with the end records of zip64. Source: APPNOTE 4.3.14, 4.3.15."""
    end = content.rindex(b"PK\5\6")
    count, size, offset = struct.unpack_from("<HII", content, end + 10)
    record = struct.pack("<4sQHHIIQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, count, count, directory_bytes or size, offset)
    locator = struct.pack("<4sIQI", b"PK\6\7", 0, end, 1)
    return content[:end] + record + locator + content[end:end + 10] + b"\xff" * 10 + content[end + 20:]


def test_zip64_is_no_bomb(tmp_path: Path) -> None:
    for content in (book(zip64=True), with_zip64_end(book())):
        assert len(read_form(written(tmp_path, "form.xlsx", content)).lines) == 1


def test_a_directory_of_zip64_is_measured_before_it_is_read(tmp_path: Path) -> None:
    assert refusal(written(tmp_path, "form.xlsx", with_zip64_end(book(), 1 << 40))) == ("form-bomb", "")


def test_sizes_that_lie(tmp_path: Path) -> None:
    """An entry that unpacks to more than it says is damaged: neither the rest is unpacked nor the part believed."""
    content = bytearray(book(rows=5000))
    at = 0
    while (at := content.find(b"PK\1\2", at)) >= 0:
        struct.pack_into("<I", content, at + 24, 100)
        at += 4
    assert refusal(written(tmp_path, "form.xlsx", bytes(content)))[0] == "form-broken"


def test_entries_that_share_their_bytes_are_summed(tmp_path: Path) -> None:
    """Ten thousand names for one kernel: the sum of what they would unpack to is what counts."""
    content = packed({**entries(book()), "xl/media/kernel": bytes(1 << 20)})
    end = content.rindex(b"PK\5\6")
    count, size, offset = struct.unpack_from("<HII", content, end + 10)
    directory = content[offset:offset + size]
    kernel = directory[directory.rindex(b"PK\1\2"):]
    more = b"".join(kernel.replace(b"kernel", b"%06d" % n) for n in range(600))
    tail = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, count + 600, count + 600, size + len(more), offset, 0)
    assert refusal(written(tmp_path, "form.xlsx", content[:offset] + directory + more + tail)) == ("form-bomb", "")


@pytest.mark.parametrize("attribute", ["number-rows-repeated", "number-columns-repeated"])
def test_repeated_cells_of_ods(tmp_path: Path, attribute: str) -> None:
    cell = f'<table:table-cell table:{attribute}="1000000000"'
    path = ods(tmp_path, [HEADER, ROW], cell) if "columns" in attribute else written(
        tmp_path, "form.ods", _repeated_rows(ods(tmp_path, [HEADER, ROW]).read_bytes()))
    assert refusal(path) == ("form-bomb", "")


def _repeated_rows(content: bytes) -> bytes:
    parts = entries(content)
    parts["content.xml"] = parts["content.xml"].replace(
        b"<table:table-row>", b'<table:table-row table:number-rows-repeated="1000000000">')
    return packed(parts)


def test_an_ods_with_a_password(tmp_path: Path) -> None:
    parts = entries(ods(tmp_path, [HEADER, ROW]).read_bytes())
    parts["META-INF/manifest.xml"] = parts["META-INF/manifest.xml"].replace(
        b"></manifest:manifest>", b"><manifest:encryption-data/></manifest:manifest>")
    parts["content.xml"] = bytes(range(256))
    assert refusal(written(tmp_path, "form.ods", packed(parts))) == ("form-protected", "")


@pytest.mark.parametrize(("old", "new"), [(b"</table:table>", b"</table:tablee>"), (b"UTF-8", b"UTF-80")])
def test_what_is_no_xml_ends_at_once(tmp_path: Path, old: bytes, new: bytes) -> None:
    """Found by damaging bytes: the reader of workbooks looked for the end of the table for ever."""
    parts = entries(ods(tmp_path, [HEADER, ROW]).read_bytes())
    parts["content.xml"] = parts["content.xml"].replace(old, new)
    assert refusal(written(tmp_path, "form.ods", packed(parts))) == ("form-broken", "")


def test_a_text_document_of_the_same_family(tmp_path: Path) -> None:
    parts = entries(ods(tmp_path, [HEADER, ROW]).read_bytes())
    parts["mimetype"] = b"application/vnd.oasis.opendocument.text"
    assert refusal(written(tmp_path, "form.odt", packed(parts))) == ("form-wrong-kind", "odf")


@pytest.mark.parametrize(("content", "kind"), [
    ("<html><body>MD5</body></html>", "html"),
    (f"\ufeff\n<!-- x -->\n<TABLE border=1><tr><td>a</td><td>{A}</td></tr></TABLE>", "html"),
    ('<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook'
     ' xmlns="urn:schemas-microsoft-com:office:spreadsheet"></Workbook>', "xml-2003"),
    ("MIME-Version: 1.0\nContent-Type: multipart/related", "mht"),
    (b"7z\xbc\xaf\x27\x1c\0\4" + bytes(range(100)), "zip"), (b"Rar!\x1a\7\1\0" + bytes(range(100)), "zip"),
])
def test_what_is_saved_as_xls_and_is_none(tmp_path: Path, content: str | bytes, kind: str) -> None:
    assert refusal(written(tmp_path, "form.xls", content)) == ("form-wrong-kind", kind)


def test_a_web_page_with_a_list_is_one_whatever_it_is_called(tmp_path: Path) -> None:
    page = f"<html><table><tr><td>文件名</td><td>MD5</td></tr><tr><td>a</td><td>{A}</td></tr></table></html>"
    form = read_form(written(tmp_path, "form.xls", page))
    assert [(line.path, line.digest) for line in form.lines] == [("a", A)] and form.layout == "html"


def test_an_empty_workbook(tmp_path: Path) -> None:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as made:
        made.add_worksheet()
        made.add_chartsheet()
    assert refusal(written(tmp_path, "form.xlsx", out.getvalue()))[0] == "form-empty"


def test_merged_cells_without_end(tmp_path: Path) -> None:
    """Fifty thousand rectangles over each other, each a million rows high, are walked once."""
    parts = entries(book())
    merged = b'<mergeCell ref="A2:A1048576"/>' * 50_000
    sheet = parts["xl/worksheets/sheet1.xml"]
    parts["xl/worksheets/sheet1.xml"] = sheet.replace(
        b"</sheetData>", b"</sheetData><mergeCells>" + merged + b"</mergeCells>")
    parts["xl/media/noise"] = bytes(range(256)) * 4000                          # so that the ratio is a usual one
    assert len(read_form(written(tmp_path, "form.xlsx", packed(parts))).lines) == 1


@pytest.mark.parametrize("kind", ["docx", "ods"])
def test_damage_inside_the_parts_is_an_answer_or_a_refusal(tmp_path: Path, kind: str) -> None:
    """The checksums are right again, so that the readers behind the first guard see the damage."""
    if kind == "ods":
        parts = entries(ods(tmp_path, [HEADER, ROW]).read_bytes())
    else:
        document = docx.Document()
        for cells in (HEADER, ROW):
            for cell, text in zip(document.add_table(1, 4).row_cells(0), cells, strict=True):
                cell.text = text
        document.save(str(tmp_path / "sound.docx"))
        parts = entries((tmp_path / "sound.docx").read_bytes())
    chance = random.Random(7)
    name = "content.xml" if kind == "ods" else "word/document.xml"
    answers = set()
    for _ in range(15):
        content = bytearray(parts[name])
        at = chance.randrange(len(content))
        content[at:at + chance.randrange(3)] = chance.choice([b"", b'"9', b"<w:x>", bytes([chance.randrange(256)])])
        try:
            read_form(written(tmp_path, "form", packed({**parts, name: bytes(content)})))
            answers.add("")
        except FormUnreadable as refused:
            answers.add(refused.code)
    assert answers <= {"", "form-broken", "form-empty", "form-unknown-layout"} and "form-broken" in answers


def test_two_sheets_of_one_name_are_refused(tmp_path: Path) -> None:
    """Asked by name, the reader gives the first twice: what the second lists would be lost."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as made:
        for name in ("one", "two"):
            sheet = made.add_worksheet(name)
            sheet.write_row(0, 0, HEADER)
            sheet.write_row(1, 0, ("G001", name, "MD5", A))
    parts = entries(out.getvalue())
    parts["xl/workbook.xml"] = parts["xl/workbook.xml"].replace(b'name="two"', b'name="one"')
    assert refusal(written(tmp_path, "f.xlsx", packed(parts))) == ("form-broken", "")


@pytest.mark.parametrize("formula", ["<f>A1</f>", '<f t="shared" si="0"/>', "<f>A1</f> "])
def test_a_formula_without_its_result_is_not_taken_for_a_blank(tmp_path: Path, formula: str) -> None:
    parts = entries(book())
    name, was = "xl/worksheets/sheet1.xml", b'<c r="B2" t="s"><v>5</v></c>'
    assert parts[name].count(was) == 1
    parts[name] = parts[name].replace(was, f'<c r="B2">{formula}</c>'.encode())
    (tmp_path / "form.xlsx").write_bytes(packed(parts))
    assert refusal(tmp_path / "form.xlsx") == ("form-uncomputed", "")
    parts[name] = parts[name].replace(formula.encode(), b'<f>A1</f><v></v>')
    (tmp_path / "form.xlsx").write_bytes(packed(parts))
    read_form(tmp_path / "form.xlsx")                        # a result that is blank is a result


def test_a_formula_of_an_ods_without_its_result_is_not_taken_for_a_blank(tmp_path: Path) -> None:
    parts = entries(ods(tmp_path, [HEADER, ROW], '<table:table-cell table:formula="of:=[.A1]"').read_bytes())
    read_form(tmp_path / "form.ods")
    parts["content.xml"] = parts["content.xml"].replace(b' office:value-type="string"', b"", 1)
    (tmp_path / "form.ods").write_bytes(packed(parts))
    assert refusal(tmp_path / "form.ods") == ("form-uncomputed", "")
