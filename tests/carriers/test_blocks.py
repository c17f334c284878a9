"""Reading by blocks: retry, halving, what is kept, drive or medium."""
from __future__ import annotations

import errno
import hashlib
import json
import os
from pathlib import Path

import pytest

from carriers import open_carrier
from carriers.blocks import BlockSource
from carriers.model import CarrierChanged, CarrierError, DriveLost, Extent
from carriers.retries import Limits
from tests.faults import FaultySource

BLOCKS = 512


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "image"
    path.write_bytes(hashlib.shake_128(b"blocks").digest(BLOCKS * 2048))
    return path


def shown(source: BlockSource, extent: Extent) -> list[tuple[int, int, bool, int]]:
    """(block, bytes, readable, attempts) of each run; the bytes themselves are compared with the file."""
    whole = source.path.read_bytes()
    runs = []
    for run in source.read_extent(extent):
        begin = run.extent.start_lba * source.block_bytes
        if run.content is not None:
            assert run.content == whole[begin:begin + run.extent.length_bytes]
        runs.append((run.extent.start_lba, run.extent.length_bytes, run.content is not None, run.attempts))
    return runs


def test_a_sound_read_is_one_read(image: Path) -> None:
    faults = FaultySource()
    source = BlockSource(image, pread=faults)
    assert shown(source, Extent(3, 100 * 2048)) == [(3, 100 * 2048, True, 1)]
    assert faults.asked == [(3 * 2048, 100 * 2048)]


def test_only_the_bad_blocks_are_lost(image: Path) -> None:
    faults = FaultySource(bad={10, 11, 40})
    source = BlockSource(image, pread=faults)
    assert shown(source, Extent(0, 64 * 2048)) == [
        (0, 10 * 2048, True, 1), (10, 2 * 2048, False, 3), (12, 28 * 2048, True, 1), (40, 2048, False, 3),
        (41, 23 * 2048, True, 1)]
    assert faults.asked.count((40 * 2048, 2048)) == 3
    assert all(length > 2048 for offset, length in faults.asked[:-1] if offset == 0)
    assert faults.asked[-1] == (0, 2048)                        # the question to the drive, after the errors


def test_what_has_failed_once_is_unstable_for_whoever_reads_it_then(image: Path) -> None:
    """Structure is looked at, and places are probed, before the pass comes to the same blocks."""
    faults = FaultySource(bad={10, 11, 40})
    source = BlockSource(image, pread=faults)
    assert source.read_blocks(8, 8) is None and source.read_extent(Extent(40, 2048))[0].content is None
    faults.bad.clear()
    assert shown(source, Extent(0, 64 * 2048)) == [
        (0, 10 * 2048, True, 1), (10, 2 * 2048, True, 2), (12, 28 * 2048, True, 1), (40, 2048, True, 2),
        (41, 23 * 2048, True, 1)]
    later = BlockSource(image)                                  # another sitting, which has met no error itself
    later.go_on(json.loads(json.dumps(source.budget())))
    assert shown(later, Extent(40, 2 * 2048)) == [(40, 2048, True, 2), (41, 2048, True, 1)]


def test_a_place_that_failed_is_rounded_to_the_blocks_that_are_read(image: Path) -> None:
    faults = FaultySource(bad={5}, block_bytes=512)
    source = BlockSource(image, pread=faults)
    source.use_blocks(512)
    assert [run.content is None for run in source.read_extent(Extent(4, 1024))] == [False, True]
    faults.bad.clear()
    source.use_blocks(2048)
    assert shown(source, Extent(0, 3 * 2048)) == [(0, 2048, True, 1), (1, 2048, True, 2), (2, 2048, True, 1)]


def test_a_block_read_at_the_second_try_is_marked(image: Path) -> None:
    faults = FaultySource()

    def pread(fd: int, length: int, offset: int) -> bytes:
        """Block 5 fails in every longer read, and once alone."""
        if (offset, length) not in faults.asked:
            faults.once.add(5)
        return faults(fd, length, offset)

    source = BlockSource(image, pread=pread)
    assert shown(source, Extent(0, 8 * 2048)) == [(0, 5 * 2048, True, 1), (5, 2048, True, 2), (6, 2 * 2048, True, 1)]


def test_a_failure_that_does_not_come_back_marks_the_read(image: Path) -> None:
    source = BlockSource(image, pread=FaultySource(once={5}))
    assert shown(source, Extent(0, 8 * 2048)) == [(0, 8 * 2048, True, 2)]


