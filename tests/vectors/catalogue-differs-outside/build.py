"""Files outside the structure, and a program among the other material."""
from __future__ import annotations

from pathlib import Path

from tests.transfer_kit import carrier_2012, transfer
from tests.vectors_kit import Case


def build(folder: Path) -> Case:
    content = carrier_2012() | {"读我.txt": b"x", "照片/1.jpg": b"\xff\xd8\xff\xe0", "其他/阅读器.exe": b"MZ"}
    return transfer(folder, content)
