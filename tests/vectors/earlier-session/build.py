"""A disc grown by xorriso, whose first descriptors name the newest session: the list fits what it shows now."""
from __future__ import annotations

import subprocess
from pathlib import Path

from tests.vectors_kit import LABEL, PLAIN, Case, listed, plant


def build(folder: Path) -> Case:
    first, second = plant(folder, {"old.dat": b"old", "a.dat": b"draft"}, "1"), plant(folder, PLAIN, "2")
    for source, extra in ((first, ()), (second, ("-rm", "/old.dat", "--"))):
        subprocess.run(["xorriso", "-dev", "disc.iso", "-joliet", "on", "-volid", LABEL, *extra, "-update_r",
                        str(source), "/", "-commit"], cwd=folder, check=True, capture_output=True)
    return Case(folder / "disc.iso", listed(folder, PLAIN))
