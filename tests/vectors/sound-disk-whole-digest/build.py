"""The digest of the whole disk is on the form: free space is read too."""
from __future__ import annotations

from pathlib import Path

from tests.disk_kit import against_whole, fat
from tests.vectors_kit import Case


def build(folder: Path) -> Case:
    return against_whole(folder, fat(folder))
