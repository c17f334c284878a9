"""A tar file by GNU tar in the format of POSIX, with extended headers."""
from __future__ import annotations

from pathlib import Path

from tests.tape_writer import tar, tar_case
from tests.vectors_kit import CONTENT, Case


def build(folder: Path) -> Case:
    content = {**CONTENT, "案卷/" + "很长的名称" * 12 + ".txt": b"long"}
    return tar_case(folder, tar(folder, content, "--format=posix"), content)
