"""ISO 9660 as it is recorded: volume descriptors and directory records; notes damage and goes on.

Takes a `BlockSource`; gives volume descriptors and the records of directories. Relies on ECMA-119 (ISO 9660:1988 and
:1999) and the Joliet specification. No number of the carrier is trusted; a directory block is read once per volume.
"""
from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import xxhash

from carriers.blocks import SECTOR_BYTES, BlockSource
from carriers.model import Extent, Finding

FIRST_DESCRIPTOR = 16
_MAX_DESCRIPTORS = 64
_JOLIET_ESCAPES = (b"%/@", b"%/C", b"%/E")
_UDF_IDS = frozenset((b"BEA01", b"NSR02", b"NSR03", b"TEA01", b"BOOT2"))

# ECMA-119 §9.1: length, XAR length, extent, data length, flags with file unit size above them, name length
_LITTLE = struct.Struct("<BBI4xI11xH5xB")
_BIG = struct.Struct(">6xI4xI")
DIRECTORY, ASSOCIATED, _RESERVED, MULTI_EXTENT = 0x02, 0x04, 0x60, 0x80          # file flags, §9.1.6
INTERLEAVED = 0xFF00            # a file unit size ≠ 0, §9.1.7

_SET_NUMBERS = (120, 124)       # Volume Set Size and Volume Sequence Number, §8.4.6 and §8.4.7, both-endian
_PIECE_BLOCKS = 512             # a directory is read in pieces of this many blocks
_BARREN_BLOCKS = 64             # after so many blocks without one record it is no directory any more
_BAD_BLOCKS = 16                # unreadable blocks at which looking for a root ends
_ROOT_WITHIN = 4096             # blocks after the descriptors in which the root of a displaced volume is looked for


class VolumeDescriptor(NamedTuple):
    """A volume descriptor that can be used. name: of the tree it gives. lba: where it lies.

    base: what was taken off every address: the block of the disc with which this image of one session begins.
    """

    name: str
    lba: int
    volume_identifier: bytes
    volume_space_size: int
    logical_block_size: int
    path_table_l: Extent
    path_table_m: Extent
    root: Extent
    base: int = 0


@dataclass(slots=True)
class Descriptors:
    """What a volume recognition area holds. start: first block of the session that it is in; seen: descriptor blocks;
    boot_catalogue: its block, -1 = none; iso, udf: which of the two announce themselves, usable or not."""

    start: int = 0
    volumes: list[VolumeDescriptor] = field(default_factory=list)
    seen: list[int] = field(default_factory=list)
    boot_catalogue: int = -1
    iso: bool = False
    udf: bool = False
    findings: list[Finding] = field(default_factory=list)


class Record(NamedTuple):
    """A directory record that can be trusted. start_lba: after the extended attribute record. flags: the file flags,
    the file unit size above them. use_at, use_end: where the system use area lies in the block."""

    name: bytes
    flags: int
    start_lba: int
    size_bytes: int
    use_at: int
    use_end: int


RawRecord = tuple[bytes, int, int, int, int, int]
"""A `Record` before it is given names: half a million of them are made, and most are only taken apart again."""


def damaged(what: str, path: str = "", extent: Extent | None = None, count: int = 1) -> Finding:
    """`structure-damaged`: what is damaged, in which directory, where first, how often there."""
    return Finding("structure-damaged", path, extent, {"what": what, "count": count})


