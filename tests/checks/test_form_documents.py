"""Forms that are documents: tables and the text around them, by python-docx, and by hand for Word's own marks."""
from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Sequence
from pathlib import Path

import docx
import pytest
from docx.document import Document
from docx.table import Table

from checks.form import DigestLine, FormUnreadable, Scope, SubmittedForm, read_form

A, B = hashlib.md5(b"a").hexdigest(), hashlib.md5(b"b").hexdigest()
HEADER = ("文件名", "数字摘要")
W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def table(document: Document, rows: Sequence[Sequence[str]]) -> Table:
    made = document.add_table(0, len(rows[0]))
    for cells in rows:
        for cell, text in zip(made.add_row().cells, cells, strict=True):
            cell.text = text
    return made


def form_of(folder: Path, content: Document | bytes) -> SubmittedForm:
    path = folder / "form.docx"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        content.save(str(path))
    return read_form(path)


def by_hand(body: str, **parts: str) -> bytes:
    """A document whose body is this XML. parts: other parts by name ("header1")."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, root, inner in (("document", "document", f"<w:body>{body}</w:body>"),
                                  *((name, "hdr", inner) for name, inner in parts.items())):
            archive.writestr(f"word/{name}.xml", (
                f'<w:{root} xmlns:w="{W}" xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
                f' xmlns:x="x">{inner}</w:{root}>'))
    return out.getvalue()


def row(*cells: str, properties: str = "") -> str:
    """A row; a cell that begins with `<` is its own XML."""
    return f"<w:tr>{properties}" + "".join(
        cell if cell.startswith("<w:tc>") else
        f"<w:tc><w:p>{cell if cell.startswith('<') else f'<w:r><w:t>{cell}</w:t></w:r>'}</w:p></w:tc>"
        for cell in cells) + "</w:tr>"


def paths(form: SubmittedForm) -> list[tuple[str, str, str]]:
    return [(line.path, line.digest, line.defect) for line in form.lines]


def test_tables_and_the_text_around_them(tmp_path: Path) -> None:
    document = docx.Document()
    document.add_paragraph("电子文件和数字档案备份情况表(续表)")
    document.add_paragraph("单位名称(盖章):某局\t填表人:王芳")
    table(document, [HEADER, ("a", A)])
    document.add_paragraph("摘要算法:MD5")
    table(document, [("SHA256", "文件名"), ("0" * 64, "c"), ("文件名", "MD5"), ("b", B)])
    form = form_of(tmp_path, document)
    assert list(form.lines) == [
        DigestLine(2, "", "a", Scope.FILE, "md5", A, "", ""),
        DigestLine(2, "", "c", Scope.FILE, "sha256", "0" * 64, "", ""),
        DigestLine(4, "", "b", Scope.FILE, "md5", B, "", "")]
    assert form.fields == {"unit_name": "某局", "preparer": "王芳", "digest_alg": "MD5"}
    assert (form.findings, form.is_workbook, form.layout) == ((), True, "workbook")


def test_a_digest_on_two_lines_and_a_name_on_two_lines(tmp_path: Path) -> None:
    document = docx.Document()
    table(document, [HEADER, ("a", f"{A[:16]}\n{A[16:]}"), ("b\nc", B)])
    assert paths(form_of(tmp_path, document)) == [("a", A, ""), ("", "", "form-line-malformed")]


def test_merged_cells(tmp_path: Path) -> None:
    document = docx.Document()
    made = table(document, [("载体编号", *HEADER), ("P1", "a", A), ("", "b", B), ("P2", "c", A), ("合计", "", ""),
                            ("P3", "d", B), ("", "e", "")])
    made.cell(1, 0).merge(made.cell(2, 0))
    made.cell(4, 0).merge(made.cell(4, 2))
    made.cell(5, 2).merge(made.cell(6, 2))
    form = form_of(tmp_path, document)
    assert [(line.package_no, line.path, line.defect) for line in form.lines] == [
        ("P1", "a", ""), ("P1", "b", ""), ("P2", "c", ""),
        ("P3", "d", "form-line-malformed"), ("", "e", "form-line-malformed")]
    assert [finding.facts["reason"] for finding in form.findings] == ["digest-merged", "digest-empty"]


def test_edges_drawn_by_hand_do_not_shift_the_columns(tmp_path: Path) -> None:
    """Cells of one column that span different parts of the grid, under a title over all of them."""
    def cell(text: str, span: int) -> str:
        return (f'<w:tc><w:tcPr><w:gridSpan w:val="{span}"/></w:tcPr><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:tc>')
    rows = "".join(f"<w:tr>{''.join(map(cell, texts, spans))}</w:tr>" for texts, spans in (
        (["续表"], [4]), (["序号", *HEADER], [1, 2, 1]), (["1", "a", A], [2, 1, 1]), (["2", "b", B], [1, 1, 2]),
        (["合计", "2个"], [3, 1])))
    form = form_of(tmp_path, by_hand(f"<w:tbl>{rows}</w:tbl>"))
    assert paths(form) == [("a", A, ""), ("b", B, "")]
    assert form.findings == ()


@pytest.mark.parametrize(("cell", "digest"), [
    (f"<w:del><w:r><w:delText>{B}</w:delText></w:r></w:del><w:ins><w:r><w:t>{A}</w:t></w:r></w:ins>", A),
    (f"<w:moveFrom><w:r><w:t>{B}</w:t></w:r></w:moveFrom><w:moveTo><w:r><w:t>{A}</w:t></w:r></w:moveTo>", A),
    (f"<w:r><w:rPr><w:vanish/></w:rPr><w:t>{B}</w:t></w:r><w:r><w:t>{A}</w:t></w:r>", A),
    (f'<w:r><w:rPr><w:vanish w:val="0"/></w:rPr><w:t>{A}</w:t></w:r>', A),
    (f"<w:r><w:t>{A[:7]}</w:t></w:r><w:hyperlink><w:r><w:t>{A[7:]}</w:t></w:r></w:hyperlink>", A),
    (f"<w:sdt><w:sdtPr><w:alias/></w:sdtPr><w:sdtContent><w:r><w:t>{A}</w:t></w:r></w:sdtContent></w:sdt>", A),
    (f"<w:r><w:t>{A[:20]}</w:t><w:br/><w:t>{A[20:]}</w:t></w:r>", A),
    (f"<w:pPr><w:tabs><w:tab/></w:tabs></w:pPr><w:r><w:t>{A}</w:t></w:r>", A),
    (f'<w:r><w:t>{A[:31]}</w:t><w:sym w:font="x" w:char="F031"/></w:r>', ""),
    (f"<mc:AlternateContent><mc:Choice><w:r><w:t>{A}</w:t></w:r></mc:Choice><mc:Fallback><w:r><w:t>{A}</w:t></w:r>"
     "</mc:Fallback></mc:AlternateContent>", A),
])
def test_a_cell_reads_as_it_is_printed(tmp_path: Path, cell: str, digest: str) -> None:
    form = form_of(tmp_path, by_hand(f"<w:tbl>{row(*HEADER)}{row('a', cell)}</w:tbl>"))
    assert paths(form) == [("a", digest, "" if digest else "form-line-malformed")]


def test_rows_taken_out_are_out_and_rows_put_in_are_in(tmp_path: Path) -> None:
    rows = "".join(row(name, digest, properties=f"<w:trPr>{mark}</w:trPr>") for name, digest, mark in (
        ("a", A, ""), ("b", B, "<w:del/>"), ("c", B, "<w:ins/>"), ("d", B, "<w:hidden/>")))
    assert paths(form_of(tmp_path, by_hand(f"<w:tbl>{row(*HEADER)}{rows}</w:tbl>"))) == [("a", A, ""), ("c", B, "")]


def test_tables_within_tables_boxes_controls_headers_and_notes(tmp_path: Path) -> None:
    inner = f"<w:tbl>{row(*HEADER)}{row('inner', A)}</w:tbl>"
    boxed = f"<w:txbxContent>{inner.replace('inner', 'box')}</w:txbxContent>"
    box = f"<w:p><w:r><w:pict><x:box>{boxed}</x:box></w:pict></w:r></w:p>"
    control = f"<w:sdt><w:sdtContent>{inner.replace('inner', 'control')}</w:sdtContent></w:sdt>"
    outer = f"<w:tbl>{row(f'<w:tc><w:p/>{inner}<w:p/></w:tc>')}</w:tbl>"
    form = form_of(tmp_path, by_hand(outer + box + control, header1=inner.replace("inner", "header"),
                                     footnotes=inner.replace("inner", "note")))
    assert sorted(line.path for line in form.lines) == ["box", "control", "header", "inner", "note"]
    assert form.findings == ()


def test_a_list_pasted_as_text_is_not_dropped_unsaid(tmp_path: Path) -> None:
    document = docx.Document()
    table(document, [HEADER, ("a", A)])
    document.add_paragraph(f"{B}  b")
    document.add_paragraph(f"{A}  c")
    form = form_of(tmp_path, document)
    assert [(f.code, f.facts["count"], f.facts["content"]) for f in form.findings] == [
        ("form-digest-outside", 2, f"{B}  b")]


@pytest.mark.parametrize("content", [
    by_hand("<w:tbl"), by_hand("<w:p/>").replace(b"PK\5\6", b"PK\5\7"), by_hand("<w:p>" * 400 + "</w:p>" * 400)])
def test_broken_documents(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(FormUnreadable) as caught:
        form_of(tmp_path, content)
    assert caught.value.code == "form-broken"


def test_entities_are_never_expanded(tmp_path: Path) -> None:
    bomb = '<!DOCTYPE w [<!ENTITY a "aaaaaaaaaa">' + "".join(
        f'<!ENTITY {c} "{f"&{chr(ord(c) - 1)};" * 10}">' for c in "bcdefghi") + "]>"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("word/document.xml", f'{bomb}<w:document xmlns:w="{W}"><w:p><w:t>&i;</w:t></w:p></w:document>')
    with pytest.raises(FormUnreadable) as caught:
        form_of(tmp_path, out.getvalue())
    assert caught.value.code == "form-broken"


def test_a_file_embedded_in_a_document_cannot_be_read_and_is_not_passed_over(tmp_path: Path) -> None:
    with pytest.raises(FormUnreadable) as caught:
        form_of(tmp_path, by_hand(f"<w:tbl>{row(*HEADER)}{row('a', A)}</w:tbl><w:altChunk/>"))
    assert caught.value.code == "form-embedded"


def test_nothing_in_a_document(tmp_path: Path) -> None:
    with pytest.raises(FormUnreadable) as caught:
        form_of(tmp_path, docx.Document())
    assert caught.value.code == "form-empty"
