"""An entry of the index whose extents are longer than the file says: that file alone is lost."""
from __future__ import annotations

from pathlib import Path

from tests.tape_writer import Options, ltfs, tape_case
from tests.vectors_kit import CONTENT, Case


def build(folder: Path) -> Case:
    return tape_case(folder, ltfs(CONTENT, Options(lengths={"案卷/0001.txt": 2999})))
