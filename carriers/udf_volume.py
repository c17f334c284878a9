"""A UDF volume before its files: anchors, volume descriptor sequences, partition maps, integrity.

Takes a `Volume`; gives the prevailing descriptors and the `Partitions`. Relies on ECMA-167 3/8.4 (volume structure),
3/10, 4/8.3, 4/8.8, 4/10.10 and OSTA UDF 2.60 §2.2. Sequences and chains are followed once and within bounds.
"""
from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from carriers.udf_descriptors import (
    EXTENDED_FILE_ENTRY,
    EXTENT_AD,
    FILE_ENTRY,
    FILE_SET,
    IMPLEMENTATION_USE,
    INTEGRITY,
    LOGICAL,
    LONG_AD,
    LONGEST_EXTENT,
    PARTITION,
    POINTER,
    PRIMARY,
    TAG,
    TERMINATING,
    UNALLOCATED,
    Volume,
    condition,
    identifier,
)
from carriers.udf_files import VIRTUAL_TABLE, Address, Icb, Icbs
from carriers.udf_partitions import HOLE_AT, NOT_RECORDED, Metadata, Partitions, Physical, Virtual

_SEQUENCE = frozenset((PRIMARY, POINTER, IMPLEMENTATION_USE, PARTITION, LOGICAL, UNALLOCATED, TERMINATING))
_MAX_SECTORS = 512              # of one extent of a sequence; 16 are usual
_MAX_EXTENTS = 32               # that pointers lead to
_MAX_MAPS = 8                   # partition maps; two are usual
_SPARING_BYTES = 56 + 8 * 0xFFFF
_VIRTUAL_BYTES = 1 << 28        # of a virtual allocation table: 64 Mi blocks are 128 GiB
_LAST_BLOCKS = 512              # before the end, in which the VAT's ICB is looked for first
_EMPTY_BYTES = 64 << 20         # of an empty end of an image that are stepped over
_PIECE_BYTES = 1 << 20
_METADATA_KINDS = (250, 251)
_MAX_TABLES = 99                # virtual allocation tables that name each other
_FILE_ENTRIES = (FILE_ENTRY.to_bytes(2, "little"), EXTENDED_FILE_ENTRY.to_bytes(2, "little"))


class Sequence(NamedTuple):
    """One volume descriptor sequence. found: (kind, which of that kind) → (its sector's place, its bytes)."""

    found: dict[tuple[int, int], tuple[int, bytes]]
    damaged: int                # sectors that are neither a sound descriptor nor empty, -1 = none; the first of them


@dataclass(slots=True)
class Claims:
    """The largest bytes that the descriptors of a volume speak of."""

    end_bytes: int = 0
    of_partitions: int = 0
    writable: bool = False      # a partition that may be written again

    def claim(self, offset: int, length: int) -> None:
        self.end_bytes = max(self.end_bytes, offset + length)


