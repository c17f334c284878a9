"""Several archives after each other in one file, with zeros between them."""
from __future__ import annotations

from pathlib import Path

from tests.tape_writer import tar, tar_case
from tests.vectors_kit import CONTENT, Case


def build(folder: Path) -> Case:
    paths = list(CONTENT)
    archives = [tar(folder, {path: CONTENT[path]}) for path in paths]
    return tar_case(folder, b"".join(archives))
