"""A second session was appended with other files: the disc shows those, not what was checked."""
from __future__ import annotations

import os
import subprocess
from pathlib import Path

from tests.vectors_kit import BLOCK, CONTENT, LABEL, Case, genisoimage, listed, plant


def build(folder: Path) -> Case:
    image = genisoimage(folder, CONTENT)
    blocks = -(-image.stat().st_size // BLOCK // 16) * 16
    os.truncate(image, blocks * BLOCK)
    newer = plant(folder, {**CONTENT, "说明.txt": b"newer"}, "newer")
    command = ["genisoimage", "-quiet", "-J", "-R", "-input-charset", "utf-8", "-V", LABEL]
    second = subprocess.run([*command, "-C", f"0,{blocks}", "-M", str(image), str(newer)], check=True,
                            capture_output=True).stdout
    with image.open("ab") as file:
        file.write(second)
    return Case(image, listed(folder, CONTENT))
