"""ext4 with a hole, extents never written (over old bytes), a hard link."""
from __future__ import annotations

from pathlib import Path

from tests.disk_kit import PREALLOCATED, against, debugfs, ext
from tests.vectors_kit import CONTENT, Case


def build(folder: Path) -> Case:
    holed = {**CONTENT, "洞.bin": bytes(50000) + b"end"}
    image = ext(folder, holed)
    debugfs(image, "write /dev/null 长.bin", "fallocate /长.bin 0 19", "sif /长.bin size 20000",
            "ln /说明.txt /硬链接.txt", "sif /说明.txt links_count 2")
    return against(folder, image, {**holed, **PREALLOCATED, "硬链接.txt": CONTENT["说明.txt"]})
