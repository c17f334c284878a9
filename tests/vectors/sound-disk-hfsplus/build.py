"""HFS+, taken out of a hybrid image by xorriso."""
from __future__ import annotations

from pathlib import Path

from tests.disk_kit import against
from tests.vectors_kit import PLAIN, Case, written, xorriso


def build(folder: Path) -> Case:
    raw = xorriso(folder, PLAIN, "-J", "-R", "-hfsplus").read_bytes()
    return against(folder, written(folder, "disk.img", raw[raw.index(b"H+\0\4") - 1024:]), PLAIN)
