"""An El Torito boot record and an MBR before the volume: still a disc (trap 8)."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, Case, genisoimage, listed, patch


def build(folder: Path) -> Case:
    content = {**CONTENT, "boot.img": b"\xeb" * 2048}
    image = genisoimage(folder, content, "-J", "-R", "-no-emul-boot", "-b", "boot.img", "-c", "boot.cat",
                        "-hide", "boot.cat", "-hide-joliet", "boot.cat")
    patch(image, 446, b"\x80\0\1\0\x17\x3f\x20\0" + bytes(48) + b"\x55\xaa")
    return Case(image, listed(folder, content))
