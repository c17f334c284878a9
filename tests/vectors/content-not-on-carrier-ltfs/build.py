"""A symbolic link: its content lies elsewhere."""
from __future__ import annotations

from pathlib import Path

from tests.tape_writer import Options, ltfs, tape_case
from tests.vectors_kit import CONTENT, Case


def build(folder: Path) -> Case:
    return tape_case(folder, ltfs(CONTENT, Options(symlinks={"链接.txt": "../外面.txt"})))
