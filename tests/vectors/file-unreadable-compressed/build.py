"""A block of a compressed file of NTFS cannot be read: no digest of zeros."""
from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tests.disk_kit import against, kept
from tests.faults import FaultySource
from tests.vectors_kit import CONTENT, Case


def build(folder: Path) -> Case:
    raw = CONTENT["案卷/0002.bin"]
    content = {**CONTENT, "c/compressed.txt": ("压缩\n".encode() * 15000)[:100000] + raw + bytes(70000)}
    image = kept(folder, "ntfs-rich")
    at = image.read_bytes().index("压缩\n".encode()) // 512
    return replace(against(folder, image, content), pread=FaultySource(bad=[at], block_bytes=512))
