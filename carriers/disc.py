"""An optical disc or an image of one: its volumes as one structure, read by block address.

Takes a `BlockSource`; gives what `carriers.model.Carrier` promises. Relies on `iso9660`, `sessions`, `volume` and
`layers` for the structure, on `blocks` for reading and its retry policy.
"""
from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import xxhash

from carriers import names
from carriers.beside import after_partitions, boot_images, other_file_systems, raw_sectors
from carriers.blocks import SECTOR_BYTES, BlockSource
from carriers.iso9660 import FIRST_DESCRIPTOR, Descriptors, DirectoryReader, VolumeDescriptor, damaged
from carriers.layers import bound_content, check_extents, occupied_blocks, reconcile
from carriers.model import (
    CONTENT_BYTES,
    HOLE,
    Addressing,
    CarrierId,
    CarrierKind,
    Chunk,
    Extent,
    Files,
    Finding,
    PlannedRead,
    Structure,
    Tree,
)
from carriers.partitions import Partition
from carriers.path_tables import check_path_tables
from carriers.plan import chunk_of
from carriers.sessions import (
    Session,
    Tail,
    claimed_end,
    claims,
    find_sessions,
    links_of,
    look_after,
    no_longer_shown,
    read_session,
)
from carriers.volume import Listing, list_volume

_BLANK_SAMPLES = 512            # blocks looked at before a carrier is called blank
_MOST_VOLUMES = 4               # of ISO 9660, with a root of their own: two, and two beside them
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
        return read_planned(self._source, plan)

    def content(self, file_no: int) -> bytes | None:
        """A small file whole, before the pass; its blocks are kept."""
        return content_of(self._source, self.structure()[0], file_no)

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
            self._known = _read_disc(self._source)
        return self._known


def read_planned(source: BlockSource, plan: Iterable[PlannedRead]) -> Iterator[Chunk]:
    """What a plan by blocks asks of a source, chunk by chunk. Raises: DriveLost, CarrierChanged."""
    source.check_same()
    for planned in plan:
        if planned.extent.start_lba == HOLE:
            yield Chunk(*planned, 1, 0.0, bytes(planned.extent.length_bytes))
            continue
        for run in source.read_extent(planned.extent):
            yield chunk_of(planned, run, source.block_bytes)
    source.check_same()


