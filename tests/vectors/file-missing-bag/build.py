"""A payload file of a bag is gone, another is altered, a third in no manifest; Payload-Oxum says so too."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, Case, bag, plant


def build(folder: Path) -> Case:
    files = bag(CONTENT, "md5", tags=["md5"])
    found = {**files, "data/新.txt": b"new", "data/说明.txt": b"other"}
    found.pop("data/案卷/0002.bin")
    return Case(plant(folder, found), plant(folder, files, "bag"))
