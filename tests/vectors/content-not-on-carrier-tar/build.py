"""A symbolic link in a tar file."""
from __future__ import annotations

from pathlib import Path

from tests.tape_writer import tar, tar_case
from tests.vectors_kit import CONTENT, Case, plant


def build(folder: Path) -> Case:
    (plant(folder, CONTENT) / "链接.txt").symlink_to("../外面.txt")
    return tar_case(folder, tar(folder, CONTENT, "链接.txt"))
