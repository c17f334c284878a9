"""Images for the tests, mastered by other people's tools, and the truth about them."""
from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from carriers.blocks import BlockSource
from carriers.disc import Disc
from carriers.model import Structure
from carriers.plan import make_plan

LONG = "关于印发档案登记备份办法的通知及其附件" * 4 + ".pdf"          # 228 + 4 bytes in UTF-8: a continuation area


def plant(root: Path, content: Mapping[str, bytes]) -> Path:
    """A folder with these files (path → content)."""
    for path, raw in content.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(raw)
    return root


def some_files() -> dict[str, bytes]:
    """Chinese names, ten levels, an empty file, one that fills its blocks exactly, one of 300 kB."""
    deep = "/".join(f"第{i}级" for i in range(10))
    return {
        "目录.txt": "全宗 J010\n".encode() * 50,
        "案卷/空.txt": b"",
        "案卷/整块.bin": bytes(range(256)) * 16,
        "案卷/大文件.bin": hashlib.shake_128(b"large").digest(300_000),
        "案卷/lower case.TXT": b"x",
        f"{deep}/深处.txt": b"deep",
        "A.TXT": b"plain",
    }


def genisoimage(root: Path, image: Path, *options: str) -> Path:
    """An image by genisoimage."""
    subprocess.run(["genisoimage", "-quiet", "-o", str(image), *options, str(root)], check=True, capture_output=True)
    return image


def xorriso(root: Path, image: Path, *options: str) -> Path:
    """An image by xorriso."""
    subprocess.run(["xorriso", "-as", "mkisofs", "-quiet", "-o", str(image), *options, str(root)], check=True,
                   capture_output=True)
    return image


def open_image(image: Path) -> Disc:
    return Disc(BlockSource(image))


def digests(disc: Disc, structure: Structure) -> dict[str, str]:
    """path → SHA-256 of what one planned pass gives of each file; a file with a byte missing has none."""
    assert structure.files is not None
    return {structure.files.paths[i]: digest for i, digest in numbered_digests(disc, structure, "sha256").items()}


def numbered_digests(disc: Disc, structure: Structure, algorithm: str) -> dict[int, str]:
    """The same by the file's number, for carriers on which two files have one path."""
    assert structure.files is not None
    plan = make_plan(structure)
    hashes = [hashlib.new(algorithm) for _ in structure.files.paths]
    done = [0] * len(hashes)
    for chunk in disc.read(plan):
        for part in chunk.parts:
            if chunk.content is not None and done[part.file_no] == part.offset_bytes:
                hashes[part.file_no].update(chunk.content[part.at_bytes:part.at_bytes + part.length_bytes])
                done[part.file_no] += part.length_bytes
            elif part.file_no not in plan.deferred:
                done[part.file_no] = -1
    return {i: hashes[i].hexdigest() for i in range(len(hashes)) if done[i] == structure.files.sizes[i]}


def sha256s(content: Mapping[str, bytes]) -> dict[str, str]:
    return {path: hashlib.sha256(raw).hexdigest() for path, raw in content.items()}


def bsdtar_list(image: Path) -> set[str]:
    """The files that libarchive shows, directories left out."""
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    done = subprocess.run(["bsdtar", "-tf", str(image)], check=True, capture_output=True, env=environment)
    names = {name.rstrip("/") for name in done.stdout.decode().splitlines()}
    return names - {"."} - {name.rpartition("/")[0] for name in names}


def seven_zip_list(image: Path) -> set[str]:
    """The files that 7-Zip shows, directories left out."""
    done = subprocess.run(["7z", "l", "-ba", "-slt", "-sccUTF-8", str(image)], check=True, capture_output=True,
                          env={**os.environ, "LC_ALL": "C.UTF-8"})
    entries = [dict(line.partition(" = ")[::2] for line in entry.splitlines())
               for entry in done.stdout.decode().split("\n\n") if entry.strip()]
    return {entry["Path"] for entry in entries if entry["Folder"] == "-"}


def record_at(raw: bytes, name: bytes) -> int:
    """Where the directory record of this identifier begins in an image."""
    at = raw.index(bytes([len(name)]) + name) - 32
    while raw[at + 2:at + 6] != raw[at + 9:at + 5:-1] or raw[at + 10:at + 14] != raw[at + 17:at + 13:-1]:
        at = raw.index(bytes([len(name)]) + name, at + 33) - 32          # not a record: an entry of a path table
    return at


def both(number: int) -> bytes:
    """A number recorded both-endian, ECMA-119 §7.3.3."""
    return number.to_bytes(4, "little") + number.to_bytes(4, "big")


def patched(image: Path, changes: Mapping[int, bytes]) -> Path:
    """The same image with these bytes at these offsets."""
    raw = bytearray(image.read_bytes())
    for at, new in changes.items():
        raw[at:at + len(new)] = new
    image.write_bytes(raw)
    return image
