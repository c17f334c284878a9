"""A pipe is no carrier."""
from __future__ import annotations

import os
from pathlib import Path

from tests.vectors_kit import CONTENT, Case, listed


def build(folder: Path) -> Case:
    os.mkfifo(folder / "pipe")
    return Case(folder / "pipe", listed(folder, CONTENT))
