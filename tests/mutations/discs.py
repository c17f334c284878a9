"""Mutations of disc images: bytes of the structure altered, in ones, runs and whole numbers."""
from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from carriers.model import Carrier, Refused
from checks.form import SubmittedForm, read_form
from checks.hashers import Hashers
from tests.carriers import mutations as structures
from tests.mutations.pipeline import disc_of, outcome
from tests.udf_writer.samples import all_samples
from tests.vectors_kit import CONTENT, PLAIN, genisoimage, listed, written, xorriso

_NUMBERS = (b"\0" * 4, b"\xff" * 4, b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f", b"\1\0\0\0", b"\0\0\0\1")


class Seed(NamedTuple):
    """A sound image. structure: bytes that its structure occupies; vouched: where the listed files' bytes lie."""

    name: str
    path: Path
    raw: bytes
    form: SubmittedForm
    structure: list[range]
    vouched: list[range]


_SAMPLES = ("blocks-512", "sparable-moved", "vat-1.50", "vat-2.01", "metadata", "pieces-short", "directory-in-pieces",
            "continued-virtual", "hole-long")
Trial = Callable[[random.Random], str]


def trials(folder: Path) -> Iterator[tuple[str, Trial]]:
    """One trial for each kind of image: of the whole intake; of the structure alone, over more kinds of ISO 9660."""
    (folder / "structures").mkdir()
    held = folder / "held"
    held.write_bytes(b"\0")
    for kind, raw in structures.make(folder / "structures").items():
        yield f"structure-{kind}", lambda chance, raw=raw: _structure(        # type: ignore[misc]
            held, structures.mutate(raw, chance))
    with Hashers(("md5", "sha256"), 1) as hashers:
        for sound in seeds(folder):
            yield sound.name, lambda chance, sound=sound: check(              # type: ignore[misc]
                sound, *mutated(sound, chance), hashers)


def seeds(folder: Path) -> Iterator[Seed]:
    """Every kind of image."""
    made: Mapping[str, Callable[[Path], tuple[Path, Mapping[str, bytes]]]] = {
        "iso": lambda f: (genisoimage(f, PLAIN, "-iso-level", "3"), PLAIN),
        "joliet": lambda f: (genisoimage(f, CONTENT, "-J"), CONTENT),
        "rock-ridge": lambda f: (xorriso(f, CONTENT, "-R"), CONTENT),
        "joliet-rock-ridge": lambda f: (genisoimage(f, CONTENT), CONTENT),
        "bridge": lambda f: (genisoimage(f, CONTENT, "-udf", "-J", "-R"), CONTENT),
    }
    for name, make in made.items():
        (folder / name).mkdir()
        path, content = make(folder / name)
        yield seed(name, path, listed(folder / name, content), content)
    for name in _SAMPLES:
        image, content = all_samples()[name]
        (folder / name).mkdir()
        path = written(folder / name, "disc.udf", image.raw)
        yield seed(f"udf-{name}", path, listed(folder / name, content), content)


def _structure(path: Path, raw: bytes) -> str:
    return "findings" if structures.read(path, raw).findings else "none"


def seed(name: str, path: Path, form: Path, content: Mapping[str, bytes]) -> Seed:
    """A seed of an image with its list. What is mutated most is what the reader says is structure."""
    raw = path.read_bytes()
    with closing(disc_of(path, raw)) as disc:
        found = disc.structure()[0]
    places = [range(e.start_lba * found.block_bytes, e.start_lba * found.block_bytes + e.length_bytes)
              for e in found.structure_extents]
    vouched = [range(raw.index(c), raw.index(c) + len(c)) for c in content.values() if c and raw.count(c) == 1]
    return Seed(name, path, raw, read_form(form), places, vouched)


def mutated(sound: Seed, chance: random.Random) -> tuple[bytes, set[int]]:
    """A mutation, and the offsets whose bytes are other ones now."""
    raw, touched = bytearray(sound.raw), set()
    for _ in range(chance.choice((1, 1, 2, 4, 16))):
        place = chance.choice(sound.structure)
        at = chance.randrange(place.start, place.stop) if chance.random() < 0.9 else chance.randrange(len(raw))
        if chance.random() < 0.5:
            at -= at % 4
        new = chance.choice((bytes([raw[at] ^ 1 << chance.randrange(8)]), chance.randbytes(1), chance.randbytes(4),
                             chance.choice(_NUMBERS), chance.randrange(len(raw) // 2048 + 2).to_bytes(4, "little"),
                             bytes(chance.choice((16, 64, 2048)))))
        if chance.random() < 0.1:                               # a piece of another place, as a bad copy has it
            other = chance.choice(sound.structure)
            new = bytes(raw[other.start:other.start + chance.choice((4, 32, 2048))])
        raw[at:at + len(new)] = new[:len(raw) - at]
        touched.update(range(at, min(at + len(new), len(raw))))
    return bytes(raw), {at for at in touched if raw[at] != sound.raw[at]}


def check(sound: Seed, raw: bytes, changed: set[int], hashers: Hashers,
          opener: Callable[[Path, bytes], Carrier] = disc_of) -> str:
    """The outcome of a mutation.

    Raises: AssertionError where it passes though a byte that the list vouches for is another.
    """
    try:
        with closing(opener(sound.path, raw)) as disc:
            said = outcome(disc, sound.form, hashers).value
    except Refused as refusal:
        return refusal.code
    assert said != "passed" or not any(at in place for place in sound.vouched for at in changed)
    return said
