"""Entities that would grow to gigabytes: the document type is refused."""
from __future__ import annotations

from pathlib import Path

from tests.transfer_kit import carrier_2022, transfer
from tests.vectors_kit import Case


def build(folder: Path) -> Case:
    content = carrier_2022()
    bomb = b'<!DOCTYPE a [<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>\r\n'
    content["目录文件.XML"] = content["目录文件.XML"].replace(b"?>\r\n", b"?>\r\n" + bomb)
    return transfer(folder, content)
