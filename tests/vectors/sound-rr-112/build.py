"""Rock Ridge of version 1.12 (IEEE_1282), by libisofs."""
from __future__ import annotations

import subprocess
from pathlib import Path

from tests.vectors_kit import CONTENT, LABEL, Case, listed, plant


def build(folder: Path) -> Case:
    content = {**CONTENT, "1/2/3/4/5/6/7/8/9/" + "深" * 80: b"deep"}
    image = folder / "disc.iso"
    subprocess.run(["xorriso", "-compliance", "new_rr:rec_mtime:deep_paths_off", "-volid", LABEL, "-outdev", str(image),
                    "-map", str(plant(folder, content)), "/"], check=True, capture_output=True)
    assert b"IEEE_1282" in image.read_bytes()
    return Case(image, listed(folder, content))