def test_retries_are_counted_and_can_be_none(image: Path) -> None:
    faults = FaultySource(bad={7})
    source = BlockSource(image, pread=faults, limits=Limits(retries=0))
    assert shown(source, Extent(6, 2 * 2048)) == [(6, 2048, True, 1), (7, 2048, False, 1)]
    assert faults.asked == [(6 * 2048, 4096), (6 * 2048, 2048), (7 * 2048, 2048)]


def test_time_is_charged_to_the_run_that_took_it(image: Path) -> None:
    faults = FaultySource(bad={3}, slow={3: 1.0})
    source = BlockSource(image, pread=faults, clock=faults.clock)
    runs = source.read_extent(Extent(0, 4 * 2048))
    # four blocks, one block three times; the question to the drive has no block to ask for
    assert [(run.extent.start_lba, run.seconds) for run in runs] == [(0, 0.0), (3, 4.0)]


def test_the_last_block_may_be_cut(tmp_path: Path) -> None:
    path = tmp_path / "cut"
    path.write_bytes(b"x" * 5000)
    source = BlockSource(path)
    assert source.blocks == 3
    assert shown(source, Extent(1, 5000 - 2048)) == [(1, 2952, True, 1)]
    assert source.read_blocks(1, 2) is None


def test_structure_blocks_are_kept_for_the_pass(image: Path) -> None:
    faults = FaultySource()
    source = BlockSource(image, pread=faults)
    assert source.read_blocks(16, 2) == image.read_bytes()[16 * 2048:18 * 2048]
    assert source.read_blocks(17, 2) == image.read_bytes()[17 * 2048:19 * 2048]
    assert shown(source, Extent(15, 5 * 2048)) == [(15, 5 * 2048, True, 1)]
    assert faults.asked == [(16 * 2048, 4096), (18 * 2048, 2048), (15 * 2048, 2048), (19 * 2048, 2048)]


def test_a_bad_structure_block_is_none_and_asked_again_by_the_pass_only(image: Path) -> None:
    faults = FaultySource(bad={20})
    source = BlockSource(image, pread=faults)
    assert source.read_blocks(20, 1) is None
    asked = len(faults.asked)
    assert source.read_blocks(19, 3) is None
    assert len(faults.asked) == asked
    assert shown(source, Extent(20, 2048)) == [(20, 2048, False, 3)]
    assert len(faults.asked) > asked


@pytest.mark.parametrize("place", [(-1, 1), (0, 0), (BLOCKS, 1), (BLOCKS - 1, 2), (1 << 32, 1 << 32)])
def test_structure_beyond_the_carrier_is_none(image: Path, place: tuple[int, int]) -> None:
    faults = FaultySource()
    assert BlockSource(image, pread=faults).read_blocks(*place) is None
    assert faults.asked == []


def test_a_good_drive_is_asked_once_and_not_doubted(image: Path) -> None:
    faults = FaultySource(bad={400, 401})
    source = BlockSource(image, pread=faults)
    source.read_extent(Extent(0, 256 * 2048))
    source.read_extent(Extent(384, 64 * 2048))
    assert source.findings() == ()
    assert faults.asked.count((0, 2048)) == 1


@pytest.mark.parametrize("fault", [{"lies_at": {0}}, {}])
def test_a_drive_that_loses_a_good_block_is_doubted(image: Path, fault: dict[str, set[int]]) -> None:
    faults = FaultySource(bad={400}, **fault)
    source = BlockSource(image, pread=faults)
    source.read_extent(Extent(0, 64 * 2048))
    if not fault:
        faults.bad[0] = errno.EIO
    source.read_extent(Extent(400, 2048))
    assert [(f.code, f.extent, dict(f.facts)) for f in source.findings()] == [
        ("drive-doubt", Extent(0, 2048), {"error_lba": 400})]
    assert faults.asked.count((0, 2048)) == 3


def test_a_drive_that_dies_has_no_bad_sectors(image: Path) -> None:
    """From some block on all fails with EIO, the device still there: nothing of it is called unreadable (trap 64)."""
    faults = FaultySource(dies_at=300)
    source = BlockSource(image, pread=faults)
    source.read_extent(Extent(0, 64 * 2048))
    source.read_extent(Extent(128, 128 * 2048))
    with pytest.raises(DriveLost) as lost:
        source.read_extent(Extent(256, 128 * 2048))
    assert lost.value.facts["reason"] == "EIO"


