"""Disks: what comes through pytsk3 is read like all else, and what fails below it is never zeros."""
from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

import pytest

from carriers import open_carrier
from carriers.blocks import BlockSource
from carriers.disk import Disk
from carriers.model import THROUGH, DriveLost, PlannedRead
from carriers.partitions import read_table
from carriers.plan import make_plan
from carriers.surface import Surface
from tests import disk_kit
from tests.faults import FaultySource
from tests.vectors_kit import CONTENT, PLAIN, patch


def read(disk: Disk, plan: Iterable[PlannedRead]) -> dict[int, bytes | None]:
    """The content of every file that a plan reads, None where any of it failed."""
    found: dict[int, bytes | None] = {}
    for chunk in disk.read(plan):
        for part in chunk.parts:
            before = found.get(part.file_no, b"")
            if before is None or chunk.content is None:
                found[part.file_no] = None
            else:
                found[part.file_no] = before + chunk.content[part.at_bytes:part.at_bytes + part.length_bytes]
    return found


def test_what_comes_through_the_reader_is_planned_and_goes_on_anywhere(tmp_path: Path) -> None:
    with closing(Disk(BlockSource(disk_kit.kept(tmp_path, "ntfs-rich")))) as disk:
        files = disk.structure()[0].files
        assert files is not None
        plan = make_plan(disk.structure()[0], max_bytes=32768)
        through = [n for n, start in enumerate(files.starts) if start <= THROUGH]
        assert sorted(files.paths[n] for n in through) == ["c/compressed.txt", "sparse.bin", "说明.txt"]
        whole = read(disk, plan)
        for name, content in CONTENT.items():
            assert whole[files.paths.index(name)] == content
        assert disk.content(files.paths.index("说明.txt")) == CONTENT["说明.txt"]
        for number in range(plan.count):
            parts = read(disk, plan.reads_from(number))
            for file_no, content in parts.items():
                expected = whole[file_no]
                assert content is not None and expected is not None and expected.endswith(content)


@pytest.mark.parametrize("at", [0, 1])
def test_a_bad_block_below_a_resident_file_leaves_no_content(tmp_path: Path, at: int) -> None:
    """Wherever in its record: pytsk3 sees zeros there, and nobody else may."""
    image = disk_kit.kept(tmp_path, "ntfs-rich")
    with closing(Disk(BlockSource(image))) as sound:
        listed = sound.structure()[0]
        assert listed.files is not None
        plan, number = make_plan(listed), listed.files.paths.index("说明.txt")
        faults = FaultySource(bad=[disk_kit.record(image, "说明.txt") // 512 + at], block_bytes=512)
        with closing(Disk(BlockSource(image, pread=faults))) as disk:
            codes = {(f.code, f.facts.get("what")) for f in disk.structure()[1]}
            assert ("structure-damaged", "unreadable-block") in codes
            files = disk.structure()[0].files
            assert files is not None
            if "说明.txt" in files.paths:
                assert read(disk, make_plan(disk.structure()[0])).get(files.paths.index("说明.txt")) is None
        assert read(sound, plan)[number] == CONTENT["说明.txt"]


def test_a_lost_drive_is_said_through_pytsk3(tmp_path: Path) -> None:
    image = disk_kit.fat(tmp_path, PLAIN)
    faults = FaultySource(vanish_at=disk_kit.dentry(image, b"A       DAT") // 512, block_bytes=512)
    with closing(Disk(BlockSource(image, pread=faults))) as disk, pytest.raises(DriveLost):
        disk.structure()


@pytest.mark.parametrize(("failures", "is_bad"), [(1, False), (3, False), (4, False), (5, False), (6, True)])
def test_a_block_that_failed_in_a_window_is_said_when_it_is_read_at_last(tmp_path: Path, failures: int, is_bad: bool
                                                                         ) -> None:
    """The window asks for it three times, then it is asked for by itself, three times again."""
    image, left = tmp_path / "image", failures
    image.write_bytes(hashlib.shake_128(b"disk").digest(1 << 20))

    def pread(fd: int, length: int, offset: int) -> bytes:
        nonlocal left
        if offset <= 700 * 512 < offset + length and left:
            left -= length == 512
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return os.pread(fd, length, offset)
    with closing(BlockSource(image, pread=pread)) as source:
        source.use_blocks(512)
        surface = Surface(source)
        content = surface.peek(700 * 512 + 100, 300)
        assert (surface.failed(700 * 512, 512) == 700, bool(surface.settle())) == (is_bad, not is_bad)
        assert content == (bytes(300) if is_bad else image.read_bytes()[700 * 512 + 100:700 * 512 + 400])


def test_nothing_is_written(tmp_path: Path) -> None:
    image = disk_kit.ext(tmp_path)
    disk_kit.debugfs(image, "feature needs_recovery")
    before = hashlib.sha256(image.read_bytes()).digest()
    with closing(open_carrier(image)) as disk:
        assert isinstance(disk, Disk)
        read(disk, make_plan(disk.structure()[0]))
    assert hashlib.sha256(image.read_bytes()).digest() == before


def test_a_file_that_was_written_again_in_its_place_is_another_fingerprint(tmp_path: Path) -> None:
    """By which, with the disk's own serial number, an interrupted intake goes on: same places and sizes prove nothing.
    """
    body = disk_kit.ext(tmp_path)
    prints = []
    for year in (2025, 2026):
        disk_kit.debugfs(body, f"sif /案卷/0002.bin mtime {year}0101000000")
        script = "label: dos\nlabel-id: 0x1\nstart=1MiB,size=4MiB,type=83\n"
        with closing(open_carrier(disk_kit.table(tmp_path, script, [(1, body)]))) as disk:
            prints.append(disk.identify().fingerprint)
    assert prints[0] != prints[1]


def test_a_chain_of_logical_drives_ends(tmp_path: Path) -> None:
    """The second record leads back to the first."""
    script = "label: dos\nstart=1MiB,size=9MiB,type=5\nstart=2MiB,size=1MiB,type=c\nstart=4MiB,size=1MiB,type=c\n"
    image = disk_kit.table(tmp_path, script, [])
    raw = image.read_bytes()
    second = int.from_bytes(raw[(1 << 20) + 446 + 16 + 8:][:4], "little") + 2048
    patch(image, second * 512 + 446 + 16, b"\0\0\0\0\5\0\0\0\0\0\0\0\0\x08\0\0")
    raw = image.read_bytes()
    table = read_table(lambda at, length: raw[at:at + length], len(raw))
    assert [p.number for p in table.partitions] == [5, 6]
    assert [f.facts["what"] for f in table.findings] == ["partition-table"]
