"""NTFS with a file that EFS encrypted: the bytes on the disk are never its content."""
from __future__ import annotations

from pathlib import Path

from tests.disk_kit import against, attribute, ntfs
from tests.vectors_kit import PLAIN, Case, patch


def build(folder: Path) -> Case:
    image = ntfs(folder, PLAIN)
    patch(image, attribute(image, "b.dat") + 12, b"\x00\x40")
    return against(folder, image, PLAIN)