def test_the_block_that_is_asked_again_is_another_each_time(image: Path) -> None:
    """What was asked for last may lie in the drive's own cache."""
    faults = FaultySource(bad={400, 440, 480})
    source = BlockSource(image, pread=faults)
    source.read_extent(Extent(0, 32 * 2048))
    source.read_extent(Extent(96, 32 * 2048))
    asked = []
    for bad in (400, 440, 480):
        source.read_extent(Extent(bad, 2048))
        asked.append(faults.asked[-1][0] // 2048)
    assert asked == [0, 96, 0]


def test_a_doubt_is_said_once_for_each_block(image: Path) -> None:
    source = BlockSource(image, pread=FaultySource(bad={400, 440, 480}, lies_at={0}))
    source.read_extent(Extent(0, 32 * 2048))
    for bad in (400, 440, 480):
        source.read_extent(Extent(bad, 2048))
    assert [finding.code for finding in source.findings()] == ["drive-doubt"]


def test_a_lost_drive_is_no_medium_error(image: Path) -> None:
    source = BlockSource(image, pread=FaultySource(vanish_at=100))
    source.read_extent(Extent(0, 100 * 2048))
    with pytest.raises(DriveLost) as lost:
        source.read_extent(Extent(90, 20 * 2048))
    assert (lost.value.code, lost.value.facts) == ("drive-lost", {"source": str(image), "reason": "ENODEV"})


def test_a_file_cut_while_it_is_read_is_another_carrier(image: Path) -> None:
    source = BlockSource(image)
    os.truncate(image, 100 * 2048)
    with pytest.raises(CarrierChanged) as changed:
        source.read_extent(Extent(90, 20 * 2048))
    assert changed.value.code == "carrier-changed"


def test_short_reads_are_completed(image: Path) -> None:
    source = BlockSource(image, pread=lambda fd, length, offset: os.pread(fd, min(length, 1000), offset))
    assert shown(source, Extent(2, 3 * 2048)) == [(2, 3 * 2048, True, 1)]


def test_what_cannot_be_opened_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "empty").touch()
    for name, code in (("none", "source-missing"), ("fifo", "source-unsupported"), ("empty", "source-empty")):
        with pytest.raises(CarrierError) as refusal:
            open_carrier(tmp_path / name)
        assert (refusal.value.code, refusal.value.facts) == (code, {"source": str(tmp_path / name)})


def test_denied_is_not_missing(image: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(path: object, flags: int) -> int:
        raise PermissionError(13, "denied")
    monkeypatch.setattr("carriers.blocks.os.open", denied)
    with pytest.raises(CarrierError) as refusal:
        open_carrier(image)
    assert refusal.value.code == "source-denied"


def test_a_neighbour_of_the_bad_block_says_nothing_of_the_drive(image: Path) -> None:
    faults = FaultySource(bad={20})
    source = BlockSource(image, pread=faults)
    source.read_extent(Extent(0, 2 * 2048))
    source.read_extent(Extent(20, 2048))
    assert source.findings() == ()
    assert faults.asked == [(0, 2 * 2048)] + [(20 * 2048, 2048)] * 3


def test_what_came_before_an_error_is_kept_and_the_block_tried_again(image: Path) -> None:
    """A kernel gives the good part of a read first and then the error; a block read after that was unstable."""
    asked: list[tuple[int, int]] = []

    def pread(fd: int, length: int, offset: int) -> bytes:
        asked.append((offset // 2048, length // 2048))
        if len(asked) == 1:
            return os.pread(fd, 3 * 2048, offset)
        return os.pread(fd, length, offset)
    source = BlockSource(image, pread=pread)
    assert shown(source, Extent(0, 8 * 2048)) == [(0, 3 * 2048, True, 1), (3, 2048, True, 2), (4, 4 * 2048, True, 1)]
    assert asked == [(0, 8), (3, 1), (4, 4)]


def test_a_file_system_that_makes_up_its_times_is_no_change(image: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = BlockSource(image)
    os.utime(image, ns=(5, 5))
    with pytest.raises(CarrierChanged):
        source.check_same()
    monkeypatch.setattr("carriers.blocks._makes_up_times", lambda device: True)
    source.check_same()
    with image.open("ab") as file:
        file.write(b"more")
    with pytest.raises(CarrierChanged):
        source.check_same()
