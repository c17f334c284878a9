"""No line of a form disappears: what people see in it is a line, a line that cannot be trusted, or told as left out."""
from __future__ import annotations

from pathlib import Path

import pytest

from checks.form import FormUnreadable, SubmittedForm, form_of
from tests.vectors_kit import digest, workbook

ONE, TWO, GONE = digest(b"1"), digest(b"2"), digest(b"gone")
TABLE = f"<table><tr><td>文件名<td>MD5<tr><td>1.txt<td>{ONE}<tr><td>2.txt<td>{TWO}{{}}</table>"


def told(form: SubmittedForm) -> list[str]:
    """What of the third line is left: its path, or the code of a finding."""
    sound = [line.path for line in form.lines if not line.defect]
    return sorted({*sound} - {"1.txt", "2.txt"}) + [finding.code for finding in form.findings]


@pytest.mark.parametrize(("inside", "after"), [
    ("", f"<p>gone.txt {GONE}</p>"), ("", f"<p>gone.txt {GONE[:9]}<b>{GONE[9:]}</b></p>"), (f"<tr>gone.txt {GONE}", ""),
    ("", f"<table><td>gone.txt</td><td>{GONE}</td></table>"), ("", f"gone.txt {GONE}")])
def test_a_web_page_has_no_digest_outside_its_cells(inside: str, after: str) -> None:
    page = f"<html><body>{TABLE.format(inside)}{after}</body></html>"
    assert told(form_of(page.encode(), "f.html")) == ["form-digest-outside"]


@pytest.mark.parametrize("comment", [f"<!-- {TABLE.format('')} -->", "<!-- without an end", "<!-- <tr> -->"])
def test_cells_in_a_comment_of_a_web_page_are_refused(comment: str) -> None:
    page = f"<html><body>{TABLE.format('')}{comment}</body></html>"
    with pytest.raises(FormUnreadable) as refusal:
        form_of(page.encode(), "f.html")
    assert refusal.value.code == "form-unknown-layout"


def test_a_comment_of_a_web_page_is_left_out() -> None:
    page = f"<html><!-- made by a tool --><body>{TABLE.format('')}</body></html>"
    assert told(form_of(page.encode(), "f.html")) == []


@pytest.mark.parametrize("mark", ["#", ";", "//"])
def test_a_name_that_begins_as_a_comment_is_a_name(mark: str) -> None:
    text = f"1.txt {ONE}\n{mark} made on Monday\n2.txt {TWO}\n{mark}gone.txt {GONE}\n"
    assert told(form_of(text.encode(), "list.txt")) == [f"{mark}gone.txt"]


def test_a_line_behind_a_comment_that_only_a_carriage_return_ends_is_told() -> None:
    text = f"{ONE}  1.txt\n{TWO}  2.txt\n# made by a tool\r{GONE}  gone.txt\n"
    assert told(form_of(text.encode(), "list.txt")) == ["form-line-malformed"]


@pytest.mark.parametrize(("rows", "expected"), [
    ([("合计.xlsx", "", "")], ["form-line-malformed"]), ([("合计.xlsx", "1A2B3C4D", "")], ["合计.xlsx"]),
    ([("说明", "", ""), ("gone.txt", "", "")], ["form-line-malformed"]),
    ([("合计", "", ""), ("说明", "", ""), ("以上各件均已核对", "", "")], [])])
def test_a_row_that_names_a_file_is_no_total_and_no_note(tmp_path: Path, rows: list[tuple[str, str, str]],
                                                         expected: list[str]) -> None:
    path = workbook(tmp_path, [("1.txt", "", ONE), ("2.txt", "", TWO), *rows], header=("文件名", "CRC32", "MD5"))
    assert told(form_of(path.read_bytes(), path.name)) == expected


@pytest.mark.parametrize(("head", "value", "expected"), [
    ("SHA1校验", digest(b"1", "sha1"), ["form-digest-outside"]), ("MD5 2", GONE, ["form-digest-outside"]),
    ("", f"gone.txt {GONE}", ["form-digest-outside"]), ("备注", f"MD5:{GONE}", ["form-digest-outside"]),
    ("备注", f"原值{GONE}有误", []), ("文件ID", GONE, []), ("SHA-384", GONE * 3, []), ("责任人", "张伟", [])])
def test_a_digest_in_a_column_that_nothing_is_compared_with_is_told(tmp_path: Path, head: str, value: str,
                                                                    expected: list[str]) -> None:
    path = workbook(tmp_path, [("1.txt", ONE, value), ("2.txt", TWO, "")], header=("文件名", "MD5", head))
    assert told(form_of(path.read_bytes(), path.name)) == expected
