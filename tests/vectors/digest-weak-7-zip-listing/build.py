"""7z l -slt of the archive that was unpacked on the disc: CRC32 alone."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, Case, genisoimage, written
from tests.windows_tools import seven_zip_listing


def build(folder: Path) -> Case:
    return Case(genisoimage(folder, CONTENT), written(folder, "7z.txt", seven_zip_listing(CONTENT), "utf-8"))
