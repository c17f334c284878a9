"""A disk in a file of a virtual machine, which is no image of it."""
from __future__ import annotations

from pathlib import Path

from tests.disk_kit import against
from tests.vectors_kit import Case, written


def build(folder: Path) -> Case:
    return against(folder, written(folder, "disk.vhdx", b"vhdxfile".ljust(1 << 20, b"\0")))
