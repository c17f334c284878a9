"""Lists as Windows tools write them: read rightly, or refused as a layout that is not known; never half understood.

Source: domain §10.10. The texts are those of `tests/windows_tools.py`.
"""
from __future__ import annotations

import base64
import hashlib
import re
import subprocess
from pathlib import Path

import pytest

from checks.form import FormUnreadable, SubmittedForm, read_form
from tests import windows_tools as tools
from tests.windows_tools import ROOT, TOOLS, crlf, of, windows

CONTENT = {"说明.txt": b"J010", "案卷/0001.pdf": b"1" * 3000, "案卷/a b=(2): 3.pdf": b"2" * 9000}
NAMES = tuple(windows(path, "") for path in CONTENT)
A, B = of(b"a"), of(b"b")


def form_of(folder: Path, text: str, name: str = "list.txt", encoding: str = "gb18030") -> SubmittedForm:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return read_form(path)


def said(form: SubmittedForm) -> list[tuple[int, str, str, str, str]]:
    return [(line.line_no, line.path, line.algorithm, line.digest, line.defect) for line in form.lines]


def reasons(form: SubmittedForm) -> list[tuple[object, str, object]]:
    return [(finding.facts["line"], finding.path, finding.facts.get("reason")) for finding in form.findings]


def refused(folder: Path, text: str, name: str = "list.txt", encoding: str = "gb18030") -> str:
    with pytest.raises(FormUnreadable) as refusal:
        form_of(folder, text, name, encoding)
    return refusal.value.code


# --- every tool, as it writes ------------------------------------------------------------------------------------

@pytest.mark.parametrize("tool", TOOLS)
def test_every_line_of_a_tool_is_read(tool: str, tmp_path: Path) -> None:
    write, encoding, name, algorithms, root = TOOLS[tool]
    content = {path.replace(":", ""): raw for path, raw in CONTENT.items()}
    form = form_of(tmp_path, write(content), name, encoding)
    lower = str.lower if tool.startswith("fciv") else str
    assert [(line.path, line.algorithm, line.digest, line.defect) for line in form.lines] == [
        (lower(windows(path, root)), algorithm, of(raw, algorithm).lower(), "")
        for path, raw in content.items() for algorithm in algorithms]
    assert form.findings == ()


@pytest.mark.parametrize(("tool", "sizes"), [
    ("7-zip", ["4B", "3000B", "9000B"]), ("7-zip-listing", ["4B", "3000B", "9000B"]),
    ("quicksfv", ["4B", "3000B", "9000B"]), ("hash-exe", ["4 字节", "3000 字节", "9000 字节"]),
    ("hashmyfiles-text", ["4B", "3,000", "9,000"]), ("hashmyfiles-html", ["4", "3,000", "9,000"])])
def test_sizes_that_a_tool_gives_are_kept(tool: str, sizes: list[str], tmp_path: Path) -> None:
    write, encoding, name, _, _ = TOOLS[tool]
    form = form_of(tmp_path, write(CONTENT), name, encoding)
    assert list(dict.fromkeys(line.declared_size for line in form.lines)) == sizes


@pytest.mark.parametrize("option", ["-scrcMD5", "-scrcSHA256", "-scrcCRC32"])
def test_the_table_of_7_zip_itself(option: str, tmp_path: Path) -> None:
    folder = tmp_path / "content"
    (folder / "案卷").mkdir(parents=True)
    (folder / "案卷" / "0001.pdf").write_bytes(b"1" * 3000)
    (folder / "a  b ").write_bytes(b"")
    text = subprocess.run(["7z", "h", option, "."], cwd=folder, check=True, capture_output=True,
                          env={"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"}).stdout.decode()
    form = form_of(tmp_path, text, encoding="utf-8")
    algorithm = option[5:].lower()
    assert (form.layout, form.findings) == ("7-zip", ())
    assert {(line.path, line.algorithm, line.digest, line.declared_size) for line in form.lines} == {
        ("案卷/0001.pdf", algorithm, of(b"1" * 3000, algorithm).lower(), "3000B"),
        ("a  b ", algorithm, of(b"", algorithm).lower(), "0B")}


def test_the_listing_of_7_zip_itself(tmp_path: Path) -> None:
    (tmp_path / "案卷").mkdir()
    (tmp_path / "案卷" / "0001.pdf").write_bytes(b"1" * 3000)
    environment = {"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"}
    subprocess.run(["7z", "a", "-bd", "a.zip", "案卷"], cwd=tmp_path, check=True, capture_output=True, env=environment)
    text = subprocess.run(["7z", "l", "-slt", "a.zip"], cwd=tmp_path, check=True, capture_output=True,
                          env=environment).stdout.decode()
    form = form_of(tmp_path, text, encoding="utf-8")
    assert [(line.path, line.algorithm, line.digest) for line in form.lines] == [
        ("案卷/0001.pdf", "crc32", of(b"1" * 3000, "crc32").lower())]
    assert (form.layout, form.findings) == ("7-zip-listing", ())


