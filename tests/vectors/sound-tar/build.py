"""A tar file by GNU tar in its own format, with a name longer than a header has room for."""
from __future__ import annotations

from pathlib import Path

from tests.tape_writer import tar, tar_case
from tests.vectors_kit import CONTENT, Case


def build(folder: Path) -> Case:
    content = {**CONTENT, "案卷/" + "很长的名称" * 12 + ".txt": b"long", "空.txt": b"x"}
    return tar_case(folder, tar(folder, content), content)
