"""A file that has the name by which pytsk3 calls the label of a volume."""
from __future__ import annotations

from pathlib import Path

from tests.disk_kit import fat
from tests.vectors_kit import CONTENT, Case, listed


def build(folder: Path) -> Case:
    image = fat(folder, {**CONTENT, "秘 (Volume Label Entry)": b"x"})
    return Case(image, listed(folder, CONTENT))
