"""An LTFS volume read from the tape itself: no mount, nothing written; labels, both indexes, then files in tape order.

Takes a `Tape`; gives what `carriers.model.Carrier` promises. Relies on `ltfs_index` for the two documents. Addresses:
blocks of the label's size, those of the data partition first, then those of the index partition; a block is one record,
and all of an extent but its last one are full, so that bytes can be counted by blocks.
Source: SNIA LTFS Format Specification 2.4 (ISO/IEC 20919) §5 (layout), §5.4 (generation, self and back pointer), §6.
"""
from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import xxhash

from carriers.iso9660 import damaged
from carriers.layers import bound_content
from carriers.ltfs_index import (
    LABEL_BYTES,
    Broken,
    Index,
    Label,
    Location,
    Partition,
    read_index,
    read_label,
    version_of,
)
from carriers.model import (
    CONTENT_BYTES,
    HOLE,
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
from carriers.tape import MAX_RECORD_BYTES, Block, BlockKind, Tape, bounded

_INDEX_BYTES = 16 << 30         # of one index
_INDEXES_TRIED = 32             # marks looked behind from the end of a partition, where the last index is damaged
_LOCATE_BYTES = 32 << 20        # a gap that is sooner read than wound over
_KEPT_BYTES = 64 << 20          # of records that were read before the pass
_LEAST_BOUND = 1 << 30          # for holes, of a tape that holds little
_READ_VERSIONS = range(5)       # of 2.x


def is_ltfs(tape: Tape) -> bool:
    """Whether one of the first two partitions begins with the VOL1 label of LTFS. Raises: DriveLost."""
    for partition in range(min(2, tape.partitions)):
        tape.locate(partition, 0)
        content = tape.read().content or b""
        if content[:4] == b"VOL1" and content[24:28] == b"LTFS":
            return True
    return False


class _Found(NamedTuple):
    """An index and the block at which it begins."""

    volume: Index
    block: int


class LtfsTape:
    """An LTFS volume on a tape. Labels and indexes are read once, when first asked for."""

    def __init__(self, tape: Tape) -> None:
        self._tape = tape
        self._known: tuple[CarrierId, Structure, tuple[Finding, ...]] | None = None
        self._places: list[tuple[int, int, int]] = []       # partition number, its first address, its blocks
        self._at = (0, -1)                                  # where the tape stands, as far as it is known
        self._kept: dict[int, Block] = {}                   # by address
        self._kept_bytes = 0
        self._findings: list[Finding] = []

    def identify(self) -> CarrierId:
        """The name of the volume, else its bar code; the bar code of VOL1 as serial. Raises: DriveLost."""
        return self._look()[0]

    def structure(self) -> tuple[Structure, tuple[Finding, ...]]:
        """The files of the newest index that can be used, and what is wrong. Raises: DriveLost."""
        return self._look()[1:]

    def findings(self) -> tuple[Finding, ...]:
        """Records that are not what the index says."""
        return tuple(self._findings)

    def budget(self) -> dict[str, Any]:
        """Nothing: a tape goes on behind a bad record, or the drive has stopped."""
        return {}

    def go_on(self, budget: Mapping[str, Any]) -> None:
        """Nothing was spent."""

    def stamp(self) -> list[int | str]:
        """The tape, as far as it can be known again."""
        return self._tape.stamp()

    def close(self) -> None:
        self._tape.close()

    def content(self, file_no: int) -> bytes | None:
        """A small file whole, before the pass; its records are kept."""
        structure = self.structure()[0]
        files, size = structure.files or Files(), structure.block_bytes
        if file_no in files.obstacles or files.sizes[file_no] > CONTENT_BYTES:
            return None
        whole = b""
        for extent in files.extents(file_no):
            if extent.start_lba == HOLE:
                whole += bytes(extent.length_bytes)
                continue
            place = extent.start_lba * size + extent.skip_bytes
            for piece in _by_block(place, extent.length_bytes, size):
                content = self._piece(*piece, keep=True).content
                if content is None:
                    return None
                whole += content
        return whole

    def read(self, plan: Iterable[PlannedRead]) -> Iterator[Chunk]:
        """Read what is planned, in the order of the tape; a chunk holds bytes of files only.

        Raises: DriveLost, CarrierChanged. A record that cannot be read, or is shorter than the index says, is a chunk
        without content.
        """
        size = self.structure()[0].block_bytes
        for planned in plan:
            if planned.extent.start_lba == HOLE:
                yield Chunk(*planned, 1, 0.0, bytes(planned.extent.length_bytes))
                continue
            base, spans = planned.extent.start_lba * size, _spans(planned.parts)
            pieces = [piece for begin, end in spans for piece in _by_block(base + begin, end - begin, size)]
            blocks = [self._piece(*piece) for piece in pieces]
            if all(block.content is not None for block in blocks):
                yield from bounded(_whole(planned, spans, blocks))
            else:
                for piece, block in zip(pieces, blocks, strict=True):
                    yield from bounded(_single(planned, piece, block, size))

    def _piece(self, address: int, begin: int, end: int, keep: bool = False) -> Block:
        """Bytes of one record; no content where it failed or has not as many."""
        block = self._kept.get(address) or self._record(address)
        if keep and address not in self._kept and block.content is not None and self._kept_bytes < _KEPT_BYTES:
            self._kept[address] = block
            self._kept_bytes += len(block.content)
        if block.content is None:
            return block
        if block.kind is not BlockKind.RECORD or len(block.content) < end:
            self._findings.append(damaged("ltfs-record", extent=Extent(address, end - begin)))
            return block._replace(content=None)
        return block._replace(content=block.content[begin:end])

    def _record(self, address: int) -> Block:
        partition, base, _ = next(place for place in self._places if place[1] <= address < place[1] + place[2])
        number = address - base
        at, ahead = self._at, number - self._at[1]
        near = at[0] == partition and at[1] >= 0 and 0 <= ahead <= _LOCATE_BYTES // self.structure()[0].block_bytes
        if near:
            for _ in range(ahead):
                self._tape.read()
        else:
            self._tape.locate(partition, number)
        block = self._tape.read()
        self._at = (partition, number + (block.kind is not BlockKind.END))
        return block

    def _look(self) -> tuple[CarrierId, Structure, tuple[Finding, ...]]:
        if self._known is None:
            self._known = self._read_volume()
            self._at = (0, -1)
        return self._known

    def _read_volume(self) -> tuple[CarrierId, Structure, tuple[Finding, ...]]:
        tape = self._tape
        labels, findings = _labels(tape)
        label = next(iter(labels.values()), None)
        if label is None or version_of(label.version)[0] != 2 or version_of(label.version)[1] not in _READ_VERSIONS:
            version = f"LTFS {label.version}" if label else "LTFS"
            reason = Finding("file-system-unknown", facts={"layer": version, "reason": "version"})
            return _nothing(tape, [*findings, reason if label else damaged("ltfs-labels")], version)
        if not _is_block_size(label.blocksize):
            return _nothing(tape, [*findings, damaged("ltfs-labels")], "LTFS")
        ends = {number: tape.blocks(number) for number in labels}
        ordered = sorted(labels, key=lambda number: labels[number].partition != label.data)
        base, partitions = 0, dict[str, Partition]()
        for number in ordered:
            partitions[labels[number].partition] = Partition(base, ends[number])
            self._places.append((number, base, ends[number]))
            base += ends[number]
        found, of_indexes = self._indexes(labels, ends, partitions)
        findings += of_indexes
        files = found.volume.files if found else Files()
        capacity = base * label.blocksize
        if found:
            findings += [*found.volume.findings, *_bounded(files, label.blocksize, capacity)]
        digest = xxhash.xxh3_128(f"{label.volumeuuid} {label.formattime} {found.volume.body if found else ''}".encode())
        version = ".".join((found.volume.version if found else label.version).split(".")[:2])
        structure = Structure((f"LTFS {version}",), Addressing.STREAM, label.blocksize, base, capacity, 0, files,
                              (Tree("LTFS", files.paths, range(len(files))),))
        name = found.volume.volume_name if found else ""
        identity = CarrierId(CarrierKind.TAPE, "", name or label.volume_identifier, label.volume_identifier,
                             tape.used_bytes, digest.hexdigest())
        if not tape.ends:
            findings.append(Finding("carrier-truncated", facts={"reason": "tape", "claimed_bytes": 0,
                                                                "actual_bytes": tape.used_bytes}))
        return identity, structure, tuple(findings)

    def _indexes(self, labels: dict[int, Label], ends: dict[int, int], partitions: dict[str, Partition]
                 ) -> tuple[_Found | None, list[Finding]]:
        """The newest index that can be used, and what is to be said of the two partitions' last ones."""
        findings: list[Finding] = []
        found: dict[str, _Found] = {}
        for number, _, end in self._places:                     # the files of one only are held
            label = labels[number]
            last, of_partition = _last_index(self._tape, number, (label, end, None if found else partitions))
            findings += of_partition
            if last is not None:
                found[label.partition] = last
        label = next(iter(labels.values()))
        findings += [_damaged("ltfs-partition", letter) for letter in (label.index, label.data)
                     if letter not in partitions]
        of_index, of_data = found.get(label.index), found.get(label.data)
        if of_index and of_data:
            findings += _reconciled(of_index, of_data, label)
        if not found:
            return None, [*findings, damaged("ltfs-indexes")]
        newest = max(found, key=lambda letter: found[letter].volume.generationnumber)       # of equals the first
        if list(found).index(newest):
            number = next(number for number, label in labels.items() if label.partition == newest)
            again, _ = _last_index(self._tape, number, (labels[number], ends[number], partitions))
            return again, findings
        return found[newest], findings


def _damaged(what: str, letter: str, extent: Extent | None = None) -> Finding:
    """`structure-damaged` on one partition."""
    return Finding("structure-damaged", "", extent, {"what": what, "count": 1, "partition": letter})


def _is_block_size(size: int) -> bool:
    """§8.1.2: at least 4096 bytes; more than a record can have is no block size."""
    return 4096 <= size <= MAX_RECORD_BYTES


def _nothing(tape: Tape, findings: list[Finding], layer: str) -> tuple[CarrierId, Structure, tuple[Finding, ...]]:
    """What is said of a volume whose files cannot be known."""
    files = Files()
    structure = Structure((layer,), Addressing.STREAM, 1, 0, 0, 0, files, (Tree("LTFS", files.paths, range(0)),))
    return CarrierId(CarrierKind.TAPE, "", "", "", tape.used_bytes, ""), structure, tuple(findings)


def _labels(tape: Tape) -> tuple[dict[int, Label], list[Finding]]:
    """The labels that can be read, by partition number, and what is wrong with them. Source: §5.2.1, §8.1.3."""
    labels: dict[int, Label] = {}
    findings: list[Finding] = []
    for number in range(min(2, tape.partitions)):
        tape.locate(number, 0)
        blocks = [tape.read() for _ in range(4)]
        kinds = [block.kind for block in blocks]
        vol1, raw = blocks[0].content, blocks[2].content
        try:
            if kinds != [BlockKind.RECORD, BlockKind.MARK] * 2 or vol1 is None or raw is None or len(raw) > LABEL_BYTES:
                raise Broken("ltfs-label")
            labels[number] = read_label(vol1, raw)
        except Broken:
            findings.append(_damaged("ltfs-label", "ab"[number], Extent(0, 0, number)))
    if len(labels) == 2:
        one, other = labels.values()
        same = ("version", "volume_identifier", "volumeuuid", "formattime", "blocksize", "compression", "index", "data")
        count = sum(getattr(one, key) != getattr(other, key) for key in same) + (one.partition == other.partition)
        if count:
            findings.append(Finding("descriptor-copies-differ", facts={"what": "ltfs-labels", "count": count}))
        if one.partition == other.partition or one.volumeuuid != other.volumeuuid or one.blocksize != other.blocksize:
            del labels[1]                                   # one of them is of another volume
    elif labels and tape.partitions > 1:                    # then the other letter is of the other partition
        (number, label), = labels.items()
        labels[1 - number] = replace(label, partition=label.data if label.partition == label.index else label.index)
    return labels, findings


def _last_index(tape: Tape, number: int, place: tuple[Label, int, dict[str, Partition] | None]
                ) -> tuple[_Found | None, list[Finding]]:
    """The last index of a partition that can be used; what lies behind it, and what cannot be used, is said.

    place: the partition's label, its blocks, all partitions (None: without the files). Source: §5.3 (a partition that
    is complete ends with an index between two file marks).
    """
    label, end, partitions = place
    blocksize = label.blocksize
    findings: list[Finding] = []
    closing = tape.mark_before(number, end)
    for _ in range(_INDEXES_TRIED):
        opening = tape.mark_before(number, closing) if closing > 3 else -1
        if opening < 3:                                     # the marks of the label construct: 1 and 3
            break
        what = "ltfs-index"
        if closing > opening + 1:
            try:
                index = _index_at(tape, number, (opening + 1, closing), (blocksize, partitions))
                if index is not None and index.location == Location(label.partition, opening + 1) \
                        and index.volumeuuid == label.volumeuuid:
                    if closing != end - 1:
                        behind = Extent(closing + 1, (end - closing - 1) * blocksize, number)
                        findings.append(_damaged("ltfs-data-after-index", label.partition, behind))
                    return _Found(index, opening + 1), findings
                what = "" if index is None else what
            except Broken as broken:
                what = str(broken)
            if what:
                findings.append(_damaged(what, label.partition, Extent(opening + 1, blocksize, number)))
        closing = opening
    return None, findings or [_damaged("ltfs-index-missing", label.partition)]


def _index_at(tape: Tape, number: int, blocks: tuple[int, int], geometry: tuple[int, dict[str, Partition] | None]
              ) -> Index | None:
    """The index in these records of a partition; None where they are something else. Raises: Broken, DriveLost."""
    first, end = blocks
    tape.locate(number, first)

    def pieces() -> Iterator[bytes]:
        total = 0
        for _ in range(first, end):
            block = tape.read()
            if block.content is None:
                raise Broken("ltfs-index-unreadable")
            total += len(block.content)
            if block.kind is not BlockKind.RECORD or total > _INDEX_BYTES:
                raise Broken("ltfs-index")
            yield block.content
    reading = pieces()
    head = next(reading)
    if b"<ltfsindex" not in head[:4096]:
        return None

    def all_of_it() -> Iterator[bytes]:
        yield head
        yield from reading
    return read_index(all_of_it(), *geometry)


def _reconciled(of_index: _Found, of_data: _Found, label: Label) -> list[Finding]:
    """The two last indexes against each other. Source: §5.4: the index partition's may be newer, never older; it
    points back to the data partition's last one."""
    one, other = of_index.volume, of_data.volume
    if one.generationnumber < other.generationnumber:
        return [Finding("descriptor-copies-differ", facts={
            "what": "ltfs-index-stale", "count": 1, "reason": "ltfs-stale", "generation": one.generationnumber,
            "newest": other.generationnumber})]
    if one.previousgenerationlocation != Location(label.data, of_data.block):
        return [Finding("descriptor-copies-differ", facts={"what": "ltfs-back-pointer", "count": 1})]
    if one.generationnumber == other.generationnumber and one.body != other.body:
        return [Finding("descriptor-copies-differ", facts={"what": "ltfs-indexes", "count": 1})]
    return []


def _bounded(files: Files, block_bytes: int, capacity: int) -> list[Finding]:
    """Files with more holes, or more of the same blocks, than any reading should follow are not read."""
    found = list[Finding]()
    left = 16 * max(capacity, _LEAST_BOUND)
    for number, extents in files.extents_of.items():
        holes = sum(extent.length_bytes for extent in extents if extent.start_lba == HOLE)
        if holes > left and number not in files.obstacles:
            files.obstacles[number] = "structure-damaged"
            found.append(damaged("too-many-extents", files.paths[number]))
        elif holes:
            left -= holes
    return found + bound_content(files, block_bytes, max(capacity, _LEAST_BOUND))


def _spans(parts: Sequence[FilePart]) -> list[tuple[int, int]]:
    """What of a read belongs to files: begin and end of each stretch, ascending."""
    spans: list[tuple[int, int]] = []
    for at, length in sorted((part.at_bytes, part.length_bytes) for part in parts):
        if spans and at <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(spans[-1][1], at + length))
        else:
            spans.append((at, at + length))
    return spans


