"""A tar file whose names are in GBK and say so nowhere."""
from __future__ import annotations

import os
from pathlib import Path

from tests.tape_writer import tar, tar_case
from tests.vectors_kit import CONTENT, Case


def build(folder: Path) -> Case:
    odd = {os.fsdecode(path.encode("gbk")): raw for path, raw in CONTENT.items()}
    return tar_case(folder, tar(folder, odd))
