"""A 续表 as csv in GB18030, as a Chinese Excel saves it."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, HEADER, Case, genisoimage, lines_of, written


def build(folder: Path) -> Case:
    text = "\r\n".join(",".join(cells) for cells in [HEADER, *lines_of(CONTENT)]) + "\r\n"
    return Case(genisoimage(folder, CONTENT), written(folder, "form.csv", text, "gb18030"))
