"""ext4 with quotas of projects, kept in an inode that has no name."""
from __future__ import annotations

from pathlib import Path

from tests.disk_kit import against, ext
from tests.vectors_kit import CONTENT, Case


def build(folder: Path) -> Case:
    return against(folder, ext(folder, CONTENT, "-O", "quota,project"))
