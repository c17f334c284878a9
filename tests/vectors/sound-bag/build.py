"""A bag handed in apart from the carrier (P3): several algorithms, tag files, a name with a percent sign."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, Case, bag, plant


def build(folder: Path) -> Case:
    payload = {**CONTENT, "100%/a%0Ab.txt": b"percent"}
    files = bag(payload, "md5", "sha256", "sha512", tags=["sha1"])
    return Case(plant(folder, files), plant(folder, files, "bag"))
