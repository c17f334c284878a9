"""A rewritable disc of UDF 1.50 by mkudffs has a file of the system's own, and no other."""
from __future__ import annotations

import subprocess
from pathlib import Path

from tests.vectors_kit import Case


def build(folder: Path) -> Case:
    image = folder / "disc.udf"
    subprocess.run(["mkudffs", "--new-file", "-m", "cdrw", "-r", "1.50", "-b", "2048", str(image), "3000"], check=True,
                   capture_output=True)
    return Case(image)
