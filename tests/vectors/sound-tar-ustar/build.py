"""A tar file by bsdtar in the format ustar: a long path is split over name and prefix."""
from __future__ import annotations

from pathlib import Path

from tests.tape_writer import tar, tar_case
from tests.vectors_kit import CONTENT, Case


def build(folder: Path) -> Case:
    content = {**CONTENT, "d" * 90 + "/" + "e" * 60 + "/f.txt": b"split"}
    return tar_case(folder, tar(folder, content, "--format=ustar", program="bsdtar"), content)
