"""NTFS: resident, compressed, sparse, a hard link; a named stream and a deleted file are noted."""
from __future__ import annotations

from pathlib import Path

from tests.disk_kit import against, kept
from tests.vectors_kit import CONTENT, Case


def build(folder: Path) -> Case:
    raw = CONTENT["案卷/0002.bin"]
    compressed = ("压缩\n".encode() * 15000)[:100000] + raw + bytes(70000)
    rich = {"c/compressed.txt": compressed, "sparse.bin": CONTENT["案卷/0001.txt"].ljust(300000, b"\0") + raw,
            "硬链接.bin": raw, "zz.bin": raw}
    return against(folder, kept(folder, "ntfs-rich"), {**CONTENT, **rich})
