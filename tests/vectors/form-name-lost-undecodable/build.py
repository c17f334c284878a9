"""A name in an encoding that is none of those tried: bound by digest, in its folder."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import PLAIN, Case, encoded, listed


def build(folder: Path) -> Case:
    names = {**PLAIN, "Архив/Опись.txt": b"odd" * 10}
    return Case(encoded(folder, names, "cp1251"), listed(folder, names))
