"""The plan: every block once, every byte of every file where it lies, the same rest from any number."""
from __future__ import annotations

from array import array

from hypothesis import given, settings
from hypothesis import strategies as st

from carriers.model import HOLE, Addressing, Extent, FileEntry, FilePart, Files, PlannedRead, Structure
from carriers.plan import make_plan

SIZE = 512


def structure(*layout: tuple[Extent, ...], blocks: int = 64, tail: int = SIZE,
              addressing: Addressing = Addressing.BLOCKS) -> Structure:
    """A carrier of `blocks` blocks of 512 bytes, the last one `tail` bytes long, with a file for each layout."""
    files = Files()
    for number, extents in enumerate(layout):
        files.add(FileEntry(f"f{number}", b"", sum(e.length_bytes for e in extents), extents))
    return Structure(("ISO 9660",), addressing, SIZE, blocks, (blocks - 1) * SIZE + tail, 0, files, ())


def test_windows_gaps_and_parts() -> None:
    plan = make_plan(structure((Extent(3, 700),), (Extent(5, 8 * SIZE),), blocks=18, tail=100), max_bytes=4 * SIZE + 99)
    assert list(plan) == [
        PlannedRead(0, Extent(0, 2048), (FilePart(0, 0, 3 * SIZE, 512),)),
        PlannedRead(1, Extent(4, 2048), (FilePart(0, 512, 0, 188), FilePart(1, 0, SIZE, 3 * SIZE))),
        PlannedRead(2, Extent(8, 2048), (FilePart(1, 3 * SIZE, 0, 4 * SIZE),)),
        PlannedRead(3, Extent(12, 2048), (FilePart(1, 7 * SIZE, 0, SIZE),)),
        PlannedRead(4, Extent(16, SIZE + 100), ()),
    ]
    assert (plan.count, plan.planned_bytes, dict(plan.lost), plan.deferred) == (5, 17 * SIZE + 100, {}, ())


def test_without_gaps_only_what_holds_files_is_read() -> None:
    plan = make_plan(structure((Extent(3, 700),), (Extent(40, SIZE),)), gaps=False, max_bytes=16 * SIZE)
    assert list(plan) == [PlannedRead(0, Extent(3, 2 * SIZE), (FilePart(0, 0, 0, 700),)),
                          PlannedRead(1, Extent(40, SIZE), (FilePart(1, 0, 0, SIZE),))]
    assert (plan.count, plan.planned_bytes) == (2, 3 * SIZE)


def test_shared_and_crossing_extents_feed_every_file() -> None:
    plan = make_plan(structure((Extent(2, SIZE * 4),), (Extent(2, SIZE * 4),), (Extent(4, SIZE * 4),)))
    assert [read.parts for read in plan] == [(FilePart(0, 0, 2 * SIZE, 4 * SIZE), FilePart(1, 0, 2 * SIZE, 4 * SIZE),
                                              FilePart(2, 0, 4 * SIZE, 4 * SIZE))]


def test_a_file_recorded_backwards_is_read_again_in_its_own_order() -> None:
    plan = make_plan(structure((Extent(9, SIZE), Extent(4, 700))), max_bytes=32 * SIZE)
    assert list(plan) == [PlannedRead(0, Extent(0, 32 * SIZE), ()), PlannedRead(1, Extent(32, 32 * SIZE), ()),
                          PlannedRead(2, Extent(9, SIZE), (FilePart(0, 0, 0, SIZE),)),
                          PlannedRead(3, Extent(4, 700), (FilePart(0, SIZE, 0, 700),))]
    assert (plan.deferred, plan.count, plan.planned_bytes) == ((0,), 4, 64 * SIZE + SIZE + 700)


def test_what_lies_beyond_the_carrier_is_never_asked_for() -> None:
    plan = make_plan(structure((Extent(62, 3 * SIZE),), (Extent(64, SIZE),), (Extent(1 << 32, 1 << 40),), tail=100))
    assert dict(plan.lost) == {0: 3 * SIZE - SIZE - 100, 1: SIZE, 2: 1 << 40}
    assert [part for read in plan for part in read.parts] == [FilePart(0, 0, 62 * SIZE, SIZE + 100)]


def test_files_with_an_obstacle_or_without_content_have_no_parts() -> None:
    layout = structure((Extent(1, SIZE),), (), (Extent(3, SIZE),))
    assert layout.files is not None
    layout.files.obstacles[0] = "content-encoded"
    assert [part.file_no for read in make_plan(layout) for part in read.parts] == [2]


