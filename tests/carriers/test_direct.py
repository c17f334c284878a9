"""Block devices: past the page cache, by whole sectors; still there, and the same."""
from __future__ import annotations

import errno
import hashlib
import os
import struct
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from carriers import direct, open_carrier
from carriers.blocks import BlockSource
from carriers.direct import Device, DirectReader, Host
from carriers.model import CarrierChanged, DriveLost, Extent
from carriers.retries import Limits
from tests.faults import FaultySource

CONTENT = hashlib.shake_128(b"device").digest((3 << 20) + 512)
NUMBER = os.makedev(8, 16)


# --- what the kernel says, given by hand -------------------------------------------------------------------------

def made(folder: Path, *, partition: bool = False, state: str = "running") -> tuple[Path, Path]:
    """A /sys with one disk, or a partition of one. Returns: it, and the disk's folder."""
    disk = folder / "sys/devices/host0/block/sdb"
    (disk / "queue").mkdir(parents=True)
    (disk / "device").mkdir()
    (disk / "device" / "state").write_text(f"{state}\n")
    (disk / "diskseq").write_text("17\n")
    (disk / "queue" / "logical_block_size").write_text("512\n")
    (disk / "queue" / "physical_block_size").write_text("4096\n")
    node = disk
    if partition:
        node = disk / "sdb1"
        node.mkdir()
        (node / "partition").write_text("1\n")
    (folder / "sys/dev/block").mkdir(parents=True)
    (folder / "sys/dev/block/8:16").symlink_to(node)
    (folder / "boot_id").write_text("b00t\n")
    return folder / "sys", disk


def no_ioctl(fd: int, request: int, argument: object = 0) -> bytes:
    raise OSError(errno.ENOTTY, "not a typewriter")


@pytest.fixture
def handle(tmp_path: Path) -> Iterator[int]:
    (tmp_path / "medium").write_bytes(bytes(4096))
    fd = os.open(tmp_path / "medium", os.O_RDONLY)
    yield fd
    os.close(fd)


@pytest.mark.parametrize("partition", [False, True])
def test_what_the_kernel_says_of_a_disk(tmp_path: Path, handle: int, partition: bool) -> None:
    sys, disk = made(tmp_path, partition=partition)
    device = Device(handle, NUMBER, Host(sys, tmp_path / "boot_id", no_ioctl))
    assert (device.sector_bytes, device.medium_bytes) == (512, 4096)
    assert (device.diskseq, device.boot_id, device.size_bytes(), device.gone()) == ("17", "b00t", 4096, "")
    (disk / "device" / "state").write_text("offline\n")
    assert device.gone() == "ENXIO"


def test_sizes_by_ioctl_come_first_and_what_a_bridge_makes_up_does_not_count(tmp_path: Path, handle: int) -> None:
    sys, _ = made(tmp_path)
    sizes = {0x1268: 2048, 0x127B: 33553920}

    def ioctl(fd: int, request: int, argument: object = 0) -> bytes | int:
        return struct.pack("i", sizes[request]) if request in sizes else no_ioctl(fd, request)
    device = Device(handle, NUMBER, Host(sys, tmp_path / "boot_id", ioctl))
    assert (device.sector_bytes, device.medium_bytes) == (2048, 4096)
    nothing = Device(handle, os.makedev(9, 9), Host(sys, tmp_path / "none", no_ioctl))
    assert (nothing.sector_bytes, nothing.medium_bytes, nothing.diskseq, nothing.boot_id) == (2048, 2048, "", "")
    assert nothing.gone() == "ENODEV"


@pytest.mark.parametrize(("status", "reason"), [(0, ""), (1, "ENOMEDIUM"), (2, "ENOMEDIUM"), (3, ""), (4, "")])
def test_an_open_tray_is_no_damage(tmp_path: Path, handle: int, status: int, reason: str) -> None:
    sys, _ = made(tmp_path)

    def ioctl(fd: int, request: int, argument: object = 0) -> bytes | int:
        return status if request == 0x5326 else no_ioctl(fd, request)
    assert Device(handle, NUMBER, Host(sys, tmp_path / "boot_id", ioctl)).gone() == reason


