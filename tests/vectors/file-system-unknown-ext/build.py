"""An ext4 file system: nothing that this station reads."""
from __future__ import annotations

import subprocess
from pathlib import Path

from tests.vectors_kit import CONTENT, Case, listed


def build(folder: Path) -> Case:
    image = folder / "disk.img"
    subprocess.run(["mkfs.ext4", "-q", str(image), "512k"], check=True, capture_output=True)
    return Case(image, listed(folder, CONTENT))
