"""A volume that no partition holds any more is not looked into, and said."""
from __future__ import annotations

from pathlib import Path

from tests.disk_kit import against, ext, fat, table
from tests.vectors_kit import CONTENT, PLAIN, Case


def build(folder: Path) -> Case:
    old = ext(folder, PLAIN, name="e.img")
    image = table(folder, "label: dos\nstart=1MiB,size=2MiB,type=c\n", [(1, fat(folder)), (3, old)])
    return against(folder, image, CONTENT)
