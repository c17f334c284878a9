"""What was read, what failed, what was slow."""
import json
from dataclasses import replace

from carriers.model import Addressing, Chunk, Extent, FileEntry, FilePart, Files, Structure
from checks.readability import Readability, SlowRule
from checks.verdict import CoverageSums

BLOCK = 2048


def structure(volume_blocks: int = 90) -> Structure:
    files = Files()
    files.add(FileEntry("a", b"", 10 * BLOCK, (Extent(30, 10 * BLOCK),)))
    files.add(FileEntry("b", b"", 5 * BLOCK, (Extent(40, 5 * BLOCK),)))
    return Structure(("test",), Addressing.BLOCKS, BLOCK, 100, 100 * BLOCK, volume_blocks, files, (),
                     (Extent(16, 4 * BLOCK),))


def chunk(lba: int, blocks: int, *file_nos: int, good: bool = True, attempts: int = 1, seconds: float = 0.001) -> Chunk:
    parts = tuple(FilePart(n, 0, 0, blocks * BLOCK) for n in file_nos)
    return Chunk(lba, Extent(lba, blocks * BLOCK), parts, attempts, seconds, bytes(blocks * BLOCK) if good else None)


def listed(number: int) -> str:
    return "listed" if number == 0 else "elsewhere"


def consumed(chunks: list[Chunk], **options: float) -> Readability:
    consumer = Readability(structure(), 100 * BLOCK, SlowRule(**options))
    for one in chunks:
        consumer.consume(one)
    return consumer


def test_places_of_unreadable_blocks() -> None:
    consumer = consumed([chunk(16, 1, good=False), chunk(17, 1, good=False), chunk(25, 1, good=False),
                         chunk(39, 2, 0, 1, good=False), chunk(95, 5, good=False)])
    found = [(f.code, f.path, f.extent and f.extent.start_lba, f.facts["blocks"], f.facts.get("place"))
             for f in consumer.findings(listed)]
    assert found == [("block-unreadable", "", 16, 2, "structure"), ("block-unreadable", "", 25, 1, "elsewhere"),
                     ("block-unreadable", "a", 39, 2, "listed"), ("block-unreadable", "b", 39, 2, "elsewhere"),
                     ("run-out", "", 95, 5, None)]


def test_run_out_is_short() -> None:
    assert [f.code for f in consumed([chunk(70, 17, good=False)]).findings(listed)] == ["block-unreadable"]
    late = Readability(structure(volume_blocks=60), 100 * BLOCK, SlowRule())
    late.consume(chunk(70, 16, good=False))
    assert [f.code for f in late.findings(listed)] == ["run-out"]
    late.consume(chunk(86, 1, good=False))
    assert [(f.code, f.facts.get("place")) for f in late.findings(listed)] == [("block-unreadable", "elsewhere")]


def test_between_sessions_nothing_need_be_readable() -> None:
    """Some 11 400 blocks of a CD are lead-out and lead-in there; a file that lies in them is lost all the same."""
    links = (Extent(20, 40 * BLOCK),)
    told = Readability(replace(structure(), links=links), 100 * BLOCK, SlowRule())
    for bad in (chunk(20, 40, good=False), chunk(70, 40, good=False)):
        told.consume(bad)
    assert [(f.code, f.extent) for f in told.findings(listed)] == [
        ("run-out", Extent(20, 40 * BLOCK)), ("block-unreadable", Extent(70, 40 * BLOCK))]
    file = Readability(replace(structure(), links=links), 100 * BLOCK, SlowRule())
    file.consume(chunk(25, 5, 0, good=False))
    assert [(f.code, f.facts["place"]) for f in file.findings(listed)] == [("block-unreadable", "listed")]


