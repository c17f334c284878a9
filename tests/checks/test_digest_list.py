"""Text lists: every layout, every way of writing a line, and no line lost."""
from __future__ import annotations

import hashlib
import random
import subprocess
from pathlib import Path

import pytest

from checks import digest_list
from checks.form import DigestLine, FormUnreadable, Scope, SubmittedForm, read_form

A, B = hashlib.md5(b"a").hexdigest(), hashlib.md5(b"b").hexdigest()
SHA1, SHA256 = hashlib.sha1(b"a").hexdigest(), hashlib.sha256(b"a").hexdigest()


def form_of(folder: Path, content: bytes | str, name: str = "list.md5") -> SubmittedForm:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_form(path)


def line(line_no: int, path: str, digest: str, algorithm: str = "md5", **more: str) -> DigestLine:
    size, defect = more.get("size", ""), more.get("defect", "")
    return DigestLine(line_no, "", path, Scope.FILE, algorithm, digest, size, defect)


@pytest.mark.parametrize(("written", "path"), [
    (f"{A}  dir/a.pdf", "dir/a.pdf"),
    (f"{A} *dir/a.pdf", "dir/a.pdf"),
    (f"{A} dir/a.pdf", "dir/a.pdf"),
    (f"{A}\tdir/a.pdf", "dir/a.pdf"),
    (f"{A}\t\tdir/a.pdf", "dir/a.pdf"),
    (f"{A}\t*dir/a.pdf", "dir/a.pdf"),
    (f"{A} \t a.pdf", "a.pdf"),
    (f"{A.upper()}  a.pdf", "a.pdf"),
    (f"{A}   a.pdf", " a.pdf"),
    (f"{A}  a.pdf ", "a.pdf "),
    (f"{A}  E:\\备份\\a.pdf", "E:\\备份\\a.pdf"),
    (f"{A} *\\\\server\\share\\a.pdf", "\\\\server\\share\\a.pdf"),
    (f"{A}  deadbeef.bin", "deadbeef.bin"),
    (f"{A}  {B}", B),
    (f"{A}  {B}  twice.bin", f"{B}  twice.bin"),
    (f"{A}  12345678 90", "12345678 90"),
    (f"{A}  # not a comment", "# not a comment"),
    (f"{A}  a\u2028b\x0cc\x85d", "a\u2028b\x0cc\x85d"),
    (f"\\{A}  a\\nb\\\\c\\rd", "a\nb\\c\rd"),
    (f"\\{A}  dir\\\\name.txt", "dir\\name.txt"),
    (f"MD5:{A}  a", "a"),
    (f"md5={A}  a", "a"),
    (f"MD5：{A}  a", "a"),
    (f"0x{A}  a", "a"),
    (f"  {A}  a", "a"),
    (f"{A}　a", "a"),
    (f"{A.translate({ord(c): ord(c) + 0xFEE0 for c in '0123456789abcdef'})}  全角Ａ", "全角Ａ"),
    (f"{':'.join(A[i:i + 2] for i in range(0, 32, 2))}  a", "a"),
    (f"{' '.join(A[i:i + 2] for i in range(0, 32, 2))}  ab cd.txt", "ab cd.txt"),
    (f"{'-'.join(A[i:i + 8] for i in range(0, 32, 8))}  a", "a"),
])
def test_a_line_as_people_and_tools_write_it(tmp_path: Path, written: str, path: str) -> None:
    form = form_of(tmp_path, written + "\n")
    assert (form.layout, form.findings) == ("md5sum", ())
    assert list(form.lines) == [line(1, path, A)]


def test_line_ends_blank_lines_and_comments(tmp_path: Path) -> None:
    text = f"\ufeff# made by hand\r\n; by a tool\r\n// by another\r\n\r\n   \r\n{A}  a\r\n{B}  b"
    form = form_of(tmp_path, text)
    assert list(form.lines) == [line(6, "a", A), line(7, "b", B)]
    assert (form.encoding, form.findings, form.is_workbook) == ("utf-8-sig", (), False)
    assert form.sha256 == hashlib.sha256(text.encode()).hexdigest()
    assert form.size_bytes == len(text.encode())


