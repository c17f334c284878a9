"""HFS+, as xorriso lays it beside ISO 9660, whose descriptors are taken away."""
from __future__ import annotations

from pathlib import Path

from tests.disk_kit import against
from tests.vectors_kit import BLOCK, PLAIN, Case, patch, xorriso


def build(folder: Path) -> Case:
    image = xorriso(folder, PLAIN, "-J", "-R", "-hfsplus")
    patch(image, 16 * BLOCK, bytes(4 * BLOCK))
    return against(folder, image, PLAIN)
