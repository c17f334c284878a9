"""Files of zeros, and the same file many times over, on a stick that has what it claims."""
from __future__ import annotations

import hashlib
from pathlib import Path

from tests.drives_kit import disk_drive
from tests.vectors_kit import Case, usual


def build(folder: Path) -> Case:
    once = hashlib.shake_128(b"once").digest(1 << 18)
    content = {**{f"a{n}.bin": once for n in range(6)}, **{f"b{n}.img": bytes(200_000 + n) for n in range(6)}}
    return disk_drive(usual(folder, content), "sound")
