"""The backup boot region of exFAT differs."""
from __future__ import annotations

from pathlib import Path

from tests.disk_kit import against, kept
from tests.vectors_kit import Case, patch


def build(folder: Path) -> Case:
    image = kept(folder, "exfat")
    patch(image, 12 * 512 + 100, b"\x99")
    return against(folder, image)