def test_a_folder_has_no_gaps() -> None:
    plan = make_plan(structure((Extent(0, 700),), (Extent(2, 5),), blocks=3, addressing=Addressing.FILES))
    assert [read.parts for read in plan] == [(FilePart(0, 0, 0, 700), FilePart(1, 0, 2 * SIZE, 5))]
    assert plan.planned_bytes == 705


def test_the_identity_of_a_plan_is_its_files_and_parameters() -> None:
    one = structure((Extent(1, SIZE),), (Extent(2, SIZE),))
    other = structure((Extent(1, SIZE),), (Extent(2, SIZE),))
    assert make_plan(one).sha256 == make_plan(other).sha256
    assert other.files is not None
    renamed = structure((Extent(1, SIZE),), (Extent(2, SIZE),))
    assert renamed.files is not None
    renamed.files.paths[1] = "f2"
    identities = {make_plan(one).sha256, make_plan(one, gaps=False).sha256, make_plan(one, max_bytes=SIZE).sha256,
                  make_plan(renamed).sha256, make_plan(structure((Extent(2, SIZE),), (Extent(1, SIZE),))).sha256,
                  make_plan(structure((Extent(1, SIZE),), (Extent(2, SIZE),), tail=1)).sha256}
    assert len(identities) == 6


places = st.builds(Extent, st.integers(0, 70), st.integers(1, 12 * SIZE), st.just(0), st.integers(0, SIZE - 1))
extents = st.lists(places, max_size=4).map(tuple)


@settings(max_examples=150, deadline=None)
@given(st.lists(extents, max_size=8), st.integers(1, 20), st.booleans(), st.integers(1, SIZE), st.integers(0, 40))
def test_any_layout(layout: list[tuple[Extent, ...]], window: int, gaps: bool, tail: int, number: int) -> None:
    carrier = structure(*layout, tail=tail)
    assert carrier.files is not None
    plan = make_plan(carrier, gaps=gaps, max_bytes=window * SIZE)
    reads = list(plan)
    assert [read.number for read in reads] == list(range(plan.count))
    assert list(plan.reads_from(number)) == reads[number:]
    assert plan.planned_bytes == sum(read.extent.length_bytes for read in reads)
    main = [read for read in reads if not (len(read.parts) == 1 and read.parts[0].file_no in plan.deferred)]
    covered = array("q", [0] * (64 * SIZE))
    previous = 0
    for read in main:
        begin = read.extent.start_lba * SIZE
        assert begin >= previous and 0 < read.extent.length_bytes <= window * SIZE
        previous = begin + read.extent.length_bytes
        for at in range(begin, previous):
            covered[at] += 1
    assert max(covered[carrier.capacity_bytes:], default=0) == 0
    assert set(covered[:carrier.capacity_bytes]) <= ({1} if gaps else {0, 1})
    _every_byte_once(carrier, reads, layout)
    lost = {no: sum(e.length_bytes - max(0, min(e.length_bytes, carrier.capacity_bytes - place_of(e)))
                    for e in extents) for no, extents in enumerate(layout)}
    assert dict(plan.lost) == {no: count for no, count in lost.items() if count}


def place_of(extent: Extent) -> int:
    return extent.start_lba * SIZE + extent.skip_bytes


def _every_byte_once(carrier: Structure, reads: list[PlannedRead], layout: list[tuple[Extent, ...]]) -> None:
    """Each file is fed in order, and each byte from the place on the carrier where it lies."""
    fed: dict[int, list[tuple[int, int]]] = {number: [] for number in range(len(layout))}
    for read in reads:
        for part in read.parts:
            assert part.at_bytes >= 0 and part.at_bytes + part.length_bytes <= read.extent.length_bytes
            place = read.extent.start_lba * SIZE + part.at_bytes
            fed[part.file_no] += [(part.offset_bytes + i, place + i) for i in range(part.length_bytes)]
    for number, extents in enumerate(layout):
        offset, expected = 0, []
        for extent in extents:
            places = range(place_of(extent), place_of(extent) + extent.length_bytes)
            expected += [(offset + i, place) for i, place in enumerate(places) if place < carrier.capacity_bytes]
            offset += extent.length_bytes
        assert fed[number] == expected


