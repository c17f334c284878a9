"""One folder was renamed after the list was made: a file that stands under its own listed path is not missing."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, Case, usual


def build(folder: Path) -> Case:
    renamed = {f"案卷二/{path}": raw for path, raw in CONTENT.items()}
    beside = {"说明.txt": b"beside", "照片/合影.txt": b"a picture"}
    return usual(folder, {**renamed, **beside}, {
        **{path.replace("案卷二", "案卷贰"): raw for path, raw in renamed.items()}, **beside})