def test_carriage_returns_alone_end_lines_where_nothing_else_does(tmp_path: Path) -> None:
    assert list(form_of(tmp_path, f"{A}  a\r{B}  b\r").lines) == [line(1, "a", A), line(2, "b", B)]


@pytest.mark.parametrize(("name", "algorithm"), [
    ("list.sha256", "sha256"), ("sha256sum.txt", "sha256"), ("清单SHA-256.txt", "sha256"), ("list.sm3", "sm3"),
    ("sm3sum.txt", "sm3"), ("LIST.SM3", "sm3"), ("清单(国密SM3).txt", "sm3")])
def test_sixty_four_digits_are_named_by_the_list(tmp_path: Path, name: str, algorithm: str) -> None:
    assert list(form_of(tmp_path, f"{SHA256}  a\n", name).lines) == [line(1, "a", SHA256, algorithm)]


@pytest.mark.parametrize("name", ["list.txt", "usm3data.txt", "sha256-or-sm3.txt"])
def test_sixty_four_digits_without_a_name_are_a_question(tmp_path: Path, name: str) -> None:
    form = form_of(tmp_path, f"{A}  a\n{SHA256}  b\n{SHA256}  c\n", name)
    assert list(form.lines) == [line(1, "a", A), line(2, "b", "", "", defect="form-digest-length"),
                                line(3, "c", "", "", defect="form-digest-length")]
    [finding] = form.findings
    assert (finding.code, finding.path, dict(finding.facts)) == ("form-digest-length", "", {
        "line": 2, "length": 64, "content": f"{SHA256}  b", "reason": "list-unnamed", "lines_unnamed": 2})


def test_a_comment_may_name_the_algorithm_of_sixty_four_digits(tmp_path: Path) -> None:
    form = form_of(tmp_path, f"; SHA256 checksums created by TeraCopy\n; teracopy.com\n\n{SHA256} *a\n", "list.txt")
    assert (list(form.lines), form.findings) == ([line(4, "a", SHA256, "sha256")], ())


def test_a_number_in_place_of_a_digest_is_a_lost_value(tmp_path: Path) -> None:
    form = form_of(tmp_path, f"{A}  a\n1.23457E+31  b\n", "list.txt")
    assert list(form.lines) == [line(1, "a", A), line(2, "b", "", "", defect="form-digest-is-number")]
    [finding] = form.findings
    assert (finding.code, finding.path, dict(finding.facts)) == ("form-digest-is-number", "b", {
        "line": 2, "row": 2, "column": "1", "value": "1.23457E+31", "package_no": ""})


def test_two_algorithms_for_one_file_are_two_lines(tmp_path: Path) -> None:
    form = form_of(tmp_path, f"{A}  a\n{SHA1}  a\nSM3:{SHA256}  a\n")
    assert [(entry.algorithm, entry.defect) for entry in form.lines] == [("md5", ""), ("sha1", ""), ("sm3", "")]
    assert form.findings == ()
    assert form.lines.algorithms() == ("md5", "sha1", "sm3")


@pytest.mark.parametrize(("bad", "path"), [
    (A[:-1] + "g  a.pdf", "a.pdf"),                      # a letter that is no hex digit
    (A[:-1] + "O  a.pdf", "a.pdf"),                      # the letter O for a nought
    (A, ""),                                             # a digest alone
    (A + "  ", ""),
    (A + "-a.pdf", ""),
    ("\\" + A + "  a\\tb", "a\\tb"),                          # an escape that GNU tools never write
    ("total 17 files", ""),
    ("\\", ""),
    (A + "  a\0b", ""),
    (A + "  " + 40_000 * "x", ""),
])
def test_a_line_that_does_not_parse_is_kept(tmp_path: Path, bad: str, path: str) -> None:
    form = form_of(tmp_path, f"{A}  1\n{bad}\n{B}  2\n")
    assert list(form.lines) == [line(1, "1", A), line(2, path, "", "", defect="form-line-malformed"), line(3, "2", B)]
    [finding] = form.findings
    assert (finding.code, finding.path) == ("form-line-malformed", path)
    assert finding.facts == {"line": 2, "content": bad.strip()[:80], "reason": "layout"}


