"""LTFS 1.0, which is not read: said to be what it is."""
from __future__ import annotations

from pathlib import Path

from tests.tape_writer import Options, ltfs, tape_case
from tests.vectors_kit import CONTENT, Case


def build(folder: Path) -> Case:
    return tape_case(folder, ltfs(CONTENT, Options(version="1.0")))
