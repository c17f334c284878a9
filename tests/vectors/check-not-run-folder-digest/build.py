"""A digest of the whole carrier is asked of a folder: there is none."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, SCOPED, Case, plant, scoped, workbook


def build(folder: Path) -> Case:
    form = workbook(folder, [scoped("", "整盘镜像", b"image")], header=SCOPED)
    return Case(plant(folder, CONTENT), form)