def read_descriptors(source: BlockSource, first: int = FIRST_DESCRIPTOR) -> Descriptors:
    """Read a volume recognition area: every descriptor that can be used, and UDF where it announces itself.

    Args:    first: the block that it begins with; another for a later session.
    Returns: volumes in recorded order; findings `structure-damaged`, `descriptor-copies-differ`, `session-displaced`.
    Raises:  DriveLost.
    Source:  ECMA-119 §8; Joliet §2; El Torito §2; ECMA-167 2/9.
    """
    found = Descriptors(first - FIRST_DESCRIPTOR)
    terminated = False
    strange: list[int] = []
    for lba in range(first, first + _MAX_DESCRIPTORS):
        block = source.read_blocks(lba, 1)
        if block is None and lba >= source.blocks:
            break
        kind = block[1:6] if block else b""
        if kind == b"CD001" and block:
            found.seen.append(lba)
            found.iso = True
            _take_descriptor(block, lba, source, found)
            terminated = terminated or block[0] == 255
        elif kind in _UDF_IDS:
            found.seen.append(lba)
            found.udf = found.udf or kind in (b"NSR02", b"NSR03")
        else:
            strange.append(lba)
            if len(strange) > 7 and strange[-8] == lba - 7:
                break
    last = max((lba for lba in found.seen), default=0)
    for lba in strange:
        if found.iso and lba < last and not (terminated and found.udf):
            found.findings.append(damaged("volume-descriptor", extent=Extent(lba, SECTOR_BYTES)))
    if found.seen and not terminated and not found.udf:
        found.findings.append(damaged("descriptor-terminator", extent=Extent(last + 1, SECTOR_BYTES)))
    _place_roots(source, found)
    return found


def _take_descriptor(block: bytes, lba: int, source: BlockSource, found: Descriptors) -> None:
    if block[0] == 0 and block[7:30] == b"EL TORITO SPECIFICATION":
        found.boot_catalogue = int.from_bytes(block[0x47:0x4B], "little")
    if block[0] not in (1, 2):
        # neither boot record nor terminator has a root directory record where volume descriptors have theirs
        if block[0] not in (0, 255) or block[156] == 34:
            found.findings.append(damaged("volume-descriptor", extent=Extent(lba, SECTOR_BYTES)))
        return
    name = "ISO 9660"
    if block[0] == 2 and block[88:91] in _JOLIET_ESCAPES:
        name = "Joliet"
    elif block[0] == 2:
        name = "ISO 9660:1999"
    size_le, size_be = struct.unpack("<I", block[80:84])[0], struct.unpack(">I", block[84:88])[0]
    unit_le, unit_be = struct.unpack("<H", block[128:130])[0], struct.unpack(">H", block[130:132])[0]
    unit = next((u for u in (unit_le, unit_be) if u in (512, 1024, 2048)), 2048)
    xar, le, length_le = _LITTLE.unpack_from(block, 156)[1:4]
    be, length_be = _BIG.unpack_from(block, 156)
    blocks = source.size_bytes // unit
    root = Extent((le if le < blocks else be) + xar, length_le if length_le <= source.size_bytes else length_be)
    table_le, table_be = int.from_bytes(block[132:136], "little"), int.from_bytes(block[136:140], "big")
    if (size_le, unit_le, le, length_le, table_le) != (size_be, unit_be, be, length_be, table_be) \
            or any(block[at:at + 2] != block[at + 3:at + 1:-1] for at in _SET_NUMBERS):
        found.findings.append(Finding("descriptor-copies-differ", extent=Extent(lba, SECTOR_BYTES),
                                      facts={"what": "both-endian", "count": 1}))
    if block[156] < 34 or root.start_lba == 0 or not block[181] & DIRECTORY:
        found.findings.append(damaged("volume-descriptor", extent=Extent(lba, SECTOR_BYTES)))
        root = Extent(0, 0)
    space = size_le if size_le == size_be or abs(size_le - blocks) <= abs(size_be - blocks) else size_be
    length = min(table_le, table_be) or max(table_le, table_be)
    found.volumes.append(VolumeDescriptor(
        name, lba, block[40:72], space, unit,
        Extent(int.from_bytes(block[140:144], "little"), length), Extent(int.from_bytes(block[148:152], "big"), length),
        root))


