"""Without Joliet: names by Rock Ridge in UTF-8, the pieces in full-width and small letters."""
from __future__ import annotations

from pathlib import Path

from tests.transfer_kit import carrier_2012, transfer
from tests.vectors_kit import Case, xorriso


def build(folder: Path) -> Case:
    content = carrier_2012()
    content["说明文件.ｔｘｔ"] = content.pop("说明文件.TXT")
    content["文件目录.xml"] = content.pop("文件目录.XML")
    return transfer(folder, content, xorriso(folder, content, "-R"))
