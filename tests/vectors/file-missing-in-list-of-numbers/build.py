"""The list on the carrier is a table with numbers of its own; what it names is asked for here all the same."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import HEADER, PLAIN, SCOPED, Case, genisoimage, lines_of, scoped, workbook


def build(folder: Path) -> Case:
    rows = [HEADER, *lines_of(PLAIN, "7"), *lines_of({"gone.dat": b"gone"}, "8")]
    inner = "".join(",".join(cells) + "\n" for cells in rows).encode()
    form = workbook(folder, [scoped("list.csv", "摘要清单文件", inner)], header=SCOPED)
    return Case(genisoimage(folder, {**PLAIN, "list.csv": inner}), form)
