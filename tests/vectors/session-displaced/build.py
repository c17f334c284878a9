"""The second session of a CD-Extra as an image: every address counts from the start of the disc (trap 20)."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, Case, genisoimage, listed


def build(folder: Path) -> Case:
    content = {**CONTENT, "1/2/3/4/5/6/7/8/9/" + "深" * 80: b"deep"}
    return Case(genisoimage(folder, content, "-J", "-R", "-C", "0,45000"), listed(folder, content))
