"""Counterfeit capacity: what repeats or is hollow is found where files lie; what only looks like it is not."""
from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from carriers.capacity import Probed, claimed_only, probe
from carriers.model import Addressing, Chunk, Extent, FileEntry, Files, PlannedRead, Structure

BLOCK, MIB = 512, 1 << 20
Content = Callable[[int], bytes]


def unlike(lba: int) -> bytes:
    return hashlib.shake_128(lba.to_bytes(8, "big")).digest(BLOCK)


class Stick:
    """A carrier of so many bytes whose blocks are made up. asked: how many were read."""

    def __init__(self, size_bytes: int, content: Content = unlike, *, bad: range = range(0)) -> None:
        self.blocks, self.asked, self._content, self._bad = size_bytes // BLOCK, 0, content, bad

    def structure(self, files: Iterable[tuple[int, int]], extents: tuple[Extent, ...] = ()) -> Structure:
        columns = Files()
        for start, size in files:
            columns.add(FileEntry(f"{start}", b"", size, (Extent(start, size),)))
        return Structure(("FAT32",), Addressing.BLOCKS, BLOCK, self.blocks, self.blocks * BLOCK, self.blocks, columns,
                         (), extents)

    def read(self, plan: Iterable[PlannedRead]) -> Iterator[Chunk]:
        for planned in plan:
            self.asked += 1
            lba, length = planned.extent.start_lba, planned.extent.length_bytes
            assert length == BLOCK and 0 <= lba < self.blocks
            content = None if lba in self._bad else self._content(lba)
            yield Chunk(planned.number, planned.extent, planned.parts, 1, 0.0, content)


def probed(stick: Any, structure: Structure) -> Probed:
    return probe(stick, structure)


def spread(size_bytes: int, count: int = 40) -> list[tuple[int, int]]:
    return [(100 + n * (size_bytes // BLOCK - 200) // count, 40 * BLOCK) for n in range(count)]


@pytest.mark.parametrize("real", [8 * MIB, 64 * MIB, 32 << 30])
def test_a_carrier_that_repeats_itself(real: int) -> None:
    stick = Stick(8 * real, lambda lba: unlike(lba % (real // BLOCK)))
    assert probed(stick, stick.structure(spread(8 * real))).repeats_bytes == real
    assert stick.asked < 500


@pytest.mark.parametrize("size", [4 * MIB, 256 * MIB, 2 << 40])
def test_a_sound_carrier_repeats_nothing(size: int) -> None:
    stick = Stick(size)
    assert probed(stick, stick.structure(spread(size))) == Probed()
    assert stick.asked < 500


def test_no_file_past_the_place_is_no_reason_to_look() -> None:
    stick = Stick(64 * MIB, lambda lba: unlike(lba % (8 * MIB // BLOCK)))
    assert probed(stick, stick.structure(spread(8 * MIB))).repeats_bytes == 0


def test_copies_on_a_sound_carrier_are_no_repetition() -> None:
    """A second file allocation table, a backup boot sector, a partition copied block by block: all but block 0."""
    apart = 16 * MIB // BLOCK

    def content(lba: int) -> bytes:
        return unlike(lba if lba % apart == 0 else lba % apart)

    stick = Stick(64 * MIB, content)
    assert probed(stick, stick.structure(spread(64 * MIB))).repeats_bytes == 0


def test_blocks_of_one_byte_value_prove_no_repetition() -> None:
    stick = Stick(64 * MIB, lambda lba: unlike(lba) if lba in (0, 1, 2) else bytes(BLOCK))
    assert probed(stick, stick.structure(spread(64 * MIB))).repeats_bytes == 0


@pytest.mark.parametrize("filling", [b"\0", b"\xff", b"\x5a"])
def test_a_carrier_that_is_hollow_from_a_place_on(filling: bytes) -> None:
    real = 20 * MIB // BLOCK
    stick = Stick(64 * MIB, lambda lba: unlike(lba) if lba < real else filling * BLOCK)
    files = spread(64 * MIB)
    assert probed(stick, stick.structure(files)) == Probed(0, next(start for start, _ in files if start >= real))


@pytest.mark.parametrize("hollow", [range(37, 40), range(10, 30), range(40)])
def test_few_hollow_files_or_hollow_ones_before_others_or_all_are_nothing(hollow: range) -> None:
    files = spread(64 * MIB)
    empty = {lba for n in hollow for lba in range(files[n][0], files[n][0] + 40)}
    stick = Stick(64 * MIB, lambda lba: bytes(BLOCK) if lba in empty else unlike(lba))
    assert probed(stick, stick.structure(files)).hollow_lba == -1


def test_what_cannot_be_read_is_not_hollow() -> None:
    stick = Stick(64 * MIB, bad=range(20 * MIB // BLOCK, 64 * MIB // BLOCK))
    assert probed(stick, stick.structure(spread(64 * MIB))) == Probed()


def test_nothing_to_probe() -> None:
    stick = Stick(4 * MIB)
    assert probed(stick, stick.structure(())) == Probed()
    assert probed(stick, stick.structure([(10_000_000, 5), (-1, 0)])) == Probed()
    assert stick.asked == 0


def test_any_layout_is_read_within_the_carrier() -> None:
    chance = random.Random(20261124)
    for _ in range(200):
        stick = Stick(BLOCK * chance.randrange(1, 9000), lambda lba: bytes(BLOCK) if lba % 3 else unlike(lba))
        files = [(chance.randrange(12_000), chance.randrange(1 << 20)) for _ in range(chance.randrange(60))]
        probed(stick, stick.structure(files, tuple(Extent(chance.randrange(12_000), 4096) for _ in range(9))))


# --- after the comparison ----------------------------------------------------------------------------------------

FILES = [(100, BLOCK), (900, BLOCK), (5000, BLOCK), (6000, BLOCK), (7000, BLOCK), (8000, BLOCK)]
HOLLOW = Probed(0, 5000)


def told(probed: Probed, equal: set[int], different: set[int]) -> list[dict[str, Any]]:
    return [dict(f.facts) for f in claimed_only(probed, Stick(8 * MIB).structure(FILES), equal, different)]


def test_hollow_files_count_where_all_that_is_listed_there_differs() -> None:
    assert told(HOLLOW, {0, 1}, {2, 3, 4, 5}) == [
        {"reason": "hollow", "real_bytes": 5000 * BLOCK, "claimed_bytes": 8 * MIB, "files": 4}]
    assert told(HOLLOW, {0, 1, 5}, {2, 3, 4}) == []                   # files of zeros, as they should be
    assert told(HOLLOW, {0, 1}, {2, 3, 4}) == [] == told(HOLLOW, {0, 1}, set())
    assert told(HOLLOW, {0}, {1, 2, 3, 4}) == []                      # one of them lies before the place


def test_a_repetition_counts_where_files_lie_past_it() -> None:
    proven = Probed(2 * MIB)
    assert told(proven, {0, 1}, {2, 3}) == [
        {"reason": "repeats", "real_bytes": 2 * MIB, "claimed_bytes": 8 * MIB, "files": 2}]
    assert told(proven, {0, 1}, set()) == [] == told(Probed(), {0}, {1, 2, 3, 4, 5})
