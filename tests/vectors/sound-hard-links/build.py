"""Two names for the same extents, as genisoimage records hard links: not a duplicate, not an overlap."""
from __future__ import annotations

import os
from pathlib import Path

from tests.vectors_kit import CONTENT, Case, listed, master, plant


def build(folder: Path) -> Case:
    root = plant(folder, {"a.bin": CONTENT["案卷/0002.bin"]})
    os.link(root / "a.bin", root / "b.bin")
    content = dict.fromkeys(("a.bin", "b.bin"), CONTENT["案卷/0002.bin"])
    return Case(master(folder, root, "-J", "-R", "-cache-inodes"), listed(folder, content))
