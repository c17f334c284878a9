"""One package on the carrier, named by its number only."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import HEADER, NUMBER, Case, digest, genisoimage, workbook


def build(folder: Path) -> Case:
    content = {f"{NUMBER}.zip.enc": b"package" * 1000}
    header = (*HEADER[:1], *HEADER[2:])
    rows = [(NUMBER, "MD5", digest(b"package" * 1000))]
    return Case(genisoimage(folder, content), workbook(folder, rows, header=header))
