"""Names of 200 bytes: Rock Ridge continuation areas (trap 13); that Joliet cuts them at 64 does not count."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import Case, usual


def build(folder: Path) -> Case:
    content = {f"{n}" + "关于印发档案登记备份办法的通知" * 4 + "续.txt": bytes([n]) * 100 for n in range(1, 8)}
    return usual(folder, content)
