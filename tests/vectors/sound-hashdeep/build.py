"""A hashdeep list: size, two digests and the path in one line."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, Case, digest, genisoimage, written


def build(folder: Path) -> Case:
    head = "%%%% HASHDEEP-1.0\n%%%% size,md5,sha256,filename\n## Invoked from: E:\\\n##\n"
    body = "".join(f"{len(raw)},{digest(raw)},{digest(raw, 'sha256')},{path}\n" for path, raw in CONTENT.items())
    return Case(genisoimage(folder, CONTENT), written(folder, "list.txt", head + body))