def test_the_table_of_contents_of_a_disc(tmp_path: Path, handle: int) -> None:
    """Two sessions with data, and an audio track between them. Source: linux/cdrom.h, struct cdrom_tocentry."""
    sys, _ = made(tmp_path)
    tracks = {1: (4, 0), 2: (0, 9000), 3: (4, 25_000)}

    def ioctl(fd: int, request: int, argument: bytes = b"") -> bytes:
        if request == 0x5305:
            return bytes((1, 3))
        if request != 0x5306:
            return no_ioctl(fd, request)
        assert argument[2] == 1                                 # addresses, not minutes
        control, start = tracks[argument[0]]
        return struct.pack("BBBxiB3x", argument[0], control << 4 | 1, 1, start, 0)
    device = Device(handle, NUMBER, Host(sys, tmp_path / "boot_id", ioctl))
    assert device.track_starts() == (0, 25_000)
    assert Device(handle, NUMBER, Host(sys, tmp_path / "boot_id", no_ioctl)).track_starts() == ()


# --- a device that is none: a file, with a kernel that calls it one ----------------------------------------------

def faulty(**faults: Any) -> FaultySource:
    """Faults over what the device holds, in memory: what is opened with O_DIRECT takes no reads of any length."""
    return FaultySource(pread=lambda fd, length, offset: CONTENT[offset:offset + length], **faults)


class Bench:
    """An image that is opened as a device, with a /sys of our own."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.path = folder / "node"
        self.path.write_bytes(CONTENT)
        self.sys, self.disk = made(folder)
        self._machine = Host(self.sys, folder / "boot_id", no_ioctl)
        monkeypatch.setattr("carriers.blocks.stat.S_ISBLK", lambda mode: True)
        monkeypatch.setattr("carriers.blocks.os.fstat", lambda fd: os.stat_result((0,) * 10, {"st_rdev": NUMBER}))

    def source(self, faults: FaultySource | None = None) -> BlockSource:
        return BlockSource(self.path, pread=faults, limits=Limits(retries=1), host=self._machine)


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(tmp_path, monkeypatch)


def test_a_device_is_stamped_by_boot_and_medium(bench: Bench) -> None:
    with closing(bench.source(faulty())) as source:
        assert source.stamp() == ("device", "b00t", "17", len(CONTENT))
        source.check_same()
        (bench.disk / "diskseq").write_text("18\n")
        with pytest.raises(CarrierChanged):
            source.check_same()


def test_an_exchanged_medium_is_no_damage(bench: Bench) -> None:
    """The kernel says EIO until somebody looks: the drive's word that the medium changed is an error of a read."""
    with closing(bench.source(faulty(bad=range(600, 1500)))) as source:
        source.read_extent(Extent(0, 1 << 20))
        (bench.disk / "diskseq").write_text("18\n")
        with pytest.raises(CarrierChanged):
            source.read_extent(Extent(512, 1 << 20))


@pytest.mark.parametrize("number", [errno.EIO, errno.ENODATA, errno.ETIMEDOUT, errno.EREMOTEIO])
def test_a_pulled_disk_is_no_damage(bench: Bench, number: int) -> None:
    with closing(bench.source(faulty(bad=dict.fromkeys(range(600, 1500), number)))) as source:
        source.read_extent(Extent(0, 1 << 20))
        (bench.sys / "dev/block/8:16").unlink()
        with pytest.raises(DriveLost) as lost:
            source.read_extent(Extent(512, 1 << 20))
        assert lost.value.facts["reason"] == "ENODEV"


@pytest.mark.parametrize("number", [errno.ENODEV, errno.ENXIO, errno.ENOMEDIUM, errno.ENOLINK, errno.EACCES])
def test_these_are_never_the_medium(bench: Bench, number: int) -> None:
    with closing(bench.source(faulty(bad={5: number}))) as source, pytest.raises(DriveLost) as lost:
        source.read_extent(Extent(0, 1 << 20))
    assert lost.value.facts["reason"] == errno.errorcode[number]


def test_pieces_are_sectors_of_the_medium(bench: Bench) -> None:
    """Eight logical sectors of 512 bytes are one of the medium: they fail together, and are asked for together."""
    faults = faulty(bad={1003}, block_bytes=512)
    with closing(bench.source(faults)) as source:
        source.use_blocks(512)
        runs = source.read_extent(Extent(3, 512 << 10))
        assert [(r.extent.start_lba, r.extent.length_bytes) for r in runs if r.content is None] == [(1000, 4096)]
        alone = [(offset, length) for offset, length in faults.asked if length <= 4096 and offset > 0x10000]
        assert alone.count((1000 * 512, 4096)) == 2 and {place % 4096 for place, _ in alone} == {0}


