"""An empty volume by mkudffs: a carrier without files never passes."""
from __future__ import annotations

import subprocess
from pathlib import Path

from tests.vectors_kit import CONTENT, Case, listed


def build(folder: Path) -> Case:
    image = folder / "disc.udf"
    subprocess.run(["mkudffs", "--new-file", "-m", "dvdram", "-b", "2048", str(image), "600"], check=True,
                   capture_output=True)
    return Case(image, listed(folder, CONTENT))
