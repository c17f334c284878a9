"""Sessions: where a disc was written to again, what an earlier session showed, what lies after the last volume.

Takes a `BlockSource`; gives every session's descriptors and UDF volume, oldest first. Relies on `iso9660` and `udf`. No
table of contents is asked: an image has none. A later session's directories hold addresses of the whole disc, its
Volume Space Size counts from the session's own start.
"""
from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from carriers.blocks import SECTOR_BYTES, BlockSource
from carriers.iso9660 import FIRST_DESCRIPTOR, Descriptors, DirectoryReader, VolumeDescriptor, read_descriptors
from carriers.model import Extent, Finding
from carriers.udf import Udf, is_anchored, read_udf
from carriers.volume import Listing

_SCANNED_BYTES = 256 << 20      # looked at after a volume; the border after the first session of a DVD-R is 96 MB
_PIECE_BYTES = 64 << 10         # small: where nothing can be read, every block of one is tried
_BAD_BLOCKS = 16                # unreadable link and run-out blocks that are stepped over
_MAX_SESSIONS = 99              # as many tracks as a CD can have
_GROWN_START = 32               # libisofs puts the first session here where the disc's first descriptors are rewritten
_GPT_BYTES = 33 * 512           # the backup GPT of an isohybrid image: 32 sectors of entries, then the header
_MOST_GPT_BYTES = 129 * 512     # libisofs writes up to 248 entries


class Session(NamedTuple):
    """The volumes that were recorded together. udf: None where there is no UDF."""

    descriptors: Descriptors
    udf: Udf | None

    @property
    def start(self) -> int:
        return self.descriptors.start


class Tail(NamedTuple):
    """What lies after a volume. used: blocks that are not empty, `first` the first of them; unseen: not looked at.

    session: the next session; what lies after its descriptors was not looked at.
    """

    session: Session | None
    used: int
    first: int
    unseen: int


def read_session(source: BlockSource, first: int = FIRST_DESCRIPTOR) -> Session:
    """The session whose volume recognition area begins at a block; blocks are of the volume's size from then on.

    Raises: DriveLost.
    """
    found = read_descriptors(source, first)
    if found.volumes and found.volumes[0].logical_block_size != source.block_bytes:
        source.use_blocks(found.volumes[0].logical_block_size)
    start = found.start * SECTOR_BYTES // source.block_bytes
    return Session(found, read_udf(source, start, None if found.iso else source.use_blocks))


def find_sessions(source: BlockSource, first: Session) -> tuple[list[Session], Tail]:
    """The sessions of a disc, oldest first, the one that a drive shows last; and what lies after its volume.

    Args:   first: the session at block 16.
    Raises: DriveLost.
    """
    sessions = _grown(source, first)
    tail = look_after(source, claimed_end(first, source)) if claims(first, source) else Tail(None, 0, -1, 0)
    while tail.session is not None and len(sessions) < _MAX_SESSIONS:
        sessions.append(tail.session)
        tail = look_after(source, claimed_end(tail.session, source))
    last = sessions[-1]
    if not last.descriptors.volumes and last.udf is not None and last.udf.rewritable:
        tail = Tail(None, 0, -1, 0)             # what was there before the medium was formatted may lie there still
    return sessions, tail


def links_of(sessions: list[Session], source: BlockSource) -> tuple[Extent, ...]:
    """What lies between one session and the next, where the disc names them in that order."""
    links = []
    for before, after in zip(sessions, sessions[1:], strict=False):
        end, start = claimed_end(before, source), after.start * SECTOR_BYTES // source.block_bytes
        if 0 < end < start:
            links.append(Extent(end, (start - end) * source.block_bytes))
    return tuple(links)


def claims(session: Session, source: BlockSource) -> list[int]:
    """The first block after the volume, as each descriptor claims; counted from the session, or by some from block 0.

    Source: ECMA-119 §8.4.8.
    """
    found, udf = session
    ends = [(found.start + v.volume_space_size, v.volume_space_size) for v in found.volumes]
    claimed = [whole if end > source.blocks >= whole > found.start else end for end, whole in ends]
    return claimed + ([udf.claimed_blocks] if udf is not None and udf.claimed_blocks else [])


def claimed_end(session: Session, source: BlockSource) -> int:
    """The first block after the volume and its descriptors; the largest claim."""
    return max(claims(session, source) + [lba + 1 for lba in session.descriptors.seen], default=0)


