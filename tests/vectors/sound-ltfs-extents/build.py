"""Files of several extents, within blocks, sharing them, with holes, and one on the index partition."""
from __future__ import annotations

from pathlib import Path

from tests.tape_writer import Options, ltfs, tape_case
from tests.vectors_kit import CONTENT, Case


def build(folder: Path) -> Case:
    whole = CONTENT["案卷/0002.bin"]
    content = {**CONTENT, "挖空.bin": bytes(100) + whole[:3000] + bytes(900), "后段.bin": whole[5000:] + whole[:10]}
    shared: dict[str, int] = {}

    def extents(path: str, at: int, length: int) -> list[tuple[int, str, int, int, int]]:
        shared.setdefault(path, at)
        first = shared.get("案卷/0002.bin", 0)
        if path == "挖空.bin":
            return [(100, "b", first, 0, 3000)]
        if path == "后段.bin":                                      # the second block of the other file, then its first
            return [(4000, "b", first, 0, 10), (0, "b", first + 1, 904, 4000)]
        return []
    return tape_case(folder, ltfs(content, Options(extents=extents, on_index=("说明.txt",))), content)
