"""A digest over the parts of a package cannot be had in one pass: not checked, never passed."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import HEADER, NUMBER, Case, digest, genisoimage, workbook


def build(folder: Path) -> Case:
    content = {"p.7z.001": b"7z\xbc\xaf\x27\x1c" * 50, "p.7z.002": b"second" * 50}
    rows = [(NUMBER, "p.7z", "MD5", digest(b"".join(content.values())), "2")]
    return Case(genisoimage(folder, content), workbook(folder, rows, header=(*HEADER, "分卷数")))
