"""Images by the makers above, damaged in one place each: what is still readable, and who notices."""
from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

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


def both(first: Surgery, second: Surgery) -> Surgery:
    def cut(image: Path) -> None:
        first(image)
        second(image)
    return cut


def at(changes: Mapping[int, bytes]) -> Surgery:
    def cut(image: Path) -> None:
        patch(image, changes)
    return cut


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

def damaged(base: Recipe, name: str, how: str, surgery: Surgery, **more: Any) -> Recipe:
    """more: fields of `Recipe` where they are not those of the sound image."""
    return replace(base, name=f"damaged-{name}", how=f"{base.name}: {how}", damage=surgery, **more)


def recipes() -> tuple[Recipe, ...]:
    known = {recipe.name: recipe for module in (genisoimage, others, mkudffs) for recipe in module.recipes()}
    jr, bridge, disc = known["genisoimage-jr"], known["genisoimage-udf-joliet"], known["mkudffs-dvdram-201"]
    return (*of_iso(jr), *of_bridge(bridge), *of_udf(disc, known["udfkit-bluray-chinese"], known["mkudffs-cdrw-201"]))


def only(base: Recipe, *layers: str) -> dict[str, object]:
    return {"layers": tuple(layer for layer in base.layers if layer in layers)}


def of_iso(jr: Recipe) -> tuple[Recipe, ...]:
    files = content.chinese()
    big = "案卷/0002 定期30年/大文件.bin"
    inverted = bytes(byte ^ 0xFF for byte in files[big][:BLOCK]) + files[big][BLOCK:]
    away = (999_999).to_bytes(4, "little") + (999_999).to_bytes(4, "big")
    lost: dict[str, object] = {"truth": {}, "layers": ()}
    without = {"truth": {**md5s(files), big: LOST}}
    broken, short = {"structure-damaged": 1}, {"carrier-truncated": 1}
    joliet = {"trees": {"Joliet": {**md5s(files), "A.TXT": LOST}}}         # the other trees still have it
    return (
        damaged(jr, "primary-zeroed", "the primary descriptor zeroed", zeroed(16), findings=broken,
                **only(jr, "Joliet")),
        damaged(jr, "joliet-descriptor-zeroed", "the Joliet descriptor zeroed", zeroed(SVD), findings=broken,
                **only(jr, "ISO 9660", "Rock Ridge")),
        damaged(jr, "terminator-zeroed", "the set terminator zeroed", zeroed(TERMINATOR), findings=broken),
        damaged(jr, "descriptors-zeroed", "all volume descriptors zeroed", zeroed(16, SVD, TERMINATOR),
                findings={"file-system-unknown": 1}, **lost),
        damaged(jr, "root-half", "the big-endian half of the root's address wrong", at({16 * BLOCK + 162: b"\xF0" * 4}),
                findings={"descriptor-copies-differ": 1}),
        damaged(jr, "unused-field", "junk in an unused field of the primary descriptor",
                at({16 * BLOCK + 72: b"junk!"})),
        damaged(jr, "date", "letters in the creation date", at({16 * BLOCK + 813: b"not a date at al"})),
        damaged(jr, "volume-size", "a volume size of 2000 blocks, which is more than the image has", at(
            {(16 + i) * BLOCK + 80: (2000).to_bytes(4, "little") + (2000).to_bytes(4, "big") for i in (0, 1)}),
            findings=short),
        damaged(jr, "cut-in-half", "the second half missing", cut_to(0.5), findings=short, **without),
        damaged(jr, "cut-in-padding", "the last 100 blocks, which are padding, missing", without_last(100),
                findings=short),
        damaged(jr, "cut-in-descriptors", "all but 17 blocks missing", lambda image: os.truncate(image, 17 * BLOCK),
                findings={"structure-damaged": 2}, **lost),
        damaged(jr, "longer", "300 blocks of zeros after the end", longer(300)),
        damaged(jr, "file-outside", "a file's address behind the end, in the Joliet tree", record("A.TXT", 2, away),
                findings={"layers-differ": 1, "extent-outside": 1}, **joliet),
        damaged(jr, "file-longer", "a file's length 999 999, in the Joliet tree", record("A.TXT", 10, away),
                findings={"layers-differ": 1, "extent-outside": 1, "extents-overlap": 6}, **joliet),
        damaged(jr, "content", "one block of a file inverted, which only a digest notices", file_block(files[big]),
                truth=md5s({**files, big: inverted})),
        damaged(jr, "path-tables", "the path tables zeroed", zeroed(20, 21, 22, 23), findings={"structure-damaged": 2}),
    )


