"""The index gives a file blocks behind the end of data."""
from __future__ import annotations

from pathlib import Path

from tests.tape_writer import Options, ltfs, tape_case
from tests.vectors_kit import CONTENT, Case


def build(folder: Path) -> Case:
    def extents(path: str, at: int, length: int) -> list[tuple[int, str, int, int, int]]:
        return [(0, "b", 9000, 0, length)] if path == "说明.txt" else []
    return tape_case(folder, ltfs(CONTENT, Options(extents=extents)))
