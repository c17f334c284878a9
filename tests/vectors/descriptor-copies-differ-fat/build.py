"""The two file allocation tables differ."""
from __future__ import annotations

from pathlib import Path

from tests.disk_kit import against, fat
from tests.vectors_kit import Case, patch


def build(folder: Path) -> Case:
    image = fat(folder)
    boot = image.read_bytes()[:512]
    second = (int.from_bytes(boot[14:16], "little") + int.from_bytes(boot[22:24], "little")) * 512
    patch(image, second + 200, b"\xff\xff")
    return against(folder, image)
