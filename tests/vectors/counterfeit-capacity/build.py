"""A stick that drops the high bits of an address: past 1 MiB its beginning comes back."""
from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

from tests.drives_kit import disk_drive
from tests.faults import short_of
from tests.vectors_kit import Case, usual


def build(folder: Path) -> Case:
    content = {f"{n:02d}.bin": hashlib.shake_128(bytes([n])).digest(300_000) for n in range(8)}
    case = disk_drive(usual(folder, content), "sound")
    return replace(case, pread=short_of(1 << 20, repeats=True))
