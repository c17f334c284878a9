"""A form of a whole batch in three sets: rows of the 载体目录, lines by the number without its set; the label tells."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, PLAIN, Case, digest, genisoimage, workbook


def build(folder: Path) -> Case:
    catalogue = [("载体编号", "载体形式", "卷标", "套别"),
                 *((f"J010-2026-01-{number}", "光盘", f"J010_2026_01_{number}_{letter}", letter)
                   for number in ("G001", "G002") for letter in "ABC")]
    rows = [("J010-2026-01-G001", path, "MD5", digest(raw)) for path, raw in PLAIN.items()]
    rows += [("J010-2026-01-G002", path, "MD5", digest(raw)) for path, raw in CONTENT.items()]
    image = genisoimage(folder, CONTENT, label="J010_2026_01_G002_B")
    return Case(image, workbook(folder, rows, catalogue=catalogue))