# --- what a tool left out, cut off or reported ---------------------------------------------------------------------

def test_certutil_says_which_digest_is_missing(tmp_path: Path) -> None:
    text = crlf(f"C:\\>certutil -hashfile a.txt MD5\nMD5 的 a.txt 哈希:\n{A}\nCertUtil: -hashfile 命令成功完成。\n\n"
                "MD5 的 空.txt 哈希:\nCertUtil: -hashfile 失败: 0x800703ee (WIN32: 1006 ERROR_FILE_INVALID)\n"
                "CertUtil: 文件所在的卷已被外部更改。\n"
                "CertUtil: -hashfile 失败: 0x80070002 (WIN32: 2 ERROR_FILE_NOT_FOUND)\n"
                "CertUtil: 系统找不到指定的文件。\n"
                f"MD5 的 b.txt 哈希:\n{B}\nCertUtil: -hashfile 命令成功完成。\nMD5 的 c.txt 哈希:\n{A}\n")
    form = form_of(tmp_path, text)
    assert said(form) == [(2, "a.txt", "md5", A, ""), (6, "空.txt", "", "", "form-line-malformed"),
                          (9, "", "", "", "form-line-malformed"), (11, "b.txt", "md5", B, ""),
                          (14, "c.txt", "md5", A, "")]
    assert reasons(form) == [(6, "空.txt", "digest-empty"), (9, "", "layout")]


@pytest.mark.parametrize(("digest", "name"), [(A, "file 1.txt"), (tools.pairs(A), "1.txt")])
def test_the_words_of_certutil_mean_another_name_in_each_windows(digest: str, name: str, tmp_path: Path) -> None:
    form = form_of(tmp_path, f"MD5 hash of file 1.txt:\r\n{digest}\r\n")
    assert said(form) == [(1, name, "md5", A, "")]


@pytest.mark.parametrize("digest", [A[:4] + " " + A[4:], A[:-1], A[:-1] + "g", "..."])
def test_certutil_with_a_digest_that_is_none(digest: str, tmp_path: Path) -> None:
    form = form_of(tmp_path, f"MD5 的 a 哈希:\r\n{digest}\r\nMD5 的 b 哈希:\r\n{B}\r\nMD5 的 c 哈希:\r\n{A}\r\n")
    assert [(line.path, line.digest) for line in form.lines if line.digest] == [("b", B), ("c", A)]
    assert "a" in [line.path for line in form.lines if line.defect]


def test_a_table_that_the_console_cut_is_not_guessed(tmp_path: Path) -> None:
    long = {"案卷/" + "很长的文件名" * 5 + f"{n}.pdf": bytes([n]) for n in range(2)}
    form = form_of(tmp_path, tools.powershell_table({**CONTENT, **long}, width=120), encoding="utf-16")
    assert [line.defect for line in form.lines] == ["", "", "", "form-line-malformed", "form-line-malformed"]
    assert {reason for _, _, reason in reasons(form)} == {"cut"}
    assert all(line.path.endswith("...") for line in form.lines[3:])


def test_a_path_that_goes_on_in_the_next_line_is_not_guessed(tmp_path: Path) -> None:
    head = tools.powershell_table({"a.txt": b"a"})
    form = form_of(tmp_path, head.rstrip() + crlf(f"\n{' ' * 87}.bak\n\n") + head, encoding="utf-16")
    assert said(form) == [(4, ROOT + "a.txt", "", "", "form-line-malformed"), (10, ROOT + "a.txt", "md5", A, "")]


def test_a_listed_record_that_is_broken_over_lines_is_not_guessed(tmp_path: Path) -> None:
    whole, broken = tools.powershell_list({"a.txt": b"a"}), tools.powershell_list({"b.txt": b"b"})
    form = form_of(tmp_path, whole + broken.replace("备份\\", "备份\\\r\n            "), encoding="utf-16")
    assert [(line.path, line.defect) for line in form.lines] == [
        (ROOT + "a.txt", ""), ("E:\\备份\\", "form-line-malformed")]


