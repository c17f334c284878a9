"""The form lists a list on the carrier by its digest: the list is compared, followed, read from its own directory."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, SCOPED, Case, genisoimage, manifest, scoped, workbook


def build(folder: Path) -> Case:
    inner = manifest({path.removeprefix("案卷/"): raw for path, raw in CONTENT.items() if path[:3] == "案卷/"})
    rows = [scoped("案卷/清单.txt", "摘要清单文件", inner), scoped("说明.txt", "单个文件", CONTENT["说明.txt"])]
    return Case(genisoimage(folder, {**CONTENT, "案卷/清单.txt": inner}), workbook(folder, rows, header=SCOPED))
