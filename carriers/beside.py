"""What lies on a disc beside its ISO 9660 volume: boot images, partition tables, other file systems; or instead of it.

Takes a `BlockSource`; gives extents in bytes and names of file systems. Nothing here is needed to read the volume, so
nothing here can prevent it. Relies on El Torito 1.0, the UEFI specification (MBR, GPT), Inside Macintosh (Apple
partition map, HFS), TN1150 (HFS+), and on the signatures of the other file systems.
"""
from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from carriers.blocks import SECTOR_BYTES, BlockSource
from carriers.model import Extent, Files, Finding

_UNIT = 512                     # in which boot catalogues and partition tables count
_ENTRIES = 64                   # of a boot catalogue or partition table, as many as fit into 2048 or 8192 bytes
_FLOPPIES = {1: 1_228_800, 2: 1_474_560, 3: 2_949_120}          # El Torito media types that are a whole diskette
_BETWEEN_BYTES = 1 << 20        # zeros that may lie between a volume and the boot images after it
_HEAD_BYTES = 36 * 1024         # where all signatures of file systems lie

# name, (where, what) all of which must be there
_SIGNATURES: tuple[tuple[str, tuple[tuple[int, bytes], ...]], ...] = (
    ("NTFS", ((3, b"NTFS    "),)), ("exFAT", ((3, b"EXFAT   "),)),
    ("FAT", ((54, b"FAT12   "), (510, b"\x55\xaa"))), ("FAT", ((54, b"FAT16   "), (510, b"\x55\xaa"))),
    ("FAT", ((82, b"FAT32   "), (510, b"\x55\xaa"))),
    ("HFS+", ((1024, b"H+\0\4"),)), ("HFS+", ((1024, b"HX\0\5"),)), ("ext", ((1080, b"\x53\xef"),)),
)
_HFS = struct.Struct(">H16xHI")         # drSigWord, drNmAlBlks, drAlBlkSiz
_SYNC = b"\0" + b"\xff" * 10 + b"\0"    # ISO/IEC 10149 §14.1: what a CD sector begins with
_RAW_SECTORS = (2352, 2448, 2336)       # all of a sector; with the subchannel; without the first 16 bytes


class Partition(NamedTuple):
    """An entry of a partition table, in bytes."""

    start: int
    length: int


def boot_images(source: BlockSource, catalogue: int) -> list[Partition]:
    """Where the boot images of an El Torito catalogue lie; [] where it cannot be read or makes no sense.

    catalogue: its sector. A length is what the entry says: the part that a PC loads, often less than the image.
    Raises: DriveLost. Source: El Torito 1.0 §2.
    """
    raw = _read(source, catalogue * SECTOR_BYTES, SECTOR_BYTES) if catalogue > 0 else b""
    if raw[:1] != b"\1" or raw[30:32] != b"\x55\xaa":
        return []
    found = []
    for at in range(32, len(raw), 32):
        if raw[at] not in (0x00, 0x88) or not any(raw[at:at + 32]):     # a header of a section, or the end
            continue
        length = _FLOPPIES.get(raw[at + 1] & 0x0F) or max(1, int.from_bytes(raw[at + 6:at + 8], "little")) * _UNIT
        found.append(Partition(int.from_bytes(raw[at + 8:at + 12], "little") * SECTOR_BYTES, length))
    return [image for image in found if image.start > 0 and image.start + image.length <= source.size_bytes]


def partitions(source: BlockSource) -> list[Partition]:
    """What the partition tables at the start of the disc describe (MBR, GPT, Apple); each that begins on the carrier.

    Raises: DriveLost.
    """
    head = _read(source, 0, 16 * SECTOR_BYTES)
    found = [*_mbr(head), *_gpt(source, head), *_apple(head)]
    return list(dict.fromkeys(p for p in found if p.length > 0 and 0 < p.start < source.size_bytes))


def _mbr(head: bytes) -> Iterator[Partition]:
    if head[510:512] == b"\x55\xaa":
        for at in range(446, 510, 16):
            start, length = struct.unpack_from("<II", head, at + 8)
            if head[at + 4] not in (0x00, 0xEE):
                yield Partition(start * _UNIT, length * _UNIT)


def _gpt(source: BlockSource, head: bytes) -> Iterator[Partition]:
    if head[_UNIT:_UNIT + 8] != b"EFI PART":
        return
    first, count, each = struct.unpack_from("<QII", head, _UNIT + 72)
    if each not in (128, 256, 512) or first * _UNIT >= source.size_bytes:
        return
    raw = _read(source, first * _UNIT, min(count, _ENTRIES) * each)
    for at in range(0, len(raw) - each + 1, each):
        start, last = struct.unpack_from("<QQ", raw, at + 32)
        if any(raw[at:at + 16]):
            yield Partition(start * _UNIT, (last - start + 1) * _UNIT)