def look_after(source: BlockSource, lba: int) -> Tail:
    """Look at what lies from this block on, no further than needed: up to a session, or 64 MiB, or the end.

    Where a drive has the disc's table of contents, the next session is asked for there first: between the sessions of a
    CD lie some 11 400 blocks that cannot be read.
    Raises: DriveLost.
    """
    for start in source.track_starts():
        first = start + FIRST_DESCRIPTOR
        session = _session_at(source, first, source.read_blocks(first, 1) or b"") if start >= lba else None
        if session is not None:
            return Tail(session, 0, -1, 0)
    size, at, bad, used, first = source.block_bytes, lba * source.block_bytes, 0, 0, -1
    end = source.size_bytes - _gpt_bytes(source)
    stop = min(end, at + _SCANNED_BYTES)
    while at < stop and bad <= _BAD_BLOCKS:
        length = min(_PIECE_BYTES, stop - at)
        for run in source.read_extent(Extent(at // size, length)):
            if run.content is None:
                bad += -(-run.extent.length_bytes // size)
                continue
            for block in _used_blocks(run.content, size):
                here = run.extent.start_lba + block
                session = _session_at(source, here, run.content[block * size:(block + 1) * size])
                if session is not None:
                    return Tail(session, 0, -1, 0)
                first, used = (here if first < 0 else first), used + 1
        at += length
    return Tail(None, used, first, max(0, -(-(end - stop) // size)))


def _used_blocks(content: bytes, size: int) -> list[int]:
    """Which blocks of a piece are not empty."""
    if content == bytes(len(content)):
        return []
    empty = bytes(size)
    return [at // size for at in range(0, len(content), size) if content[at:at + size] != empty[:len(content) - at]]


def _gpt_bytes(source: BlockSource) -> int:
    """Bytes at the end of the carrier that are the backup of a GUID partition table."""
    if source.size_bytes < 2 * _GPT_BYTES or source.size_bytes % 512:
        return 0
    lba, skip = divmod(source.size_bytes - 512, source.block_bytes)
    run = source.read_extent(Extent(lba, skip + 512))[-1]
    if run.content is None or run.content[-512:-504] != b"EFI PART":
        return 0
    length = source.size_bytes - int.from_bytes(run.content[-440:-432], "little") * 512       # from the first entry on
    return length if _GPT_BYTES <= length <= _MOST_GPT_BYTES else _GPT_BYTES


def _session_at(source: BlockSource, lba: int, block: bytes) -> Session | None:
    """The session whose first volume descriptor is this block; None where it is no such thing.

    The root of its primary volume must come after it and say that it lies there: a copy of another disc's image does
    not. Of a session with UDF only, the anchor must say that it lies where it does.
    """
    if source.block_bytes != SECTOR_BYTES or len(block) < SECTOR_BYTES:
        return None
    if block[:7] == b"\0BEA01\1":
        start = lba - FIRST_DESCRIPTOR
        session = read_session(source, lba) if start > 0 and is_anchored(source, start) else None
        return session if session is not None and session.udf is not None and session.udf.claimed_blocks else None
    if block[:7] != b"\1CD001\1":
        return None
    root = int.from_bytes(block[158:162], "little")
    own = DirectoryReader(source, source.blocks).first_records(root)[1][:1] if root > lba else []
    if not own or own[0].start_lba != root:
        return None
    session = read_session(source, lba)
    return session if session.descriptors.volumes else None


def _grown(source: BlockSource, first: Session) -> list[Session]:
    """The sessions behind descriptors that were rewritten with every session (libisofs on a file or rewritable disc).

    The chain counts only where it ends in the very root that the disc's first descriptors name.
    """
    chain: list[Session] = []
    start = _GROWN_START
    while first.descriptors.volumes and len(chain) < _MAX_SESSIONS:
        lba = start + FIRST_DESCRIPTOR
        session = _session_at(source, lba, source.read_blocks(lba, 1) or b"")
        if session is None or not session.descriptors.volumes or claimed_end(session, source) <= lba:
            break
        chain.append(session)
        start = -(-claimed_end(session, source) // _GROWN_START) * _GROWN_START
    same = chain and _root(chain[-1].descriptors) == _root(first.descriptors)
    return [*chain[:-1], first] if same else [first]


def _root(found: Descriptors) -> Extent:
    volume: VolumeDescriptor = next((v for v in found.volumes if v.name == "ISO 9660"), found.volumes[0])
    return volume.root


def no_longer_shown(earlier: Iterable[tuple[int, dict[str, Listing]]], last: dict[str, Listing]) -> list[Finding]:
    """`earlier-session` for each file of an earlier session that the last one shows otherwise, or not at all.

    Args:    number, from 1, and listings by volume of each earlier session, the newest first.
    Returns: facts session: the newest that shows the file; what: "superseded" or "hidden".
    """
    told: set[tuple[str, tuple[Extent, ...]]] = set()
    found: list[Finding] = []
    for session, listings in earlier:
        name = next((name for name in listings if name in last), "")
        if not name:
            continue
        old, new = listings[name].files, last[name].files
        number_of = dict(zip(new.paths, range(len(new)), strict=True))
        for i, path in enumerate(old.paths):
            number, key = number_of.get(path, -1), (path, old.extents(i))
            if key not in told and (number < 0 or new.extents(number) != key[1]):
                told.add(key)
                what = "superseded" if number >= 0 else "hidden"
                found.append(Finding("earlier-session", path, facts={"session": session, "what": what}))
    return found
