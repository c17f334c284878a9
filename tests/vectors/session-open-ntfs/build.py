"""NTFS that was not ejected properly."""
from __future__ import annotations

from pathlib import Path

from tests.disk_kit import against, attribute, ntfs
from tests.vectors_kit import PLAIN, Case, patch


def build(folder: Path) -> Case:
    image = ntfs(folder, PLAIN)
    volume = attribute(image, "$Volume", 0x70) + 24 + 10
    mirror = image.read_bytes().rindex(b"$\0V\0o\0l\0u\0m\0e\0") // 1024 * 1024
    for at in (volume, mirror + volume % 1024):
        patch(image, at, b"\1")
    return against(folder, image, PLAIN)