def of_bridge(bridge: Recipe) -> tuple[Recipe, ...]:
    big = "案卷/0002 定期30年/大文件.bin"
    broken = {"structure-damaged": 1}
    return (
        damaged(bridge, "bridge-anchor", "the anchor at 256 zeroed", zeroed(256)),
        damaged(bridge, "bridge-anchors", "every anchor zeroed", zero_tagged("anchor"), findings=broken,
                layers=("ISO 9660", "Joliet", "UDF")),
        damaged(bridge, "bridge-main-sequence", "the first partition and logical volume descriptors zeroed",
                both(zero_tagged("partition", 0), zero_tagged("logical", 0)),
                findings=broken),
        damaged(bridge, "bridge-file-set", "the file set descriptor zeroed", zero_tagged("file set"),
                findings={**broken, "layers-differ": 7}, trees={"UDF": {}}),
        damaged(bridge, "bridge-file-entry", "a directory's file entry zeroed", zero_tagged("file", 2),
                findings={**broken, "layers-differ": 2},
                trees={"UDF": {path: md5 for path, md5 in bridge.truth.items() if "0001" not in path}}),
        damaged(bridge, "bridge-primary", "the ISO 9660 descriptors zeroed", zeroed(16, SVD), findings=broken,
                layers=("UDF 1.02",)),
        damaged(bridge, "bridge-cut", "the last 160 blocks missing", without_last(160),
                truth={**bridge.truth, big: LOST}, findings={"carrier-truncated": 1}),
    )


def of_udf(disc: Recipe, bluray: Recipe, cdrw: Recipe) -> tuple[Recipe, ...]:
    broken: dict[str, object] = {"findings": {"structure-damaged": 1}}
    nothing: dict[str, object] = {**broken, "truth": {}}
    unnamed: dict[str, object] = {**nothing, "layers": ("UDF",)}
    return (
        damaged(disc, "udf-anchor", "the anchor at 256 zeroed", zeroed(256)),
        damaged(disc, "udf-last-anchor", "the last anchor zeroed", zeroed(-1)),
        damaged(disc, "udf-anchors", "every anchor zeroed", zero_tagged("anchor"), **unnamed),
        damaged(disc, "udf-main-sequence", "the main volume descriptor sequence zeroed", zeroed(*range(96, 112)),
                **broken),
        damaged(disc, "udf-both-sequences", "both sequences zeroed", lambda image: zeroed(
            *range(96, 112), *(block + shift for block in tagged(image, "primary")[1:2] for shift in range(16)))(image),
                **unnamed),
        damaged(disc, "udf-recognition", "the recognition sequence zeroed", zeroed(16, 17, 18), **broken),
        damaged(disc, "udf-file-set", "the file set descriptor zeroed", zero_tagged("file set"), **nothing),
        damaged(disc, "udf-root", "the root's file entry zeroed", root_zeroed, **nothing),
        damaged(disc, "udf-cut", "seven eighths missing, behind the last file", cut_to(0.125),
                findings={"structure-damaged": 1, "carrier-truncated": 1}),
        damaged(bluray, "metadata-file", "the metadata file's entry zeroed", zero_tagged("extended file", 0), **broken),
        damaged(bluray, "metadata-both", "both metadata files' entries zeroed", zero_tagged("extended file", 0, -1),
                findings={"structure-damaged": 3}, truth={}),
        damaged(cdrw, "sparing-table", "the first sparing table zeroed", first_sparing_table,
                findings={"structure-damaged": 1, "alternate-stream": 1}),
        damaged(cdrw, "sparable-anchor", "the anchor at 256 zeroed", zeroed(256)),
    )


def root_zeroed(image: Path) -> None:
    """The directory whose Unique ID is 0. Source: ECMA-167 4/14.17; UDF 2.3.6.5, 3.2.1.1."""
    raw = image.read_bytes()
    roots = [block for block in tagged(image, "extended file") if raw[block * BLOCK + 27] == 4
             and not any(raw[block * BLOCK + 200:block * BLOCK + 208])]
    zeroed(roots[0])(image)


def first_sparing_table(image: Path) -> None:
    """Source: UDF 2.2.12: its identifier is *UDF Sparing Table, at offset 17."""
    start = image.read_bytes().index(b"*UDF Sparing Table\0\0\0\0\0", 300 * BLOCK)
    zeroed(start // BLOCK)(image)