@pytest.mark.parametrize("length", [16, 31, 33, 56, 63, 65, 96, 127])
def test_a_digest_of_no_known_length(tmp_path: Path, length: int) -> None:
    form = form_of(tmp_path, "a" * length + "  x/y\n")
    assert list(form.lines) == [line(1, "x/y", "", "", defect="form-digest-length")]
    [finding] = form.findings
    assert (finding.code, finding.path) == ("form-digest-length", "x/y")
    assert finding.facts == {"line": 1, "length": length, "content": ("a" * length + "  x/y")[:80], "reason": ""}


def test_a_named_algorithm_and_another_length(tmp_path: Path) -> None:
    form = form_of(tmp_path, f"MD5:{SHA1}  a\n")
    assert list(form.lines) == [line(1, "a", "", defect="form-digest-length")]


def test_repeated_and_contradicting_lines(tmp_path: Path) -> None:
    text = f"{A}  d/x\n{B}  y\n{A}  d\\x\n{A}  y\n{A}  caf\u00e9\n{A}  cafe\u0301\n{B}  z\n"
    form = form_of(tmp_path, text)
    assert [entry.defect for entry in form.lines] == ["", "form-line-conflict", "", "form-line-conflict", "", "", ""]
    assert [entry.digest for entry in form.lines] == [A, B, A, A, A, A, B]
    assert [(f.code, f.path, dict(f.facts)) for f in form.findings] == [
        ("form-line-duplicate", "d/x", {"lines": "1,3", "count": 2, "package_no": ""}),
        ("form-line-conflict", "y", {"lines": "2,4", "count": 2, "package_no": ""}),
        ("form-line-duplicate", "caf\u00e9", {"lines": "5,6", "count": 2, "package_no": ""})]


def test_many_repetitions_name_the_first_twenty(tmp_path: Path) -> None:
    form = form_of(tmp_path, f"{A}  x\n" * 50)
    [finding] = form.findings
    assert finding.facts["lines"] == ",".join(map(str, range(1, 21)))
    assert finding.facts["count"] == 50


@pytest.mark.parametrize("more", [1, 4094, 5000])
def test_order_is_kept_around_batches(tmp_path: Path, more: int) -> None:
    listed = "".join(f"{hashlib.md5(str(n).encode()).hexdigest()}  {n}\n" for n in range(more))
    form = form_of(tmp_path, listed + f"?\n{A}  end\n")
    assert list(form.lines.line_nos) == list(range(1, more + 3))
    assert form.lines.paths == [*map(str, range(more)), "", "end"]
    assert dict(form.lines.defects) == {more: "form-line-malformed"}


# --- the tools themselves ------------------------------------------------------------------------------------

@pytest.mark.parametrize("tool", ["md5sum", "sha1sum", "sha256sum"])
@pytest.mark.parametrize("option", ["--text", "--binary", "--tag"])
def test_lists_by_the_real_tools(tmp_path: Path, tool: str, option: str) -> None:
    folder = tmp_path / "content"
    folder.mkdir()
    names = ["plain.txt", "two  blanks ", "new\nline", "back\\slash", "cr\r", "档案(1) = 2.pdf", "*star", A, "a) = b"]
    for name in names:
        (folder / name).write_bytes(name.encode())
    listed = subprocess.run([tool, option, "--", *names], cwd=folder, check=True, capture_output=True).stdout
    form = form_of(tmp_path, listed, f"{tool}.txt")
    algorithm = tool.removesuffix("sum")
    assert form.layout == ("bsd" if option == "--tag" else "md5sum")
    assert form.findings == ()
    assert list(form.lines) == [line(number, name, hashlib.new(algorithm, name.encode()).hexdigest(), algorithm)
                                for number, name in enumerate(names, start=1)]