def _place_roots(source: BlockSource, found: Descriptors) -> None:
    """Take the root of a volume from where it lies, if the descriptor leads elsewhere; leave out volumes without one.

    An image of one session of a disc (CD-Extra) may hold addresses that count from the start of the disc; a damaged
    descriptor leaves its path tables, whose first record is the root's.
    """
    sound = DirectoryReader(source, source.blocks)
    same_unit = {v.logical_block_size for v in found.volumes} == {source.block_bytes}
    placed = {v.lba for v in found.volumes if same_unit and _is_root(sound, v.root.start_lba)}
    if found.start == 0 and same_unit and not placed and (base := _displacement(source, found)):
        found.findings.append(Finding("session-displaced", facts={"blocks": base}))
        found.volumes[:] = [_displaced(v, base, source.blocks) for v in found.volumes]
    kept = []
    for volume in found.volumes:
        root = _root_of_tables(source, sound, volume) if same_unit and volume.lba not in placed else None
        volume = volume._replace(root=root or volume.root)
        if (root or volume.root.start_lba * volume.logical_block_size >= source.size_bytes) and \
                damaged("volume-descriptor", extent=Extent(volume.lba, SECTOR_BYTES)) not in found.findings:
            found.findings.append(damaged("volume-descriptor", extent=Extent(volume.lba, SECTOR_BYTES)))
        if 0 < volume.root.start_lba * volume.logical_block_size < source.size_bytes:
            kept.append(volume)
    found.volumes[:] = kept


def _is_root(sound: DirectoryReader, lba: int) -> bool:
    """Whether a directory begins here that says so."""
    own = sound.first_records(lba)[1][:1]
    return bool(own) and own[0].start_lba == lba


def path_tables(volume: VolumeDescriptor) -> tuple[tuple[Extent, Literal["little", "big"]], ...]:
    """Both copies of a volume's path table with the order of their numbers. Source: ECMA-119 §8.4.14, §8.4.16."""
    return (volume.path_table_l, "little"), (volume.path_table_m, "big")


def _root_of_tables(source: BlockSource, sound: DirectoryReader, volume: VolumeDescriptor) -> Extent | None:
    """The root as the path tables have it, if a directory begins there that says so."""
    for table, order in path_tables(volume):
        block = source.read_blocks(table.start_lba, 1) or b""
        lba = int.from_bytes(block[2:6], order) - volume.base
        if block[:2] == b"\1\0" and lba not in (0, volume.root.start_lba) and _is_root(sound, lba):
            return Extent(lba, sound.first_records(lba)[1][0].size_bytes)
    return None


def _displacement(source: BlockSource, found: Descriptors) -> int:
    """How far from where it says the root of a volume lies; 0 where none is found, or more than one answer.

    Nothing is looked for where a root cannot be read at its own place, and no further than a few unreadable blocks.
    """
    wanted = {v.root.start_lba for v in found.volumes}
    if any(lba < source.blocks and source.read_blocks(lba, 1) is None for lba in wanted):
        return 0
    first = max(found.seen) + 1
    answers: set[int] = set()
    bad = 0
    for lba in range(first, min(source.blocks, first + _ROOT_WITHIN)):
        block = source.read_blocks(lba, 1)
        if block is None:
            bad += 1
            if bad > _BAD_BLOCKS:
                return 0
            continue
        own, parent = block[:34], block[block[0]:block[0] + 34]
        if len(parent) == 34 and (own[32:], parent[32:]) == (b"\1\0", b"\1\1") and own[2:18] == parent[2:18] \
                and own[2:6] == own[9:5:-1] and own[10:14] == own[17:13:-1] and own[25] & DIRECTORY:
            claimed = int.from_bytes(own[2:6], "little") + own[1]
            if claimed in wanted and claimed > lba:
                answers.add(claimed - lba)
    return answers.pop() if len(answers) == 1 else 0


def _displaced(volume: VolumeDescriptor, base: int, blocks: int) -> VolumeDescriptor:
    """The volume with its addresses counted from the block `base`; so is its size, where only that is possible."""
    def moved(extent: Extent) -> Extent:
        return extent._replace(start_lba=max(0, extent.start_lba - base))

    space = volume.volume_space_size
    return volume._replace(
        base=base, root=moved(volume.root), path_table_l=moved(volume.path_table_l),
        path_table_m=moved(volume.path_table_m), volume_space_size=space - base if space > max(blocks, base) else space)


def interleaving(block: bytes, record: Record) -> int:
    """The Interleave Gap Size of a record in its block; -1 where it has an extended attribute record too.

    Source: ECMA-119 §9.1.8. Where an extended attribute record lies in an interleaved file is told apart by no tool.
    """
    at = record.use_at - 33 - len(record.name) - (len(record.name) + 1) % 2
    return -1 if block[at + 1] else block[at + 27]


