"""A partition that was taken out of the table; before it a space that is empty."""
from __future__ import annotations

from pathlib import Path

from tests.disk_kit import against, fat, table
from tests.vectors_kit import CONTENT, PLAIN, Case


def build(folder: Path) -> Case:
    lost = fat(folder, PLAIN, name="lost.img")
    script = "label: dos\nstart=1MiB,size=2MiB,type=c\n"
    return against(folder, table(folder, script, [(1, fat(folder, CONTENT)), (8, lost)]))