def test_where_the_kernel_refuses_the_cache_is_dropped_and_it_is_said(bench: Bench, monkeypatch: pytest.MonkeyPatch
                                                                     ) -> None:
    real, dropped = os.open, []

    def refuses(path: Path, flags: int) -> int:
        if flags & os.O_DIRECT:
            raise OSError(errno.EINVAL, "no")
        return real(path, flags)
    monkeypatch.setattr("carriers.direct.os.open", refuses)
    monkeypatch.setattr("carriers.direct.os.posix_fadvise", lambda *a: dropped.append(a[1:]))
    with closing(bench.source()) as source:
        assert [finding.code for finding in source.findings()] == ["read-cached"]
        assert source.read_extent(Extent(3, 4096))[0].content == CONTENT[6144:10240]
    assert dropped == [(0, 0, os.POSIX_FADV_RANDOM), (6144, 4096, os.POSIX_FADV_DONTNEED)]


# --- a real one --------------------------------------------------------------------------------------------------

@pytest.fixture
def loop(tmp_path: Path) -> Iterator[Path]:
    """A loop device over CONTENT, whose end is no multiple of 2048."""
    (tmp_path / "image").write_bytes(CONTENT)
    if os.geteuid() or not Path("/dev/loop-control").exists():
        pytest.skip("needs root and loop devices")
    done = subprocess.run(["losetup", "--find", "--show", "--read-only", str(tmp_path / "image")], capture_output=True,
                          text=True, check=False)
    if done.returncode:
        pytest.skip(f"no loop device: {done.stderr.strip()}")
    yield Path(done.stdout.strip())
    subprocess.run(["losetup", "--detach", done.stdout.strip()], check=True)


def test_a_loop_device_is_read_past_the_page_cache(loop: Path) -> None:
    with closing(BlockSource(loop)) as source:
        assert direct.is_direct(source._fd) and source.findings() == ()
        assert (source.size_bytes, source.blocks) == (len(CONTENT), 1537)
        assert source.stamp()[0] == "device" and source.stamp()[3] == len(CONTENT)
        assert source.read_extent(Extent(1024, len(CONTENT) - (2 << 20)))[0].content == CONTENT[2 << 20:]
        assert source.read_extent(Extent(1536, 512))[0].content == CONTENT[-512:]
        source.use_blocks(512)
        assert source.read_blocks(3, 2) == CONTENT[1536:2560]
        source.check_same()


def test_any_bytes_of_a_loop_device_come_from_whole_sectors(loop: Path) -> None:
    fd = direct.opened(loop)
    try:
        read = DirectReader(512)
        with pytest.raises(OSError):
            os.preadv(fd, [bytearray(100)], 1)                  # the kernel does mind
        for offset, length in ((0, 1), (1, 1), (511, 2), (1000, 3000), (0, 2 << 20), (len(CONTENT) - 1, 1)):
            assert read(fd, length, offset) == CONTENT[offset:offset + length]
        assert read(fd, 10, len(CONTENT)) == b""
    finally:
        os.close(fd)


def test_the_medium_answers_and_not_what_was_read_before(loop: Path, tmp_path: Path) -> None:
    """What is written below the device shows at once; a page cache would still have what it read."""
    with closing(BlockSource(loop)) as source:
        before = source.read_extent(Extent(9, 2048))[0].content
        with (tmp_path / "image").open("r+b") as image:
            image.seek(9 * 2048)
            image.write(b"changed!")
            image.flush()
            os.fsync(image.fileno())
        after = source.read_extent(Extent(9, 2048))[0].content
    assert before == CONTENT[9 * 2048:10 * 2048] and after == b"changed!" + CONTENT[9 * 2048 + 8:10 * 2048]


def test_a_device_that_shrinks_is_another_carrier(loop: Path, tmp_path: Path) -> None:
    with closing(BlockSource(loop)) as source:
        os.truncate(tmp_path / "image", 1 << 20)
        subprocess.run(["losetup", "--set-capacity", str(loop)], check=True)
        with pytest.raises(CarrierChanged):
            source.read_extent(Extent(700, 2048))


def test_open_carrier_takes_a_device(loop: Path) -> None:
    with closing(open_carrier(loop)) as carrier:
        assert carrier.structure()[0].capacity_bytes == len(CONTENT)
        assert carrier.stamp()[0] == "device"
