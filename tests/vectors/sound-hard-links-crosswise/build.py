"""One content under two names whose order differs between the trees: no tree shows a wrong file."""
from __future__ import annotations

import os
from pathlib import Path

from tests.vectors_kit import Case, listed, master, plant

FILES = {"Z/b.dat": b"x" * 3000, "Z/c.dat": b"y" * 3000, "a/b.dat": b"z" * 3000}


def build(folder: Path) -> Case:
    root = plant(folder, FILES)
    os.link(root / "Z/b.dat", root / "a/c.dat")
    image = master(folder, root, "-J", "-l", "-cache-inodes")
    return Case(image, listed(folder, {**FILES, "a/c.dat": FILES["Z/b.dat"]}))
