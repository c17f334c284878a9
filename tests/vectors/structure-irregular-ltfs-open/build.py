"""A file was open for writing when the index was written; its content is as listed."""
from __future__ import annotations

from pathlib import Path

from tests.tape_writer import Options, ltfs, tape_case
from tests.vectors_kit import CONTENT, Case


def build(folder: Path) -> Case:
    return tape_case(folder, ltfs(CONTENT, Options(extra={"说明.txt": "<openforwrite>true</openforwrite>"})))
