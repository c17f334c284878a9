"""A tar file as a carrier: its headers are read where they stand, then everything in one pass, like a disc by blocks.

Takes a `BlockSource`; gives what `carriers.model.Carrier` promises. Relies on `tar_members` for the format. A tar on a
tape is read by `tape_stream`: there only the pass itself finds the members.
"""
from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import xxhash

from carriers.blocks import BlockSource
from carriers.disc import content_of, read_planned
from carriers.layers import bound_content
from carriers.model import (
    Addressing,
    CarrierId,
    CarrierKind,
    Chunk,
    Extent,
    Finding,
    PlannedRead,
    Structure,
)
from carriers.tar_files import Collected
from carriers.tar_members import BLOCK, Damage, End, Member, Piece, is_header, members

_LOOKED_AT = 128                # blocks in which a file called .tar is searched for a header
_LEAST_BOUND = 1 << 30          # for holes, of an archive that holds little
_WINDOW_BYTES = 64 << 10


def is_tar(source: BlockSource) -> bool:
    """Whether a source begins with a header of tar, or is called .tar and has one near its beginning.

    The source is addressed by blocks of 512 bytes then, and left as it was otherwise. Raises: DriveLost.
    """
    before = source.block_bytes
    source.use_blocks(BLOCK)
    near = range(_LOOKED_AT if source.path.suffix.lower() == ".tar" else 1)
    if any(is_header(source.read_blocks(lba, 1) or b"") for lba in near if (lba + 1) * BLOCK <= source.size_bytes):
        return True
    source.use_blocks(before)
    return False


class TarFile:
    """A tar file, of one archive or several after each other. Its headers are read once, when first asked for."""

    def __init__(self, source: BlockSource) -> None:
        self._source = source
        self._known: tuple[CarrierId, Structure, tuple[Finding, ...]] | None = None

    def identify(self) -> CarrierId:
        """A tape without a name: its bytes, and a fingerprint of its members. Raises: DriveLost."""
        return self._look()[0]

    def structure(self) -> tuple[Structure, tuple[Finding, ...]]:
        """The members, and what is wrong with the archives. Raises: DriveLost."""
        return self._look()[1:]

    def findings(self) -> tuple[Finding, ...]:
        return self._source.findings()

    def read(self, plan: Iterable[PlannedRead]) -> Iterator[Chunk]:
        """Read what is planned. Raises: DriveLost, CarrierChanged."""
        return read_planned(self._source, plan)

    def content(self, file_no: int) -> bytes | None:
        """A small file whole, before the pass; its blocks are kept."""
        return content_of(self._source, self.structure()[0], file_no)

    def budget(self) -> dict[str, Any]:
        return self._source.budget()

    def go_on(self, budget: Mapping[str, Any]) -> None:
        self._source.go_on(budget)

    def stamp(self) -> list[int | str]:
        return list(self._source.stamp())

    def close(self) -> None:
        self._source.close()

    def _look(self) -> tuple[CarrierId, Structure, tuple[Finding, ...]]:
        if self._known is None:
            self._known = self._scan()
        return self._known

    def _scan(self) -> tuple[CarrierId, Structure, tuple[Finding, ...]]:
        source = self._source
        collected = Collected(_extent_of, 16 * max(source.size_bytes, _LEAST_BOUND))
        digest, claimed = xxhash.xxh3_128(), 0
        for found in members(_Headers(source), 0, {}):
            if isinstance(found, Member):
                collected.add(found)
                digest.update(found.name + found.size.to_bytes(8, "big") + found.end.to_bytes(8, "big"))
                claimed = max([claimed, *(piece.at + piece.length for piece in found.pieces if piece.at >= 0)])
            elif isinstance(found, Damage):
                collected.damage(found)
            elif isinstance(found, End) and (found.marked or claimed <= source.size_bytes):
                collected.end(found)
        trees, twice = collected.trees()
        findings = [*collected.findings, *twice]
        if claimed > source.size_bytes:
            findings.append(Finding("carrier-truncated", facts={"claimed_bytes": claimed,
                                                                "actual_bytes": source.size_bytes}))
        findings += bound_content(collected.files, BLOCK, max(source.size_bytes, _LEAST_BOUND))
        structure = Structure(("tar",), Addressing.BLOCKS, BLOCK, source.blocks, source.size_bytes, 0, collected.files,
                              trees)
        identity = CarrierId(CarrierKind.TAPE, "", "", "", source.size_bytes, digest.hexdigest())
        return identity, structure, tuple(findings)


class _Headers:
    """The bytes of a file as `members` asks for them, a window at a time."""

    def __init__(self, source: BlockSource) -> None:
        self._source = source
        self._at, self._window = 0, b""

    def read(self, offset: int, length: int) -> bytes | None:
        if not self._at <= offset <= offset + length <= self._at + len(self._window):
            window = self._read(offset, max(length, _WINDOW_BYTES))
            if window is None:                                  # a block fails: is it one of these?
                return self._read(offset, length)
            self._at, self._window = offset, window
        return self._window[offset - self._at:offset - self._at + length]

    def _read(self, offset: int, length: int) -> bytes | None:
        length = min(length, self._source.size_bytes - offset)
        if length <= 0:
            return b""
        first, skip = divmod(offset, BLOCK)
        runs = self._source.read_extent(Extent(first, skip + length))
        if any(run.content is None for run in runs):
            return None
        return b"".join(run.content or b"" for run in runs)[skip:]


def _extent_of(piece: Piece) -> Extent:
    first, skip = divmod(piece.at, BLOCK)
    return Extent(first, piece.length, 0, skip)
