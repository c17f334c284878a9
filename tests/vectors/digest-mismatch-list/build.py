"""The list on the carrier is not the one on the form: its lines are compared, and it is a reject all the same."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, SCOPED, Case, genisoimage, manifest, scoped, workbook


def build(folder: Path) -> Case:
    form = workbook(folder, [scoped("md5sum.txt", "清单文件", b"the list that was signed")], header=SCOPED)
    return Case(genisoimage(folder, {**CONTENT, "md5sum.txt": manifest(CONTENT)}), form)
