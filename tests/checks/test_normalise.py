"""What written values mean: sizes."""
from __future__ import annotations

import pytest

from checks.normalise import size_bytes


@pytest.mark.parametrize(("text", "size"), [
    ("66.4MB", 69_625_446), ("4.3", 4_617_089_843), ("１．５ＧＢ", 1_610_612_736),
    ("6.127GB(6,578,815,488字节)", 6_578_815_488),
    ("12KB", 12_288), ("500字节", 500), ("", None), ("约", None)])
def test_declared_sizes_in_bytes(text: str, size: int | None) -> None:
    assert size_bytes(text) == size
