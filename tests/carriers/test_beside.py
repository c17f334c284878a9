"""What lies beside a volume: boot images, partition tables, other file systems; dumps of whole CD sectors."""
from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from carriers.beside import boot_images, file_system_at, partitions, raw_sectors
from carriers.blocks import BlockSource
from carriers.iso9660 import read_descriptors
from carriers.partitions import Partition
from tests.carriers import images

SYNC = b"\0" + b"\xff" * 10 + b"\0"


def source_of(folder: Path, raw: bytes) -> BlockSource:
    (folder / "image").write_bytes(raw)
    return BlockSource(folder / "image")


@pytest.mark.parametrize(("options", "length"), [
    (("-no-emul-boot", "-boot-load-size", "4"), 2048), (("-no-emul-boot", "-boot-load-size", "9"), 9 * 512),
    ((), 1_474_560)])
def test_boot_images_are_where_the_catalogue_says(tmp_path: Path, options: tuple[str, ...], length: int) -> None:
    boot = b"\xeb" + bytes(range(255)) * 5782 + bytes(149)             # 1 474 560 bytes, a diskette
    root = images.plant(tmp_path / "root", {"boot.img": boot, "a": b"a"})
    image = images.genisoimage(root, tmp_path / "image", "-b", "boot.img", *options)
    source = BlockSource(image)
    assert boot_images(source, read_descriptors(source).boot_catalogue) == [
        Partition(1, image.read_bytes().index(boot), length, "El Torito")]


@pytest.mark.parametrize("catalogue", [-1, 0, 3, 1 << 31])
def test_no_catalogue_no_images(tmp_path: Path, catalogue: int) -> None:
    nonsense = b"\1" + bytes(29) + b"\x55\xaa" + b"\x88\0\0\0\0\0\xff\xff\xff\xff\xff\xff".ljust(32, b"\0") * 62
    assert boot_images(source_of(tmp_path, bytes(6144) + nonsense), catalogue) == []


def test_partition_tables_are_bounded(tmp_path: Path) -> None:
    mbr = b"\0" * 446 + b"".join(bytes(4) + kind + bytes(3) + start.to_bytes(4, "little") + (8).to_bytes(4, "little")
                                 for kind, start in ((b"\x17", 0), (b"\x83", 64), (b"\x83", 1 << 30), (b"\xee", 1)))
    gpt = b"EFI PART".ljust(72, b"\0") + (2).to_bytes(8, "little") + b"\xff\xff\xff\xff" + (128).to_bytes(4, "little")
    entries = (b"\1" * 32 + (80).to_bytes(8, "little") + (87).to_bytes(8, "little")).ljust(128, b"\0") * 500
    raw = (mbr + b"\x55\xaa") + gpt.ljust(512, b"\0") + entries
    assert partitions(source_of(tmp_path, raw)) == [Partition(2, 64 * 512, 4096, "0x83")]      # no checksum of a GPT


@pytest.mark.parametrize("unit", [512, 2048])
def test_an_apple_partition_map(tmp_path: Path, unit: int) -> None:
    def row(kind: bytes, start: int) -> bytes:
        head = b"PM\0\0" + (2).to_bytes(4, "big") + start.to_bytes(4, "big") + (5).to_bytes(4, "big")
        return (head.ljust(48, b"\0") + kind).ljust(unit, b"\0")
    raw = (b"ER" + unit.to_bytes(2, "big")).ljust(unit, b"\0") + row(b"Apple_partition_map", 1) + row(b"Apple_HFS", 3)
    assert partitions(source_of(tmp_path, raw.ljust(unit * 9, b"\0"))) == [
        Partition(2, 3 * unit, 5 * unit, "Apple_HFS")]


def fat_head(folder: Path) -> bytes:
    """How a FAT volume of mkfs.vfat begins."""
    image = folder / "fat"
    subprocess.run(["mkfs.vfat", "-C", str(image), "256"], check=True, capture_output=True)
    return image.read_bytes()[:4096]


def test_file_systems_are_known_by_their_marks(tmp_path: Path) -> None:
    ext = tmp_path / "ext"
    subprocess.run(["mkfs.ext4", "-q", str(ext), "1m"], check=True, capture_output=True)
    marks = {"ext": ext.read_bytes(), "NTFS": b"\xeb\x52\x90NTFS    ".ljust(510, b"\0") + b"\x55\xaa",
             "exFAT": b"\xeb\x76\x90EXFAT   ".ljust(510, b"\0") + b"\x55\xaa", "FAT": fat_head(tmp_path),
             "HFS+": bytes(1024) + b"H+\0\4",
             "HFS": bytes(1024) + b"BD" + bytes(16) + b"\1\0\0\0\2\0", "": bytes(1024) + b"BD" + bytes(40)}
    for name, raw in marks.items():
        source = source_of(tmp_path, bytes(4096) + raw.ljust(4096, b"\0"))
        assert (file_system_at(source, 4096), file_system_at(source, 2048), file_system_at(source, 1 << 40)) == \
            (name, "", "")


@pytest.mark.parametrize(("each", "head"), [
    (2352, SYNC + b"\0\2\0\1"), (2448, SYNC + b"\0\2\0\1"), (2352, SYNC + b"\0\2\0\2" + bytes(8)), (2336, bytes(8))])
def test_dumps_of_whole_sectors(tmp_path: Path, each: int, head: bytes) -> None:
    image = images.genisoimage(images.plant(tmp_path / "root", {"a": b"a"}), tmp_path / "image").read_bytes()
    blocks = [image[at:at + 2048] for at in range(0, len(image), 2048)]
    raw = b"".join((head + block).ljust(each, b"\0") for block in blocks)
    assert raw_sectors(source_of(tmp_path, raw)) == each
    silent = bytes(each) * 4 + raw[4 * each:]                           # no sector at the start says so
    assert raw_sectors(source_of(tmp_path, silent)) == each
    for other in (image, bytes(100_000), b"x" * 100_000, SYNC):
        assert raw_sectors(source_of(tmp_path, other)) == 0


@pytest.mark.parametrize(("start", "length", "expected"), [
    ("file", 4, []), ("file", 90, ["FAT"]), ("gap", 4, ["FAT"]), ("root", 4, [])])
def test_a_partition_in_a_file_is_content(tmp_path: Path, start: str, length: int, expected: list[str]) -> None:
    fat = fat_head(tmp_path)
    root = images.plant(tmp_path / "root", {"efi.img": fat, "z.bin": b"z"})
    image = images.genisoimage(root, tmp_path / "image", "-R")
    raw = image.read_bytes()
    free = len(raw) // 2048 - 60                                        # in the padding of the volume
    block = {"file": raw.index(fat) // 2048, "gap": free, "root": 18}[start]
    entry = bytes(4) + b"\x83\0\0\0" + (block * 4).to_bytes(4, "little") + (length).to_bytes(4, "little")
    images.patched(image, {446: entry, 510: b"\x55\xaa", free * 2048: fat})
    structure, findings = images.open_image(image).structure()
    assert [f.facts["layer"] for f in findings if f.code == "file-system-unknown"] == expected
    assert structure.files is not None and len(structure.files) == 2
