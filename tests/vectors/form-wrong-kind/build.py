"""A web page without a list, saved as .xls by a business system: refused, and said what it is."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, Case, digest, genisoimage, written


def build(folder: Path) -> Case:
    rows = "".join(f"<tr><td>{p}</td><td>{digest(r)}</td></tr>" for p, r in CONTENT.items())
    page = f"<html><body><table><tr><td>文件名</td><td>编号</td></tr>{rows}</table></body></html>"
    return Case(genisoimage(folder, CONTENT), written(folder, "form.xls", page))
