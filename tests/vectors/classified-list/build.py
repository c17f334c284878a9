"""A workbook on the carrier is asked for as the reference, and it is classified."""
from __future__ import annotations

from pathlib import Path

from checks.bind import Choice
from tests.vectors_kit import PLAIN, SCOPED, SHEET, Case, genisoimage, workbook


def build(folder: Path) -> Case:
    rows = [("", "a.dat", "文件", "MD5", "0" * 31 + "a", "")]
    form = workbook(folder, rows, header=SCOPED, sheet={**SHEET, "密级": "机密"})
    return Case(genisoimage(folder, {**PLAIN, "表.xlsx": form.read_bytes()}), None, Choice(lists="表.xlsx"))
