"""Seeded mutations of small images, held in memory: what damage, and malice, may make of a structure.

`python -m tests.carriers.mutations COUNT` runs many and prints the numbers; the tests run a sample.
"""
from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from carriers.blocks import BlockSource
from carriers.disc import Disc
from carriers.plan import make_plan
from tests.carriers import images

CONTENT = {**{f"案卷{i}/文件{j}.txt": b"%d %d" % (i, j) for i in range(2) for j in range(12)}, images.LONG: b"long",
           "1/2/3/4/5/6/7/8/deep.bin": bytes(9000), "boot.img": b"\xeb" * 2048, "empty": b""}
GBK = {os.fsdecode(path.encode("gbk")): raw for path, raw in CONTENT.items()}
LATIN = ("-input-charset", "iso8859-1", "-output-charset", "iso8859-1")
MASTERS: dict[str, Callable[[Path, Path], Path]] = {
    "J+R": lambda root, image: images.genisoimage(root, image, "-J", "-R", "-no-pad"),
    "libisofs": lambda root, image: images.xorriso(root, image, "-J", "-R", "-iso-level", "4", "-no-pad"),
    "XA": lambda root, image: images.genisoimage(root, image, "-XA", "-R", "-no-pad"),
    "HFS": lambda root, image: images.genisoimage(root, image, "-hfs", "-part", "-R", "-no-pad", *LATIN),
    "displaced": lambda root, image: images.genisoimage(root, image, "-J", "-R", "-no-pad", "-C", "0,5000"),
    "GBK": lambda root, image: images.genisoimage(root, image, "-iso-level", "4", "-no-pad", *LATIN),
    "boot": lambda root, image: images.genisoimage(root, image, "-R", "-no-pad", "-b", "boot.img", "-no-emul-boot"),
}


class Numbers(NamedTuple):
    """What reading a mutated image took. files: found."""

    files: int
    findings: int
    seconds: float


def make(folder: Path) -> dict[str, bytes]:
    """The sound images, by kind."""
    made = {}
    for kind, master in MASTERS.items():
        name = kind.replace("+", "")
        root = images.plant(folder / name, GBK if kind == "GBK" else CONTENT)
        made[kind] = master(root, folder / f"{name}.iso").read_bytes()
    return made


def mutate(sound: bytes, chance: random.Random) -> bytes:
    """One to forty changes, most of them where the structure lies: in the first blocks after the system area."""
    raw = bytearray(sound)
    blocks, end = len(raw) // 2048, len(sound)
    for _ in range(chance.choice((1, 1, 2, 3, 8, 40))):
        block = chance.randrange(*chance.choice(((16, min(blocks, 60)), (0, blocks), (16, 20))))
        at = block * 2048 + chance.randrange(chance.choice((64, 300, 2044)))
        other = chance.randrange(blocks)
        number = chance.choice((0, other, chance.randrange(1 << 32), 0xFFFFFFFF, blocks, 5000 + other))
        kind = chance.randrange(8)
        if kind == 0:
            raw[at] ^= 1 << chance.randrange(8)
        elif kind == 1:
            raw[at] = chance.choice((0, 1, 33, 34, 255))
        elif kind == 2:
            raw[at:at + 4] = chance.randbytes(4)
        elif kind == 3:
            raw[at:at + 8] = images.both(number)
        elif kind == 4:
            raw[at:at + 4] = number.to_bytes(4, "little")
        elif kind == 5:
            raw[block * 2048:block * 2048 + 2048] = raw[other * 2048:other * 2048 + 2048]
        elif kind == 6:
            raw[block * 2048:block * 2048 + 2048] = bytes(2048)
        elif chance.random() < 0.2:
            end = min(end, at)
    return bytes(raw[:max(end, 1)])


def read(path: Path, raw: bytes) -> Numbers:
    """Open a mutated image, list it, plan it. Any exception is a fault of the program."""
    os.truncate(path, len(raw))
    begun = time.perf_counter()
    disc = Disc(BlockSource(path, pread=lambda _, length, offset: raw[offset:offset + length]))
    try:
        structure, findings = disc.structure()
        assert structure.files is not None
        assert structure.files or findings
        for entry in structure.files:
            assert sum(extent.length_bytes for extent in entry.extents) == entry.size_bytes
            assert all(extent.start_lba >= 0 for extent in entry.extents)
        for tree in structure.trees:
            assert len(tree.paths) == len(tree.file_nos)
            assert all(0 <= number < len(structure.files) for number in tree.file_nos)
        plan = make_plan(structure)
        assert sum(read.extent.length_bytes for read in plan) >= len(raw)
        return Numbers(len(structure.files), len(findings), time.perf_counter() - begun)
    finally:
        disc.close()


def mutations(sound: dict[str, bytes], seed: int, count: int) -> Iterator[tuple[str, bytes]]:
    """(kind, mutated image), the same for the same seed."""
    chance, kinds = random.Random(seed), sorted(sound)
    for number in range(count):
        kind = kinds[number % len(kinds)]
        yield kind, mutate(sound[kind], chance)


def main(count: int, seed: int) -> None:
    folder = Path(tempfile.mkdtemp())
    sound, path = make(folder), folder / "image"
    path.write_bytes(b"\0")
    slowest, peak, silent, faults = 0.0, 0, 0, 0
    begun = time.perf_counter()
    for number, (kind, raw) in enumerate(mutations(sound, seed, count)):
        traced = number % 50 == 0
        if traced:
            tracemalloc.start()
        try:
            numbers = read(path, raw)
        except Exception as error:                      # noqa: BLE001     what is looked for here
            faults += 1
            print(number, kind, repr(error), file=sys.stderr)
            (folder / f"fault-{number}").write_bytes(raw)
        else:
            slowest, silent = max(slowest, numbers.seconds), silent + (not numbers.findings)
        if traced:
            peak = max(peak, tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
    print(f"{count} mutations of {len(sound)} images of {sum(map(len, sound.values())) // len(sound)} bytes in "
          f"{time.perf_counter() - begun:.0f} s: {faults} faults, slowest {slowest:.3f} s, peak {peak} bytes, "
          f"{silent} without a finding; {folder}")


if __name__ == "__main__":
    subprocess.run(["genisoimage", "-version"], check=True, capture_output=True)
    main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 20260105)
