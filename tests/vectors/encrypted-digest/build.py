"""A BitLocker volume whose digest as a whole is on the form: handed over as it is, and proven equal."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import BLOCK, NUMBER, SHEET, Case, digest, workbook, written


def build(folder: Path) -> Case:
    raw = b"\xeb\x58\x90-FVE-FS-" + bytes(300 * BLOCK)
    raw = raw.ljust(-(-len(raw) // BLOCK) * BLOCK, b"\0")
    image = written(folder, "disk.img", raw)
    return Case(image, workbook(folder, [(NUMBER, "", "MD5", digest(raw))], sheet=SHEET))
