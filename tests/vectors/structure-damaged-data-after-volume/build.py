"""60 kB after the end of the volume that belong to no file: nobody knows what they are."""
from __future__ import annotations

import hashlib
from pathlib import Path

from tests.vectors_kit import BLOCK, Case, usual


def build(folder: Path) -> Case:
    case = usual(folder)
    with case.source.open("ab") as file:
        file.write(bytes(20 * BLOCK) + hashlib.shake_128(b"more").digest(60_000))
    return case
