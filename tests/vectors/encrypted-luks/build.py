"""A partition that LUKS encrypts."""
from __future__ import annotations

from pathlib import Path

from tests.disk_kit import against, fat, table
from tests.vectors_kit import PLAIN, Case, patch


def build(folder: Path) -> Case:
    script = "label: dos\nstart=1MiB,size=2MiB,type=c\nstart=4MiB,size=4MiB,type=83\n"
    image = table(folder, script, [(1, fat(folder, PLAIN))])
    patch(image, 4 << 20, b"LUKS\xba\xbe\0\2")
    return against(folder, image, PLAIN)
