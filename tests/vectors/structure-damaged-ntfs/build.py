"""A directory of NTFS lost its entries: the records that nothing leads to are counted."""
from __future__ import annotations

from pathlib import Path

from tests.disk_kit import against, attribute, kept
from tests.vectors_kit import CONTENT, Case, patch


def build(folder: Path) -> Case:
    image = kept(folder, "ntfs-reparse")
    root = attribute(image, "案卷", 0x90) + 32
    patch(image, root + 20, b"\x20")
    patch(image, root + 32, b"\0" * 8 + b"\x10\0\0\0\2\0\0\0")
    return against(folder, image, CONTENT)
