"""NTFS: files of the system's compression and of a cloud, and a junction, are not on the carrier."""
from __future__ import annotations

from pathlib import Path

from tests.disk_kit import against, kept
from tests.vectors_kit import CONTENT, Case


def build(folder: Path) -> Case:
    return against(folder, kept(folder, "ntfs-reparse"), {**CONTENT, "wof.bin": b"wof", "cloud.bin": b""})
