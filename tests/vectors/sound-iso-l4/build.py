"""ISO 9660:1999 (level 4) by xorriso: long names in an enhanced volume descriptor, nothing else."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import Case, listed, xorriso


def build(folder: Path) -> Case:
    content = {"A longer name than 8.3 allows.Document": b"x" * 10, "b.dat": b"y" * 5000}
    return Case(xorriso(folder, content, "-iso-level", "4"), listed(folder, content))