class DirectoryReader:
    """Reads the directories of one volume: each block once, what is damaged noted, every number checked.

    limit_blocks: what the volume claims or the carrier gives, the larger: an extent beyond it is implausible.
    base: of the volume. What would lie before the image's first block lies far outside instead.
    """

    def __init__(self, source: BlockSource, limit_blocks: int, base: int = 0) -> None:
        self.findings: list[Finding] = []
        self.read: list[Extent] = []                # structure that was read
        self.digest = xxhash.xxh3_128()             # of the directory blocks, as walked
        self.block_bytes = source.block_bytes
        self._source = source
        self._base = base
        self._limit_bytes = limit_blocks * source.block_bytes
        self._visited: set[int] = set()
        self._noted: dict[tuple[str, str], list[int]] = {}
        self._area_budget = source.size_bytes + (1 << 20)

    def again(self) -> DirectoryReader:
        """A reader that has read nothing yet, for another walk of the same volume."""
        return DirectoryReader(self._source, self._limit_bytes // self.block_bytes, self._base)

    def based(self, lba: int) -> int:
        """An address of the volume as one of the image."""
        return lba - self._base & 0xFFFFFFFF

    def is_plausible(self, lba: int, length_bytes: int) -> bool:
        """Whether an extent lies within the limit."""
        return lba * self.block_bytes + length_bytes <= self._limit_bytes

    def records(self, directory: Extent, path: str) -> Iterator[tuple[bytes, list[RawRecord]]]:
        """The records of a directory but `.` and `..`, block by block, keeping every one that can be trusted.

        Args:   directory: as its parent has it; its own first record may correct the length.
        Raises: DriveLost. Damage is in `findings` after `settle`.
        Source: ECMA-119 §6.8.1 (no record crosses a sector), §9.1, §7.3.3 (both-endian numbers).
        """
        barren = 0
        for lba, block in self._blocks(directory, path):
            records = self._records_of(block, lba, path)
            if lba == directory.start_lba:
                self._check_self(records, directory, path)
            elif not records and not barren:
                self.note("directory-block", path, lba)
            barren = 0 if records else barren + 1
            if barren > _BARREN_BLOCKS:
                break
            yield block, [r for r in records if r[0] != b"\0" and r[0] != b"\1"]

    def first_records(self, lba: int) -> tuple[bytes, list[Record]]:
        """The block at `lba` with its records, `.` and `..` too, without noting anything; none = no directory."""
        block = self._source.read_blocks(lba, self._blocks_of_sector(lba)) or b""
        noted, self._noted = self._noted, {}
        records = [Record(*raw) for raw in self._records_of(block, lba, "")]
        self._noted = noted
        return block, records if records and records[0].name == b"\0" else []

    def root_records(self, volume: VolumeDescriptor) -> list[Record]:
        """The first records of a volume's root, as `first_records`."""
        return self.first_records(volume.root.start_lba)[1]

    def area(self, lba: int, offset: int, length: int) -> bytes | None:
        """A continuation area of a system use field, None where it cannot be had or the budget is spent."""
        size, lba = self._source.block_bytes, self.based(lba)
        self._area_budget -= length + 64               # the least that following one costs
        if length > 16 * size or offset >= size or self._area_budget < 0:
            return None
        count = -(-(offset + length) // size)
        blocks = self._source.read_blocks(lba, count)
        if blocks is None:
            return None
        if not self.read or self.read[-1] != Extent(lba, count * size):
            self.read.append(Extent(lba, count * size))
        return blocks[offset:offset + length]

    def _blocks(self, directory: Extent, path: str) -> Iterator[tuple[int, bytes]]:
        """The blocks of a directory that can be read and lie on the carrier, up to one that was read before."""
        size, lba = self.block_bytes, directory.start_lba
        if lba in self._visited:
            self.note("directory-loop", path, lba)
            return
        own = self.first_records(lba)[1][:1]
        recorded = own[0].size_bytes if own and own[0].start_lba == lba else 0
        end = lba + -(-max(directory.length_bytes, recorded, 1) // size)
        if end > self._source.size_bytes // size:
            self.note("directory-outside", path, lba)
            end = self._source.size_bytes // size
        while lba < end:
            if lba in self._visited:
                self.note("directory-loop", path, lba)
                return
            count = 1
            while count < _PIECE_BLOCKS and lba + count < end and lba + count not in self._visited:
                count += 1
            self._visited.update(range(lba, lba + count))
            self.read.append(Extent(lba, count * size))
            piece = self._source.read_blocks(lba, count)
            stop = lba + count
            while lba < stop:
                step = min(self._blocks_of_sector(lba), stop - lba)
                at = (lba - stop + count) * size
                block = piece[at:at + step * size] if piece else self._source.read_blocks(lba, step)
                if block is None:
                    self.note("unreadable-block", path, lba)
                else:
                    self.digest.update(block)
                    yield lba, block
                lba += step

    def _blocks_of_sector(self, lba: int) -> int:
        """Blocks to the end of the sector: what a record must not cross is a sector, whatever the block size."""
        each = max(1, SECTOR_BYTES // self.block_bytes)
        return each - lba % each

    def _records_of(self, block: bytes, lba: int, path: str) -> list[RawRecord]:
        """The records of one block; after a damaged one, from the next place that reads as a sound record."""
        little, big, at, end = _LITTLE.unpack_from, _BIG.unpack_from, 0, len(block)
        limit, size, base = self._limit_bytes, self.block_bytes, self._base
        records: list[RawRecord] = []
        take = records.append
        while end - at >= 34:
            length, xar, start, size_bytes, flags, name_length = little(block, at)
            name_at, stop = at + 33, at + length
            name_end = name_at + name_length
            if name_at < name_end <= stop <= end and not flags & _RESERVED:
                start_be, size_be = big(block, at)
                if base:
                    start, start_be = start - base & 0xFFFFFFFF, start_be - base & 0xFFFFFFFF
                if start == start_be and size_bytes == size_be:
                    take((block[name_at:name_end], flags, start + xar, size_bytes, name_end + ~name_length % 2, stop))
                    at = stop
                    continue
                self.note("both-endian", path, lba)
                if start * size + size_bytes > limit:
                    start, size_bytes = start_be, size_be
                if start * size + size_bytes <= limit:
                    take((block[name_at:name_end], flags, start + xar, size_bytes, name_end + ~name_length % 2, stop))
                    at = stop
                    continue
            if block.count(0, at) == end - at:
                break
            self.note("directory-record", path, lba)
            at = self._next_sound(block, at + 1)
        return records

    def _next_sound(self, block: bytes, at: int) -> int:
        """Where the next record begins that is sound in all that can be checked; the block's end if none does."""
        for place in range(at + at % 2, len(block) - 33, 2):
            if block[place] < 34 or block[place + 2:place + 6] != block[place + 9:place + 5:-1]:
                continue
            length, _, start, size_bytes, flags, name_length = _LITTLE.unpack_from(block, place)
            if (start, size_bytes) == _BIG.unpack_from(block, place) and 33 + name_length <= length \
                    and place + length <= len(block) and name_length and not flags & _RESERVED \
                    and start > 0 and self.is_plausible(self.based(start), size_bytes):
                return place
        return len(block)

    def _check_self(self, records: list[RawRecord], directory: Extent, path: str) -> None:
        own = Record(*records[0]) if records else None
        if own is None or own.name != b"\0" or own.start_lba != directory.start_lba:
            self.note("directory-start", path, directory.start_lba)
        elif own.size_bytes != directory.length_bytes:
            self.note("directory-length", path, directory.start_lba)

    def note(self, what: str, path: str, lba: int) -> None:
        """Count a kind of damage in the directory that is being read; lba: where it was seen first."""
        noted = self._noted.setdefault((what, path), [lba, 0])
        noted[1] += 1

    def settle(self) -> None:
        """One finding for each kind of damage in the directory just read."""
        for (what, path), (lba, count) in self._noted.items():
            extent = Extent(lba, self._source.block_bytes)
            if what == "directory-loop":
                self.findings.append(Finding("directory-loop", path, extent, {"count": count}))
            elif what in ("both-endian", "directory-length"):
                self.findings.append(Finding("descriptor-copies-differ", path, extent, {"what": what, "count": count}))
            else:
                self.findings.append(damaged(what, path, extent, count))
        self._noted.clear()
