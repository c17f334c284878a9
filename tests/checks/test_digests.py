"""The hashing consumer: any layout, any kill, the same digests."""
import hashlib
import random
import signal
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from carriers.model import Addressing, Chunk, Extent, FileEntry, Files, PlannedRead, Structure
from carriers.plan import make_plan
from checks.digests import Digests
from checks.fixity import Fixities, ReadState
from checks.hashers import MOST_PIECES, Hashers

BLOCK = 2048
ALGORITHMS = ("md5", "sha256", "crc32")


def layout(seed: int) -> tuple[Structure, bytes]:
    """A carrier of random content; files of all sizes, with shared, backward and several extents."""
    rng = random.Random(seed)
    blocks = 1800
    image = rng.randbytes(blocks * BLOCK)
    files = Files()
    at = 3
    while at < blocks - 700:
        size = rng.choice((0, 1, BLOCK - 1, BLOCK, 5 * BLOCK + 7, 40 * BLOCK, 300 * BLOCK + 1))
        files.add(FileEntry(f"f{len(files):03d}", b"", size, (Extent(at, size),) if size else ()))
        at += -(-size // BLOCK) + rng.choice((0, 0, 1, 30))
    files.add(FileEntry("link", b"", files.sizes[1], files.extents(1)))
    pieces = (Extent(1500, 3 * BLOCK), Extent(1300, 2 * BLOCK), Extent(1600, 100))
    files.add(FileEntry("backward", b"", 5 * BLOCK + 100, pieces))
    joined = (Extent(1700, 4 * BLOCK), Extent(1710, 10))
    files.add(FileEntry("two", b"", 4 * BLOCK + 10, joined))
    return Structure(("test",), Addressing.BLOCKS, BLOCK, blocks, blocks * BLOCK, blocks, files, ()), image


def content_of(structure: Structure, image: bytes, number: int) -> bytes:
    assert structure.files is not None
    return b"".join(image[e.start_lba * BLOCK:e.start_lba * BLOCK + e.length_bytes]
                    for e in structure.files.extents(number))


def chunks(reads: Iterator[PlannedRead], image: bytes, bad: Sequence[int] = ()) -> Iterator[Chunk]:
    for read in reads:
        first = read.extent.start_lba
        content = image[first * BLOCK:first * BLOCK + read.extent.length_bytes]
        failed = any(first <= b < first + -(-read.extent.length_bytes // BLOCK) for b in bad)
        yield Chunk(read.number, read.extent, read.parts, 1, 0.0, None if failed else content)


def started(hashers: Hashers, structure: Structure, ranges: Sequence[int] = ()) -> Digests:
    assert structure.files is not None
    digests = Digests(hashers, structure, Fixities(ALGORITHMS, len(structure.files)),
                      carrier_algorithms=("md5",) if ranges else (), carrier_ranges=ranges)
    digests.empty(n for n, size in enumerate(structure.files.sizes) if not size)
    return digests


def assert_right(fixities: Fixities, structure: Structure, image: bytes) -> None:
    for number in range(fixities.count):
        content = content_of(structure, image, number)
        assert fixities.state(number) is ReadState.COMPLETE
        assert fixities.digest(number, "md5") == hashlib.md5(content).digest()
        assert fixities.digest(number, "sha256") == hashlib.sha256(content).digest()


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("workers", [1, 2])
def test_every_file_of_a_random_layout(seed: int, workers: int) -> None:
    structure, image = layout(seed)
    ranges = [1000 * BLOCK + 5, len(image)]
    with Hashers(ALGORITHMS, workers) as hashers:
        digests = started(hashers, structure, ranges)
        for chunk in chunks(make_plan(structure).reads_from(0), image):
            digests.consume(chunk)
        fixities = digests.finish()
    assert_right(fixities, structure, image)
    assert fixities.carrier == {("md5", n): hashlib.md5(image[:n]).hexdigest() for n in ranges}


@pytest.mark.parametrize("seed", range(3))
def test_killed_anywhere_and_taken_up_gives_the_same(seed: int) -> None:
    structure, image = layout(seed)
    plan = make_plan(structure)
    last = max(read.number for read in plan.reads_from(0))
    for cut in random.Random(seed).sample(range(1, last + 1), min(6, last)):
        saved: list[dict[str, Any]] = []
        with Hashers(ALGORITHMS, 2) as hashers:
            digests = started(hashers, structure, [len(image)])
            for chunk in chunks(plan.reads_from(0), image):
                if chunk.read_no in (cut // 2, cut) and (not saved or chunk.read_no == cut):
                    state = digests.save()
                    assert state is not None
                    saved.append(state)
                if chunk.read_no == cut:
                    break
                digests.consume(chunk)
        with Hashers(ALGORITHMS, 1) as hashers:
            digests = started(hashers, structure, [len(image)])
            digests.restore(saved)
            for chunk in chunks(plan.reads_from(cut), image):
                digests.consume(chunk)
            fixities = digests.finish()
        assert_right(fixities, structure, image)
        assert fixities.carrier == {("md5", len(image)): hashlib.md5(image).hexdigest()}


def test_a_bad_read_costs_the_files_in_it_and_the_carriers_digest() -> None:
    structure, image = layout(0)
    assert structure.files is not None
    with Hashers(ALGORITHMS, 2) as hashers:
        digests = started(hashers, structure, [len(image)])
        hit: set[int] = set()
        for chunk in chunks(make_plan(structure).reads_from(0), image, bad=[500]):
            digests.consume(chunk)
            if chunk.content is None:
                hit |= {part.file_no for part in chunk.parts}
        fixities = digests.finish()
    assert hit and fixities.carrier == {}
    for number in range(fixities.count):
        wanted = ReadState.UNREADABLE if number in hit else ReadState.COMPLETE
        assert fixities.state(number) is wanted
        assert (fixities.digest(number, "md5") == b"") == (number in hit)


def test_more_small_files_in_one_read_than_a_slot_takes() -> None:
    files = Files()
    for number in range(MOST_PIECES + 5):
        files.add(FileEntry(f"link{number}", b"", 10, (Extent(1, 10),)))
    structure = Structure(("test",), Addressing.BLOCKS, BLOCK, 4, 4 * BLOCK, 4, files, ())
    image = bytes(range(256)) * 32
    with Hashers(("md5",), 1) as hashers:
        digests = Digests(hashers, structure, Fixities(("md5",), len(files)))
        for chunk in chunks(make_plan(structure).reads_from(0), image):
            digests.consume(chunk)
        fixities = digests.finish()
    assert {fixities.digest(n, "md5") for n in range(len(files))} == {hashlib.md5(image[BLOCK:BLOCK + 10]).digest()}


def test_more_pieces_than_a_pipe_holds_answers() -> None:
    """A fragmented file with hard links: thousands of messages from one chunk. Both sides once waited for the other."""
    files = Files()
    for number in range(40):
        files.add(FileEntry(f"link{number}", b"", 100 * BLOCK, tuple(Extent(2 * n, BLOCK) for n in range(100))))
    structure = Structure(("test",), Addressing.BLOCKS, BLOCK, 200, 200 * BLOCK, 200, files, ())
    image = random.Random(1).randbytes(200 * BLOCK)
    before = signal.signal(signal.SIGALRM, _too_long)
    signal.alarm(60)
    try:
        with Hashers(ALGORITHMS, 1) as hashers:
            digests = started(hashers, structure)
            for chunk in chunks(make_plan(structure).reads_from(0), image):
                digests.consume(chunk)
            fixities = digests.finish()
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
    whole = hashlib.md5(content_of(structure, image, 0)).digest()
    assert {fixities.digest(number, "md5") for number in range(40)} == {whole}


def _too_long(*_: object) -> None:
    raise AssertionError("the hashing processes and the reading one wait for each other")


def test_sm3_in_the_middle_of_a_file_cannot_be_saved() -> None:
    structure, image = layout(1)
    assert structure.files is not None
    with Hashers(("sm3",), 1) as hashers:
        digests = Digests(hashers, structure, Fixities(("sm3",), len(structure.files)))
        answers = []
        for chunk in chunks(make_plan(structure).reads_from(0), image):
            digests.consume(chunk)
            answers.append(digests.save() is None)
    assert True in answers and False in answers


def test_a_hashing_process_that_dies_is_an_error_not_a_wait() -> None:
    structure, image = layout(2)
    with Hashers(ALGORITHMS, 1) as hashers:
        digests = started(hashers, structure)
        hashers._processes[0].kill()
        hashers._processes[0].join()
        with pytest.raises((RuntimeError, OSError)):
            for chunk in chunks(make_plan(structure).reads_from(0), image):
                digests.consume(chunk)
            digests.finish()


@pytest.mark.parametrize("seed", range(3))
def test_joined_files_killed_anywhere_have_the_digest_of_their_content(seed: int) -> None:
    structure, image = layout(seed)
    assert structure.files is not None
    count = len(structure.files)
    rng = random.Random(seed)
    joined = [tuple(sorted(rng.sample(range(count), 5))), tuple(rng.sample(range(count), 3)), (0, 0)]
    plan = make_plan(structure, joined)
    for cut in rng.sample(range(1, plan.count), 4):
        saved: list[dict[str, Any]] = []
        for first, last in ((0, cut), (cut, plan.count)):
            with Hashers(workers=2) as hashers:
                hashers.use(ALGORITHMS)
                digests = Digests(hashers, structure, Fixities(ALGORITHMS, count + 3), joined=joined)
                digests.empty(n for n, size in enumerate(structure.files.sizes) if not size)
                digests.empty(n for n, parts in enumerate(joined, count) if not any(structure.files.sizes[p]
                                                                                    for p in parts))
                digests.restore(saved)
                for chunk in chunks((read for read in plan.reads_from(first) if read.number < last), image):
                    digests.consume(chunk)
                if last == cut:
                    saved.append(digests.save() or {})
                else:
                    fixities = digests.finish()
        for number, parts in enumerate(joined, count):
            content = b"".join(content_of(structure, image, part) for part in parts)
            assert fixities.digest(number, "sha256") == hashlib.sha256(content).digest()
