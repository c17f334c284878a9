"""What the form calls a list has no layout that is known; its own digest is right."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import PLAIN, SCOPED, Case, genisoimage, scoped, workbook


def build(folder: Path) -> Case:
    text = "本目录共两个文件。\n".encode()
    form = workbook(folder, [scoped("md5sum.txt", "清单文件", text)], header=SCOPED)
    return Case(genisoimage(folder, {**PLAIN, "md5sum.txt": text}), form)