def test_openssl(tmp_path: Path) -> None:
    (tmp_path / "数 据.bin").write_bytes(b"x")
    listed = b"".join(subprocess.run(["openssl", "dgst", kind, "数 据.bin"], cwd=tmp_path, check=True,
                                     capture_output=True).stdout for kind in ("-md5", "-sha256", "-sm3"))
    form = form_of(tmp_path, listed, "list.txt")
    assert (form.layout, form.findings) == ("bsd", ())
    assert [(entry.path, entry.algorithm) for entry in form.lines] == [
        ("数 据.bin", "md5"), ("数 据.bin", "sha256"), ("数 据.bin", "sm3")]
    assert form.lines[0].digest == hashlib.md5(b"x").hexdigest()


def test_bsd_of_an_algorithm_that_we_do_not_have(tmp_path: Path) -> None:
    form = form_of(tmp_path, f"MD5 (a) = {A}\nSHA384 (b) = {'0' * 128}\nMD5 (c) = {SHA1}\nMD5 (d) = {A[:-1]}x\n")
    assert list(form.lines) == [
        line(1, "a", A), line(2, "b", "", "", defect="form-digest-length"),
        line(3, "c", "", "md5", defect="form-digest-length"), line(4, "d", "", "", defect="form-line-malformed")]
    assert [finding.code for finding in form.findings] == [
        "form-digest-length", "form-digest-length", "form-line-malformed"]


def test_sfv(tmp_path: Path) -> None:
    form = form_of(tmp_path, "; made by QuickSFV\r\n档 案.pdf 1234ABCD\r\n# a.pdf  00000000\r\nbroken 123\r\n", "x.sfv")
    assert form.layout == "sfv"
    assert list(form.lines) == [
        line(2, "档 案.pdf", "1234abcd", "crc32"), line(3, "# a.pdf", "00000000", "crc32"),
        line(4, "", "", "", defect="form-line-malformed")]


def test_dates_are_no_crcs(tmp_path: Path) -> None:
    with pytest.raises(FormUnreadable) as caught:
        form_of(tmp_path, "照片一.jpg 20230405\n照片二.jpg 20230406\n", "list.txt")
    assert caught.value.code == "form-unknown-layout"


def test_hashdeep(tmp_path: Path) -> None:
    text = (f"%%%% HASHDEEP-1.0\n%%%% size,md5,sha256,filename\n## Invoked from: /x\n## $ hashdeep -r .\n##\n"
            f"12,{A},{SHA256},/x/a,b.pdf\n7,{B},{SHA256[:-1]},/x/c\nx,{A},{SHA256},/x/d\n")
    form = form_of(tmp_path, text, "list.txt")
    assert form.layout == "hashdeep"
    assert list(form.lines) == [
        line(6, "/x/a,b.pdf", A, size="12B"), line(6, "/x/a,b.pdf", SHA256, "sha256", size="12B"),
        line(7, "/x/c", B, size="7B"), line(7, "/x/c", "", "sha256", size="7B", defect="form-digest-length"),
        line(8, "", "", "", defect="form-line-malformed")]


def test_a_second_hashdeep_header_with_other_columns_is_no_comment(tmp_path: Path) -> None:
    header = "%%%% HASHDEEP-1.0\n%%%% size,md5,filename\n"
    form = form_of(tmp_path, f"{header}1,{A},a\n{header}2,{B},b\n%%%% size,sha1,filename\n3,{SHA1},c\n")
    assert [(entry.line_no, entry.defect) for entry in form.lines] == [
        (3, ""), (6, ""), (7, "form-line-malformed"), (8, "form-digest-length")]


# --- what is no list -----------------------------------------------------------------------------------------

@pytest.mark.parametrize("text", [
    "hello world\n", "# only\n; comments\n", f"{A}  a\nx\ny\n", "added faces\n", A + "\n", "x\n" * 3000 + f"{A}  a\n",
    f"{A}  a\0{B}  b\0", f"{A}  a\n" * 2000 + "?\n" * 2001])
