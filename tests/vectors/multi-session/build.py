"""A second session was appended with other files: the disc shows those, not what was checked."""
from __future__ import annotations

import os
import subprocess
from pathlib import Path

from tests.vectors_kit import BLOCK, CONTENT, LABEL, Case, listed, master, plant


def build(folder: Path) -> Case:
    dated = plant(folder, CONTENT)
    for path in CONTENT:
        os.utime(dated / path, (0, 0))                  # what is as old and as long is not recorded again
    image = master(folder, dated)
    blocks = -(-image.stat().st_size // BLOCK // 16) * 16
    os.truncate(image, blocks * BLOCK)
    newer = plant(folder, {**CONTENT, "说明.txt": b"newer"}, "newer")
    for path in CONTENT:
        os.utime(newer / path, (0, 0))
    command = ["genisoimage", "-quiet", "-J", "-R", "-input-charset", "utf-8", "-V", LABEL]
    second = subprocess.run([*command, "-C", f"0,{blocks}", "-M", str(image), str(newer)], check=True,
                            capture_output=True).stdout
    with image.open("ab") as file:
        file.write(second)
    return Case(image, listed(folder, CONTENT))
