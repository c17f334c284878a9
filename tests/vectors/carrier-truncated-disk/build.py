"""A disk image that was cut inside its second partition."""
from __future__ import annotations

from pathlib import Path

from tests.disk_kit import MIB, against, fat, table
from tests.vectors_kit import CONTENT, Case


def build(folder: Path) -> Case:
    image = table(folder, "label: dos\nstart=1MiB,size=2MiB,type=c\nstart=4MiB,size=8MiB,type=c\n", [(1, fat(folder))])
    image.write_bytes(image.read_bytes()[:5 * MIB])
    return against(folder, image, CONTENT)
