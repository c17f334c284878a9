"""Tapes of archives and records, read as one stream: what comes out of them, and going on at any point."""
from __future__ import annotations

import io
import random
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from carriers.model import HOLE, Chunk, Files, Structure
from carriers.plan import make_plan
from carriers.tape import TapeFolder
from carriers.tape_stream import TapeStream
from tests.tape_writer import Tape, records


def archive(content: Mapping[str, bytes], kind: int) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=kind) as made:
        for path, raw in content.items():
            entry = tarfile.TarInfo(path)
            entry.size = len(raw)
            made.addfile(entry, io.BytesIO(raw))
    return out.getvalue()


def a_tape(folder: Path, chance: random.Random) -> tuple[Path, dict[str, bytes]]:
    """Some archives and stretches of records of all sizes, and every file that must be found."""
    tape, content = Tape(), dict[str, bytes]()
    for stretch in range(1, chance.randrange(2, 5)):
        block = chance.choice((512, 1024, 10240, 65536, 262144, 700_000))
        if chance.random() < 0.3:
            content[f"file{stretch:06d}.dd"] = raw = chance.randbytes(chance.choice((1, 5000, 3_000_000)))
        else:
            members = {f"{stretch}/{'长' * chance.choice((1, 70))}{n}": chance.randbytes(size) for n, size in enumerate(
                chance.choices((0, 1, 511, 512, 513, 20_000, 1_400_000), k=chance.randrange(1, 9)))}
            content.update(members)
            raw = archive(members, chance.choice((tarfile.GNU_FORMAT, tarfile.PAX_FORMAT)))
        tape.put(0, *records(raw, block), None)
    return tape.save(folder), content


class Taken:
    """What a reading has of each file, and the bytes of the tape that it was given."""

    def __init__(self) -> None:
        self.files: dict[int, bytearray] = {}
        self.bytes = 0

    def take(self, chunk: Chunk) -> None:
        assert chunk.content is not None
        self.bytes += 0 if chunk.extent.start_lba == HOLE else len(chunk.content)
        for number, offset, at, length in chunk.parts:
            mine = self.files.setdefault(number, bytearray())
            assert len(mine) == offset
            mine += chunk.content[at:at + length]


def read_on(path: Path, taken: Taken, states: list[dict[str, Any]], stop_at: int = -1) -> tuple[TapeStream, int]:
    """Read from these states on, saving at each read; stopped when the n-th new read would begin (-1 = never).

    Returns: the carrier, and how many reads began.
    """
    stream = TapeStream(TapeFolder(path))
    stream.restore(states)
    current, begun = -1, 0
    for chunk in stream.read(make_plan(stream.structure()[0])):
        if chunk.read_no != current:
            current, begun = chunk.read_no, begun + 1
            states.append(stream.save())
            if begun == stop_at:
                return stream, begun
        taken.take(chunk)
    return stream, begun


def files_of(structure: Structure, taken: Taken) -> dict[str, bytes]:
    files = structure.files or Files()
    return {path: bytes(taken.files.get(n, b"")) for n, path in enumerate(files.paths)}


@pytest.mark.parametrize("seed", range(12))
def test_every_file_comes_whole_and_a_reading_goes_on_from_any_save(tmp_path: Path, seed: int) -> None:
    path, content = a_tape(tmp_path / "tape", random.Random(seed))
    taken = Taken()
    stream, reads = read_on(path, taken, [])
    structure, findings = stream.structure()
    assert files_of(structure, taken) == content
    assert [f.code for f in findings if f.facts.get("reason") != "records"] == []
    assert taken.bytes == TapeFolder(path).used_bytes
    for stop_at in range(1, reads + 1):
        first, states = Taken(), list[dict[str, Any]]()
        read_on(path, first, states, stop_at)
        again, _ = read_on(path, first, states)
        structure, found = again.structure()
        assert files_of(structure, first) == content
        assert first.bytes == taken.bytes
        assert sorted(map(str, found)) == sorted(map(str, findings))


def test_what_was_damaged_is_told_once_however_often_a_reading_goes_on(tmp_path: Path) -> None:
    content = {f"{n}": bytes([n]) * 700_000 for n in range(8)}
    raw = bytearray(archive(content, tarfile.GNU_FORMAT))
    raw[700_928 * 3:700_928 * 3 + 10] = b"damaged!!!"
    tape = Tape()
    tape.put(0, *records(bytes(raw), 10240), None)
    path = tape.save(tmp_path / "tape")
    taken = Taken()
    stream, reads = read_on(path, taken, [])
    assert [(f.code, f.facts["what"]) for f in stream.structure()[1]] == [("structure-damaged", "tar-header")]
    assert set(files_of(stream.structure()[0], taken)) == set(content) - {"3"}
    for stop_at in range(1, reads + 1):
        first, states = Taken(), list[dict[str, Any]]()
        read_on(path, first, states, stop_at)
        again, _ = read_on(path, first, states)
        assert len([f for f in again.structure()[1] if f.facts.get("what") == "tar-header"]) == 1
        assert set(files_of(again.structure()[0], first)) == set(content) - {"3"}


def test_a_list_on_the_tape_is_read_again_after_the_pass(tmp_path: Path) -> None:
    content = {"a.bin": bytes(3_000_000), "list.md5": b"abc  a.bin\n"}
    tape = Tape()
    tape.put(0, *records(archive(content, tarfile.GNU_FORMAT), 10240), None)
    stream, _ = read_on(tape.save(tmp_path / "tape"), Taken(), [])
    assert stream.content(1) == content["list.md5"]


@pytest.mark.parametrize("cut", [512, 1024, 30_000, 61_440])
def test_a_tape_cut_in_the_middle_of_a_member_says_what_is_lost(tmp_path: Path, cut: int) -> None:
    raw = archive({"a": b"a" * 100_000, "b": b"b" * 100_000}, tarfile.GNU_FORMAT)
    tape = Tape()
    tape.put(0, *records(raw[:101_376 + cut], 512), None)
    stream, _ = read_on(tape.save(tmp_path / "tape"), Taken(), [])
    codes = [f.code for f in stream.structure()[1]]
    assert codes == ["carrier-truncated"] and sum(stream.lost.values()) == 100_000 - cut


def test_every_partition_of_a_tape_is_read(tmp_path: Path) -> None:
    first, second = {"a": b"a" * 3000, "b": b"b" * 1_500_000}, {"c": b"c" * 70_000}
    tape = Tape(3)
    tape.put(0, *records(archive(first, tarfile.GNU_FORMAT), 10240), None)
    tape.put(2, *records(archive(second, tarfile.PAX_FORMAT), 512), None, b"dump", None)
    path = tape.save(tmp_path / "tape")
    taken = Taken()
    stream, reads = read_on(path, taken, [])
    assert files_of(stream.structure()[0], taken) == {**first, **second, "file000003.dd": b"dump"}
    assert stream.content(2) == second["c"]
    for stop_at in range(1, reads + 1):
        again, states = Taken(), list[dict[str, Any]]()
        read_on(path, again, states, stop_at)
        assert files_of(read_on(path, again, states)[0].structure()[0], again) == files_of(stream.structure()[0], taken)
