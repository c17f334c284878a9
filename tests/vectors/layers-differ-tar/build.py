"""A file that stands in an archive twice: the later one is what unpacking leaves."""
from __future__ import annotations

from pathlib import Path

from tests.tape_writer import tar, tar_case
from tests.vectors_kit import CONTENT, Case


def build(folder: Path) -> Case:
    old = tar(folder, {"说明.txt": b"older"}, "-b", "1")[:-1024]
    return tar_case(folder, old + tar(folder, CONTENT))
