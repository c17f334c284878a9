"""A list on the carrier that is larger than any that is read before the pass."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import PLAIN, SCOPED, Case, plant, scoped, workbook


def build(folder: Path) -> Case:
    text = b"\n" * (16 << 20) + b"\n"
    form = workbook(folder, [scoped("md5sum.txt", "清单文件", text), *(
        scoped(path, "文件", raw) for path, raw in PLAIN.items())], header=SCOPED)
    return Case(plant(folder, {**PLAIN, "md5sum.txt": text}), form)
