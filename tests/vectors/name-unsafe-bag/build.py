"""Names with CR and LF in a bag are percent-encoded in its manifests and are found; they stay a doubt."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import Case, bag, plant


def build(folder: Path) -> Case:
    payload = {"two\nlines": b"feed", "c\rr": b"return"}
    files = bag(payload, "md5", tags=["md5"])
    return Case(plant(folder, files), plant(folder, files, "bag"))
