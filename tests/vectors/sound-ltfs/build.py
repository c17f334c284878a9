"""An LTFS volume of two partitions, with names that must be percent-encoded and digests of its own that fit."""
from __future__ import annotations

from pathlib import Path

from tests.tape_writer import Options, ltfs, tape_case
from tests.vectors_kit import CONTENT, Case


def build(folder: Path) -> Case:
    content = {**CONTENT, "案卷/100%: 完成.txt": b"percent and colon", "案卷/<&>.txt": b"markup"}
    return tape_case(folder, ltfs(content, Options(hashes=("md5", "sha256"))), content)
