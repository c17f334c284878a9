"""64 digits under "数字摘要": SHA-256 or SM3, the form does not say."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import HEADER, NUMBER, PLAIN, Case, digest, genisoimage, workbook


def build(folder: Path) -> Case:
    rows = [(NUMBER, path, digest(raw, "sha256")) for path, raw in PLAIN.items()]
    return Case(genisoimage(folder, PLAIN), workbook(folder, rows, header=(*HEADER[:2], HEADER[3])))