def test_a_digest_that_was_cut_is_not_guessed(tmp_path: Path) -> None:
    text = f"Algorithm : MD5\r\nHash      : {A}\r\nPath      : E:\\a\r\n\r\n"
    form = form_of(tmp_path, text + text.replace(A, A[:20] + "…").replace("\\a", "\\b"), encoding="utf-16")
    assert said(form)[1:] == [(5, "E:\\b", "", "", "form-line-malformed")]
    assert reasons(form) == [(5, "E:\\b", "cut")]


def test_records_without_a_name_or_a_digest(tmp_path: Path) -> None:
    sound = f"文件: E:\\a\r\nMD5: {A}\r\n\r\n"
    form = form_of(tmp_path, sound * 3 + f"MD5: {B}\r\n\r\n文件: E:\\c\r\n大小: 4 字节\r\n\r\n文件: E:\\d\r\nMD5:\r\n")
    assert [(line.line_no, line.path, line.defect) for line in form.lines][3:] == [
        (10, "", "form-line-malformed"), (12, "E:\\c", "form-line-malformed"), (15, "E:\\d", "form-line-malformed")]


def test_records_without_blank_lines_end_where_the_first_label_comes_again(tmp_path: Path) -> None:
    text = "".join(f"文件: E:\\{name}\r\nMD5: {of(name.encode())}\r\n" for name in "abc")
    assert [(line.path, line.digest) for line in form_of(tmp_path, text).lines] == [
        (f"E:\\{name}", of(name.encode())) for name in "abc"]


def test_a_number_in_a_record_is_a_lost_value(tmp_path: Path) -> None:
    form = form_of(tmp_path, f"文件: E:\\a\r\nMD5: {A}\r\n\r\n文件: E:\\b\r\nMD5: 1.23457E+31\r\n")
    [finding] = form.findings
    assert (finding.code, finding.path, finding.facts["row"], finding.facts["column"]) == (
        "form-digest-is-number", "E:\\b", 4, "MD5")


def test_a_folder_of_an_archive_is_no_line_and_a_file_without_crc_is(tmp_path: Path) -> None:
    text = tools.seven_zip_listing({"a.txt": b"a", "b.txt": b"b", "c.txt": b"c"})
    form = form_of(tmp_path, text.replace(of(b"b", "crc32"), ""), encoding="utf-8")
    assert [(line.path, line.defect) for line in form.lines] == [
        ("a.txt", ""), ("b.txt", "form-line-malformed"), ("c.txt", "")]


def test_two_names_in_fastsum_that_cannot_be_one(tmp_path: Path) -> None:
    text = tools.fastsum({"案卷/0001.pdf": b"a", "案卷/0002.pdf": b"b", "案卷/0003.pdf": b"c"})
    form = form_of(tmp_path, text.replace("UTF8: 案卷\\0002", "UTF8: 案卷\\0004"), encoding="utf-8")
    assert [(line.path, line.defect) for line in form.lines] == [
        ("案卷\\0001.pdf", ""), ("案卷\\0004.pdf", "form-line-malformed"), ("案卷\\0003.pdf", "")]
    assert [reason for _, _, reason in reasons(form)] == ["names-differ"]


@pytest.mark.parametrize("damage", [lambda b: b[:-1] + "*", lambda b: b[:-4], lambda b: b[:-3] + "R==", lambda b: ""])
def test_base64_in_its_only_right_writing(damage: object, tmp_path: Path) -> None:
    good, bad = (base64.b64encode(hashlib.md5(name).digest()).decode() for name in (b"a", b"b"))
    text = tools.fciv_xml({"a": b"a", "b": b"b"}).replace(bad, damage(bad))          # type: ignore[operator]
    form = form_of(tmp_path, text, "db.xml", "utf-8")
    assert good in text
    sound = [(line.path, line.algorithm) for line in form.lines if not line.defect]
    assert sound == [(ROOT.lower() + name, kind) for name, kind in (("a", "md5"), ("a", "sha1"), ("b", "sha1"))]


# --- digests alone, names first ------------------------------------------------------------------------------------

@pytest.mark.parametrize(("name", "digest", "algorithm"), [
    ("清单.iso.md5", A, "md5"), ("a.sha1", of(b"a", "sha1"), "sha1"), ("a.sha256", of(b"a", "sha256"), "sha256"),
    ("a.sm3", of(b"a", "sha256"), "sm3"), ("A.MD5", A.upper(), "md5")])
def test_a_digest_alone_is_named_by_the_list(name: str, digest: str, algorithm: str, tmp_path: Path) -> None:
    form = form_of(tmp_path, f"; one file\r\n{digest}\r\n", name)
    assert said(form) == [(2, name.rpartition(".")[0], algorithm, digest.lower(), "")]


