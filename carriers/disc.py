"""An optical disc or an image of one: its volumes as one structure, read by block address.

Takes a `BlockSource`; gives what `carriers.model.Carrier` promises. Relies on `iso9660`, `sessions`, `volume` and
`layers` for the structure, on `blocks` for reading and its retry policy.
"""
from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

import xxhash

from carriers import names
from carriers.blocks import SECTOR_BYTES, BlockRun, BlockSource
from carriers.iso9660 import FIRST_DESCRIPTOR, Descriptors, DirectoryReader, VolumeDescriptor, damaged, read_descriptors
from carriers.layers import check_extents, occupied_blocks, reconcile
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
from carriers.sessions import Tail, claimed_end, claims, find_sessions, look_after, no_longer_shown
from carriers.udf import Udf, read_udf
from carriers.volume import Listing, list_volume

_BLANK_SAMPLES = 512            # blocks looked at before a carrier is called blank
_ENCRYPTED = {"BitLocker": (3, b"-FVE-FS-"), "LUKS": (0, b"LUKS\xba\xbe")}      # what a volume begins with, and where
_MAX_UDF_SESSIONS = 99
_JOLIET_LABEL = 16              # characters that a Joliet label has room for; the primary one has twice as many


class Disc:
    """A disc. Its structure is read once, when first asked for."""

    def __init__(self, source: BlockSource) -> None:
        self._source = source
        self._known: tuple[CarrierId, Structure, tuple[Finding, ...]] | None = None

    def identify(self) -> CarrierId:
        """What the disc says it is; medium and serial are "" for an image. Raises: DriveLost."""
        return self._look()[0]

    def structure(self) -> tuple[Structure, tuple[Finding, ...]]:
        """The volumes, the files that they show, and what is wrong with them. Raises: DriveLost."""
        return self._look()[1:]

    def findings(self) -> tuple[Finding, ...]:
        """What reading has shown of the drive so far (`drive-doubt`)."""
        return self._source.findings()

    def read(self, plan: Iterable[PlannedRead]) -> Iterator[Chunk]:
        """Read what is planned; structure blocks that are kept do not ask the disc again.

        Raises: DriveLost, CarrierChanged. A medium error is a chunk without content.
        """
        self._source.check_same()
        for planned in plan:
            if planned.extent.start_lba == HOLE:
                yield Chunk(*planned, 1, 0.0, bytes(planned.extent.length_bytes))
                continue
            for run in self._source.read_extent(planned.extent):
                yield _chunk(planned, run, self._source.block_bytes)
        self._source.check_same()

    def content(self, file_no: int) -> bytes | None:
        """A small file whole, before the pass; its blocks are kept."""
        files, size = self.structure()[0].files, self._source.block_bytes
        if files is None or file_no in files.obstacles or files.sizes[file_no] > CONTENT_BYTES:
            return None
        pieces = []
        for start, length, _, skip in files.extents(file_no):
            blocks: bytes | None = bytes(length)
            if start != HOLE:
                blocks = self._source.read_blocks(start, -(-(skip + length) // size))
            if blocks is None:
                return None
            pieces.append(blocks[skip:skip + length] if start != HOLE else blocks)
        return b"".join(pieces)

    def stamp(self) -> list[int | str]:
        """The device or file that is being read: device, inode, bytes, time of change in ns."""
        return list(self._source.stamp())

    def close(self) -> None:
        self._source.close()

    def _look(self) -> tuple[CarrierId, Structure, tuple[Finding, ...]]:
        if self._known is None:
            self._known = _read_disc(self._source)
        return self._known


def _chunk(planned: PlannedRead, run: BlockRun, block_bytes: int) -> Chunk:
    """One run of a read with the parts, or pieces of parts, that lie in it."""
    parts = planned.parts
    if run.extent != planned.extent:
        begin = (run.extent.start_lba - planned.extent.start_lba) * block_bytes
        parts = tuple(_cut(parts, begin, begin + run.extent.length_bytes))
    return Chunk(planned.number, run.extent, parts, run.attempts, run.seconds, run.content)


def _cut(parts: Iterable[FilePart], begin: int, end: int) -> Iterator[FilePart]:
    for part in parts:
        first, last = max(part.at_bytes, begin), min(part.at_bytes + part.length_bytes, end)
        if first < last:
            yield FilePart(part.file_no, part.offset_bytes + first - part.at_bytes, first - begin, last - first)


def _read_disc(source: BlockSource) -> tuple[CarrierId, Structure, tuple[Finding, ...]]:
    first = read_descriptors(source)
    udf = read_udf(source) if not _has_iso(source, first) else None
    if udf is not None:
        return _of_udf(source, udf)
    findings = first.findings + _of_file_system(source, first)
    digest = xxhash.xxh3_128()
    for lba in first.seen:
        digest.update(source.read_blocks(lba, 1) or b"")
    if first.volumes and first.volumes[0].logical_block_size != source.block_bytes:
        source.use_blocks(first.volumes[0].logical_block_size)
    sessions, tail = find_sessions(source, first) if first.volumes else ([first], None)
    findings += [finding for found in sessions for finding in found.findings if found is not first]
    walked = _walk(source, sessions[-1])
    digest.update(walked.digest)
    extents = walked.extents + _of_descriptors(source, sessions)
    earlier = ((n, _walk(source, sessions[n - 1]).listings) for n in range(len(sessions) - 1, 0, -1))
    findings += walked.findings + no_longer_shown(earlier, walked.listings)
    listings = dict(walked.listings)
    joined = reconcile(listings.pop("Joliet", None), next(iter(listings.values()), None))
    claimed = max(claims(sessions[-1], source), default=0)
    findings += joined.findings + _of_size(source, claimed, joined.files)
    unseen = 0
    if tail is not None:
        limit = max(claimed, source.blocks)
        occupied = occupied_blocks(joined.files, extents, source.block_bytes, limit)
        of_end, unseen = _of_end(source, sessions[-1], tail, occupied)
        findings += of_end
    bridge = any(found.udf for found in sessions)
    structure = Structure(_layers(joined.trees, udf=bridge), Addressing.BLOCKS, source.block_bytes, source.blocks,
                          source.size_bytes, claimed, joined.files, joined.trees, _merged(extents, source), unseen)
    identity = CarrierId(CarrierKind.DISC, "", _label(sessions[-1].volumes), "", source.size_bytes, digest.hexdigest(),
                         len(sessions))
    return identity, structure, _once(findings)


def _has_iso(source: BlockSource, found: Descriptors) -> bool:
    """Whether an ISO 9660 descriptor stands in the volume recognition area, usable or not."""
    return any((source.read_blocks(lba, 1) or b"")[1:6] == b"CD001" for lba in found.seen)


def _of_udf(source: BlockSource, first: Udf) -> tuple[CarrierId, Structure, tuple[Finding, ...]]:
    """A disc with UDF and nothing else: its last session, and what lies after that."""
    sessions, tail = _udf_sessions(source, first)
    udf = sessions[-1]
    joined = reconcile(udf.listing, None)
    trees = (Tree("UDF", joined.files.paths, range(len(joined.files))),) if udf.claimed_blocks else ()
    findings = udf.listing.findings + joined.findings + _of_size(source, udf.claimed_blocks, joined.files)
    before = udf.earlier or [session.listing for session in sessions[-2::-1]]
    count = max(len(sessions), udf.sessions)
    numbered = ((count - 1 - i, {"UDF": listing}) for i, listing in enumerate(before))
    findings += no_longer_shown(numbered, {"UDF": udf.listing})
    if tail.first >= 0 and not udf.rewritable:
        findings.append(damaged("data-after-volume", extent=Extent(tail.first, source.block_bytes), count=tail.used))
    structure = Structure((f"UDF {udf.revision}".rstrip(),), Addressing.BLOCKS, source.block_bytes, source.blocks,
                          source.size_bytes, udf.claimed_blocks, joined.files, trees,
                          _merged([extent for session in sessions for extent in session.extents], source),
                          0 if udf.rewritable else tail.unseen)
    digest = xxhash.xxh3_128_hexdigest(b"".join(session.digest for session in sessions))
    identity = CarrierId(CarrierKind.DISC, "", udf.volume_label, "", source.size_bytes, digest, count)
    return identity, structure, _once(findings)


def _udf_sessions(source: BlockSource, first: Udf) -> tuple[list[Udf], Tail]:
    """The sessions of a disc that each begin with a volume recognition sequence, and what lies after the last."""
    sessions, tail = [first], Tail(None, 0, -1, 0)
    while sessions[-1].claimed_blocks:
        tail = look_after(source, sessions[-1].claimed_blocks)
        begin = tail.first - FIRST_DESCRIPTOR * SECTOR_BYTES // source.block_bytes
        later = None
        if tail.first >= 0 and (source.read_blocks(tail.first, 1) or b"")[1:6] == b"BEA01":
            later = read_udf(source, begin, own_blocks=False)
        if later is None or later.claimed_blocks <= tail.first or len(sessions) > _MAX_UDF_SESSIONS:
            break
        sessions.append(later)
    return sessions, tail


class _Walked(NamedTuple):
    """The volumes of one session. extents: what was read of their structure; digest: of that, for the fingerprint."""

    listings: dict[str, Listing]
    findings: list[Finding]
    extents: list[Extent]
    digest: bytes


def _walk(source: BlockSource, found: Descriptors) -> _Walked:
    walked = _Walked({}, [], [], b"")
    limit = max([source.blocks, *claims(found, source)])
    for volume in _chosen(found, source):
        reader = DirectoryReader(source, limit)
        like = walked.listings["Joliet"].files.paths if "Joliet" in walked.listings else ()
        listing = list_volume(volume, reader, source.size_bytes, like)
        walked.listings[volume.name] = listing
        walked.findings.extend(listing.findings + _of_path_tables(source, volume, listing))
        walked.extents.extend(reader.read)
        walked.extents.extend(table for table in (volume.path_table_l, volume.path_table_m) if table.start_lba and
                              table.start_lba * source.block_bytes + table.length_bytes <= source.size_bytes)
        walked = walked._replace(digest=walked.digest + reader.digest.digest())
    return walked


def _of_descriptors(source: BlockSource, sessions: list[Descriptors]) -> list[Extent]:
    """Where the descriptors of all sessions lie, and the boot catalogue of the last."""
    places = [lba for found in sessions for lba in found.seen]
    if sessions[-1].boot_catalogue * SECTOR_BYTES in range(1, source.size_bytes):
        places.append(sessions[-1].boot_catalogue)
    return [Extent(lba * SECTOR_BYTES // source.block_bytes, SECTOR_BYTES) for lba in places]


def _chosen(found: Descriptors, source: BlockSource) -> list[VolumeDescriptor]:
    """The volumes to walk: Joliet, and the first primary one (else :1999 one) whose root directory can be read."""
    sound = DirectoryReader(source, source.blocks)
    joliet = [v for v in found.volumes if v.name == "Joliet"][:1]
    primary = [v for v in found.volumes if v.name == "ISO 9660"] + \
              [v for v in found.volumes if v.name == "ISO 9660:1999"]
    readable = [v for v in primary if sound.first_records(v.root.start_lba)[1]]
    return joliet + (readable or primary)[:1]


def _layers(trees: tuple[Tree, ...], *, udf: bool) -> tuple[str, ...]:
    present = {tree.name for tree in trees}
    return tuple(name for name in ("ISO 9660", "Rock Ridge", "Joliet") if name in present) + ("UDF",) * udf


def _of_file_system(source: BlockSource, found: Descriptors) -> list[Finding]:
    """`blank`, `encrypted`, or `file-system-unknown` where there is no ISO 9660 or another file system beside it."""
    if found.udf:
        return [Finding("file-system-unknown", facts={"layer": "UDF"})]
    if found.seen:
        return [] if found.volumes else [damaged("volume-descriptor", extent=Extent(FIRST_DESCRIPTOR, SECTOR_BYTES))]
    whole = source.size_bytes // SECTOR_BYTES
    area = [source.read_blocks(lba, 1) for lba in range(min(2 * FIRST_DESCRIPTOR, whole))]
    if any(block is None for block in area):
        return [damaged("unreadable-block", extent=Extent(area.index(None), SECTOR_BYTES)),
                Finding("file-system-unknown", facts={"layer": ""})]
    if source.size_bytes % SECTOR_BYTES:            # a last block that is cut
        area += [run.content for run in source.read_extent(Extent(whole, source.size_bytes % SECTOR_BYTES))]
    kind = next((kind for kind, (at, mark) in _ENCRYPTED.items() if (area[0] or b"")[at:at + len(mark)] == mark), "")
    if kind:
        return [Finding("encrypted", facts={"kind": kind})]
    sample = (source.read_blocks(lba, 1) for lba in range(0, whole, max(1, whole // _BLANK_SAMPLES)))
    if any(block and any(block) for block in area) or any(block and any(block) for block in sample):
        return [Finding("file-system-unknown", facts={"layer": ""})]
    return [Finding("blank")]


def _of_size(source: BlockSource, claimed: int, files: Files) -> list[Finding]:
    """`carrier-truncated` where the volume claims more than there is; what `check_extents` finds."""
    claimed_bytes = claimed * source.block_bytes
    findings = check_extents(files, source.block_bytes, max(claimed_bytes, source.size_bytes))
    if claimed_bytes > source.size_bytes:
        findings.append(Finding("carrier-truncated", facts={"claimed_bytes": claimed_bytes,
                                                            "actual_bytes": source.size_bytes}))
    return findings


def _of_end(source: BlockSource, found: Descriptors, tail: Tail, occupied: int) -> tuple[list[Finding], int]:
    """A volume that claims to end before its content does, and what lies after its end.

    tail: after what is claimed; occupied: the first block after all files and directories.
    Returns: findings; how many blocks at the end of the carrier nobody has looked at yet (the pass will).
    """
    findings = []
    if min(claims(found, source)) < occupied:
        findings.append(damaged("volume-space-size", extent=Extent(found.volumes[0].lba, SECTOR_BYTES)))
    if claimed_end(found, source) < occupied:
        tail = look_after(source, occupied)
    if tail.used:
        findings.append(damaged("data-after-volume", extent=Extent(tail.first, source.block_bytes), count=tail.used))
    return findings, tail.unseen


def _of_path_tables(source: BlockSource, volume: VolumeDescriptor, listing: Listing) -> list[Finding]:
    """The path tables beside the directories: both copies alike, and no directory in them that the walk has missed.

    A table that is not recorded at all is left alone.
    """
    little, big = _path_table(source, volume.path_table_l, "little"), _path_table(source, volume.path_table_m, "big")
    findings = [damaged("path-table", extent=table) for table, places in
                ((volume.path_table_l, little), (volume.path_table_m, big)) if places is None]
    if little and big and little != big:
        findings.append(Finding("descriptor-copies-differ", extent=volume.path_table_m,
                                facts={"what": "path-table", "count": 1}))
    missed = [lba for lba in little or big or () if lba not in listing.directories]
    if missed:
        findings.append(damaged("directory-not-reached", extent=Extent(missed[0], source.block_bytes),
                                count=len(missed)))
    return findings


def _path_table(source: BlockSource, table: Extent, order: Literal["little", "big"]) -> list[int] | None:
    """Where the directories of a path table begin; [] = not recorded, None = damaged.

    Source: ECMA-119 §9.4. Records are 8 bytes and a name, padded to even.
    """
    if table.start_lba == 0 or table.length_bytes == 0:
        return []
    if (table.start_lba * source.block_bytes + table.length_bytes) > source.size_bytes:
        return None
    raw = source.read_blocks(table.start_lba, -(-table.length_bytes // source.block_bytes))
    if raw is None:
        return None
    places: list[int] = []
    at = 0
    while at + 8 <= table.length_bytes and raw[at]:
        places.append(int.from_bytes(raw[at + 2:at + 6], order) + raw[at + 1])
        at += 8 + raw[at] + (raw[at] & 1)
    return places or None


def _label(volumes: list[VolumeDescriptor]) -> str:
    """The volume label: Joliet's, unless it is only the primary one cut to the 16 characters that Joliet has."""
    labels = {v.name: v.volume_identifier for v in reversed(volumes)}
    primary = names.decoded(labels.get("ISO 9660", labels.get("ISO 9660:1999", b"")))[0].rstrip(" \0")
    joliet = labels.get("Joliet", b"").decode("utf-16-be", "surrogatepass").rstrip(" \0")
    if len(joliet) >= _JOLIET_LABEL and primary.startswith(joliet):
        return primary
    return joliet or primary


def _merged(extents: list[Extent], source: BlockSource) -> tuple[Extent, ...]:
    """Ascending and disjoint, in whole blocks."""
    size = source.block_bytes
    merged: list[list[int]] = []
    for extent in sorted(extents):
        end = extent.start_lba + -(-extent.length_bytes // size)
        if merged and extent.start_lba <= merged[-1][1]:
            merged[-1][1] = max(merged[-1][1], end)
        else:
            merged.append([extent.start_lba, end])
    return tuple(Extent(first, (end - first) * size) for first, end in merged)


def _once(findings: list[Finding]) -> tuple[Finding, ...]:
    """Every finding once: two trees may say the same of one name."""
    seen: set[tuple[object, ...]] = set()
    unique = []
    for finding in findings:
        key = (finding.code, finding.path, finding.extent, tuple(sorted(finding.facts.items())))
        if key not in seen:
            seen.add(key)
            unique.append(finding)
    return tuple(unique)