def read_sequence(volume: Volume, location: int, length: int, claims: Claims) -> Sequence:
    """Read a volume descriptor sequence with its pointers; the highest sequence number of each kind prevails.

    Source: ECMA-167 3/8.4.2, 3/8.4.3.
    """
    size, found, bad = volume.sector_bytes, dict[tuple[int, int], tuple[int, bytes]](), -1
    extents, visited = [(location, length)], set[int]()
    while extents and len(visited) < _MAX_EXTENTS:
        location, length = extents.pop()
        if location in visited:
            continue
        visited.add(location)
        claims.claim(location * size, length)
        for sector in range(location, location + min(length // size, _MAX_SECTORS)):
            raw = volume.take(sector * size, size)
            if raw is None:
                bad = sector * size if bad < 0 else bad
                continue
            if not any(raw):
                continue
            kind = TAG.unpack_from(raw)[0]
            wrong = condition(raw, 0, sector) if kind in _SEQUENCE else None
            if wrong is None:
                bad = sector * size if bad < 0 else bad
                continue
            if wrong:
                volume.note(wrong, "", sector * size)
            if kind == TERMINATING:
                break
            if kind == POINTER:
                more, where = EXTENT_AD.unpack_from(raw, 20)
                extents.append((where, more))
                continue
            which = int.from_bytes(raw[22:24], "little") if kind == PARTITION else 0
            if (kind, which) not in found or _number(raw) >= _number(found[kind, which][1]):
                found[kind, which] = sector * size, raw
    return Sequence(found, bad)


def _number(raw: bytes) -> int:
    """The Volume Descriptor Sequence Number, which all these have in one place."""
    return int.from_bytes(raw[16:20], "little")


def prevailing(volume: Volume, main: Sequence, reserve: Sequence | None) -> dict[tuple[int, int], bytes]:
    """The descriptors of both sequences; a difference is noted, and the higher sequence number, else the main, wins."""
    if reserve is None:
        if main.damaged >= 0:
            volume.note("volume-descriptor-sequence", "", main.damaged)
        return {key: raw for key, (_, raw) in main.found.items()}
    for damaged in (main.damaged, reserve.damaged):
        if damaged >= 0:
            volume.note("volume-descriptor-sequence", "", damaged)
    chosen: dict[tuple[int, int], bytes] = {}
    for key in {**main.found, **reserve.found}:
        ours, theirs = main.found.get(key), reserve.found.get(key)
        if ours is None or theirs is None:
            if main.damaged < 0 and reserve.damaged < 0:
                volume.note("volume-descriptor-sequence", "", (ours or theirs or (0, b""))[0])
            chosen[key] = (ours or theirs or (0, b""))[1]
            continue
        if _said(ours[1]) != _said(theirs[1]):
            volume.differ("volume-descriptor-sequence", theirs[0])
        chosen[key] = theirs[1] if _number(theirs[1]) > _number(ours[1]) else ours[1]
    return chosen


def _said(raw: bytes) -> bytes:
    """What a descriptor says, without its tag and the Volume Set Identifier (genisoimage makes one for each copy)."""
    return raw[16:72] + raw[200:] if TAG.unpack_from(raw)[0] == PRIMARY else raw[16:]


def has_volume(found: dict[tuple[int, int], bytes]) -> bool:
    """Whether the descriptors make a volume: one logical volume descriptor, one partition at least."""
    kinds = {kind for kind, _ in found}
    return LOGICAL in kinds and PARTITION in kinds


# --- partitions ------------------------------------------------------------------------------------------------------

class _Map(NamedTuple):
    """A partition map. kind: "" (type 1), or the identifier of a type 2 map; number: of the partition descriptor."""

    kind: bytes
    number: int
    raw: bytes


def _maps(logical: bytes) -> list[_Map]:
    """The partition maps of a logical volume descriptor. Source: ECMA-167 3/10.7, UDF 2.60 §2.2.8."""
    length, count = EXTENT_AD.unpack_from(logical, 264)
    at, end = 440, min(440 + length, len(logical))
    found: list[_Map] = []
    while at + 6 <= end and len(found) < min(count, _MAX_MAPS):
        kind, size = logical[at], logical[at + 1]
        raw = logical[at:at + size]
        if kind == 1 and size == 6:
            found.append(_Map(b"", int.from_bytes(raw[4:6], "little"), raw))
        elif kind == 2 and size == 64 and len(raw) == 64:
            found.append(_Map(identifier(raw, 4), int.from_bytes(raw[38:40], "little"), raw))
        else:
            found.append(_Map(b"?", 0, raw))
            if size < 2:
                break
        at += size
    return found


class Mapped(NamedTuple):
    """The partitions of a volume. earlier: the same by earlier virtual allocation tables, the newest first;
    virtual_end: the byte after the last table's ICB, 0 = the volume has none."""

    partitions: Partitions
    earlier: list[Partitions]
    virtual_end: int


def read_partitions(volume: Volume, found: dict[tuple[int, int], bytes], claims: Claims) -> Mapped:
    """The partitions of a volume; those that cannot be used are noted."""
    logical = found[LOGICAL, 0]
    maps, size, count = _maps(logical), volume.sector_bytes, -(-volume.source.size_bytes // volume.sector_bytes)
    plain: dict[int, Physical] = {}
    for (kind, number), raw in found.items():
        if kind == PARTITION:
            access, start, blocks = (int.from_bytes(raw[at:at + 4], "little") for at in (184, 188, 192))
            plain[number] = Physical(start * size, blocks, size)
            claims.of_partitions = max(claims.of_partitions, (start + blocks) * size)
            claims.writable = claims.writable or access != 1
    if not maps:
        volume.note("partition-map", "", -1)
    usable: list[Physical | Virtual | Metadata | None] = []
    earlier, end = list[Partitions](), 0
    for told in maps:                                       # spared packets may hold what other maps need
        if told.kind == b"*UDF Sparable Partition" and told.number in plain:
            _spare(volume, plain[told.number], told.raw, claims)
    for number, told in enumerate(maps):
        base, tables = plain.get(told.number), list[_Table]()
        if base is None or told.kind in (b"", b"*UDF Sparable Partition"):
            usable.append(base)
        elif told.kind == b"*UDF Virtual Partition":
            tables = _virtual(volume, base)
            usable.append(Virtual(base, tables[0].entries) if tables else None)
            end = tables[0].end if tables else 0
        else:
            usable.append(_metadata(volume, base, told.raw) if told.kind == b"*UDF Metadata Partition" else None)
        if usable[-1] is None:
            lost = told.kind == b"*UDF Virtual Partition" and base is not None
            volume.note("virtual-allocation-table" if lost else "partition-map", "", -1)
        for table in tables[1:]:
            if base is not None:
                others = [plain.get(other.number) for other in maps[number + 1:]]
                earlier.append(Partitions([*usable[:number], Virtual(base, table.entries), *others], size, count))
    return Mapped(Partitions(usable, size, count), earlier, end)


def _spare(volume: Volume, base: Physical, raw: bytes, claims: Claims) -> None:
    """Replace packets by the sparing table with the highest sequence number. Source: UDF 2.60 §2.2.9, §2.2.12."""
    packet, count, length = int.from_bytes(raw[40:42], "little"), raw[42], int.from_bytes(raw[44:48], "little")
    tables: list[tuple[int, int, bytes]] = []
    for number in range(min(count, 4)):
        location = int.from_bytes(raw[48 + 4 * number:52 + 4 * number], "little")
        offset, size = location * volume.sector_bytes, min(length, _SPARING_BYTES)
        copy = volume.take(offset, size) if size >= 56 else None
        claims.claim(offset, length)
        wrong = None
        if copy is not None and TAG.unpack_from(copy)[0] == 0 and identifier(copy, 16) == b"*UDF Sparing Table":
            wrong = condition(copy, 0, location)
        if copy is None or wrong is None:
            volume.note("sparing-table", "", offset)
            continue
        if wrong:
            volume.note(wrong, "", offset)
        entries = copy[56:56 + 8 * int.from_bytes(copy[48:50], "little")]
        tables.append((int.from_bytes(copy[52:56], "little"), offset, entries))
    if not tables or not packet:
        volume.note("sparing-table", "", -1)
        return
    best = max(tables, key=lambda table: (table[0], -table[1]))
    for table in tables:
        if table[2] != best[2]:
            volume.differ("sparing-table", table[1])
    base.packet_blocks = packet
    for original, mapped in EXTENT_AD.iter_unpack(best[2][:len(best[2]) // 8 * 8]):
        if original < 0xFFFFFFF0 and not original % packet:         # above: a free or a defective spare
            base.spared[original // packet] = mapped * volume.sector_bytes
    base.packets = sorted(base.spared)


def _metadata(volume: Volume, base: Physical, raw: bytes) -> Metadata | None:
    """A metadata partition from its file, else from the mirror. Source: UDF 2.60 §2.2.10, §2.2.13."""
    icbs = Icbs(volume, Partitions([base], base.block_bytes, volume.source.blocks))
    places = [int.from_bytes(raw[at:at + 4], "little") for at in (40, 44)]
    main, mirror = (_metadata_file(icbs, base, place) for place in places)
    if main is not None and places[1] == NOT_RECORDED:
        return main
    if main is None or mirror is None:
        volume.note("metadata-file", "", -1)
        return main or mirror
    if main.ends[-1] != mirror.ends[-1]:
        volume.differ("metadata-file", -1)
    main.mirror = mirror
    return main


def _metadata_file(icbs: Icbs, base: Physical, block: int) -> Metadata | None:
    """The extents of a metadata file as a partition; None where it cannot be used."""
    offset = base.place(block)
    raw = icbs.volume.take(offset, base.block_bytes) if offset >= 0 else None
    icb = icbs.parse(raw, Address(0, block), offset) if raw is not None else None
    if not isinstance(icb, Icb) or icb.kind not in _METADATA_KINDS or icb.lost or icb.stored:
        return None
    file = Metadata(base, [], [], [])
    at = 0
    for reference, first, end in icb.logical:
        if reference != HOLE_AT:
            file.starts.append(at)
            file.lying.append(first)
            file.ends.append(at + end - first)
        at += end - first
    return file if file.starts else None


# --- the virtual allocation table ------------------------------------------------------------------------------------

class _Table(NamedTuple):
    """A virtual allocation table. end: the byte after its ICB; previous: the block of that before, 2^32 - 1 = none."""

    entries: array[int]
    end: int
    previous: int


def _virtual(volume: Volume, base: Physical) -> list[_Table]:
    """The virtual allocation tables of a partition, the last one first, and those before it as they name each other.

    The last is in the last block that was recorded, or near it: link blocks follow on some media, zeros in some images.
    Source: UDF 2.60 §2.2.11; UDF 1.50 §2.2.10.
    """
    size, found = base.block_bytes, list[_Table]()
    icbs = Icbs(volume, Partitions([base], size, volume.source.blocks))
    for offset, raw in _last_blocks(volume, base):
        table = _table(icbs, raw, offset, base)
        if table is not None:
            volume.take(offset, size)
            found.append(table)
            break
        if raw[27] == VIRTUAL_TABLE and condition(raw, 0, (offset - base.start_bytes) // size) != "tag-location":
            volume.note("virtual-allocation-table", "", offset)
    seen = {table.end for table in found}
    while found and len(found) <= _MAX_TABLES:
        offset = base.place(found[-1].previous)
        before = volume.peek(offset, size) if offset >= 0 and offset + size not in seen else None
        table = _table(icbs, before, offset, base) if before is not None else None
        if table is None:
            break
        seen.add(table.end)
        found.append(table)
    return found


def _table(icbs: Icbs, raw: bytes, offset: int, base: Physical) -> _Table | None:
    """The virtual allocation table whose ICB this block is; None where it is none, or damaged."""
    block = (offset - base.start_bytes) // base.block_bytes
    if raw[:2] not in _FILE_ENTRIES or raw[27] not in (0, VIRTUAL_TABLE) or condition(raw, 0, block) != "":
        return None
    icb = icbs.parse(raw, Address(0, block), offset)
    content = _content(icbs.volume, icb) if isinstance(icb, Icb) else b""
    if len(content) < 36:
        return None
    if raw[27] == VIRTUAL_TABLE:                            # a header as of UDF 2.00
        head, previous = int.from_bytes(content[:2], "little"), content[132:136]
        if not 152 <= head <= len(content) or head % 4:
            return None
        entries = content[head:]
    else:                                                   # a trailer as of UDF 1.50
        entries, previous = content[:-36], content[-4:]
        if identifier(content, len(content) - 36) != b"*UDF Virtual Alloc Tbl":
            return None
    return _Table(array("I", entries[:len(entries) // 4 * 4]), offset + base.block_bytes,
                  int.from_bytes(previous, "little"))


def _last_blocks(volume: Volume, base: Physical) -> Iterator[tuple[int, bytes]]:
    """The last recorded blocks of a partition that are file entries, backwards."""
    size = base.block_bytes
    blocks = min((volume.source.size_bytes - base.start_bytes) // size, base.blocks)    # later sessions have their own
    at = base.start_bytes + blocks * size
    stop, left = max(base.start_bytes, at - _EMPTY_BYTES), -1
    while at > stop and left:
        begin = max(stop, at - _PIECE_BYTES)
        content = volume.peek(begin, at - begin)
        for offset in range(at - size, begin - 1, -size):
            raw = content[offset - begin:offset - begin + size] if content is not None else volume.peek(offset, size)
            if raw is not None and left < 0 and any(raw):
                left = _LAST_BLOCKS
            if raw is not None and raw[:2] in _FILE_ENTRIES:
                yield offset, raw
            left -= left > 0
            if not left:
                return
        at = begin


def _content(volume: Volume, icb: Icb) -> bytes:
    """The content of a virtual allocation table, b"" where it is not to be had."""
    if icb.lost or icb.stored or icb.size > min(_VIRTUAL_BYTES, volume.source.size_bytes):
        return b""
    parts = [volume.take(*piece) if piece[0] != HOLE_AT else None for piece in icb.pieces]
    content = b"".join([part for part in parts if part is not None])
    return content if len(content) == icb.size else b""


# --- what the volume points to ---------------------------------------------------------------------------------------

def is_closed(volume: Volume, logical: bytes, claims: Claims) -> bool | None:
    """Whether the last integrity descriptor says so; None where there is none that can be used.

    Source: ECMA-167 3/8.8.2, 3/10.10: the last one of the sequence counts.
    """
    size = volume.sector_bytes
    length, location = EXTENT_AD.unpack_from(logical, 432)
    visited, last = set[int](), None
    while length >= size and location not in visited and len(visited) < _MAX_EXTENTS:
        visited.add(location)
        claims.claim(location * size, length)
        following = 0, 0
        for sector in range(location, location + min(length // size, _MAX_SECTORS)):
            raw = volume.descriptor(sector * size, (INTEGRITY,), sector)
            if raw is None:
                break
            last = int.from_bytes(raw[28:32], "little") == 1
            following = EXTENT_AD.unpack_from(raw, 32)
        length, location = following
    return last


def read_file_set(volume: Volume, partitions: Partitions, logical: bytes) -> bytes | None:
    """The prevailing file set descriptor: of those that can be used the last, or that with the highest number.

    Source: ECMA-167 4/8.3.1, 4/14.1.
    """
    size, best = partitions.block_bytes, None
    extents, visited = [LONG_AD.unpack_from(logical, 248)], set[int]()
    while extents and len(visited) < _MAX_SECTORS:
        length, block, reference = extents.pop()
        for number in range(min((length & LONGEST_EXTENT) // size, _MAX_SECTORS)):
            offset = partitions.place(reference, block + number)
            if offset < 0 or offset in visited:
                break
            visited.add(offset)
            raw = volume.descriptor(offset, (FILE_SET, TERMINATING), block + number)
            other = partitions.mirror_place(reference, block + number)
            if raw is None and other >= 0 and (raw := volume.descriptor(other, (FILE_SET,), block + number)):
                volume.note("metadata-file", "", offset)
            if raw is None:
                continue
            if TAG.unpack_from(raw)[0] == TERMINATING:
                break
            if best is None or int.from_bytes(raw[44:48], "little") >= int.from_bytes(best[44:48], "little"):
                best = raw
            if LONG_AD.unpack_from(raw, 448)[0] & LONGEST_EXTENT:
                extents.append(LONG_AD.unpack_from(raw, 448))
    return best