@pytest.mark.parametrize(("name", "text"), [
    ("a.md5", of(b"a", "sha1")), ("a.txt", A), (".md5", A), ("a.md5", f"{A}\r\n{B}"), ("a.md5", A[:-1] + "g")])
def test_a_digest_alone_that_nothing_names(name: str, text: str, tmp_path: Path) -> None:
    assert refused(tmp_path, text + "\r\n", name) == "form-unknown-layout"


@pytest.mark.parametrize("line", [
    "{n} {name} {md5}", "{n}. {name} {md5}", "{name} 1,234 {md5}", "{name} 12 KB {md5}", "{n}\t{name}\t{md5}",
    "{name}: {md5}", "{md5} {md5}", "{md5} {sha1} {name}"])
def test_names_first_and_a_column_more_are_not_guessed(line: str, tmp_path: Path) -> None:
    text = "".join(line.format(n=n, name=f"a{n}.pdf", md5=of(bytes([n])), sha1=of(bytes([n]), "sha1")) + "\r\n"
                   for n in range(1, 5))
    assert refused(tmp_path, text, "list.md5") == "form-unknown-layout"


def test_names_that_are_digests_are_names_where_md5sum_wrote_them(tmp_path: Path) -> None:
    form = form_of(tmp_path, f"{A} *{B}\r\n{B}  {A}\r\n", "list.md5")
    assert [(line.path, line.digest) for line in form.lines] == [(B, A), (A, B)]


def test_an_sfv_may_begin_with_more_comments_than_a_sample_has(tmp_path: Path) -> None:
    content = {f"{n}.bin": bytes([n % 251]) for n in range(2500)}
    form = form_of(tmp_path, tools.quicksfv(content), "x.sfv")
    assert (len(form.lines), form.lines[-1].path, form.lines[-1].declared_size) == (2500, "2499.bin", "1B")


# --- what stays refused ------------------------------------------------------------------------------------------

