"""station form, as a unit gives it; and a form with more than files on it, through to the decision."""
from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
import xlsxwriter

from checks.form import read_form
from tests.station.test_commands import CONTENTS, a_package, station


def test_an_empty_form_for_a_unit(tmp_path: Path) -> None:
    out = tmp_path / "空表.xlsx"
    made = station(tmp_path / "home", "form", "--blank", "-o", out, "--unit", "某局", "--field", "联系人=王芳")
    assert (made.returncode, "空表.xlsx" in made.stdout + made.stderr) == (0, True)
    fields = read_form(out).fields
    assert (fields["unit_name"], fields["contact"], fields["phone"]) == ("某局", "王芳", "")
    assert station(tmp_path / "home", "form", "--blank", "-o", out).returncode == 2         # never overwritten


def test_a_folder_with_what_the_unit_says_of_it_passes(tmp_path: Path) -> None:
    source, _ = a_package(tmp_path, CONTENTS)
    form, home = tmp_path / "form.xlsx", tmp_path / "home"
    made = station(home, "form", source, "-o", form, "--fonds", "J010", "--unit", "某局", "--field", "密级=公开")
    assert made.returncode == 0, made.stderr
    assert read_form(form).fields["security_level"] == "公开"
    assert station(home, "intake", source, "--form", form).returncode == 0


@pytest.mark.parametrize("arguments", [(), ("--blank", "folder"), ("--blank", "--iso", "x.iso"),
                                       ("folder", "--field", "没有这一项=1"), ("folder", "--field", "联系人")])
def test_wrong_usage(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "a.txt").write_bytes(b"a")
    done = station(tmp_path / "home", "form", *arguments, "-o", tmp_path / "form.xlsx")
    assert (done.returncode, (tmp_path / "form.xlsx").exists(), "Traceback" in done.stderr) == (2, False, False)


def test_a_batch_whose_form_lists_the_catalogue_package_too_can_be_decided(tmp_path: Path) -> None:
    """Two sheets, whose rows have the same numbers; a line of each carrier and one of the uploaded package."""
    home = tmp_path / "home"
    form = tmp_path / "form.xlsx"
    header = ("载体(包)编号", "文件名", "内容说明", "数字摘要")
    contents = {number: {f"{number}.zip": number.encode() * 100} for number in ("G001", "G002")}
    with xlsxwriter.Workbook(str(form)) as book:
        for number, files in contents.items():
            sheet = book.add_worksheet()
            sheet.write_row(0, 0, ("全宗号", "J010", "单位名称", "某局", "年度", "2026"))
            sheet.write_row(1, 0, header)
            for name, content in files.items():
                sheet.write_row(2, 0, (number, name, "实体数据包", hashlib.md5(content).hexdigest()))
        sheet.write_row(3, 0, ("G000", "", "目录数据包", hashlib.md5(b"uploaded").hexdigest()))
    assert station(home, "batch", form).returncode in (0, 3)
    decide = ("decide", "J010-2026-01", "--operator", "甲", "--reviewer", "乙", "--appearance", "好", "--json")
    for number, files in contents.items():
        source = tmp_path / number
        source.mkdir()
        for name, content in files.items():
            (source / name).write_bytes(content)
        assert station(home, *decide).returncode == 3                                       # a line nobody answers
        verdict = json.loads(station(home, "intake", source, "--form", form, "--carrier", number, "--json").stdout)
        notes = [f["facts"]["content"] for f in verdict["findings"] if f["code"] == "form-catalogue-apart"]
        assert (verdict["outcome"], notes) == ("passed", ["G000"])
    assert json.loads(station(home, *decide).stdout)["outcome"] == "passed"