def test_unknown_layouts_are_never_guessed(tmp_path: Path, text: str) -> None:
    with pytest.raises(FormUnreadable) as caught:
        form_of(tmp_path, text, "list.txt")
    assert (caught.value.code, caught.value.facts) == ("form-unknown-layout", {"file": "list.txt"})


def test_half_of_the_lines_are_enough(tmp_path: Path) -> None:
    assert [entry.defect for entry in form_of(tmp_path, f"{A}  a\nx\n").lines] == ["", "form-line-malformed"]


def test_more_lines_than_any_list_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digest_list, "MAX_LINES", 3)
    with pytest.raises(FormUnreadable) as caught:
        form_of(tmp_path, f"{A}  a\n" * 4)
    assert (caught.value.code, caught.value.facts) == ("form-bomb", {"file": "list.md5", "limit": 3})


def test_a_line_without_end(tmp_path: Path) -> None:
    with pytest.raises(FormUnreadable) as caught:
        form_of(tmp_path, f"{A}  " + "a" * (3 << 20))
    assert caught.value.code == "form-unknown-layout"


@pytest.mark.parametrize("text", ["\t", " ", "a ", "a\t", "0" * 20 + "\t", "MD5 (", ") = ", "0 ", "\\", A + " " * 3])
def test_no_text_makes_the_patterns_slow(tmp_path: Path, text: str) -> None:
    """Quadratic patterns would take hours on this, and the suite's patience ends before."""
    form = form_of(tmp_path, f"{A}  a\n{text * (900_000 // len(text))}x\n")
    assert [entry.line_no for entry in form.lines] == [1, 2]


# --- damage --------------------------------------------------------------------------------------------------

def _good(text: str, layout: str) -> list[int]:
    """Numbers of the lines that must be answered for: neither blank nor a comment."""
    comments = {"md5sum": ("#", ";", "//"), "bsd": ("#", ";", "//"), "sfv": (";",), "hashdeep": ("##", "%%%%")}[layout]
    return [number for number, written in enumerate(text.split("\n"), start=1)
            if written.strip("\ufeff") and not written.isspace() and not written.lstrip("\ufeff").startswith(comments)]


@pytest.mark.parametrize("layout", ["md5sum", "bsd", "sfv", "hashdeep"])
def test_no_damage_loses_a_line(tmp_path: Path, layout: str) -> None:
    digests = [hashlib.md5(bytes([n])).hexdigest() for n in range(12)]
    sound = {"md5sum": "# head\n" + "".join(f"{d}  档/{n}.pdf\n" for n, d in enumerate(digests)),
             "bsd": "".join(f"MD5 (档/{n}.pdf) = {d}\n" for n, d in enumerate(digests)),
             "sfv": "; head\n" + "".join(f"档/{n}.pdf {d[:8]}\n" for n, d in enumerate(digests)),
             "hashdeep": "%%%% HASHDEEP-1.0\n%%%% size,md5,filename\n## x\n" + "".join(
                 f"{n},{d},/档/{n}.pdf\n" for n, d in enumerate(digests))}[layout]
    chance = random.Random(17)
    refused = 0
    for _ in range(700):
        damaged = bytearray(sound.encode())
        for _ in range(chance.randrange(1, 4)):
            at = chance.randrange(len(damaged))
            kind = chance.randrange(3)
            if kind == 0:
                damaged[at] = chance.randrange(256)
            elif kind == 1:
                del damaged[at:at + chance.randrange(1, 20)]
            else:
                damaged[at:at] = chance.choice([b"\n", b" ", b"\\", b'"', b"#", b"\t", b",", b"\0", b"\xff"])
        try:
            form = form_of(tmp_path, bytes(damaged), "list.txt")
        except FormUnreadable:
            refused += 1
            continue
        text = bytes(damaged).decode(form.encoding).replace("\r\n", "\n")
        assert sorted(set(form.lines.line_nos)) == _good(text, form.layout)
        for entry in form.lines:
            assert bool(entry.digest) == (entry.defect in ("", "form-line-conflict"))
    assert refused < 500
