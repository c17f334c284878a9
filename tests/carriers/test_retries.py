"""What errors may cost: a bad medium comes to an end, and every block of it is in exactly one account."""
from __future__ import annotations

import json
import random
from collections.abc import Iterable
from pathlib import Path

import pytest

from carriers.blocks import BlockSource
from carriers.model import Extent
from carriers.retries import Budget, Limits
from tests.faults import FaultySource

BLOCK, MIB = 2048, 1 << 20


@pytest.fixture
def sparse(tmp_path: Path) -> Path:
    path = tmp_path / "disc"
    with path.open("wb") as file:
        file.truncate(400 * MIB)
    return path


def slow_to_fail(bad: Iterable[int], seconds: float) -> FaultySource:
    blocks = set(bad)
    return FaultySource(bad=blocks, slow=dict.fromkeys(blocks, seconds))


def account(source: BlockSource) -> dict[str, set[int]]:
    """The blocks of the whole carrier by what became of them."""
    blocks: dict[str, set[int]] = {"read": set(), "unreadable": set(), "left": set()}
    for lba in range(0, source.blocks, 512):
        at = lba
        for run in source.read_extent(Extent(lba, min(MIB, source.size_bytes - lba * BLOCK))):
            assert run.extent.start_lba == at
            at += run.extent.length_bytes // BLOCK
            kind = "read" if run.content is not None else "unreadable" if run.attempts else "left"
            blocks[kind].update(range(run.extent.start_lba, at))
            assert (kind == "left") is (run.attempts == 0)
        assert at == min(lba + 512, source.blocks)
    return blocks


SCATTERED = random.Random(5).sample(range(200 * 1024), 10_000)
TOGETHER = range(50_000, 60_000)


@pytest.mark.parametrize("bad", [SCATTERED, TOGETHER, range(150_000, 204_800), range(204_800)])
@pytest.mark.parametrize("seconds", [0.06, 1.0, 40.0])
def test_ten_thousand_bad_sectors_end(sparse: Path, bad: Iterable[int], seconds: float) -> None:
    faults = slow_to_fail(bad, seconds)
    source = BlockSource(sparse, pread=faults, clock=faults.clock)
    blocks = account(source)
    assert sum(map(len, blocks.values())) == source.blocks
    assert blocks["unreadable"] <= set(bad) and blocks["read"].isdisjoint(bad)
    assert set(bad) <= blocks["unreadable"] | blocks["left"]
    # what may be spent, then one last read and a jump with each error that doubles up to the whole carrier
    assert faults.now <= 1800.0 + 20 * seconds
    assert source.findings() == ()


def test_the_end_of_damage_is_found_and_what_follows_is_read(sparse: Path) -> None:
    faults = slow_to_fail(TOGETHER, 10.0)
    blocks = account(BlockSource(sparse, pread=faults, clock=faults.clock))
    after = min(lba for lba in blocks["read"] if lba > TOGETHER[0])
    assert TOGETHER[-1] < after <= TOGETHER[-1] + 2 * 65536 // BLOCK
    assert blocks["read"] == {*range(TOGETHER[0]), *range(after, 204_800)}


def test_one_bad_sector_is_named_whatever_it_takes(sparse: Path) -> None:
    faults = slow_to_fail({70_001}, 40.0)
    blocks = account(BlockSource(sparse, pread=faults, clock=faults.clock))
    assert (blocks["unreadable"], blocks["left"]) == ({70_001}, set())
    assert faults.failed == 6                                   # 1 MiB, 128 KiB, 16 KiB, three times 2 KiB


def test_few_errors_cost_nothing_of_the_rest(sparse: Path) -> None:
    bad = set(range(1000, 204_800, 5000))
    faults = slow_to_fail(bad, 0.06)
    blocks = account(BlockSource(sparse, pread=faults, clock=faults.clock))
    assert (blocks["unreadable"], blocks["left"]) == (bad, set())


def test_after_too_many_places_each_is_left_at_once(sparse: Path) -> None:
    bad = {100 + place * 16 * 512 for place in range(6)}        # the seventh place begins at 96 MiB
    faults = slow_to_fail(bad, 0.01)
    source = BlockSource(sparse, pread=faults, clock=faults.clock, limits=Limits(bad_places=4))
    blocks = account(source)
    assert blocks["unreadable"] == {lba for lba in bad if lba < 4 * 16 * 512}
    assert {lba for lba in bad if lba >= 4 * 16 * 512} <= blocks["left"]


def test_no_more_tries_once_a_place_is_left(sparse: Path) -> None:
    faults = slow_to_fail({5}, 7.0)
    source = BlockSource(sparse, pread=faults, clock=faults.clock, limits=Limits(retries=1000, place_seconds=50.0))
    source.read_extent(Extent(5, BLOCK))
    assert faults.now == 56.0


def test_a_structure_block_in_a_place_that_was_left_is_not_asked_for(sparse: Path) -> None:
    faults = slow_to_fail(TOGETHER, 40.0)
    source = BlockSource(sparse, pread=faults, clock=faults.clock)
    source.read_extent(Extent(50_000, MIB))
    asked = len(faults.asked)
    assert source.read_blocks(50_100, 2) is None
    assert len(faults.asked) == asked


def test_what_was_spent_stays_spent_in_the_next_sitting(sparse: Path) -> None:
    """Interrupted between any two reads, a reading comes to the same account for the same time."""
    straight = slow_to_fail(SCATTERED, 1.0)
    whole = BlockSource(sparse, pread=straight, clock=straight.clock, limits=Limits(error_seconds=300.0))
    wanted = [list(whole.read_extent(Extent(lba, MIB))) for lba in range(0, 100 * 512, 512)]
    faults = slow_to_fail(SCATTERED, 1.0)
    saved = Budget(Limits(), sparse.stat().st_size).save()
    got = []
    for lba in range(0, 100 * 512, 512):
        source = BlockSource(sparse, pread=faults, clock=faults.clock, limits=Limits(error_seconds=300.0))
        source.go_on(json.loads(json.dumps(saved)))
        got.append(list(source.read_extent(Extent(lba, MIB))))
        saved = source.budget()
        source.close()
    assert [[run[:3] for run in runs] for runs in got] == [[run[:3] for run in runs] for runs in wanted]
    assert faults.now == straight.now
