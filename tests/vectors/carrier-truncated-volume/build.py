"""A volume that is larger than its partition."""
from __future__ import annotations

from pathlib import Path

from tests.disk_kit import against, fat, table
from tests.vectors_kit import CONTENT, Case


def build(folder: Path) -> Case:
    image = table(folder, "label: dos\nstart=1MiB,size=2MiB,type=c\n", [(1, fat(folder, CONTENT, kib=4096))])
    return against(folder, image, CONTENT)
