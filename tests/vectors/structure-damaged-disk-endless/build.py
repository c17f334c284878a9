"""A file of ext3 whose map of blocks comes back to itself, and claims 5 GB: pytsk3 would follow it for hours."""
from __future__ import annotations

from pathlib import Path

from tests.disk_kit import against, debugfs, ext, stale
from tests.vectors_kit import PLAIN, Case


def build(folder: Path) -> Case:
    content = {**PLAIN, "z.bin": stale(400_000)}
    image = ext(folder, content, "-O", "^extent,^64bit,^metadata_csum", "-b", "1024")
    debugfs(image, "sif /z.bin block[DIND] 900", "sif /z.bin block[TIND] 900", "sif /z.bin size 5000000000")
    return against(folder, image, content)
