"""What an image of the corpus is: who makes it and how, what must be readable on it, what our reader must say of it."""
from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.corpus.reading import UNREAD

BLOCK = 2048
VOUCHED = ""                    # as a digest: the maker wrote this file, so only the witnesses can say what is in it
LOST = UNREAD                   # as a digest: the file must be named, and must not be read
EPOCH = 1767323045              # 2026-01-02 03:04:05 UTC, the time of everything in the corpus


@dataclass(frozen=True, slots=True)
class Recipe:
    """One image. build(folder) makes it there, by another program than ours.

    truth: path → MD5 of every file that must be readable, by its names in the tree that is looked up first.
    trees: the same for further trees, where their names are known and not those of `truth`; a tree of neither kind
    must show the contents of `truth`, and its names are for the witnesses to confirm.
    findings: code → how many our reader must give. fill: what the kernel's driver writes on it, as a shell script.
    damage: what is done to the image when it is finished. session: the first block of a later UDF session, which the
    kernel must be told.
    """

    name: str
    maker: str
    how: str
    build: Callable[[Path], Path]
    truth: Mapping[str, str]
    layers: tuple[str, ...]
    trees: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    findings: Mapping[str, int] = field(default_factory=dict)
    fill: str = ""
    damage: Callable[[Path], None] | None = None
    session: int = 0


def md5s(content: Mapping[str, bytes]) -> dict[str, str]:
    return {path: hashlib.md5(raw, usedforsecurity=False).hexdigest() for path, raw in content.items()}


def plant(folder: Path, content: Mapping[str, bytes], name: str = "content") -> Path:
    """A folder with these files, all of one time. A path may hold odd bytes as surrogates (PEP 383)."""
    root = folder / name
    root.mkdir(parents=True, exist_ok=True)
    for path, raw in content.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(raw)
    return settled(root)


def settled(root: Path) -> Path:
    """The folder with everything in it of one time."""
    for path in [root, *root.rglob("*")]:
        os.utime(path, (EPOCH, EPOCH), follow_symlinks=False)
    return root


def run(*command: str | Path, cwd: Path | None = None) -> bytes:
    environment = {**os.environ, "LC_ALL": "C.UTF-8", "TZ": "UTC", "SOURCE_DATE_EPOCH": str(EPOCH)}
    return subprocess.run([str(word) for word in command], cwd=cwd, env=environment, check=True,
                          stdin=subprocess.DEVNULL, capture_output=True).stdout


def blocks(image: Path) -> int:
    return -(-image.stat().st_size // BLOCK)


def patch(image: Path, changes: Mapping[int, bytes]) -> Path:
    """The same image with these bytes at these offsets."""
    with image.open("r+b") as file:
        for at, raw in changes.items():
            file.seek(at)
            file.write(raw)
    return image