def _apple(head: bytes) -> Iterator[Partition]:
    if head[:2] != b"ER":
        return
    unit = int.from_bytes(head[2:4], "big")
    for block in (unit, _UNIT):
        for at in range(block, len(head) - 80, block) if block in (_UNIT, SECTOR_BYTES) else ():
            if head[at:at + 2] != b"PM":
                break
            start, length = struct.unpack_from(">II", head, at + 8)
            if head[at + 48:at + 57] == b"Apple_HFS":
                yield Partition(start * block, length * block)


def file_system_at(source: BlockSource, start: int) -> str:
    """The name of the file system that begins at this byte, "" where none that is known, or ISO 9660."""
    head = _read(source, start, min(_HEAD_BYTES, source.size_bytes - start))
    if len(head) >= 1024 + _HFS.size:
        signature, blocks, block_bytes = _HFS.unpack_from(head, 1024)
        if signature == 0x4244 and blocks and block_bytes and not block_bytes % _UNIT:
            return "HFS"
    return next((name for name, marks in _SIGNATURES if all(head[at:at + len(b)] == b for at, b in marks)), "")


def other_file_systems(source: BlockSource, files: Files, boot: Iterable[Partition]) -> list[Finding]:
    """`file-system-unknown` for every file system beside the ISO 9660 volume, in a partition or at the start.

    A partition that is an EFI boot image, or lies in the blocks of a file, is content of the volume and normal.
    Raises: DriveLost.
    """
    boots = {image.start for image in boot}
    found: dict[tuple[str, int], Finding] = {}
    for part in (Partition(0, source.size_bytes), *partitions(source)):
        name = file_system_at(source, part.start)
        if name and (name != "FAT" or part.start not in boots) and not _in_a_file(part, files, source.block_bytes):
            extent = Extent(part.start // source.block_bytes, min(part.length, source.size_bytes - part.start))
            found.setdefault((name, part.start), Finding("file-system-unknown", "", extent,
                                                                      {"layer": name, "reason": "beside"}))
    return list(found.values())


def _in_a_file(part: Partition, files: Files, block_bytes: int) -> bool:
    start, odd = divmod(part.start, block_bytes)
    return not odd and any(e.start_lba <= start and
                           part.start + part.length <= (e.start_lba - -e.length_bytes // block_bytes) * block_bytes
                           for number, first in enumerate(files.starts) if first <= start and first != -1
                           for e in files.extents(number))


def after_boot_images(source: BlockSource, end: int, boot: Iterable[Partition]) -> int:
    """The first block after the boot images that lie behind a volume's end, one after the other; else the end itself.

    A tool may append an EFI partition that the boot catalogue names; it is as long as a partition table says.
    """
    size = source.block_bytes
    lengths = {p.start: p.length for p in partitions(source)}
    for image in sorted(boot):
        between = image.start - end * size
        if 0 <= between <= _BETWEEN_BYTES and not any(_read(source, end * size, between)):
            length = max(image.length, lengths.get(image.start, 0))
            end = -(-min(image.start + length, source.size_bytes) // size)
    return end


def raw_sectors(source: BlockSource) -> int:
    """The bytes of a CD sector in a dump of whole sectors, which is not blocks of 2048; 0 = no such dump.

    Raises: DriveLost. Source: ISO/IEC 10149 §14 (sync, header); an audio track has neither, and is not recognised.
    """
    for each in _RAW_SECTORS[:2]:
        if all(_read(source, at, len(_SYNC)) == _SYNC for at in (0, each)):
            return each
    for each in _RAW_SECTORS:
        for skip in (16, 24, 8, 0):             # mode 1; mode 2 form 1; the same without sync and header
            if _read(source, 16 * each + skip + 1, 5) == b"CD001":
                return each
    return 0


def _read(source: BlockSource, at: int, length: int) -> bytes:
    """Bytes of the carrier, no further than what can be read and lies on it."""
    size = source.block_bytes
    length = min(length, source.size_bytes - at)
    if length <= 0:
        return b""
    lba, skip = divmod(at, size)
    content = b""
    for run in source.read_extent(Extent(lba, min(skip + length, source.size_bytes - lba * size))):
        if run.content is None:
            break
        content += run.content
    return content[skip:skip + length]
