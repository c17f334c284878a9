"""From logical blocks to places, and that no mapping costs more than the carrier can mean."""
from __future__ import annotations

import time
from array import array

import pytest

from carriers.udf_partitions import HOLE_AT, Metadata, Partitions, Physical, Virtual, trimmed

NONE = 0xFFFFFFFF


def sparable() -> Physical:
    return Physical(1000, 100, 10, 4, {1: 5000, 2: 7000}, [1, 2])


def test_a_physical_partition() -> None:
    plain = Physical(1000, 100, 10)
    assert [plain.place(block) for block in (0, 99, 100)] == [1000, 1990, -1]
    assert Partitions([plain], 10, 100).pieces(0, 98, 45) == [(1980, 45)]           # as if it went on


def test_packets_that_moved() -> None:
    """Packets 1 (blocks 4 to 7) and 2 (8 to 11) lie elsewhere."""
    assert [sparable().place(block) for block in (3, 4, 7, 8, 12)] == [1030, 5000, 5030, 7000, 1120]
    partitions = Partitions([sparable()], 10, 100)
    assert partitions.pieces(0, 0, 40) == [(1000, 40)]
    assert partitions.pieces(0, 2, 75) == [(1020, 20), (5000, 40), (7000, 15)]
    assert partitions.pieces(0, 10, 45) == [(7020, 20), (1120, 25)]


def test_a_virtual_partition_by_its_table() -> None:
    virtual = Virtual(Physical(1000, 100, 10), array("I", [5, 6, NONE, 9, 120]))
    partitions = Partitions([None, virtual], 10, 100)
    assert [partitions.place(1, block) for block in range(6)] == [1050, 1060, -1, 1090, -1, -1]
    assert partitions.pieces(1, 0, 15) == [(1050, 15)]
    assert partitions.pieces(1, 1, 30) is None and partitions.pieces(1, 4, 11) is None


def test_a_metadata_partition_and_its_mirror() -> None:
    base = sparable()
    mirror = Metadata(base, [0], [6], [40])
    partitions = Partitions([base, Metadata(base, [0, 4], [3, 6], [20, 3], mirror)], 10, 100)
    assert [partitions.place(1, block) for block in range(7)] == [1200, 1210, 1220, -1, 1030, 5000, -1]
    assert partitions.pieces(1, 4, 20) == [(1030, 10), (5000, 10)]
    assert partitions.pieces(1, 0, 35) is None
    assert partitions.mirror_place(1, 5) == 1450 and partitions.mirror_place(0, 5) == -1
    assert partitions.pieces(1, 4, 20, mirror=True) == [(1440, 20)]


def test_references_that_are_not_there() -> None:
    partitions = Partitions([None], 10, 100)
    assert (partitions.place(0, 1), partitions.place(7, 1), partitions.mirror_place(7, 1)) == (-1, -1, -1)
    assert partitions.pieces(0, 1, 10) is None and partitions.pieces(7, 1, 10) is None


def test_pieces_are_joined_and_cut() -> None:
    assert trimmed([(0, 10), (10, 10), (HOLE_AT, 5), (HOLE_AT, 5), (30, 0), (40, 9)], 33) == [
        (0, 20), (HOLE_AT, 10), (40, 3)]


@pytest.mark.parametrize("shattered", [
    Virtual(Physical(0, 1 << 20, 512), array("I", range(200_000, 0, -1))),
    Metadata(Physical(0, 1 << 20, 512), list(range(100_000)), list(range(1, 100_001)), list(range(100_000, 0, -1))),
    Metadata(Physical(0, 1 << 20, 512), list(range(50_000)), list(range(1, 50_001)), list(range(50_000))),
    Virtual(Physical(0, 1 << 20, 512), array("I", [*range(94_000), *[NONE] * 10])),
    Physical(0, 1 << 20, 512, 1, {n: 9 * n for n in range(100_000)}, list(range(100_000)))])
def test_shattering_has_an_end(shattered: Virtual | Metadata | Physical) -> None:
    """Thousands of extents of ten thousands of blocks, each block a piece; in a carrier of a megabyte."""
    partitions = Partitions([shattered], 512, 2048)
    begun = time.process_time()
    found = [partitions.pieces(0, n % 4000, 90_000 * 512) for n in range(20_000)]
    assert found[-1] is None and sum(len(pieces) for pieces in found if pieces) < 400_000
    assert time.process_time() - begun < 5
