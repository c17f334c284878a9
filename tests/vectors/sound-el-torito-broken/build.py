"""A boot catalogue of nonsense, and one that lies nowhere, prevent nothing (trap 8)."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import BLOCK, CONTENT, Case, genisoimage, listed, patch


def build(folder: Path) -> Case:
    content = {**CONTENT, "boot.img": b"\xeb" * 2048}
    image = genisoimage(folder, content, "-J", "-R", "-no-emul-boot", "-b", "boot.img", "-c", "boot.cat",
                        "-hide", "boot.cat", "-hide-joliet", "boot.cat")
    raw = image.read_bytes()
    catalogue = int.from_bytes(raw[17 * BLOCK + 0x47:17 * BLOCK + 0x4B], "little")
    patch(image, catalogue * BLOCK, b"\1" + b"\x91" * 29 + b"\x55\xaa" + b"\x88\4" + b"\xff" * 2000)
    return Case(image, listed(folder, content))
