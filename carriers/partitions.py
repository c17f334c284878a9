"""The partitions of a disk: MBR with its logical drives, GPT in both copies, the Apple partition map; or none.

Takes anything that gives bytes of a disk by place; gives partitions in bytes, and what is wrong with the tables. Every
number of a table is held against the size of the disk before it is used. Source: UEFI 2.10 §5.2 (MBR), §5.3 (GPT);
Inside Macintosh: Devices, SCSI Manager (Apple partition map).
"""
from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from typing import NamedTuple

from carriers.file_systems import HEAD_BYTES, NONE, kind_of
from carriers.model import Extent, Finding

UNIT = 512                      # the smallest block that a table counts in, and the one that findings name
_UNITS = (512, 4096)
_MOST_ENTRIES = 1024            # of a GPT, and logical drives of an MBR; what tools write is 128 and less
_EXTENDED = (0x05, 0x0F, 0x85)
_PROTECTIVE = 0xEE              # all of a disk that a GPT describes
_GPT = struct.Struct("<8sIIIIQQQQ16sQIII")      # UEFI 2.10 table 5-5
_OF_THE_MAP = (b"Apple_partition_map", b"Apple_Free", b"Apple_Void", b"Apple_Driver")

Bytes = Callable[[int, int], bytes]             # (at, length) → bytes of the disk, fewer at its end


class Partition(NamedTuple):
    """A partition, in bytes. kind: its type as the table writes it: "0x07", a GUID in lower case, "Apple_HFS"."""

    number: int
    start: int
    length: int
    kind: str


class Table(NamedTuple):
    """name: "MBR", "GPT", "APM", "" where there is no table. own: where the table itself lies, (start, length)."""

    name: str
    partitions: list[Partition]
    findings: list[Finding]
    own: list[tuple[int, int]]


class _Header(NamedTuple):
    """A sound GPT header with its entries."""

    alternate: int
    guid: bytes
    usable: tuple[int, int]
    entries: bytes
    each: int
    at: int                     # of the entries, in bytes


def read_table(read: Bytes, size: int) -> Table:
    """The partition table of a disk of `size` bytes.

    A GPT counts where the MBR before it is protective, or empty; else it is what an earlier user left, and all systems
    follow the MBR (UEFI §5.2.3).

    Returns: findings `descriptor-copies-differ` (the copies of a GPT, or it and the MBR), `carrier-truncated` (a
             partition, or the second copy, lies beyond the end), `structure-damaged` (a table that leads nowhere,
             partitions that overlap).
    """
    return next(iter(read_tables(read, size)), Table("", [], [], []))


def read_tables(read: Bytes, size: int) -> list[Table]:
    """All tables that are there, that which counts first: a hybrid disc has one for each kind of machine."""
    head, found = read(0, UNIT), list[Table]()
    mbr = _mbr(read, head, size) if head[510:512] == b"\x55\xaa" else Table("", [], [], [])
    unit = next((unit for unit in _UNITS if read(unit, 8) == b"EFI PART"), 0)
    if unit or _is_protective(head):
        gpt = _gpt(read, size, unit or UNIT)
        told = {part.start for part in gpt.partitions}
        found = [gpt, mbr] if _is_protective(head) or not mbr.partitions else [mbr, gpt]
        if gpt.partitions and any(part.start not in told for part in mbr.partitions):
            found[0].findings.append(Finding("descriptor-copies-differ", facts={"what": "MBR-GPT", "count": 1}))
    found = [table for table in found or [mbr] if table.partitions or table.name == "GPT"]
    if head[:2] == b"ER":
        table = _apple(read, int.from_bytes(head[2:4], "big"), size)
        found += [table] if table.partitions else []
    return [_checked(table, size) for table in found]