def content_of(source: BlockSource, structure: Structure, file_no: int) -> bytes | None:
    """A small file whole by its extents; its blocks are kept. None: too large, not readable, not on the carrier."""
    files, size = structure.files, source.block_bytes
    if files is None or file_no in files.obstacles or files.sizes[file_no] > CONTENT_BYTES:
        return None
    pieces = []
    for start, length, _, skip in files.extents(file_no):
        blocks: bytes | None = bytes(length)
        if start != HOLE:
            blocks = source.read_blocks(start, -(-(skip + length) // size))
        if blocks is None:
            return None
        pieces.append(blocks[skip:skip + length] if start != HOLE else blocks)
    return b"".join(pieces)


def _read_disc(source: BlockSource) -> tuple[CarrierId, Structure, tuple[Finding, ...]]:
    first = read_session(source)
    digest = xxhash.xxh3_128()
    for lba in first.descriptors.seen:
        digest.update(source.read_blocks(lba * SECTOR_BYTES // source.block_bytes, 1) or b"")
    findings = [] if first.udf is not None else _of_file_system(source, first.descriptors)
    if first.descriptors.iso and not first.descriptors.volumes:
        findings.append(damaged("volume-descriptor", extent=Extent(FIRST_DESCRIPTOR, SECTOR_BYTES)))
    sessions, tail = find_sessions(source, first)
    findings += [finding for session in sessions for finding in session.descriptors.findings]
    walked = _walk(source, sessions[-1])
    digest.update(walked.digest)
    extents = walked.extents + _of_descriptors(source, sessions)
    udf = sessions[-1].udf
    count = max(len(sessions), udf.sessions if udf is not None else 1)
    findings += walked.findings + no_longer_shown(_earlier(source, sessions, count), walked.listings)
    joined = reconcile(list(walked.listings.items()))
    claimed = max(claims(sessions[-1], source), default=0)
    findings += joined.findings + _of_size(source, claimed, joined.files)
    findings += bound_content(joined.files, source.block_bytes, source.size_bytes)
    unseen = 0
    if claimed or sessions[-1].descriptors.volumes:
        boot = boot_images(source, sessions[-1].descriptors.boot_catalogue)
        findings += other_file_systems(source, joined.files, boot)
        limit = max(claimed, source.blocks)
        occupied = occupied_blocks(joined.files, extents, source.block_bytes, limit)
        of_end, unseen = _of_end(source, sessions[-1], tail, occupied, boot)
        findings += of_end
    structure = Structure(_layers(joined.trees, sessions[-1]), Addressing.BLOCKS, source.block_bytes, source.blocks,
                          source.size_bytes, claimed, joined.files, joined.trees, _merged(extents, source), unseen,
                          links=links_of(sessions, source))
    source.expect_links(structure.links)
    identity = CarrierId(CarrierKind.DISC, "", _label(sessions[-1]), "", source.size_bytes, digest.hexdigest(), count)
    return identity, structure, _once(findings)


def _earlier(source: BlockSource, sessions: list[Session], count: int) -> Iterator[tuple[int, dict[str, Listing]]]:
    """What was shown before the last session, the newest first: number and trees. count: of all sessions.

    Earlier virtual allocation tables of UDF are the sessions, whether or not these have descriptors of their own.
    """
    udf = sessions[-1].udf
    if udf is not None and udf.earlier:
        yield from ((count - 1 - number, {"UDF": listing}) for number, listing in enumerate(udf.earlier))
    else:
        for number in range(len(sessions) - 1, 0, -1):
            yield number, _walk(source, sessions[number - 1]).listings


class _Walked(NamedTuple):
    """The trees of one session, in the order in which names are looked up. extents: what was read of their structure;
    digest: of that, for the fingerprint."""

    listings: dict[str, Listing]
    findings: list[Finding]
    extents: list[Extent]
    digest: bytes


def _walk(source: BlockSource, session: Session) -> _Walked:
    walked = _Walked({}, [], [], b"")
    if session.udf is not None:
        if session.udf.claimed_blocks:
            walked.listings["UDF"] = session.udf.listing
        walked.findings.extend(session.udf.listing.findings)
        walked.extents.extend(session.udf.extents)
        walked = walked._replace(digest=session.udf.digest)
    limit = max([source.blocks, *claims(session, source)])
    volumes = _chosen(session.descriptors, source)
    for name, volume in volumes[:_MOST_VOLUMES]:
        reader = DirectoryReader(source, limit, volume.base)
        like = next((listing.files.paths for listing in walked.listings.values()), ())
        listing = list_volume(volume, reader, source.size_bytes, like)
        walked.listings[name] = listing
        walked.findings.extend(listing.findings + check_path_tables(source, volume, listing))
        walked.extents.extend(reader.read)
        walked.extents.extend(table for table in (volume.path_table_l, volume.path_table_m) if table.start_lba and
                              table.start_lba * source.block_bytes + table.length_bytes <= source.size_bytes)
        walked = walked._replace(digest=walked.digest + reader.digest.digest())
    walked.findings.extend(Finding("file-system-unknown", facts={"layer": volume.name, "reason": "beside"})
                           for _, volume in volumes[_MOST_VOLUMES:])
    return walked


def _of_descriptors(source: BlockSource, sessions: list[Session]) -> list[Extent]:
    """Where the descriptors of all sessions lie, and the boot catalogue of the last."""
    places = [lba for session in sessions for lba in session.descriptors.seen]
    catalogue = sessions[-1].descriptors.boot_catalogue
    if catalogue * SECTOR_BYTES in range(1, source.size_bytes):
        places.append(catalogue)
    return [Extent(lba * SECTOR_BYTES // source.block_bytes, SECTOR_BYTES) for lba in places]


def _chosen(found: Descriptors, source: BlockSource) -> list[tuple[str, VolumeDescriptor]]:
    """The volumes to walk, with the names of their trees: Joliet; the first primary one (else :1999 one) whose root
    directory can be read; then any other with a root of its own, as libisofs records ISO 9660:1999 beside the rest."""
    sound = DirectoryReader(source, source.blocks)
    joliet = [v for v in found.volumes if v.name == "Joliet"][:1]
    primary = [v for v in found.volumes if v.name == "ISO 9660"] + \
              [v for v in found.volumes if v.name == "ISO 9660:1999"]
    readable = [v for v in primary if sound.root_records(v)]
    chosen = [("Joliet", v) for v in joliet] + [("ISO 9660", v) for v in (readable or primary)[:1]]
    roots = {v.root.start_lba for _, v in chosen}
    for volume in found.volumes:
        if volume.root.start_lba not in roots and sound.root_records(volume):
            roots.add(volume.root.start_lba)
            chosen.append((volume.name if len(chosen) < 3 else f"{volume.name} {len(chosen)}", volume))
    return chosen


def _layers(trees: tuple[Tree, ...], session: Session) -> tuple[str, ...]:
    present = {tree.name for tree in trees}
    udf = (f"UDF {session.udf.revision}".rstrip(),) if session.udf is not None else ()
    return tuple(name for name in ("ISO 9660", "Rock Ridge", "Joliet") if name in present) + udf


def _of_file_system(source: BlockSource, found: Descriptors) -> list[Finding]:
    """`blank`, or `file-system-unknown` where there is neither ISO 9660 nor UDF."""
    if found.seen:
        return []
    whole = source.size_bytes // SECTOR_BYTES
    area = [source.read_blocks(lba, 1) for lba in range(min(2 * FIRST_DESCRIPTOR, whole))]
    if any(block is None for block in area):
        return [damaged("unreadable-block", extent=Extent(area.index(None), SECTOR_BYTES)),
                Finding("file-system-unknown", facts={"layer": "", "reason": "none"})]
    if source.size_bytes % SECTOR_BYTES:            # a last block that is cut
        area += [run.content for run in source.read_extent(Extent(whole, source.size_bytes % SECTOR_BYTES))]
    if each := raw_sectors(source):
        return [Finding("file-system-unknown", facts={"layer": "CD", "reason": "raw-sectors", "bytes": each})]
    sample = (source.read_blocks(lba, 1) for lba in range(0, whole, max(1, whole // _BLANK_SAMPLES)))
    if any(block and any(block) for block in area) or any(block and any(block) for block in sample):
        return [Finding("file-system-unknown", facts={"layer": "", "reason": "none"})]
    return [Finding("blank")]


def _of_size(source: BlockSource, claimed: int, files: Files) -> list[Finding]:
    """`carrier-truncated` where the volume claims more than there is; what `check_extents` finds."""
    claimed_bytes = claimed * source.block_bytes
    findings = check_extents(files, source.block_bytes, max(claimed_bytes, source.size_bytes))
    if claimed_bytes > source.size_bytes:
        findings.append(Finding("carrier-truncated", facts={"claimed_bytes": claimed_bytes,
                                                            "actual_bytes": source.size_bytes}))
    return findings


def _of_end(source: BlockSource, session: Session, tail: Tail, occupied: int, boot: Sequence[Partition]
            ) -> tuple[list[Finding], int]:
    """A volume that claims to end before its content does, and what lies after its end.

    tail: after what is claimed; occupied: the first block after all files and directories. Partitions may follow.
    Returns: findings; how many blocks at the end of the carrier nobody has looked at yet (the pass will).
    """
    findings = []
    volumes = session.descriptors.volumes
    if volumes and min(claims(session, source)) < occupied:
        findings.append(damaged("volume-space-size", extent=Extent(volumes[0].lba, SECTOR_BYTES)))
    end = max(claimed_end(session, source), occupied)
    past, of_partitions = after_partitions(source, end, boot) if tail.used else (end, [])
    findings += of_partitions
    if past > claimed_end(session, source):
        tail = look_after(source, past)
    if tail.used:
        findings.append(damaged("data-after-volume", extent=Extent(tail.first, source.block_bytes), count=tail.used))
    return findings, tail.unseen


def _label(session: Session) -> str:
    """The volume label: UDF's, else Joliet's, unless that is only the primary one cut to Joliet's 16 characters."""
    labels = {v.name: v.volume_identifier for v in reversed(session.descriptors.volumes)}
    primary = names.decoded(labels.get("ISO 9660", labels.get("ISO 9660:1999", b"")))[0].rstrip(" \0")
    joliet = labels.get("Joliet", b"").decode("utf-16-be", "surrogatepass").rstrip(" \0")
    if session.udf is not None and session.udf.volume_label:
        return session.udf.volume_label
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
