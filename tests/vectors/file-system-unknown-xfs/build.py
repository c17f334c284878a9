"""XFS is not read here, and said to be what it is."""
from __future__ import annotations

from pathlib import Path

from tests.disk_kit import MIB, against, run
from tests.vectors_kit import Case, written


def build(folder: Path) -> Case:
    image = written(folder, "disk.img", bytes(320 * MIB))
    run("mkfs.xfs", "-q", str(image))
    return against(folder, image)
