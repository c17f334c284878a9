"""A hard disk or an image of one: its partitions and their file systems as one structure, never mounted.

Takes a `BlockSource`; gives what `carriers.model.Carrier` promises. The table tells the volumes, pytsk3 lists them over
our own blocks; what it lists is planned by block where a file is plain and wholly initialised, else its content comes
through pytsk3's reader. Paths begin with the volume's label (or P and the partition's number) where more than one
volume has files, so that lists made of `/media/…/LABEL` fit as they are. Relies on `partitions`, `file_systems`,
`volume_state`, `disk_walk` for the structure, on `blocks` for reading and its retry policy.
"""
from __future__ import annotations

import os
import stat
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import xxhash

from carriers import names
from carriers.blocks import BlockSource
from carriers.disk_walk import Walk
from carriers.file_systems import (
    BY_UDF,
    ENCRYPTED,
    EXFAT,
    FAT,
    HEAD_BYTES,
    NONE,
    NTFS,
    TSK,
    UDF,
    UNKNOWN,
    Kind,
    is_raid,
    kind_of,
)
from carriers.layers import bound_content, check_extents, reconcile
from carriers.model import (
    CONTENT_BYTES,
    HOLE,
    THROUGH,
    Addressing,
    CarrierId,
    CarrierKind,
    Chunk,
    Extent,
    FilePart,
    Files,
    Finding,
    PlannedRead,
    Structure,
    Tree,
)
from carriers.partitions import UNIT, Partition, Table, damaged, read_table
from carriers.plan import chunk_of
from carriers.sessions import no_longer_shown
from carriers.surface import Surface, Window
from carriers.tsk_volume import Content, TskVolume
from carriers.udf import read_udf
from carriers.volume_state import State, state_of

_UNIT_OF_COMPRESSION = 64 << 10         # NTFS: 16 clusters of 4096; what is asked for again after an error
_TAIL_BYTES = 128 << 10
_LOOKED_AT = 64 << 20                   # of each space between partitions
_ALIGNED = 1 << 20                      # where tools begin partitions
_BLANK_SAMPLES = 512
_CD001 = b"CD001"                       # ECMA-119 §8.1
_OF_DISCS = (_CD001, b"BEA01", b"NSR02", b"NSR03")      # ECMA-167 2/9
_OPTICAL = 11                           # the major number of SCSI CD-ROM drives
_RESERVED = "e3c9e316-0b5c-4db8-817d-f92df00215ae"      # Microsoft Reserved: holds nothing
_OF_TYPE = {                            # what a partition without a signature is, as its table says
    "0x42": "LDM", "5808c8aa-7e8f-42e0-85d2-e1e90434cfb3": "LDM", "af9b60a0-1431-4f62-bc68-3311714a69ad": "LDM",
    "e75caf8f-f680-4cee-afa3-b001e56efc2d": "Storage Spaces", "21686148-6449-6e6f-744e-656564454649": "BIOS boot",
    "0x82": "swap", "0x8e": "LVM2", "0xfd": "Linux RAID",
}
# TSK_FS_TYPE_*
_PRECISE = {2: "FAT12", 4: "FAT16", 8: "FAT32", 0x80: "ext2", 0x100: "ext3", 0x2000: "ext4"}


def is_disk(source: BlockSource) -> bool:
    """Whether a source is a disk: no volume of a disc (ISO 9660, UDF), and a table or file system of disks, or a drive.

    A disc stays one with a partition table before it, as hybrid images have; UDF alone on a drive that is no optical
    one is a disk's. Raises: DriveLost.
    """
    blocks = [source.read_blocks(lba, 1) for lba in range(16, 32)]      # kept, so that a disc is not asked twice
    marks = {block[1:6] for block in blocks if block is not None}
    if not marks.isdisjoint(_OF_DISCS):
        return _CD001 not in marks and _is_drive(source)
    surface = Surface(source)
    head = surface.read(0, HEAD_BYTES)
    return kind_of(head) != NONE or bool(read_table(surface.read, source.size_bytes).name) or _is_drive(source)


def _is_drive(source: BlockSource) -> bool:
    """Whether a source is a block device that is no optical drive. Source: Linux devices.txt, 11 block."""
    status = source.path.stat()
    return stat.S_ISBLK(status.st_mode) and os.major(status.st_rdev) != _OPTICAL


