"""The form has the digest of a list and no name: it is the only list on the carrier; its names begin at the root."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, SCOPED, Case, genisoimage, manifest, scoped, workbook


def build(folder: Path) -> Case:
    inner = manifest(CONTENT, "sm3")
    form = workbook(folder, [scoped("", "清单", inner)], header=SCOPED)
    return Case(genisoimage(folder, {**CONTENT, "校验/sums.sm3": inner}), form)
