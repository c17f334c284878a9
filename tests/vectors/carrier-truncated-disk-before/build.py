"""A disk image that was cut before its partition: what lies there was not looked for, so it is not missing."""
from __future__ import annotations

from pathlib import Path

from tests.disk_kit import MIB, against, fat, table
from tests.vectors_kit import CONTENT, Case


def build(folder: Path) -> Case:
    image = table(folder, "label: gpt\nstart=1MiB,size=2MiB\n", [(1, fat(folder))])
    image.write_bytes(image.read_bytes()[:MIB // 2])
    return against(folder, image, CONTENT)