def test_what_was_not_attempted_is_neither_read_nor_unreadable() -> None:
    def left(lba: int, blocks: int, *file_nos: int) -> Chunk:
        return chunk(lba, blocks, *file_nos, good=False, attempts=0)
    consumer = consumed([chunk(0, 30), left(30, 10, 0), left(40, 10, 0, 1), chunk(50, 20), left(70, 30)])
    again = Readability(structure(), 100 * BLOCK, SlowRule())
    again.restore(json.loads(json.dumps(consumer.save())))
    for told in (consumer, again):
        assert told.coverage(0) == CoverageSums(100 * BLOCK, 50 * BLOCK, 0, 50 * BLOCK)
        assert [(f.code, f.extent, dict(f.facts)) for f in told.findings(listed)] == [
            ("check-not-run", Extent(30, 20 * BLOCK), {"check": "usability", "reason": "errors", "places": 2,
                                                       "files": 2, "lba": 30, "bytes": 50 * BLOCK})]
    assert {place for place, _, _ in consumer.speed().surface}.isdisjoint(range(30 * BLOCK, 50 * BLOCK))


def test_coverage_counts_every_byte_once_and_in_one_place() -> None:
    consumer = consumed([chunk(0, 30), chunk(30, 10, 0, good=False)])
    assert consumer.coverage(0) == CoverageSums(100 * BLOCK, 30 * BLOCK, 10 * BLOCK, 60 * BLOCK)
    assert consumer.coverage(7) == CoverageSums(100 * BLOCK + 7, 30 * BLOCK, 10 * BLOCK, 60 * BLOCK + 7)


def test_data_where_nobody_has_looked_is_told() -> None:
    consumer = Readability(replace(structure(volume_blocks=50), unseen_blocks=20), 100 * BLOCK, SlowRule())
    data = Chunk(0, Extent(78, 4 * BLOCK), (), 1, 0.001, b"x" * (2 * BLOCK) + bytes(BLOCK) + b"y" + bytes(BLOCK - 1))
    for one in (chunk(60, 10), data, chunk(82, 18)):
        consumer.consume(one)
    first = Readability(replace(structure(volume_blocks=50), unseen_blocks=20), 100 * BLOCK, SlowRule())
    first.restore(consumer.save())
    for told in (consumer, first):
        assert [(f.code, f.extent, dict(f.facts)) for f in told.findings(listed)] == [
            ("structure-damaged", Extent(81, BLOCK), {"what": "data-after-volume", "count": 1})]


def test_a_block_read_on_retry_is_unstable() -> None:
    found = consumed([chunk(30, 1, 0, attempts=3)]).findings(listed)
    assert [(f.code, f.path, f.facts["attempts"]) for f in found] == [("block-unstable", "a", 3)]


def test_slow_is_slow_against_the_rest_and_in_seconds() -> None:
    usual = [chunk(n, 1, seconds=0.001) for n in range(20)]
    assert [f.code for f in consumed([*usual, chunk(50, 1, seconds=0.4)]).findings(listed)] == []
    found = consumed([*usual, chunk(50, 1, seconds=0.6), chunk(51, 1, seconds=0.6)]).findings(listed)
    assert [(f.code, f.extent) for f in found] == [("block-slow", Extent(50, 2 * BLOCK))]
    everywhere = consumed([chunk(n, 1, seconds=0.6) for n in range(20)]).findings(listed)
    assert everywhere == []


def test_the_state_goes_on() -> None:
    chunks = [chunk(0, 10), chunk(10, 2, good=False), chunk(30, 1, 0, attempts=2), chunk(50, 1, seconds=0.7)]
    whole = consumed([*chunks, chunk(60, 4)])
    first = consumed(chunks)
    second = Readability(structure(), 100 * BLOCK, SlowRule())
    second.restore(first.save())
    second.consume(chunk(60, 4))
    assert second.findings(listed) == whole.findings(listed)
    assert second.coverage(0) == whole.coverage(0)
    assert second.speed() == whole.speed()
    assert len(whole.speed().surface) <= 1000
