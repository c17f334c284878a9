"""NTFS with a file that is initialised in part: the rest is zeros, whatever the clusters hold."""
from __future__ import annotations

from pathlib import Path

from tests.disk_kit import against, attribute, ntfs
from tests.vectors_kit import PLAIN, Case, patch


def build(folder: Path) -> Case:
    image = ntfs(folder, PLAIN)
    patch(image, attribute(image, "b.dat") + 56, (1000).to_bytes(8, "little"))
    return against(folder, image, {**PLAIN, "b.dat": PLAIN["b.dat"][:1000].ljust(5000, b"\0")})
