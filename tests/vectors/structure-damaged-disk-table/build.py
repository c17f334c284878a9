"""An entry of the MBR with a status that no entry may have still leads to a partition."""
from __future__ import annotations

from pathlib import Path

from tests.disk_kit import against, fat, table
from tests.vectors_kit import CONTENT, PLAIN, Case, patch


def build(folder: Path) -> Case:
    one, two = fat(folder, CONTENT, name="one.img"), fat(folder, PLAIN, "-n", "SECOND", name="two.img")
    script = "label: dos\nstart=1MiB,size=2MiB,type=c\nstart=8MiB,size=2MiB,type=c\n"
    image = table(folder, script, [(1, one), (8, two)])
    patch(image, 462, b"\1")
    return against(folder, image)
