"""XFS is not read here, and said to be what it is."""
from __future__ import annotations

import os
from pathlib import Path

from tests.disk_kit import MIB, against, run
from tests.vectors_kit import Case, written


def build(folder: Path) -> Case:
    image = written(folder, "disk.img", b"")
    os.truncate(image, 320 * MIB)
    run("mkfs.xfs", "-q", str(image))
    return against(folder, image)
