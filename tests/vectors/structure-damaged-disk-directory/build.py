"""A block of a directory of ext4 cannot be read: what is listed below is not missing."""
from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tests.disk_kit import against, ext
from tests.faults import FaultySource
from tests.vectors_kit import Case


def build(folder: Path) -> Case:
    image = ext(folder)
    at = image.read_bytes().index(b"0001.txt") // 512
    return replace(against(folder, image), pread=FaultySource(bad=[at], block_bytes=512))
