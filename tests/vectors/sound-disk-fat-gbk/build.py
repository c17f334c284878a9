"""FAT with 8.3 names in GBK and no long ones, as DOS recorded them."""
from __future__ import annotations

from pathlib import Path

from tests.disk_kit import against, dentry, fat
from tests.vectors_kit import PLAIN, Case, patch


def build(folder: Path) -> Case:
    image = fat(folder, PLAIN)
    patch(image, dentry(image, b"A       DAT"), "案卷".encode("gbk") + b"    DAT")
    return against(folder, image, {"案卷.DAT": PLAIN["a.dat"], "b.dat": PLAIN["b.dat"]})