def test_without_a_list_of_files_all_of_it_is_a_gap() -> None:
    carrier = Structure(("unknown",), Addressing.BLOCKS, SIZE, 5, 5 * SIZE, 0, None, ())
    assert list(make_plan(carrier)) == [PlannedRead(0, Extent(0, 5 * SIZE), ())]


def test_one_byte_over_the_border_of_a_window() -> None:
    plan = make_plan(structure((Extent(0, 4 * SIZE + 1),), blocks=8), max_bytes=4 * SIZE)
    assert [read.parts for read in plan] == [(FilePart(0, 0, 0, 4 * SIZE),), (FilePart(0, 4 * SIZE, 0, 1),)]


def test_content_inside_a_block_and_holes_are_read_as_the_file_system_has_them() -> None:
    """UDF: a small file lies inside its ICB; what was never recorded of a sparse file is zeros, and no read."""
    inside = (Extent(3, 100, 0, 216),)
    sparse = (Extent(5, SIZE), Extent(HOLE, 5000), Extent(9, 10))
    plan = make_plan(structure(inside, sparse, blocks=12))
    assert (plan.planned_bytes, plan.deferred) == (12 * SIZE + SIZE + 10, (1,))
    assert [(r.extent, r.parts) for r in plan] == [
        (Extent(0, 12 * SIZE), (FilePart(0, 0, 3 * SIZE + 216, 100),)),
        (Extent(5, SIZE), (FilePart(1, 0, 0, SIZE),)),
        (Extent(HOLE, 5000), (FilePart(1, SIZE, 0, 5000),)),
        (Extent(9, 10), (FilePart(1, SIZE + 5000, 0, 10),))]


def test_a_late_read_of_content_inside_a_block_keeps_its_place() -> None:
    plan = make_plan(structure((Extent(8, SIZE), Extent(2, 700, 0, 100)), blocks=12), max_bytes=SIZE)
    assert [(r.extent, r.parts) for r in plan if r.parts] == [
        (Extent(8, SIZE), (FilePart(0, 0, 0, SIZE),)), (Extent(2, SIZE), (FilePart(0, SIZE, 100, 412),)),
        (Extent(3, 288), (FilePart(0, SIZE + 412, 0, 288),))]


def test_joined_files_are_fed_from_the_same_reads_where_they_ascend() -> None:
    plan = make_plan(structure((Extent(3, 700),), (Extent(6, SIZE),), (Extent(8, 3 * SIZE),)), [(0, 2)],
                     max_bytes=8 * SIZE)
    parts = [part for read in plan for part in read.parts if part.file_no == 3]
    assert parts == [FilePart(3, 0, 3 * SIZE, 700), FilePart(3, 700, 0, 3 * SIZE)]
    assert (plan.deferred, plan.planned_bytes) == ((), 64 * SIZE)
    assert plan.sha256 != make_plan(structure((Extent(3, 700),), (Extent(6, SIZE),), (Extent(8, 3 * SIZE),)),
                                    max_bytes=8 * SIZE).sha256


def test_joined_files_out_of_order_are_read_again_and_what_is_lost_is_lost_to_both() -> None:
    layout = structure((Extent(3, 700),), (Extent(6, SIZE),), (Extent(63, 3 * SIZE),))
    plan = make_plan(layout, [(1, 0), (2, 0), (0, 0)], max_bytes=64 * SIZE)
    late = [part for read in plan for part in read.parts if read.number]
    assert late == [FilePart(3, 0, 0, SIZE), FilePart(3, SIZE, 0, 700), FilePart(4, 0, 0, SIZE),
                    FilePart(4, 3 * SIZE, 0, 700), FilePart(5, 0, 0, 700), FilePart(5, 700, 0, 700)]
    assert dict(plan.lost) == {2: 2 * SIZE, 4: 2 * SIZE}


@settings(max_examples=100, deadline=None)
@given(st.lists(extents, min_size=1, max_size=5), st.data(), st.integers(1, 20))
def test_any_joined_layout(layout: list[tuple[Extent, ...]], data: st.DataObject, window: int) -> None:
    carrier = structure(*layout)
    number = st.integers(0, len(layout) - 1)
    joined = data.draw(st.lists(st.lists(number, min_size=1, max_size=4).map(tuple), max_size=3))
    plan = make_plan(carrier, joined, max_bytes=window * SIZE)
    both = [*layout, *(tuple(e for part in parts for e in layout[part]) for parts in joined)]
    _every_byte_once(carrier, list(plan), both)
