"""What lies on a disc beside its ISO 9660 volume: boot images, partition tables, other file systems; or instead of it.

Takes a `BlockSource`; gives extents in bytes and names of file systems. Nothing here is needed to read the volume, so
nothing here can prevent it. Relies on El Torito 1.0, on `partitions` for the tables and on `file_systems` for the
signatures, which discs share with disks.
"""
from __future__ import annotations

from collections.abc import Iterable

from carriers.blocks import SECTOR_BYTES, BlockSource
from carriers.file_systems import kind_of
from carriers.model import Extent, Files, Finding
from carriers.partitions import UNIT, Partition, read_tables

_FLOPPIES = {1: 1_228_800, 2: 1_474_560, 3: 2_949_120}          # El Torito media types that are a whole diskette
_BETWEEN_BYTES = 1 << 20        # zeros that may lie between a volume and the boot images after it
_HEAD_BYTES = 36 * 1024         # where the signatures lie of what is written beside a volume
_SYSTEM_AREA_BYTES = 32 * 1024  # ECMA-119 §6.2.1
_SYNC = b"\0" + b"\xff" * 10 + b"\0"    # ISO/IEC 10149 §14.1: what a CD sector begins with
_RAW_SECTORS = (2352, 2448, 2336)       # all of a sector; with the subchannel; without the first 16 bytes


def boot_images(source: BlockSource, catalogue: int) -> list[Partition]:
    """Where the boot images of an El Torito catalogue lie; [] where it cannot be read or makes no sense.

    catalogue: its sector. A length is what the entry says: the part that a PC loads, often less than the image.
    Raises: DriveLost. Source: El Torito 1.0 §2.
    """
    raw = _read(source, catalogue * SECTOR_BYTES, SECTOR_BYTES) if catalogue > 0 else b""
    if raw[:1] != b"\1" or raw[30:32] != b"\x55\xaa":
        return []
    found: list[Partition] = []
    for at in range(32, len(raw), 32):
        if raw[at] not in (0x00, 0x88) or not any(raw[at:at + 32]):     # a header of a section, or the end
            continue
        length = _FLOPPIES.get(raw[at + 1] & 0x0F) or max(1, int.from_bytes(raw[at + 6:at + 8], "little")) * UNIT
        start = int.from_bytes(raw[at + 8:at + 12], "little") * SECTOR_BYTES
        found.append(Partition(len(found) + 1, start, length, "El Torito"))
    return [image for image in found if image.start > 0 and image.start + image.length <= source.size_bytes]


def partitions(source: BlockSource) -> list[Partition]:
    """What the partition tables at the start of the disc describe (MBR, GPT, Apple); each that begins on the carrier.

    Raises: DriveLost.
    """
    tables = read_tables(lambda at, length: _read(source, at, length), source.size_bytes)
    found = {part.start: part for table in reversed(tables) for part in table.partitions}
    return [part for part in found.values() if 0 < part.start < source.size_bytes]


def file_system_at(source: BlockSource, start: int) -> str:
    """The name of the file system that begins at this byte, "" where none that is known, or ISO 9660.

    Of the start of the disc what lies before its volume descriptors, ISO 9660's or UDF's.
    """
    name = kind_of(_read(source, start, _HEAD_BYTES if start else _SYSTEM_AREA_BYTES)).name
    return "" if name == "ISO 9660" else name


def other_file_systems(source: BlockSource, files: Files, boot: Iterable[Partition]) -> list[Finding]:
    """`file-system-unknown` for every file system beside the ISO 9660 volume, in a partition or at the start.

    A partition that is an EFI boot image, or lies in the blocks of a file, is content of the volume and normal.
    Raises: DriveLost.
    """
    boots = {image.start for image in boot}
    found: dict[tuple[str, int], Finding] = {}
    for part in (Partition(0, 0, source.size_bytes, ""), *partitions(source)):
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


def after_partitions(source: BlockSource, end: int, boot: Iterable[Partition]) -> tuple[int, list[Finding]]:
    """What lies behind a volume's end, one after the other: boot images, and what a partition table names.

    A tool may append an EFI partition that the boot catalogue names; it is as long as a partition table says.
    Returns: the first block after them, or the end itself; `file-system-unknown` for a partition that nothing is known
    of (`other_file_systems` tells the others).
    """
    size, found = source.block_bytes, list[Finding]()
    parts, boots = {p.start: p for p in partitions(source)}, {image.start: image for image in boot}
    for start in sorted({*parts, *boots}):
        between = start - end * size
        if not 0 <= between <= _BETWEEN_BYTES or any(_read(source, end * size, between)):
            continue
        length = max(part.length for part in (parts.get(start), boots.get(start)) if part is not None)
        length = min(length, source.size_bytes - start)
        if start not in boots and not file_system_at(source, start):
            if not any(_read(source, start, min(length, _BETWEEN_BYTES))):      # a gap that a GPT gives a number
                continue
            found.append(Finding("file-system-unknown", "", Extent(start // size, length), {
                "layer": "", "reason": "partition", "partition": parts[start].number}))
        end = -(-(start + length) // size)
    return end, found


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
