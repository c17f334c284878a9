"""An archive whose end is missing: there may have been more members."""
from __future__ import annotations

from pathlib import Path

from tests.tape_writer import tar, tar_case
from tests.vectors_kit import CONTENT, Case


def build(folder: Path) -> Case:
    return tar_case(folder, tar(folder, CONTENT, "-b", "1")[:-1024])
