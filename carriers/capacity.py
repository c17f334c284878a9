"""Capacity that a disk claims and does not have: counterfeit flash, looked for where files lie.

Takes a carrier and its structure before the pass, gives a `Probed`; after the comparison gives `counterfeit-capacity`.
Relies on `Carrier.read`. Nothing is written, so only files can show it, and their digests have failed by then; this
finding says why. Such disks drop the high bits of an address, so that everything comes back at a lower one (block X
and block X + 2^n are one block), or answer with one byte value where there is no memory.
"""
from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import NamedTuple

from carriers.model import Addressing, Carrier, Extent, Files, Finding, PlannedRead, Structure

_SMALLEST_BYTES = 1 << 20       # of a memory that may be behind a claim
_BINS = 48                      # stretches of the carrier in which one file is probed
_ALIASED = 8                    # blocks, all different, that must come back at the other address
_ALIASED_LEAST = 4
_FIRST_BLOCKS = 64
_HOLLOW_LEAST = 4               # files, the last ones on the carrier, that hold one byte value only


class Probed(NamedTuple):
    """repeats_bytes: after how many bytes the carrier comes back from its first byte on, 0 = it does not.

    hollow_lba: from which block on every file that was probed holds nothing but one byte value, -1 = there is none.
    """

    repeats_bytes: int = 0
    hollow_lba: int = -1


def probe(carrier: Carrier, structure: Structure) -> Probed:
    """Read some hundred single blocks of a disk. Raises: DriveLost, CarrierChanged."""
    if structure.files is None or structure.addressing is not Addressing.BLOCKS:
        return Probed()
    spans = _sampled(structure, structure.files)
    if not spans:
        return Probed()
    return Probed(_repeats(carrier, structure, spans), _hollow(carrier, structure, spans))


def _sampled(structure: Structure, files: Files) -> list[tuple[int, int]]:
    """The first and the last block of one file in each stretch of the carrier: the largest that begins there.

    Ascending by the first.
    """
    largest: dict[int, tuple[int, int]] = {}                  # stretch → bytes, file
    for number, length in enumerate(files.sizes):
        start = _span(structure, files, number)[0] if files.starts[number] == -2 else files.starts[number]
        if 0 <= start < structure.blocks and length > largest.get(start * _BINS // structure.blocks, (0, 0))[0]:
            largest[start * _BINS // structure.blocks] = (length, number)
    return sorted(_span(structure, files, number) for _, number in largest.values())


def _span(structure: Structure, files: Files, number: int) -> tuple[int, int]:
    """The first and the last block of a file on the carrier; -1, -1 where it has none there."""
    extents = [e for e in files.extents(number) if 0 <= e.start_lba < structure.blocks and e.length_bytes]
    if not extents:
        return -1, -1
    last = extents[-1].start_lba + (extents[-1].length_bytes - 1) // structure.block_bytes
    return extents[0].start_lba, min(last, structure.blocks - 1)


def _blocks(carrier: Carrier, structure: Structure, lbas: Collection[int]) -> dict[int, bytes]:
    """Single blocks by address; those that cannot be read, or are cut, are not there."""
    size = structure.block_bytes
    plan = (PlannedRead(number, Extent(lba, size), ()) for number, lba in enumerate(lbas)
            if lba >= 0 and (lba + 1) * size <= structure.capacity_bytes)
    return {chunk.extent.start_lba: chunk.content for chunk in carrier.read(plan) if chunk.content is not None}


def _is_constant(content: bytes) -> bool:
    return content == content[:1] * len(content)


def _repeats(carrier: Carrier, structure: Structure, spans: list[tuple[int, int]]) -> int:
    """The distance at which the carrier repeats itself, in bytes.

    Every one of several different blocks below it, the first block of the carrier that is not empty among them, must
    come back: of a sound disk a copy of its table of partitions and of what else lies there cannot all lie so. Backups
    of a boot sector or of a file allocation table, copies of files and of partitions repeat some of them only.
    """
    size, end = structure.block_bytes, max(last for _, last in spans) + 1
    sought = {*range(_FIRST_BLOCKS), *(e.start_lba for e in structure.structure_extents[:_BINS]),
              *(lba for span in spans for lba in span)}
    known = {lba: content for lba, content in _blocks(carrier, structure, sorted(sought)).items()
             if not _is_constant(content)}
    bytes_apart = _SMALLEST_BYTES
    while bytes_apart // size < end:
        apart = bytes_apart // size
        picks = _picks({lba: content for lba, content in known.items() if lba < apart and lba + apart < end})
        if len(picks) >= _ALIASED_LEAST and all(_come_back(carrier, structure, picks, apart)):
            return bytes_apart
        bytes_apart *= 2
    return 0


def _picks(known: dict[int, bytes]) -> dict[int, bytes]:
    """A few blocks with different content, spread over those that are known, the first one among them."""
    different = {content: lba for lba, content in reversed(known.items())}
    lbas = sorted(different.values())
    chosen = lbas[::max(1, len(lbas) // _ALIASED)][:_ALIASED]
    return {lba: known[lba] for lba in chosen}


def _come_back(carrier: Carrier, structure: Structure, picks: dict[int, bytes], apart: int) -> Iterator[bool]:
    """Whether each block stands at the other address too; asked one by one, for the first answer is nearly always no.
    """
    for lba, content in picks.items():
        yield _blocks(carrier, structure, [lba + apart]).get(lba + apart) == content


def _hollow(carrier: Carrier, structure: Structure, spans: list[tuple[int, int]]) -> int:
    """From which block on all files that were sampled hold one byte value; -1 where too few do, or all."""
    contents = _blocks(carrier, structure, sorted({lba for span in spans for lba in span}))
    hollow = [all(lba in contents and _is_constant(contents[lba]) for lba in span) for span in spans]
    count = next((n for n, each in enumerate(reversed(hollow)) if not each), 0)
    return spans[-count][0] if count >= _HOLLOW_LEAST else -1


def claimed_only(probed: Probed, structure: Structure, equal: Collection[int], different: Collection[int]
                 ) -> tuple[Finding, ...]:
    """`counterfeit-capacity` of a carrier that was compared.

    A carrier that repeats itself has what it claims nowhere, so that no file past that place is where it should be.
    Files of one byte value may be just that: they count where several listed files differ from there on, and none is
    as listed.

    Args: equal, different: the files whose digests were as listed, and were not.
    """
    files, size = structure.files, structure.block_bytes
    if files is None or probed == Probed():
        return ()
    reason = "repeats" if probed.repeats_bytes else "hollow"
    real_bytes = probed.repeats_bytes or probed.hollow_lba * size
    wrong = sum(_span(structure, files, number)[1] * size >= real_bytes for number in different)
    right = sum(_span(structure, files, number)[0] * size >= real_bytes for number in equal)
    if reason == "hollow" and (right or wrong < _HOLLOW_LEAST) or not wrong + right:
        return ()
    return (Finding("counterfeit-capacity", facts={"reason": reason, "real_bytes": real_bytes, "files": wrong + right,
                                                   "claimed_bytes": structure.capacity_bytes}),)
