"""The list spells its names decomposed, the disc composed (trap 87)."""
from __future__ import annotations

import unicodedata
from pathlib import Path

from tests.vectors_kit import Case, usual


def build(folder: Path) -> Case:
    content = {"résumé.txt": b"r" * 100, "案卷/Ünlü.txt": b"u" * 3000}
    spelt = {unicodedata.normalize("NFD", path): raw for path, raw in content.items()}
    return usual(folder, content, spelt)
