"""An ext partition appended behind the volume: files that only a USB stick would show."""
from __future__ import annotations

import subprocess
from pathlib import Path

from tests.vectors_kit import PLAIN, Case, listed, xorriso


def build(folder: Path) -> Case:
    part = folder / "ext.img"
    subprocess.run(["mkfs.ext4", "-q", "-O", "^has_journal", str(part), "256k"], check=True, capture_output=True)
    return Case(xorriso(folder, PLAIN, "-J", "-R", "-append_partition", "2", "0x83", str(part)), listed(folder, PLAIN))
