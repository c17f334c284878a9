"""A physical volume of LVM beside a partition with files: its volumes are not looked into."""
from __future__ import annotations

from pathlib import Path

from tests.disk_kit import against, fat, table
from tests.vectors_kit import PLAIN, Case, patch


def build(folder: Path) -> Case:
    script = "label: dos\nstart=1MiB,size=2MiB,type=c\nstart=4MiB,size=4MiB,type=8e\n"
    image = table(folder, script, [(1, fat(folder, PLAIN))])
    patch(image, (4 << 20) + 512, b"LABELONE" + bytes(16) + b"LVM2 001")
    return against(folder, image, PLAIN)
