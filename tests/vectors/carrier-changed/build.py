"""Somebody writes to the image while it is read: no verdict."""
from __future__ import annotations

import os
from pathlib import Path

from tests.vectors_kit import BLOCK, CONTENT, Case, block_of, usual


def build(folder: Path) -> Case:
    case = usual(folder)
    content = block_of(case.source, CONTENT["案卷/0002.bin"]) * BLOCK

    def pread(fd: int, length: int, offset: int) -> bytes:
        if offset <= content < offset + length:
            os.utime(case.source, ns=(1, 1))
        return os.pread(fd, length, offset)

    return Case(case.source, case.form, pread=pread)
