"""No index can be read on either partition: no file can be looked for."""
from __future__ import annotations

from pathlib import Path

from tests.tape_writer import Options, ltfs, tape_case
from tests.vectors_kit import CONTENT, Case


def build(folder: Path) -> Case:
    return tape_case(folder, ltfs(CONTENT, Options(index=lambda number, text: text.replace("<ltfsindex", "<index"))))
