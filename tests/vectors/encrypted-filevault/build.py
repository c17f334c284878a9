"""A volume of CoreStorage, as FileVault makes it."""
from __future__ import annotations

from pathlib import Path

from tests.disk_kit import against, table
from tests.vectors_kit import PLAIN, Case, patch


def build(folder: Path) -> Case:
    image = table(folder, "label: gpt\nstart=1MiB,size=4MiB,type=53746F72-6167-11AA-AA11-00306543ECAC\n", [])
    patch(image, (1 << 20) + 8, b"\1\0\x10\0")
    patch(image, (1 << 20) + 88, b"CS")
    return against(folder, image, PLAIN)
