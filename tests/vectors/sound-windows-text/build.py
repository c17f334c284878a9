"""CRLF, a mark, upper-case hex and back-slashes (traps 80, 82: a name that begins like a digest)."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import CONTENT, Case, digest, genisoimage, written


def build(folder: Path) -> Case:
    content = {**CONTENT, "deadbeefdeadbeefdeadbeefdeadbeef 0001.txt": b"hex"}
    lines = "".join(f"{digest(raw).upper()} *{path}\r\n" for path, raw in content.items()).replace("/", "\\")
    return Case(genisoimage(folder, content), written(folder, "list.md5", lines, "utf-8-sig"))
