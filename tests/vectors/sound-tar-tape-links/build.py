"""On a tape the members are found while it is read: hard links, an empty file, long names, a sparse file."""
from __future__ import annotations

import os
from pathlib import Path

from tests.tape_writer import Tape, records, sparse, tape_case, tar
from tests.vectors_kit import CONTENT, Case, plant


def build(folder: Path) -> Case:
    root = plant(folder, CONTENT)
    os.link(root / "说明.txt", root / "副本.txt")
    content = {**CONTENT, "副本.txt": CONTENT["说明.txt"], "案卷/" + "很长的名称" * 12 + ".txt": b"long",
               "稀疏.bin": sparse(folder, "稀疏.bin")}
    tape = Tape()
    tape.put(0, *records(tar(folder, content, "-S"), 10240), None)
    return tape_case(folder, tape, content)
