"""The last two sectors hold the end of a listed file: that is no run-out."""
from __future__ import annotations

import errno
from pathlib import Path

from tests.faults import FaultySource
from tests.vectors_kit import BLOCK, CONTENT, Case, genisoimage, listed


def build(folder: Path) -> Case:
    content = {**CONTENT, "z.bin": b"Z" * 9000}
    image = genisoimage(folder, content, "-J", "-R", "-no-pad")
    end = image.stat().st_size // BLOCK
    return Case(image, listed(folder, content),
                pread=FaultySource(bad={end - 2: errno.ENODATA, end - 1: errno.EREMOTEIO}))
