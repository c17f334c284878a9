"""Two packages list a file of one name, the carrier has it once: one file answers one line (domain 10.3)."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import PLAIN, SHEET, Case, digest, genisoimage, workbook


def build(folder: Path) -> Case:
    rows = [("P1", "a.dat", "MD5", digest(PLAIN["a.dat"])), ("P2", "a.dat", "MD5", digest(PLAIN["a.dat"]))]
    sheet = {**SHEET, "载体数量": "1"}
    return Case(genisoimage(folder, {"a.dat": PLAIN["a.dat"]}), workbook(folder, rows, sheet=sheet))
