"""A tape folder without an end of data: it was not copied to its end."""
from __future__ import annotations

from pathlib import Path

from tests.tape_writer import ltfs, tape_case
from tests.vectors_kit import CONTENT, Case


def build(folder: Path) -> Case:
    return tape_case(folder, ltfs(CONTENT), ends=False)
