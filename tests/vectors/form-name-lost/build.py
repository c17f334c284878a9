"""The list went through ASCII: its Chinese became question marks; bound by digest, one to one."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import Case, usual


def build(folder: Path) -> Case:
    content = {"data/说明.txt": b"x" * 100, "data/0001.bin": b"y" * 3000}
    lost = {"".join(c if c.isascii() else "?" for c in path): raw for path, raw in content.items()}
    return usual(folder, content, lost)
