"""A partition behind a sound volume that its table names and nothing is known of: no damage, and not checked."""
from __future__ import annotations

from pathlib import Path

from tests.disk_kit import stale
from tests.vectors_kit import PLAIN, Case, listed, written, xorriso


def build(folder: Path) -> Case:
    part = written(folder, "part.img", stale(300_000))
    return Case(xorriso(folder, PLAIN, "-J", "-R", "-append_partition", "2", "0x83", str(part)), listed(folder, PLAIN))
