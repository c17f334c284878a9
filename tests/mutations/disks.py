"""Mutations of disk images: bytes that listing a volume reads, altered in ones, runs and whole numbers.

pytsk3 is C: a crash would end the run, a hang would not hear the alarm; both are what is looked for here.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path

from carriers.blocks import BlockSource
from carriers.disk import Disk
from checks.form import read_form
from checks.hashers import Hashers
from tests import disk_kit
from tests.mutations.discs import Seed, Trial, check, mutated
from tests.vectors_kit import CONTENT, PLAIN, digest, written

_GPT = "label: gpt\nstart=1MiB,size=2MiB\n"
_INLINE = ("-O", "inline_data,^has_journal", "-I", "256", "-b", "1024")


def trials(folder: Path) -> Iterator[tuple[str, Trial]]:
    """One trial for each file system, and one for a partition table."""
    made: Mapping[str, Callable[[Path], tuple[Path, Mapping[str, bytes]]]] = {
        "fat12": lambda f: (disk_kit.fat(f, CONTENT, kib=1024), CONTENT),
        "fat16": lambda f: (disk_kit.fat(f, CONTENT, "-F", "16", "-s", "1", kib=4096), CONTENT),
        "exfat": lambda f: (disk_kit.kept(f, "exfat"), CONTENT),
        "ntfs": lambda f: (disk_kit.kept(f, "ntfs-rich"), CONTENT),
        "ext4": lambda f: (disk_kit.ext(f, CONTENT), CONTENT),
        "ext4-inline": lambda f: (disk_kit.ext(f, CONTENT, *_INLINE), CONTENT),
        "gpt": lambda f: (disk_kit.table(f, _GPT, [(1, disk_kit.fat(f, PLAIN))], 4), PLAIN),
    }
    with Hashers(("md5", "sha256"), 1) as hashers:
        for name, make in made.items():
            (folder / name).mkdir()
            path, content = make(folder / name)
            listing = "".join(f"{digest(raw)}  {each}\n" for each, raw in content.items())
            sound = _seed(f"disk-{name}", path, written(folder / name, "list.md5", listing), content)
            yield sound.name, lambda chance, sound=sound: check(              # type: ignore[misc]
                sound, *mutated(sound, chance), hashers, disk_of)


def disk_of(path: Path, content: bytes) -> Disk:
    """A disk that gives these bytes. path: any file of the same length."""
    return Disk(BlockSource(path, pread=lambda _, length, offset: content[offset:offset + length]))


def _seed(name: str, path: Path, form: Path, content: Mapping[str, bytes]) -> Seed:
    """What is mutated most are the blocks, not empty, that were asked for while the volume was listed."""
    raw, asked = path.read_bytes(), set[int]()

    def pread(_: int, length: int, offset: int) -> bytes:
        asked.update(range(offset // 512, (offset + length) // 512))
        return raw[offset:offset + length]

    with closing(Disk(BlockSource(path, pread=pread))) as disk:
        structure = disk.structure()[0]
    vouched = [range(at, at + len(c)) for c in content.values() for at in _places(raw, c)]
    assert structure.files is not None and len(structure.files) >= len(content)
    occupied = {e.start_lba + n for i in range(len(structure.files)) for e in structure.files.extents(i)
                if e.start_lba >= 0 for n in range(-(-e.length_bytes // 512))}
    places = [range(block * 512, block * 512 + 512) for block in sorted(asked - occupied)
              if any(raw[block * 512:block * 512 + 512]) and raw[block * 512:block * 512 + 512] != b"old " * 128]
    return Seed(name, path, raw, read_form(form), places, vouched)


def _places(raw: bytes, content: bytes) -> Iterator[int]:
    if raw.count(content) == 1:
        yield raw.index(content)
