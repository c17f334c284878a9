"""Old bytes between the partitions belong to no file, and are said."""
from __future__ import annotations

from pathlib import Path

from tests.disk_kit import against, fat, stale, table
from tests.vectors_kit import Case, patch


def build(folder: Path) -> Case:
    image = table(folder, "label: dos\nstart=1MiB,size=2MiB,type=c\n", [(1, fat(folder))])
    patch(image, 6 << 20, stale(5000))
    return against(folder, image)