REFUSED = {
    "teracopy-of-an-unknown-algorithm": "; TeraCopy\n" + f"{A} ?XXH3*a\n",
    "two-layouts-in-one-file": f"MD5 的 a 哈希:\n{A}\n\n文件: b\nMD5: {B}\n",
    "a-digest-without-names": f"MD5: {A}\n\nMD5: {B}\n",
    "7-zip-without-its-head": re.sub("MD5 .*Name\r", "", tools.seven_zip(CONTENT)),
    "powershell-without-its-head": tools.powershell_table(CONTENT).replace("Algorithm ", "algorithm "),
    "hashmyfiles-without-a-header": "\n".join(tools.hashmyfiles_tabs(CONTENT).split("\n")[1:]),
    "fciv-without-its-head": "".join(f"{of(raw)} {of(raw, 'sha1')} {path}\n" for path, raw in CONTENT.items()),
    "names-above-and-below": f"; UTF8: 一.pdf\n{A} *?.pdf\n; UTF8: 二.pdf\n",
    "more-bad-than-good": f"MD5 的 a 哈希:\n{A}\n" + "x\n" * 3,
    "html-with-spans": tools.hashmyfiles_html(CONTENT).replace("<td bgcolor=#FFFFFF nowrap>", "<td colspan=2>", 1),
    "html-with-a-table-inside": tools.hashmyfiles_html(CONTENT).replace("<td ", "<td><table><tr><td ", 1),
    "html-with-a-hidden-cell": tools.hashmyfiles_html(CONTENT).replace("<td ", "<!-- <td> --><td ", 1),
    "html-with-a-tag-that-joins-cells": tools.hashmyfiles_html(CONTENT).replace("<td ", "<xd ", 1),
    "xml-of-another-shape": "<?xml version='1.0'?><a><b>x</b></a>",
    "xml-too-deep": "<?xml version='1.0'?>" + "<a>" * 100_000,
    "xml-with-text-between": tools.fciv_xml(CONTENT).replace("<FILE_ENTRY>", "x<FILE_ENTRY>", 1),
    "xml-of-a-billion-laughs": '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><x>&b;</x>',
    "xml-with-a-document-type": tools.fciv_xml(CONTENT).replace("<FCIV>", "<!DOCTYPE FCIV SYSTEM 'x'><FCIV>"),
    "xml-with-a-long-value": f"<FCIV><FILE_ENTRY><name>{'x' * 50_000}</name></FILE_ENTRY></FCIV>",
    "xml-with-many-fields": "<FCIV><FILE_ENTRY>" + "<name>x</name>" * 100 + "</FILE_ENTRY></FCIV>",
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_layout_that_is_not_known_is_never_guessed(case: str, tmp_path: Path) -> None:
    assert refused(tmp_path, REFUSED[case], encoding="utf-8") == "form-unknown-layout"


@pytest.mark.parametrize("text", ["<FCIV><FILE_ENTRY>", "<?xml version='1.0'?><a>&undefined;</a>",
                                  "<?xml version='1.0'?>", "<FCIV></FCIV><FCIV></FCIV>", "<FCIV>\x01</FCIV>"])
def test_xml_that_is_broken(text: str, tmp_path: Path) -> None:
    assert refused(tmp_path, text, "db.xml", "utf-8") == "form-broken"


def test_a_row_of_two_files_is_none(tmp_path: Path) -> None:
    text = tools.hashmyfiles_html(CONTENT).replace("<tr><td", "<td").replace("<td", "<tr><td", 1)
    form = form_of(tmp_path, text, "h.html", "utf-16")
    assert [(line.line_no, line.defect) for line in form.lines] == [(6, "form-line-malformed")]


@pytest.mark.parametrize("write", [tools.fciv_xml, tools.hashmyfiles_xml])
def test_a_name_with_a_line_break_in_it_is_none(write: tools.Write, tmp_path: Path) -> None:
    text = write({"a.txt": b"a", "b.txt": b"b", "c.txt": b"c"}).replace("b.txt", "b\n.txt")
    form = form_of(tmp_path, text, "list.xml", "utf-8")
    assert list(dict.fromkeys(line.path.lower()[-5:] for line in form.lines)) == ["a.txt", "", "c.txt"]
    assert {reason for _, _, reason in reasons(form)} == {"name"}


@pytest.mark.parametrize(("declared", "encoding"), [
    ("gb2312", "gbk"), ("GBK", "gbk"), ("GB18030", "gb18030"), ("utf-8", "utf-8"), ("UTF-8", "utf-8-sig")])
def test_xml_and_html_are_read_in_the_encoding_that_they_declare(declared: str, encoding: str, tmp_path: Path) -> None:
    text = tools.fciv_xml(CONTENT).replace('"utf-8"', f'"{declared}"')
    assert form_of(tmp_path, text, "db.xml", encoding).lines.paths[0] == ROOT.lower() + "说明.txt"
    page = tools.hashmyfiles_html(CONTENT).replace("<head>", f"<head><meta charset={declared}>")
    assert form_of(tmp_path, page, "h.html", encoding).lines.paths[0] == ROOT + "说明.txt"


@pytest.mark.parametrize(("declared", "encoding"), [("utf-8", "gbk"), ("koi8-r", "gbk"), ("utf-7", "utf-8")])
def test_a_declared_encoding_that_is_not_the_one(declared: str, encoding: str, tmp_path: Path) -> None:
    text = tools.fciv_xml(CONTENT).replace('"utf-8"', f'"{declared}"')
    assert refused(tmp_path, text, "db.xml", encoding) == "form-undecodable"


def test_a_digest_that_does_not_fit_the_algorithm_named_is_not_trusted(tmp_path: Path) -> None:
    lines = "".join(f"{of(raw)} ?MD5*{windows(path, '')}\r\n" for path, raw in CONTENT.items())
    form = form_of(tmp_path, lines + f"{of(b'x', 'sha1')} ?MD5*x.txt\r\n")
    assert [line.defect for line in form.lines] == ["", "", "", "form-digest-length"]
    assert form.lines[3].path == "x.txt"


@pytest.mark.parametrize("text", [
    "MD5 的 a 哈希:\n" + "0" * 900_000, "文件: a\nMD5: " + A + "\n\n0" + " " * 900_000 + "x\n",
    "<html><table>" + "<a" * 400_000, "<html><table><tr><td>" + "<!-" * 300_000,
    "<html><table>" + "<tr><td>" * 100_000, "<html>" + "<script>" * 100_000,
    "<FCIV>" + "<a><b/></a>" * 100_000, "Algorithm Hash Path\n--- --- ---\n" + " " * 900_000 + "x",
    "; UTF8: " + "?" * 900_000 + "\n" + A + " *" + "?" * 900_000 + "x\n", "a " * 400_000 + A, "1 " * 400_000 + A,
    "文件: a\nMD5: " + A + "\n\n" + "x:\n" * 100_000])
def test_no_text_makes_a_layout_slow(text: str, tmp_path: Path) -> None:
    """Quadratic work would take hours on this, and the suite's patience ends before."""
    try:
        form = form_of(tmp_path, text, "list.md5", "utf-8")
    except FormUnreadable:
        return
    assert len(form.lines) <= 100_002