@dataclass(slots=True)
class _Volume:
    """A volume of the disk. first, last: numbers of its files. tsk: what reads it, None where nothing does."""

    part: Partition
    kind: Kind
    label: str
    first: int
    last: int
    findings: list[Finding]
    tsk: TskVolume | None = None
    records: tuple[tuple[int, int, int], ...] = ()      # NTFS: where the MFT lies, as runs
    record_bytes: int = 0
    layer: str = ""
    times: bytes = b""


class Disk:
    """A disk. Its structure is read once, when first asked for."""

    def __init__(self, source: BlockSource) -> None:
        source.use_blocks(UNIT)
        self._source = source
        self._surface = Surface(source)
        self._volumes: list[_Volume] = []
        self._inodes = array("Q")
        self._known: tuple[CarrierId, Structure, tuple[Finding, ...]] | None = None
        self._open: tuple[int, Any, Content] | None = None      # the last file that was read through pytsk3

    def identify(self) -> CarrierId:
        """What the disk says it is; medium and serial are "" for an image. Raises: DriveLost."""
        return self._look()[0]

    def structure(self) -> tuple[Structure, tuple[Finding, ...]]:
        """The volumes, the files that they show, and what is wrong with them. Raises: DriveLost."""
        return self._look()[1:]

    def findings(self) -> tuple[Finding, ...]:
        """What reading has shown of the drive so far (`drive-doubt`)."""
        return self._source.findings()

    def read(self, plan: Iterable[PlannedRead]) -> Iterator[Chunk]:
        """Read what is planned; a file that is not plain through pytsk3, over the same blocks.

        Raises: DriveLost, CarrierChanged. A medium error is a chunk without content, whichever way it came.
        """
        self._look()
        self._source.check_same()
        for planned in plan:
            start = planned.extent.start_lba
            if start == HOLE:
                yield Chunk(*planned, 1, 0.0, bytes(planned.extent.length_bytes))
            elif start <= THROUGH:
                yield from self._through(planned)
            else:
                for run in self._source.read_extent(planned.extent):
                    yield chunk_of(planned, run, UNIT)
        self._source.check_same()

    def content(self, file_no: int) -> bytes | None:
        """A small file whole, before the pass."""
        files = self.structure()[0].files
        if files is None or file_no in files.obstacles or files.sizes[file_no] > CONTENT_BYTES:
            return None
        pieces: list[bytes] = []
        for start, length, _, skip in files.extents(file_no):
            content: bytes | None = bytes(length)
            if start <= THROUGH:
                content = self._piece(THROUGH - start, skip, length)[0]
            elif start != HOLE:
                blocks = self._source.read_blocks(start, -(-(skip + length) // UNIT))
                content = blocks[skip:skip + length] if blocks is not None else None
            if content is None:
                return None
            pieces.append(content)
        return b"".join(pieces)

    def budget(self) -> dict[str, Any]:
        """What errors have cost so far, for the journal."""
        return self._source.budget()

    def go_on(self, budget: Mapping[str, Any]) -> None:
        """Take up what an earlier sitting has spent on errors."""
        self._source.go_on(budget)

    def stamp(self) -> list[int | str]:
        """The device or file that is being read (`BlockSource.stamp`)."""
        return list(self._source.stamp())

    def close(self) -> None:
        self._source.close()

    def _look(self) -> tuple[CarrierId, Structure, tuple[Finding, ...]]:
        if self._known is None:
            self._known = self._read_disk()
        return self._known

    # ------------------------------------------------------------------------------- content through pytsk3

    def _through(self, planned: PlannedRead) -> Iterator[Chunk]:
        """One read of a file that is not plain; after an error by units of compression."""
        start, length, _, at = planned.extent
        file_no, begun = THROUGH - start, self._source.clock()
        content, block, attempts = self._piece(file_no, at, length)
        if content is not None:
            yield Chunk(planned.number, Extent(block, length), planned.parts, attempts,
                        self._source.clock() - begun, content)
            return
        for begin in range(at, at + length, _UNIT_OF_COMPRESSION):
            count, begun = min(_UNIT_OF_COMPRESSION, at + length - begin), self._source.clock()
            content, block, attempts = self._piece(file_no, begin, count)
            parts = tuple(FilePart(p.file_no, p.offset_bytes + begin - at, 0, count) for p in planned.parts)
            yield Chunk(planned.number, Extent(block, count), parts, attempts, self._source.clock() - begun, content)

    def _piece(self, file_no: int, at: int, length: int) -> tuple[bytes | None, int, int]:
        """A piece of a file through pytsk3: content or None, about which block it lies at, reads that it took."""
        volume = self._volume_of(file_no)
        if volume.tsk is None:
            raise ValueError(f"file {file_no} has no reader")
        if self._open is None or self._open[0] != file_no:
            try:
                file = volume.tsk.open(self._inodes[file_no])
                self._open = file_no, file, volume.tsk.content(file)
            except OSError:
                return None, volume.part.start // UNIT, 1
        _, file, where = self._open
        places = _touched(where, at, length) or self._record(volume, self._inodes[file_no])
        content = volume.tsk.read(file, at, length)
        attempts = max((attempts for _, attempts in self._surface.settle()), default=1)
        bad = next((bad for start, count in places if (bad := self._surface.failed(start, count)) >= 0), -1)
        if bad < 0 and not places and self._surface.bad:        # somewhere in an inode, and nobody says where
            bad = min(self._surface.bad)
        block = places[0][0] // UNIT if places else volume.part.start // UNIT
        if bad >= 0 or len(content) != length:
            return None, bad if bad >= 0 else block, 0 if bad in self._surface.left else attempts
        return content, block, attempts

    def _volume_of(self, file_no: int) -> _Volume:
        return self._volumes[bisect_right([v.first for v in self._volumes], file_no) - 1]

    def _record(self, volume: _Volume, inode: int) -> list[tuple[int, int]]:
        """Where the MFT record of a file lies, which holds what has no runs."""
        at = inode * volume.record_bytes
        return [(start + at - offset, volume.record_bytes) for start, length, offset in volume.records
                if offset <= at < offset + length]

    # ------------------------------------------------------------------------------------------- structure

    def _read_disk(self) -> tuple[CarrierId, Structure, tuple[Finding, ...]]:
        surface, size, files = self._surface, self._source.size_bytes, Files()
        head = surface.read(0, HEAD_BYTES)
        table = read_table(surface.read, size)
        if not table.partitions and not table.findings or kind_of(head) in (NTFS, EXFAT, FAT, UDF):
            table = Table("", [Partition(0, 0, size, "")], [], [])
        findings = list(table.findings)
        self._volumes = [self._read_volume(part, files) for part in table.partitions]
        if not table.name and self._volumes[0].kind == NONE and self._is_blank():
            self._volumes[0].findings[:] = [Finding("blank")]
        _prefix(self._volumes, files)
        findings += [finding for volume in self._volumes for finding in volume.findings]
        findings += self._between(table)
        findings += check_extents(files, UNIT, size)
        findings += bound_content(files, UNIT, size)
        findings += self._unread(files)
        layers = tuple(dict.fromkeys(filter(None, (table.name, *(v.layer or v.kind.name for v in self._volumes)))))
        structure = Structure(layers, Addressing.BLOCKS, UNIT, self._source.blocks, size, 0, files,
                              (Tree("files", files.paths, range(len(files))),), free_space=True)
        return self._identity(head, files), structure, tuple(findings)

    def _identity(self, head: bytes, files: Files) -> CarrierId:
        digest = xxhash.xxh3_128(head)
        for path in files.paths:
            digest.update(path.encode("utf-8", "surrogatepass") + b"\0")
        digest.update(files.sizes.tobytes() + files.starts.tobytes() + b"".join(v.times for v in self._volumes))
        with_files = [v for v in self._volumes if v.last > v.first] or self._volumes
        label = next((v.label for v in with_files if v.label), "")
        return CarrierId(CarrierKind.DISK, "", label, "", self._source.size_bytes, digest.hexdigest())

    def _read_volume(self, part: Partition, files: Files) -> _Volume:
        surface, first = self._surface, len(files)
        length = min(part.length, surface.size_bytes - part.start)
        kind = kind_of(surface.read(part.start, min(HEAD_BYTES, length)))
        if kind == NONE and is_raid(surface.read(part.start + max(0, length - _TAIL_BYTES), min(_TAIL_BYTES, length))):
            kind = Kind("Linux RAID", UNKNOWN)
        volume = _Volume(part, kind, "", first, first, [])
        place = Extent(part.start // UNIT, length)
        if kind.reader == ENCRYPTED:
            volume.findings.append(Finding("encrypted", "", place, {"kind": kind.name}))
        elif kind.reader == TSK:
            state = state_of(kind, lambda at, n: surface.read(part.start + at, max(0, min(n, length - at))), length)
            if state.unread:
                volume.findings.append(Finding("file-system-unknown", "", place,
                                               {"layer": f"{kind.name}: {state.unread}"}))
            else:
                self._list(volume, state, length, files)
        elif kind.reader == BY_UDF:
            self._list_udf(volume, length, files)
        elif not (part.kind == _RESERVED and self._is_empty(part.start, length)):
            facts: dict[str, str | int] = {"layer": kind.name or _OF_TYPE.get(part.kind, "")}
            if not facts["layer"]:
                facts["reason"] = "partition" if part.number else "none"
                facts["partition"] = part.number
            volume.findings.append(Finding("file-system-unknown", "", place, facts))
        volume.last = len(files)
        return volume

    def _list(self, volume: _Volume, state: State, length: int, files: Files) -> None:
        """List a volume that pytsk3 reads."""
        part, found = volume.part, volume.findings
        if state.claimed_bytes > length:
            found.append(Finding("carrier-truncated", facts={
                "claimed_bytes": part.start + state.claimed_bytes, "actual_bytes": part.start + length}))
        found += [Finding("descriptor-copies-differ", facts={"what": what, "count": count})
                  for what, count in state.copies.items()]
        try:
            volume.tsk = TskVolume(self._surface, part.start, length, volume.kind)
        except OSError:
            found.append(damaged("file-system", part.start))
            return
        walk = Walk(volume.tsk, files, self._inodes, state.dentries)
        walk.run(state.encrypted)
        found += walk.findings
        volume.times = walk.times.digest()
        volume.layer = _PRECISE.get(int(volume.tsk.info.ftype), volume.kind.name)
        volume.label = state.label or walk.records.label or walk.label
        if volume.kind is NTFS:
            volume.records, volume.record_bytes = walk.table.runs, walk.record_bytes
        dirty = state.dirty or walk.dirty
        if dirty:
            found.append(Finding("session-open", facts={"reason": f"dirty-{dirty}", "place": dirty,
                                                        "layer": volume.layer}))
        if state.inodes and not dirty and state.inodes != len(walk.seen):
            found.append(damaged("inode-count", part.start, abs(state.inodes - len(walk.seen))))

    def _list_udf(self, volume: _Volume, length: int, files: Files) -> None:
        """List a volume of UDF: as on a disc, but that it counts from the start of its partition."""
        part, found, first = volume.part, volume.findings, volume.part.start // UNIT
        udf = read_udf(Window(self._surface, part.start, length))
        if udf is None:
            found.append(damaged("volume", part.start))
            return
        joined = reconcile([("UDF", udf.listing)])
        earlier = [(udf.sessions - 1 - number, {"UDF": listing}) for number, listing in enumerate(udf.earlier)]
        told = [*udf.listing.findings, *joined.findings, *no_longer_shown(earlier, {"UDF": udf.listing})]
        told += [f for f in check_extents(joined.files, UNIT, length) if f.code == "extent-outside"]
        found += [replace(f, extent=_moved(f.extent, first)) if f.extent is not None else f for f in told]
        if udf.claimed_blocks * UNIT > length:
            found.append(Finding("carrier-truncated", facts={
                "claimed_bytes": part.start + udf.claimed_blocks * UNIT, "actual_bytes": part.start + length}))
        for entry in joined.files:
            files.add(replace(entry, extents=tuple(_moved(extent, first) for extent in entry.extents)))
            self._inodes.append(0)
        volume.label, volume.layer = udf.volume_label, f"UDF {udf.revision}".rstrip()

    def _between(self, table: Table) -> list[Finding]:
        """What lies outside all partitions and is not empty: a file system there, or anything else."""
        taken = sorted([*table.own, *((p.start, p.length) for p in table.partitions)])
        found, used, first, at = list[Finding](), 0, -1, 0
        for start, length in [*taken, (self._surface.size_bytes, 0)]:
            if start > at:
                here = self._used(at, min(start - at, _LOOKED_AT))
                found += self._lost_volumes(at, start, here)
                if here and first < 0:
                    first = here[0]
                used += len(here)
            at = max(at, start + length)
        if used:
            found.append(Finding("deleted-content", "", Extent(first, UNIT), {"reason": "outside", "count": used}))
        return found

    def _lost_volumes(self, at: int, end: int, used: list[int]) -> list[Finding]:
        """File systems in a stretch that belongs to no partition: where it begins, where its first content lies, and at
        whole MiB, as tools align partitions. An ext or HFS+ volume begins two blocks before its first content.
        """
        places = {at, *(block * UNIT for block in used if block * UNIT % _ALIGNED in (0, 2 * UNIT) or block == used[0])}
        places |= {place - 2 * UNIT for place in places}
        found = []
        for place in sorted(place for place in places if max(at, 1) <= place < end - UNIT):
            kind = kind_of(self._surface.read(place, min(HEAD_BYTES, end - place)))
            if kind != NONE:
                found.append(Finding("file-system-unknown", "", Extent(place // UNIT, end - place),
                                     {"layer": kind.name, "reason": "beside"}))
        return found

    def _used(self, at: int, length: int) -> list[int]:
        """The blocks of a stretch that are not empty."""
        used: list[int] = []
        for begin in range(at, at + length, 1 << 20):
            piece = self._surface.read(begin, min(1 << 20, at + length - begin))
            if piece.count(0) != len(piece):
                used += [(begin + skip) // UNIT for skip in range(0, len(piece), UNIT) if any(piece[skip:skip + UNIT])]
        return used

    def _is_empty(self, at: int, length: int) -> bool:
        return not self._used(at, min(length, 4 * _LOOKED_AT))

    def _is_blank(self) -> bool:
        size = self._source.size_bytes
        step = max(UNIT, size // _BLANK_SAMPLES // UNIT * UNIT)
        return not any(self._surface.read(0, HEAD_BYTES)) and not self._surface.bad \
            and not any(any(self._surface.read(at, UNIT)) for at in range(0, size, step))

    def _unread(self, files: Files) -> list[Finding]:
        """Blocks that failed, or failed at first, while the structure was read; those aside that a planned file
        occupies: the pass tells."""
        tries = {block: attempts for extent, attempts in self._surface.settle()
                 for block in range(extent.start_lba, extent.start_lba - -extent.length_bytes // UNIT)}
        blocks, planned = sorted({*self._surface.bad, *tries}), set[int]()
        for number in range(len(files)) if blocks else ():
            for start, length, _, skip in files.extents(number):
                if start >= 0:
                    end = bisect_left(blocks, start - -(skip + length) // UNIT)
                    planned.update(blocks[bisect_left(blocks, start):end])
        unstable = [Finding("block-unstable", "", Extent(first, count * UNIT), {
            "lba": first, "blocks": count, "bytes": count * UNIT,
            "attempts": max(tries[block] for block in range(first, first + count))})
            for first, count in _runs(sorted(tries.keys() - self._surface.bad - planned))]
        return unstable + [Finding("structure-damaged", "", Extent(first, count * UNIT), {
            "what": "unreadable-block", "count": count}) for first, count in _runs(sorted(self._surface.bad - planned))]


def _runs(blocks: Sequence[int]) -> list[tuple[int, int]]:
    """Ascending blocks as the first one and the number of each run."""
    runs: list[tuple[int, int]] = []
    for block in blocks:
        if runs and sum(runs[-1]) == block:
            runs[-1] = runs[-1][0], runs[-1][1] + 1
        else:
            runs.append((block, 1))
    return runs


def _touched(where: Content, at: int, length: int) -> list[tuple[int, int]]:
    """The places on the disk that a piece of a file depends on, rounded out to units of compression."""
    begin = at // _UNIT_OF_COMPRESSION * _UNIT_OF_COMPRESSION
    end = -(-(at + length) // _UNIT_OF_COMPRESSION) * _UNIT_OF_COMPRESSION
    return [(start + max(0, begin - offset), min(offset + count, end) - max(offset, begin))
            for start, count, offset in where.runs if offset < end and offset + count > begin]


def _moved(extent: Extent, blocks: int) -> Extent:
    """An extent that counts from a volume's first block, as one of the disk; holes lie nowhere."""
    return extent._replace(start_lba=extent.start_lba + blocks) if extent.start_lba >= 0 else extent


def _prefix(volumes: list[_Volume], files: Files) -> None:
    """Put the volume's name before its paths where several volumes have files."""
    with_files = [v for v in volumes if v.last > v.first]
    if len(with_files) < 2:
        return
    labels = [names.unsplit(v.label).casefold() for v in with_files]
    for volume, label in zip(with_files, labels, strict=True):
        own = label and labels.count(label) == 1 and not names.is_unsafe(volume.label)
        prefix = f"{names.unsplit(volume.label)}/" if own else f"P{volume.part.number}/"
        files.paths[volume.first:volume.last] = [prefix + path for path in files.paths[volume.first:volume.last]]
        for number, raw in files.raw_names.items():
            if volume.first <= number < volume.last:
                files.raw_names[number] = prefix.encode() + raw
        volume.findings[:] = [replace(f, path=prefix + f.path if f.path else prefix[:-1]) for f in volume.findings]

