"""The header of a member is damaged: the next one is found, the member is lost."""
from __future__ import annotations

from pathlib import Path

from tests.tape_writer import header_at, tar, tar_case
from tests.vectors_kit import CONTENT, Case


def build(folder: Path) -> Case:
    raw = bytearray(tar(folder, CONTENT))
    at = header_at(raw, "案卷/0001.txt")
    raw[at:at + 40] = bytes(40)
    return tar_case(folder, bytes(raw))
