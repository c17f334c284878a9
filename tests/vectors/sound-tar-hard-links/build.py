"""Hard links in a tar file have the content of the member that they name."""
from __future__ import annotations

import os
from pathlib import Path

from tests.tape_writer import tar, tar_case
from tests.vectors_kit import PLAIN, Case, plant


def build(folder: Path) -> Case:
    root = plant(folder, PLAIN)
    os.link(root / "a.dat", root / "c.dat")
    content = {**PLAIN, "c.dat": PLAIN["a.dat"]}
    raw = tar(folder, {"a.dat": PLAIN["a.dat"], "b.dat": PLAIN["b.dat"], "c.dat": PLAIN["a.dat"]})
    return tar_case(folder, raw, content)