def damaged(what: str, at: int = 0, count: int = 1) -> Finding:
    """A `structure-damaged` finding about a disk's own structure."""
    return Finding("structure-damaged", "", Extent(at // UNIT, UNIT), {"what": what, "count": count})


def _is_protective(head: bytes) -> bool:
    return head[510:512] == b"\x55\xaa" and any(head[at + 4] == _PROTECTIVE for at in range(446, 510, 16))


def _checked(table: Table, size: int) -> Table:
    """Partitions ascending by place; what lies outside the disk, or over another, is said."""
    findings, end, last = list(table.findings), 0, 0
    kept = []
    for part in sorted(table.partitions, key=lambda p: (p.start, p.length)):
        last = max(last, part.start + part.length)
        if part.start < end:
            findings.append(damaged("partition-overlap", part.start))
        end = max(end, part.start + part.length)
        if part.start < size:
            kept.append(part)
    if len(kept) < len(table.partitions):                # what lies in them was not looked for, so it is not missing
        findings.append(damaged("partition-outside", count=len(table.partitions) - len(kept)))
    if last > size:
        findings.append(Finding("carrier-truncated", facts={"claimed_bytes": last, "actual_bytes": size}))
    return table._replace(partitions=kept, findings=findings)


# ------------------------------------------------------------------------------------------------------------- MBR

class _Entry(NamedTuple):
    """An entry of a boot record, start and blocks in its own unit. is_odd: of a status that no entry may have."""

    kind: int
    start: int
    blocks: int
    is_odd: bool


def _entries(sector: bytes) -> Iterator[_Entry]:
    """The four entries of a boot record; an unused one has type 0."""
    for at in range(446, 510, 16):
        start, blocks = struct.unpack_from("<II", sector, at + 8)
        yield _Entry(sector[at + 4], start, blocks, sector[at] not in (0x00, 0x80))


def _counted_in(read: Bytes, head: bytes, size: int) -> int:
    """What a boot record counts in. It does not say so: the unit in which it leads to file systems, if there is one."""
    for unit in _UNITS:
        for kind, start, _, _ in _entries(head):
            at = start * unit
            if kind and 0 < at < size and (kind_of(read(at, min(HEAD_BYTES, size - at))) != NONE
                                           or kind in _EXTENDED and read(at, UNIT)[510:512] == b"\x55\xaa"):
                return unit
    return UNIT


def _mbr(read: Bytes, head: bytes, size: int) -> Table:
    unit = _counted_in(read, head, size)
    found, findings, own = list[Partition](), list[Finding](), [(0, unit)]
    is_table = any(kind and not is_odd for kind, _, _, is_odd in _entries(head))
    for number, (kind, start, blocks, is_odd) in enumerate(_entries(head), 1):
        if not is_table or not kind or kind == _PROTECTIVE or not start or not blocks:
            continue
        if is_odd:
            findings.append(damaged("partition-table"))
            if (start + blocks) * unit > size:
                continue
        if kind in _EXTENDED:
            logical = _logical(read, start, size, unit)
            found += logical.partitions
            findings += logical.findings
            own += logical.own
        else:
            found.append(Partition(number, start * unit, blocks * unit, f"{kind:#04x}"))
    if found and all(part.start >= size for part in found):
        return Table("", [], [], [])                    # the end of a boot sector without a table may look like one
    return Table("MBR", found, findings, own)


def _logical(read: Bytes, base: int, size: int, unit: int) -> Table:
    """The logical drives of an extended partition: a chain of boot records, each with a drive and the next record."""
    found, findings, own, seen, at = list[Partition](), list[Finding](), list[tuple[int, int]](), set[int](), base
    while True:
        sector = read(at * unit, UNIT) if at * unit < size else b""
        if at in seen or len(seen) >= _MOST_ENTRIES or sector[510:512] != b"\x55\xaa":
            findings.append(damaged("partition-table", min(at * unit, size - 1)))
            break
        seen.add(at)
        own.append((at * unit, unit))
        following = 0
        for kind, start, blocks, is_odd in _entries(sector):
            if kind and blocks and is_odd:
                findings.append(damaged("partition-table", at * unit))
            if kind in _EXTENDED and blocks:
                following = following or base + start
            elif kind and start and blocks:
                found.append(Partition(4 + len(seen), (at + start) * unit, blocks * unit, f"{kind:#04x}"))
        if not following:
            break
        at = following
    return Table("MBR", found, findings, own)


# ------------------------------------------------------------------------------------------------------------- GPT

def _gpt(read: Bytes, size: int, unit: int) -> Table:
    """Both copies; the first sound one tells the partitions."""
    primary = _header(read, size, unit, 1)
    last = size // unit - 1
    backup = None
    findings = []
    for lba in ([primary.alternate] if primary and 1 < primary.alternate <= last else []) + [last]:
        backup = backup or (_header(read, size, unit, lba) if lba > 1 else None)
    used = primary or backup
    if used is None:
        return Table("GPT", [], [damaged("partition-table", unit)], [(0, 2 * unit)])
    if primary and primary.alternate > last:
        findings.append(Finding("carrier-truncated", facts={
            "claimed_bytes": (primary.alternate + 1) * unit, "actual_bytes": size}))
    elif not primary or not backup or (primary.guid, primary.usable, primary.entries) != \
            (backup.guid, backup.usable, backup.entries):
        findings.append(Finding("descriptor-copies-differ", facts={"what": "GPT", "count": 1}))
    found, empty = list[Partition](), 0
    for number in range(len(used.entries) // used.each):
        entry = used.entries[number * used.each:(number + 1) * used.each]
        start, end = struct.unpack_from("<QQ", entry, 32)
        if not any(entry[:16]):
            continue
        if 0 < start <= end:
            found.append(Partition(number + 1, start * unit, (end - start + 1) * unit, _guid(entry[:16])))
        else:
            empty += 1
    if empty:
        findings.append(damaged("partition-table", used.at, empty))
    own = [(0, 2 * unit)] + [place for header, lba in ((primary, 1), (backup, primary.alternate if primary else last))
                             if header for place in ((lba * unit, unit), (header.at, len(header.entries)))]
    return Table("GPT", found, findings, own)


def _header(read: Bytes, size: int, unit: int, lba: int) -> _Header | None:
    """A header and its entries, None where they are not there or a checksum is wrong."""
    raw = read(lba * unit, unit)
    if len(raw) < _GPT.size or raw[:8] != b"EFI PART":
        return None
    _, _, length, crc, _, own, alternate, first, last, guid, at, count, each, sum_of_entries = _GPT.unpack_from(raw)
    if not _GPT.size <= length <= len(raw) or own != lba or not 128 <= each <= 4096 or not 0 < count <= _MOST_ENTRIES \
            or zlib.crc32(raw[:16] + bytes(4) + raw[20:length]) != crc or at * unit >= size:
        return None
    entries = read(at * unit, count * each)
    if len(entries) < count * each or zlib.crc32(entries) != sum_of_entries:
        return None
    return _Header(alternate, guid, (first, last), entries, each, at * unit)


def _guid(raw: bytes) -> str:
    """A GUID as it is written. Source: UEFI 2.10 appendix A (the first three fields are little-endian)."""
    first, second, third = struct.unpack_from("<IHH", raw)
    return f"{first:08x}-{second:04x}-{third:04x}-{raw[8:10].hex()}-{raw[10:16].hex()}"


# ----------------------------------------------------------------------------------------------------------- Apple

def _apple(read: Bytes, block: int, size: int) -> Table:
    """Entries follow each other from block 1, as many as the first one says."""
    if block not in (512, 1024, 2048, 4096):
        return Table("", [], [], [])
    found: list[Partition] = []
    count = 1
    number = 1
    while number <= min(count, _MOST_ENTRIES):
        entry = read(number * block, 80)
        if len(entry) < 80 or entry[:2] != b"PM":
            break
        count, start, blocks = struct.unpack_from(">III", entry, 4)
        kind = entry[48:80].split(b"\0")[0]
        if blocks and not kind.startswith(_OF_THE_MAP):
            found.append(Partition(number, start * block, blocks * block, kind.decode("ascii", "replace")))
        number += 1
    return Table("APM", found, [], [(0, number * block)])
