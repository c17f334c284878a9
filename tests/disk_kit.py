"""Images of disks by other people's tools, and surgery on them: what the vectors of disks are made of.

Nothing here needs root; what does is kept in `tests/disk_images`, beside the script that made it.
"""
from __future__ import annotations

import hashlib
import lzma
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.vectors_kit import CONTENT, LABEL, NUMBER, SHEET, Case, digest, listed, patch, plant, workbook

KEPT = Path(__file__).parent / "disk_images"
MIB = 1 << 20
PREALLOCATED = {"长.bin": bytes(20000)}                     # of 20 000 bytes nothing was ever written


def run(*command: str, cwd: Path | None = None, text: str = "") -> bytes:
    """Run a tool; what it said. Raises: CalledProcessError."""
    environment = {**os.environ, "LC_ALL": "C.UTF-8", "MTOOLS_SKIP_CHECK": "1",
                   "PATH": f"{os.environ['PATH']}:/sbin:/usr/sbin"}
    return subprocess.run(command, cwd=cwd, env=environment, check=True, capture_output=True,
                          input=text.encode()).stdout


def ext(folder: Path, content: Mapping[str, bytes] = CONTENT, *options: str, name: str = "disk.img") -> Path:
    """ext4 of 4 MiB over a medium full of old bytes, by mkfs.ext4 -d; lost+found is taken away."""
    image = folder / name
    image.write_bytes(b"old " * MIB)
    run("mkfs.ext4", "-q", "-L", LABEL[:16], "-E", "nodiscard", *options,
        "-d", str(plant(folder, content, name + ".d")), str(image))
    debugfs(image, "rmdir /lost+found")
    return image


def debugfs(image: Path, *commands: str) -> None:
    """Change an ext volume by debugfs -w."""
    run("debugfs", "-w", "-f", "-", str(image), text="\n".join(commands))


def fat(folder: Path, content: Mapping[str, bytes] = CONTENT, *options: str, kib: int = 2048, name: str = "disk.img"
        ) -> Path:
    """FAT by mkfs.vfat and mcopy, names in UTF-8 as VFAT records them."""
    image, root = folder / name, plant(folder, content, name + ".d")
    run("mkfs.vfat", "-n", "J010_G001_A", *options, "-C", str(image), str(kib))
    run("mcopy", "-s", "-i", str(image), *map(str, sorted(root.iterdir())), "::")
    return image


def ntfs(folder: Path, content: Mapping[str, bytes], name: str = "disk.img") -> Path:
    """NTFS by mkntfs and ntfscp, which knows the root directory only."""
    image, root = folder / name, plant(folder, content, name + ".d")
    with image.open("wb") as file:
        file.truncate(3 * MIB)
    run("mkntfs", "-q", "-F", "-Q", "-c", "4096", "-L", LABEL, str(image))
    for path in content:
        run("ntfscp", "-q", "-f", str(image), str(root / path), path)
    return image


def kept(folder: Path, name: str) -> Path:
    """An image of `tests/disk_images`."""
    image = folder / "disk.img"
    image.write_bytes(lzma.decompress((KEPT / f"{name}.img.xz").read_bytes()))
    return image


def table(folder: Path, script: str, bodies: Sequence[tuple[int, Path]], mib: int = 16) -> Path:
    """A disk partitioned by sfdisk with its script; bodies: images and the MiB at which they are put."""
    image = folder / "table.img"
    with image.open("wb") as file:
        file.truncate(mib * MIB)
    run("sfdisk", "-q", str(image), text=script)
    for at, body in bodies:
        patch(image, at * MIB, body.read_bytes())
    return image


def against(folder: Path, image: Path, content: Mapping[str, bytes] = CONTENT) -> Case:
    """An image against an MD5 list of this content."""
    return Case(image, listed(folder, content))


def against_whole(folder: Path, image: Path) -> Case:
    """An image against a form with the digest of the whole carrier."""
    return Case(image, workbook(folder, [(NUMBER, "", "MD5", digest(image.read_bytes()))], sheet=SHEET))


def record(image: Path, name: str) -> int:
    """Where the MFT record of a file lies that has this name; the first that is in use, the root directory's aside.

    Source: Linux-NTFS, FILE record and $FILE_NAME.
    """
    raw, wanted = image.read_bytes(), name.encode("utf-16-le")
    return next(at for at in range(0, len(raw), 1024) if raw[at:at + 4] == b"FILE" and wanted in raw[at:at + 510]
                and raw[at + 22] & 1 and raw[at + 44] != 5)


def attribute(image: Path, name: str, kind: int = 0x80) -> int:
    """Where an attribute of this kind lies in the MFT record of a file."""
    raw, start = image.read_bytes(), record(image, name)
    at = start + int.from_bytes(raw[start + 20:start + 22], "little")
    while int.from_bytes(raw[at:at + 4], "little") != kind:
        at += int.from_bytes(raw[at + 4:at + 8], "little")
    return at


def dentry(image: Path, short: bytes) -> int:
    """Where the directory entry of FAT with this 8.3 name lies."""
    at = image.read_bytes().index(short)
    assert at % 32 == 0
    return at


def stale(length: int, seed: bytes = b"old") -> bytes:
    """Bytes that an earlier user of the medium left."""
    return hashlib.shake_128(seed).digest(length)


def exfat_entry(image: Path, name: str, *, valid_bytes: int) -> None:
    """Set the valid length of a file of exFAT, and the checksum of its entry set.

    Source: Microsoft exFAT specification §6.3.3 (SetChecksum), §7.6.5 (ValidDataLength), §7.7 (names).
    """
    raw = image.read_bytes()
    at = raw.index(b"\xc1\0" + name.encode("utf-16-le")) - 64
    assert raw[at] == 0x85 and raw[at + 32] == 0xC0
    entries = bytearray(raw[at:at + 32 * (raw[at + 1] + 1)])
    entries[40:48] = valid_bytes.to_bytes(8, "little")
    checksum = 0
    for index, byte in enumerate(entries):
        if index not in (2, 3):
            checksum = ((checksum << 15 | checksum >> 1) + byte) & 0xFFFF
    entries[2:4] = checksum.to_bytes(2, "little")
    patch(image, at, bytes(entries))
