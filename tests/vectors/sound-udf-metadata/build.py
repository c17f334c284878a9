"""A Blu-ray disc by another writer: UDF 2.50, its directories in a metadata partition."""
from __future__ import annotations

from pathlib import Path

from udfkit import bluray

from tests.vectors_kit import CONTENT, LABEL, Case, listed, plant


def build(folder: Path) -> Case:
    content = {f"BDMV/{path}": raw for path, raw in CONTENT.items()}
    root = plant(folder, content)
    bluray.write_image(str(root), str(folder / "disc.iso"), LABEL)
    return Case(folder / "disc.iso", listed(folder, content))
