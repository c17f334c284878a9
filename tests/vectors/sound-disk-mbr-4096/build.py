"""An MBR that counts in sectors of 4096 bytes, as of a disk or bridge with such sectors."""
from __future__ import annotations

from pathlib import Path

from tests.disk_kit import against, fat, table
from tests.vectors_kit import CONTENT, Case


def build(folder: Path) -> Case:
    volume = fat(folder, CONTENT, "-S", "4096", kib=8192)
    return against(folder, table(folder, "label: dos\nstart=256,size=2048,type=c\n", [(1, volume)]))
