"""Images by the makers above, damaged in one place each: what is still readable, and who notices."""
from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from tests.corpus import content, genisoimage, mkudffs, others
from tests.corpus.recipe import BLOCK, LOST, Recipe, blocks, md5s, patch

Surgery = Callable[[Path], None]
SVD, TERMINATOR = 17, 18                        # blocks, as genisoimage orders its descriptors
TAGS = {"primary": 1, "anchor": 2, "partition": 5, "logical": 6, "file set": 256, "directory": 257, "file": 261,
        "extended file": 266}                   # ECMA-167 3/7.2.1, 4/7.2.1


# --- surgery ------------------------------------------------------------------------------------------------------

def zeroed(*numbers: int) -> Surgery:
    """Blocks of which nothing is left; negative ones count from the end."""
    def cut(image: Path) -> None:
        patch(image, {(number if number >= 0 else blocks(image) + number) * BLOCK: bytes(BLOCK) for number in numbers})
    return cut


def tagged(image: Path, kind: str) -> list[int]:
    """Blocks that begin with a descriptor tag of this kind and a right checksum. Source: ECMA-167 3/7.2."""
    raw, found = image.read_bytes(), []
    for block in range(len(raw) // BLOCK):
        tag = raw[block * BLOCK:block * BLOCK + 16]
        if int.from_bytes(tag[:2], "little") == TAGS[kind] and tag[2] in (2, 3) and (sum(tag) - tag[4]) % 256 == tag[4]:
            found.append(block)
    return found


def zero_tagged(kind: str, *which: int) -> Surgery:
    """The first, second … descriptor of this kind zeroed; none named = all."""
    def cut(image: Path) -> None:
        found = tagged(image, kind)
        zeroed(*(found[i] for i in which or range(len(found))))(image)
    return cut


def at(changes: Mapping[int, bytes]) -> Surgery:
    return lambda image: patch(image, changes) and None


def cut_to(share: float) -> Surgery:
    """The image ends after this share of its blocks."""
    return lambda image: os.truncate(image, int(blocks(image) * share) * BLOCK)


def without_last(count: int) -> Surgery:
    return lambda image: os.truncate(image, (blocks(image) - count) * BLOCK)


def longer(count: int) -> Surgery:
    """Zeros after the end, as a copy of a whole track holds them."""
    return lambda image: os.truncate(image, (blocks(image) + count) * BLOCK)


def file_block(raw: bytes) -> Surgery:
    """The first block of a file's content inverted: nothing but a digest can notice."""
    def cut(image: Path) -> None:
        whole = image.read_bytes()
        start = whole.index(raw[:BLOCK])
        patch(image, {start: bytes(byte ^ 0xFF for byte in whole[start:start + BLOCK])})
    return cut


def record(name: str, offset: int, raw: bytes) -> Surgery:
    """Bytes of the directory record whose identifier is `name`, in the Joliet tree. Source: ECMA-119 §9.1."""
    def cut(image: Path) -> None:
        start = image.read_bytes().index(name.encode("utf-16-be")) - 33
        patch(image, {start + offset: raw})
    return cut


# --- recipes ------------------------------------------------------------------------------------------------------

def damaged(base: Recipe, name: str, how: str, surgery: Surgery, **more: object) -> Recipe:
    """more: fields of `Recipe` where they are not those of the sound image."""
    return replace(base, name=f"damaged-{name}", how=f"{base.name}: {how}", damage=surgery, **more)    # type: ignore[arg-type]


def recipes() -> tuple[Recipe, ...]:
    known = {recipe.name: recipe for module in (genisoimage, others, mkudffs) for recipe in module.recipes()}
    jr, bridge, disc = known["genisoimage-jr"], known["genisoimage-udf-joliet"], known["mkudffs-dvdram-201"]
    return (*of_iso(jr), *of_bridge(bridge), *of_udf(disc, known["udfkit-bluray-chinese"], known["mkudffs-cdrw-201"]))


def of_iso(jr: Recipe) -> tuple[Recipe, ...]:
    files = content.chinese()
    big = files["案卷/0002 定期30年/大文件.bin"]
    changed = {**md5s(files), "A.TXT": md5s({"": bytes(byte ^ 0xFF for byte in b"plain")})[""]}
    both = (999_999).to_bytes(4, "little") + (999_999).to_bytes(4, "big")
    return (
        damaged(jr, "primary-zeroed", "the primary descriptor zeroed", zeroed(16)),
        damaged(jr, "joliet-descriptor-zeroed", "the Joliet descriptor zeroed", zeroed(SVD)),
        damaged(jr, "terminator-zeroed", "the set terminator zeroed", zeroed(TERMINATOR)),
        damaged(jr, "descriptors-zeroed", "all volume descriptors zeroed", zeroed(16, SVD, TERMINATOR)),
        damaged(jr, "root-half", "the big-endian half of the root's address wrong", at({16 * BLOCK + 162: b"\xF0" * 4})),
        damaged(jr, "unused-field", "junk in an unused field of the primary descriptor", at({16 * BLOCK + 72: b"junk!"})),
        damaged(jr, "date", "letters in the creation date", at({16 * BLOCK + 813: b"not a date at all"[:16]})),
        damaged(jr, "volume-size", "a volume size twice the image's", at(
            {(16 + i) * BLOCK + 80: (2000).to_bytes(4, "little") + (2000).to_bytes(4, "big") for i in (0, 1)})),
        damaged(jr, "cut-in-half", "the second half missing", cut_to(0.5)),
        damaged(jr, "cut-in-padding", "the last 100 blocks, which are padding, missing", without_last(100)),
        damaged(jr, "cut-in-descriptors", "all but 17 blocks missing", lambda image: os.truncate(image, 17 * BLOCK)),
        damaged(jr, "longer", "300 blocks of zeros after the end", longer(300)),
        damaged(jr, "file-outside", "a file's address behind the end, in the Joliet tree", record("A.TXT", 2, both)),
        damaged(jr, "file-longer", "a file's length 999 999, in the Joliet tree", record("A.TXT", 10, both)),
        damaged(jr, "content", "one block of a file inverted", file_block(big)),
        damaged(jr, "path-tables", "the path tables zeroed", zeroed(20, 21, 22, 23)),
    )


def of_bridge(bridge: Recipe) -> tuple[Recipe, ...]:
    return (
        damaged(bridge, "bridge-anchor", "the anchor at 256 zeroed", zeroed(256)),
        damaged(bridge, "bridge-anchors", "every anchor zeroed", zero_tagged("anchor")),
        damaged(bridge, "bridge-main-sequence", "the first partition and logical volume descriptors zeroed",
                lambda image: (zero_tagged("partition", 0)(image), zero_tagged("logical", 0)(image)) and None),
        damaged(bridge, "bridge-file-set", "the file set descriptor zeroed", zero_tagged("file set")),
        damaged(bridge, "bridge-file-entry", "the third file entry zeroed", zero_tagged("file", 2)),
        damaged(bridge, "bridge-primary", "the ISO 9660 descriptors zeroed", zeroed(16, SVD)),
        damaged(bridge, "bridge-cut", "the last 160 blocks missing", without_last(160)),
    )


def of_udf(disc: Recipe, bluray: Recipe, cdrw: Recipe) -> tuple[Recipe, ...]:
    return (
        damaged(disc, "udf-anchor", "the anchor at 256 zeroed", zeroed(256)),
        damaged(disc, "udf-last-anchor", "the last anchor zeroed", zeroed(-1)),
        damaged(disc, "udf-anchors", "every anchor zeroed", zero_tagged("anchor")),
        damaged(disc, "udf-main-sequence", "the main volume descriptor sequence zeroed", zeroed(*range(96, 112))),
        damaged(disc, "udf-both-sequences", "both sequences zeroed", lambda image: zeroed(
            *range(96, 112), *(block + shift for block in tagged(image, "primary")[1:2] for shift in range(16)))(image)),
        damaged(disc, "udf-recognition", "the recognition sequence zeroed", zeroed(16, 17, 18)),
        damaged(disc, "udf-file-set", "the file set descriptor zeroed", zero_tagged("file set")),
        damaged(disc, "udf-root", "the root's file entry zeroed", zero_tagged("extended file", 0)),
        damaged(disc, "udf-cut", "the second half missing", cut_to(0.5)),
        damaged(bluray, "metadata-file", "the metadata file's entry zeroed", zero_tagged("extended file", 0)),
        damaged(bluray, "metadata-both", "both metadata files' entries zeroed", zero_tagged("extended file", 0, -1)),
        damaged(cdrw, "sparing-table", "the first sparing table zeroed", first_sparing_table),
        damaged(cdrw, "sparable-anchor", "the anchor at 256 zeroed", zeroed(256)),
    )


def first_sparing_table(image: Path) -> None:
    """Source: UDF 2.2.12: its identifier is *UDF Sparing Table, at offset 17."""
    patch(image, {image.read_bytes().index(b"*UDF Sparing Table\0\0\0\0\0", 300 * BLOCK) // BLOCK * BLOCK: bytes(BLOCK)})
