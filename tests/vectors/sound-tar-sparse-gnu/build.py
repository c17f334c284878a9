"""A sparse file in a tar file, as GNU tar stores it (own format)."""
from __future__ import annotations

from pathlib import Path

from tests.tape_writer import sparse, tar, tar_case
from tests.vectors_kit import CONTENT, Case


def build(folder: Path) -> Case:
    content = {**CONTENT, "稀疏.bin": sparse(folder, "稀疏.bin")}
    return tar_case(folder, tar(folder, content, "-S", "--format=gnu"), content)
