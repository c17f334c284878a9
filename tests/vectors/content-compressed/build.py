"""Content stored in zisofs form: what lies on the disc is not the file."""
from __future__ import annotations

import subprocess
from pathlib import Path

from tests.vectors_kit import PLAIN, Case, listed, master, plant


def build(folder: Path) -> Case:
    content = {**PLAIN, "c.dat": b"zeros " * 20000}
    root = plant(folder, content)
    subprocess.run(["mkzftree", str(root), str(folder / "packed")], check=True)
    return Case(master(folder, folder / "packed", "-R", "-z"), listed(folder, content))
