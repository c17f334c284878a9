"""A listed file whose ICB is lost, its size declared: of a size that is lost nothing is said."""
from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tests.udf_writer import inverted, udf_image
from tests.vectors_kit import CONTENT, HEADER, Case, lines_of, of_udf, workbook


def build(folder: Path) -> Case:
    rows = [(*row, str(len(CONTENT[row[1]]))) for row in lines_of(CONTENT)]
    case = of_udf(folder, inverted(udf_image(CONTENT), "fe:案卷/0001.txt"))
    return replace(case, form=workbook(folder, rows, header=(*HEADER, "字节数")))
