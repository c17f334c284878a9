"""The form is a folder with a .md5 for each file and nothing else."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, Case, genisoimage, manifest, plant


def build(folder: Path) -> Case:
    lists = {path + ".md5": manifest({path.rpartition("/")[2]: raw}) for path, raw in CONTENT.items()}
    return Case(genisoimage(folder, CONTENT), plant(folder, lists, "lists"))
