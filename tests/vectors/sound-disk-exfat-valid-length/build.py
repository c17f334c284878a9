"""exFAT with a file whose valid data is shorter than it: the rest is zeros."""
from __future__ import annotations

from pathlib import Path

from tests.disk_kit import against, exfat_entry, kept
from tests.vectors_kit import CONTENT, Case


def build(folder: Path) -> Case:
    image = kept(folder, "exfat")
    exfat_entry(image, "0002.bin", valid_bytes=4000)
    return against(folder, image, {**CONTENT, "案卷/0002.bin": CONTENT["案卷/0002.bin"][:4000].ljust(9000, b"\0")})