def _by_block(place: int, length: int, block_bytes: int) -> Iterator[tuple[int, int, int]]:
    """(address, begin, end) of the pieces of a stretch of bytes, block by block."""
    end = place + length
    while place < end:
        address, begin = divmod(place, block_bytes)
        stop = min(block_bytes, begin + end - place)
        yield address, begin, stop
        place += stop - begin


def _whole(planned: PlannedRead, spans: list[tuple[int, int]], blocks: list[Block]) -> Chunk:
    """One chunk of a read whose records all came: bytes of files only, one stretch after the other."""
    before, places = 0, list[int]()
    for begin, end in spans:
        places.append(before - begin)
        before += end - begin
    begins = [begin for begin, _ in spans]
    parts = tuple(part._replace(at_bytes=part.at_bytes + places[bisect_right(begins, part.at_bytes) - 1])
                  for part in planned.parts)
    return Chunk(planned.number, planned.extent._replace(length_bytes=before), parts,
                 max(block.attempts for block in blocks), sum(block.seconds for block in blocks),
                 b"".join(block.content or b"" for block in blocks))


def _single(planned: PlannedRead, piece: tuple[int, int, int], block: Block, block_bytes: int) -> Chunk:
    """The chunk of one record of a read of which some record did not come."""
    address, begin, end = piece
    first = (address - planned.extent.start_lba) * block_bytes + begin
    parts = tuple(FilePart(file_no, offset + max(first - at, 0), max(at - first, 0),
                           min(at + length, first + end - begin) - max(at, first))
                  for file_no, offset, at, length in planned.parts if at < first + end - begin and first < at + length)
    return Chunk(planned.number, Extent(address, end - begin, 0, begin), parts, block.attempts, block.seconds,
                 block.content)
