"""The damage sweep: whatever the structure's bytes, no exception, bounded memory, and nothing is lost in silence."""
from __future__ import annotations

import os
import random
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from carriers.model import Structure
from carriers.plan import make_plan
from tests.carriers import images, mutations

CONTENT = {**{f"案卷{i}/文件{j}.txt": b"%d %d" % (i, j) for i in range(2) for j in range(30)}, images.LONG: b"long",
           "1/2/3/4/5/6/7/8/deep.bin": bytes(9000)}
KINDS: dict[str, Callable[[bytes], bytes]] = {
    "zeroed": lambda block: bytes(len(block)), "inverted": lambda block: bytes(b ^ 0xFF for b in block),
    "lengths zeroed": lambda block: b"\0" + block[1:], "shifted": lambda block: block[1:] + b"\0"}


def structure_blocks(structure: Structure) -> list[int]:
    return [b for e in structure.structure_extents for b in range(e.start_lba, e.start_lba + e.length_bytes // 2048)]


MASTERS = {"genisoimage -J -R": images.genisoimage, "xorriso -R": images.xorriso, "genisoimage -J": images.genisoimage}


@pytest.fixture(scope="module", params=MASTERS)
def sound(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sound")
    options = request.param.split()[1:]
    return MASTERS[request.param](images.plant(folder / "root", CONTENT), folder / "image", *options)


@pytest.mark.parametrize("kind", KINDS)
def test_no_structure_block_is_lost_in_silence(sound: Path, tmp_path: Path, kind: str) -> None:
    disc = images.open_image(sound)
    structure, findings = disc.structure()
    assert findings == ()
    raw, truth = sound.read_bytes(), images.digests(disc, structure)
    image = tmp_path / "image"
    for block in structure_blocks(structure):
        old = raw[block * 2048:(block + 1) * 2048]
        new = KINDS[kind](old)
        image.write_bytes(raw[:block * 2048] + new + raw[(block + 1) * 2048:])
        damaged = images.open_image(image)
        found, noted = damaged.structure()
        complete = images.digests(damaged, found) == truth
        damaged.close()
        assert noted or (complete and kind in ("lengths zeroed", "shifted")), f"block {block}"


def test_a_cut_image_says_so(sound: Path, tmp_path: Path) -> None:
    disc = images.open_image(sound)
    structure, _ = disc.structure()
    raw, truth = sound.read_bytes(), images.digests(disc, structure)
    image = tmp_path / "image"
    blocks = len(raw) // 2048
    for length in [*range(16 * 2048, blocks * 2048, max(1, blocks // 40) * 2048), len(raw) - 2048, len(raw) - 1]:
        image.write_bytes(raw[:length])
        cut = images.open_image(image)
        found, noted = cut.structure()
        codes = {finding.code for finding in noted}
        if length > 17 * 2048:
            assert "carrier-truncated" in codes or "structure-damaged" in codes
        read = images.digests(cut, found)
        assert found.files is not None and all(truth.get(path, digest) == digest for path, digest in read.items())
        lost = make_plan(found).lost
        assert all(path in read or number in lost for number, path in enumerate(found.files.paths))
        cut.close()


def test_random_damage_raises_nothing_and_stays_small(sound: Path, tmp_path: Path) -> None:
    chance = random.Random(20260117)
    disc = images.open_image(sound)
    blocks = structure_blocks(disc.structure()[0])
    raw = sound.read_bytes()
    image = tmp_path / "image"
    tracemalloc.start()
    for _ in range(60):
        hurt = bytearray(raw)
        for _ in range(chance.choice((1, 2, 8, 40))):
            at = chance.choice(blocks) * 2048 + chance.randrange(400)
            other = chance.choice(blocks)
            hurt[at:at + 4] = chance.choice((b"\xff" * 4, bytes(4), chance.randbytes(4), other.to_bytes(4, "little")))
        image.write_bytes(hurt)
        damaged = images.open_image(image)
        found, _ = damaged.structure()
        assert found.files is not None
        for entry in found.files:
            assert sum(extent.length_bytes for extent in entry.extents) == entry.size_bytes
        damaged.close()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 64 << 20


def test_mutations_of_many_kinds_of_images(tmp_path: Path) -> None:
    """A seeded sample; `mutations.py` runs more of them."""
    image = tmp_path / "image"
    image.write_bytes(b"\0")
    tracemalloc.start()
    slowest = max(mutations.read(image, raw).seconds
                  for _, raw in mutations.mutations(mutations.make(tmp_path), 20261124, 350))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 64 << 20
    assert slowest < 10


def test_a_hostile_tree_is_bounded(tmp_path: Path) -> None:
    """Every block a directory full of directories with long names, each claiming the whole image, each in each."""
    blocks = 512
    image = images.genisoimage(images.plant(tmp_path / "root", {"A": b"a"}), tmp_path / "image", "-J", "-R")
    hostile = bytearray(image.read_bytes()[:19 * 2048].ljust(blocks * 2048, b"\0"))
    chance = random.Random(7)
    for block in range(19, blocks):
        at = block * 2048
        for count in range(10):
            target = block if count == 0 else chance.randrange(19, blocks)
            name = b"\0" if count == 0 else os.fsencode(f"{count}" + "档" * 50)
            length = (33 + len(name) + 1) // 2 * 2
            record = bytes([length, 0]) + images.both(target) + images.both((blocks - target) * 2048) + bytes(7) \
                + b"\x02\0\0" + b"\1\0\0\1" + bytes([len(name)]) + name
            hostile[at:at + length] = record.ljust(length, b"\0")
            at += length
    for root in (16 * 2048 + 156, 17 * 2048 + 156):
        hostile[root + 2:root + 18] = images.both(19) + images.both((blocks - 19) * 2048)
    image.write_bytes(hostile)
    tracemalloc.start()
    disc = images.open_image(image)
    _, findings = disc.structure()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 64 << 20
    assert "directory-loop" in {finding.code for finding in findings}
