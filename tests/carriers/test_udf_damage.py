"""UDF volumes that are damaged: what can be trusted is used, the rest is said, no number makes the reader run away."""
from __future__ import annotations

import random
import time
import tracemalloc
from binascii import crc_hqx
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from struct import pack

import pytest

from carriers.blocks import BlockSource
from carriers.disc import Disc
from carriers.model import HOLE
from carriers.plan import make_plan
from carriers.udf import read_udf
from tests.carriers.udf_images import checked, papers_image, read, told, whole
from tests.faults import FaultySource
from tests.udf_writer import Options, Piece, Shape, UdfImage, cut, inverted, patched, retagged, udf_image, zeroed
from tests.udf_writer.samples import all_samples, noise, papers

ALL = checked(papers())
MANY = {f"案卷/第{number:03}号.txt": noise(str(number), 30) for number in range(40)}
LISTED = [("structure-damaged", "案卷/0001.txt", "file-entry")]


def number(value: int, size: int = 4) -> bytes:
    return value.to_bytes(size, "little")


def without(*paths: str) -> dict[str, bytes]:
    return {path: raw for path, raw in ALL.items() if path not in paths}


# --- file entries --------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("damage", [zeroed, inverted, lambda i, n: patched(i, n, 180, b"\1"),
                                    lambda i, n: retagged(i, n, identifier=264),
                                    lambda i, n: retagged(i, n, {212: number(5000)}),
                                    lambda i, n: retagged(i, n, {34: b"\4"})])
def test_a_lost_icb_loses_one_file_by_name(tmp_path: Path, damage: Callable[[UdfImage, str], UdfImage]) -> None:
    content, files, findings = whole(tmp_path, damage(papers_image(), "fe:案卷/0001.txt"))
    assert (content, told(findings)) == (without("案卷/0001.txt"), LISTED)
    lost = files.paths.index("案卷/0001.txt")
    assert (files.sizes[lost], files.extents(lost), files.obstacles) == (0, (), {lost: "structure-damaged"})


def test_a_lost_icb_of_a_directory(tmp_path: Path) -> None:
    content, _, findings = whole(tmp_path, zeroed(papers_image(), "fe:案卷"))
    assert told(findings) == [("structure-damaged", "案卷", "file-entry")]
    assert content == {path: raw for path, raw in ALL.items() if not path.startswith("案卷/")}
    content, _, findings = whole(tmp_path, zeroed(papers_image(), "fe:"))
    assert (content, told(findings)) == ({}, [("structure-damaged", "", "file-entry")])


def test_an_address_outside_the_partition_loses_the_file(tmp_path: Path) -> None:
    for fields in ({24: number(1 << 30)}, {28: number(7, 2)}):
        _, files, findings = whole(tmp_path, retagged(papers_image(directories="long"), "fid:案卷/0001.txt", fields))
        assert told(findings) == LISTED and len(files) == len(ALL)


@pytest.mark.parametrize(("damage", "said"), [
    (lambda i, n: retagged(i, n, version=1), ("structure-irregular", "案卷", "tag-version")),
    (lambda i, n: retagged(i, n, crc_length=0), ("structure-irregular", "案卷", "crc-length")),
    (lambda i, n: patched(retagged(i, n), n, 10, b"\xff\xff"), None),            # its tag checksum is wrong with it
    (lambda i, n: patched(i, n, 4, b"\xff"), ("structure-damaged", "案卷", "tag-checksum")),
    (lambda i, n: retagged(i, n, location=9), ("structure-damaged", "案卷", "tag-location")),
    (lambda i, n: retagged(i, n, location=9, version=1), None),
    (lambda i, n: retagged(i, n, location=9, crc_length=0), None)])
def test_one_proof_may_fail(tmp_path: Path, damage: Callable[[UdfImage, str], UdfImage],
                            said: tuple[str, str, str] | None) -> None:
    content, _, findings = whole(tmp_path, damage(papers_image(), "fe:案卷/0001.txt"))
    assert content == (ALL if said else without("案卷/0001.txt"))
    assert told(findings) == ([said] if said else LISTED)


def test_a_crc_over_more_than_the_block_is_irregular(tmp_path: Path) -> None:
    """pycdlib issue 11."""
    image = papers_image()
    tag = bytearray(image.read("fe:案卷/0001.txt")[:16])
    tag[10:12] = b"\0\x10"
    tag[4] = (sum(tag) - tag[4]) & 0xFF
    content, _, findings = whole(tmp_path, patched(image, "fe:案卷/0001.txt", 0, bytes(tag)))
    assert (content, told(findings)) == (ALL, [("structure-irregular", "案卷", "crc-length")])


def test_a_file_longer_than_its_extents_is_lost(tmp_path: Path) -> None:
    for descriptors in ("short", "long", "embedded"):
        image = papers_image(shapes={"readme.txt": Shape(descriptors=descriptors)})
        content, files, findings = whole(tmp_path, retagged(image, "fe:readme.txt", {56: number(4000, 8)}))
        assert (content, told(findings)) == (without("readme.txt"),
                                             [("structure-damaged", "readme.txt", "information-length")])
        assert not sum(files.sizes[n] for n in files.obstacles)


def test_unreadable_icbs_and_directories(tmp_path: Path) -> None:
    image = udf_image({**papers(), **MANY}, Options(directories="long"))
    path = tmp_path / "image"
    path.write_bytes(image.raw)
    faults = FaultySource(bad={image.block("fe:案卷/0001.txt"), image.block("dir:案卷") + 1})
    udf = read_udf(BlockSource(path, pread=faults))
    assert udf is not None
    assert set(told(udf.listing.findings)) == {("structure-damaged", "案卷", "unreadable-block"),
                                               ("structure-damaged", "案卷", "directory-record"),
                                               ("structure-damaged", "案卷/0001.txt", "unreadable-block")}
    assert "案卷/0002.bin" in udf.listing.files.paths and "案卷/第039号.txt" not in udf.listing.files.paths


# --- continued descriptors -----------------------------------------------------------------------------------------

def continued(**shapes: Shape) -> UdfImage:
    pieces = tuple(Piece(2048) for _ in range(9))
    return udf_image(dict.fromkeys(shapes, noise("a", 9 * 2048)),
                     Options(shapes={name: replace(shape, pieces=pieces, per_icb=4) for name, shape in shapes.items()}))


@pytest.mark.parametrize("damage", [zeroed, inverted, lambda i, n: retagged(i, n, {20: number(1 << 20)})])
def test_a_lost_continuation_loses_the_file(tmp_path: Path, damage: Callable[[UdfImage, str], UdfImage]) -> None:
    image = continued(a=Shape(), b=Shape())
    content, _, findings = whole(tmp_path, damage(image, "aed:a:0"))
    assert (list(content), told(findings)) == (["b"], [("structure-damaged", "a", "allocation-extent")])


def test_a_continuation_belongs_to_one_file(tmp_path: Path) -> None:
    """Half of two thousand files could share one that is a megabyte long; names of one ICB share it of right."""
    image = continued(a=Shape(), b=Shape())
    other = image.read("aed:a:0")[12:16]
    found = whole(tmp_path, retagged(image, "fe:b", {216 + 3 * 16 + 4: other}))
    assert (list(found[0]), told(found[2])) == (["a"], [("structure-damaged", "b", "allocation-extent")])
    linked = Options(shapes={"a": Shape(pieces=(Piece(2048), Piece(2048), Piece()), per_icb=2), "b": Shape(link="a")})
    content, _, findings = whole(tmp_path, udf_image({"a": noise("a", 6000), "b": b""}, linked))
    assert (content, findings) == (dict.fromkeys("ab", noise("a", 6000)), ())


def test_a_place_that_a_partition_does_not_have_loses_the_file(tmp_path: Path) -> None:
    image = papers_image(medium="virtual", descriptors="short")
    content, _, findings = whole(tmp_path, retagged(image, "fe:readme.txt", {220: number(5000)}))
    assert (content, told(findings)) == (without("readme.txt"),
                                         [("structure-damaged", "readme.txt", "allocation-descriptor")])


# --- directories ---------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("directories", ["embedded", "long"])
def test_after_a_damaged_identifier_the_next_sound_one_is_found(tmp_path: Path, directories: str) -> None:
    image = papers_image(directories=directories)
    for damaged in (zeroed(image, "fid:案卷/0001.txt"), inverted(image, "fid:案卷/0001.txt")):
        if directories == "embedded":
            damaged = retagged(damaged, "fe:案卷")           # its CRC covers what it holds
        content, _, findings = whole(tmp_path, damaged)
        assert content == without("案卷/0001.txt")
        assert told(findings) == [("structure-damaged", "案卷", "directory-record")]


def test_tags_of_identifiers(tmp_path: Path) -> None:
    """Any block of the directory will do as the place of an identifier; another will not, but is used."""
    image = udf_image(MANY, Options(directories="long"))
    first = int.from_bytes(image.read("fid:案卷/第000号.txt")[12:16], "little")
    assert whole(tmp_path, retagged(image, "fid:案卷/第039号.txt", location=first))[::2] == (MANY, ())
    content, _, findings = whole(tmp_path, retagged(image, "fid:案卷/第039号.txt", location=first + 99))
    assert (content, told(findings)) == (MANY, [("structure-damaged", "案卷", "tag-location")])
    content, _, findings = whole(tmp_path, retagged(image, "fid:案卷/第039号.txt", crc_length=0))
    assert (content, told(findings)) == (MANY, [("structure-irregular", "案卷", "crc-length")])


def test_a_directory_without_its_parent_s_entry(tmp_path: Path) -> None:
    image = papers_image(directories="long")
    content, _, findings = whole(tmp_path, patched(image, "dir:案卷", 0, bytes(16)))
    assert (content, set(told(findings))) == (ALL, {("structure-damaged", "案卷", "directory-record"),
                                                    ("structure-damaged", "案卷", "directory-start")})


def test_an_icb_of_another_kind_than_its_identifier_says(tmp_path: Path) -> None:
    content, _, findings = whole(tmp_path, retagged(papers_image(directories="long"), "fid:案卷", {18: b"\0"}))
    assert (content, told(findings)) == (ALL, [("structure-damaged", "", "directory-record")])


def test_directories_longer_than_their_extents_or_outside(tmp_path: Path) -> None:
    image = papers_image(directories="long")
    content, _, findings = whole(tmp_path, retagged(image, "fe:案卷", {56: number(1 << 20, 8)}))
    assert (content, told(findings)) == (ALL, [("structure-damaged", "案卷", "information-length")])
    hole = retagged(image, "fe:案卷", {219: b"\x80"})
    assert ("structure-damaged", "案卷", "directory-outside") in told(whole(tmp_path, hole)[2])
    outside = retagged(image, "fe:案卷", {220: number(1 << 20)})
    assert ("structure-damaged", "案卷", "directory-outside") in told(whole(tmp_path, outside)[2])


def test_two_directories_in_the_same_blocks_are_a_loop(tmp_path: Path) -> None:
    image = papers_image(directories="long")
    shared = retagged(image, "fe:案卷/附件", {220: image.read("fe:案卷")[220:224]})
    content, _, findings = whole(tmp_path, shared)
    assert ("directory-loop", "案卷/附件", "") in told(findings) and "案卷/0001.txt" in content


def test_the_same_name_twice_and_paths_too_long(tmp_path: Path) -> None:
    same = Options(shapes={name: Shape(identifier=b"\x08same") for name in ("a", "b")})
    assert told(whole(tmp_path, udf_image({"a": b"1", "b": b"2"}, same))[2]) == [
        ("structure-damaged", "", "duplicate-name")]
    deep = "/".join(f"{depth:02}" + "层" * 120 for depth in range(40))
    found = told(whole(tmp_path, udf_image({f"{deep}/a": b"1"}, Options()))[2])
    assert [(code, what) for code, _, what in found] == [("structure-damaged", "path-too-long")]


def test_a_directory_under_strategy_4096_is_not_guessed_at(tmp_path: Path) -> None:
    image = retagged(papers_image(), "fe:案卷", {20: number(4096, 2)})
    assert told(whole(tmp_path, image)[2]) == [("structure-damaged", "案卷", "strategy")]


def test_streams_that_are_lost_are_said(tmp_path: Path) -> None:
    image = papers_image(shapes={"readme.txt": Shape(streams={"s": b"1", "t": b"2"})})
    lost = zeroed(image, "streams:readme.txt")
    assert told(whole(tmp_path, lost)[2]) == [("structure-damaged", "readme.txt", "file-entry")]
    lost = zeroed(image, "fe:readme.txt::s")
    assert sorted(told(whole(tmp_path, lost)[2])) == [("alternate-stream", "readme.txt", "t"),
                                                      ("structure-damaged", "readme.txt", "file-entry")]


def test_a_symbolic_link_without_its_target(tmp_path: Path) -> None:
    image = udf_image({"link": b""}, Options(shapes={"link": Shape(target="a/b")}))
    assert sorted(told(whole(tmp_path, retagged(image, "fe:link", {56: number(9000, 8)}))[2])) == [
        ("structure-damaged", "link", "symbolic-link"), ("symlink-noted", "link", "")]


# --- file sets -----------------------------------------------------------------------------------------------------

def test_the_file_set_with_the_highest_number_counts(tmp_path: Path) -> None:
    """The second descriptor of the sequence leads to another root; zeroed, the first counts again."""
    image = papers_image()
    at = image.places["fsd:td"][0][0]
    raw = bytearray(image.read("fsd"))
    raw[44:48] = number(7)
    raw[404:408] = number(int.from_bytes(image.read("fe:案卷")[12:16], "little"))
    image = patched(image, "fsd:td", 0, bytes(raw))
    second = retagged(image, "fsd:td", location=int.from_bytes(image.read("fsd")[12:16], "little") + 1)
    assert read(tmp_path, second).paths == {"0001.txt", "0002.bin", "附件/a.dat"}
    assert read(tmp_path, zeroed(second, "fsd")).paths == {"0001.txt", "0002.bin", "附件/a.dat"}
    assert at == second.places["fsd"][0][0] + 2048


def test_a_lost_file_set_is_no_empty_volume(tmp_path: Path) -> None:
    content, _, findings = whole(tmp_path, zeroed(papers_image(), "fsd"))
    assert (content, told(findings)) == ({}, [("structure-damaged", "", "file-set")])


# --- partitions ----------------------------------------------------------------------------------------------------

def sparable() -> UdfImage:
    return papers_image(medium="sparable", spared=(0,))


def test_a_damaged_sparing_table_and_its_sound_copy(tmp_path: Path) -> None:
    for which in ("sparing:0", "sparing:1"):
        for damage in (zeroed, inverted):
            content, _, findings = whole(tmp_path, damage(sparable(), which))
            assert (content, told(findings)) == (ALL, [("structure-damaged", "", "sparing-table")])


def test_sparing_tables_that_differ(tmp_path: Path) -> None:
    """The higher sequence number counts."""
    image = retagged(sparable(), "sparing:1", {52: number(0), 60: bytes(4)})
    if image.read("sparing:0")[52:56] == bytes(4):
        image = retagged(image, "sparing:0", {52: number(5)})
    content, _, findings = whole(tmp_path, image)
    assert (content, told(findings)) == (ALL, [("descriptor-copies-differ", "", "sparing-table")])


def test_no_sparing_table_at_all(tmp_path: Path) -> None:
    """What lies in a packet that has moved is lost, and no stale byte of it is taken for content."""
    image = zeroed(zeroed(sparable(), "sparing:0"), "sparing:1")
    content, _, findings = whole(tmp_path, image)
    assert ("structure-damaged", "", "sparing-table") in told(findings)
    assert all(ALL[path] == raw for path, raw in content.items()) and content != ALL


def test_a_damaged_virtual_allocation_table(tmp_path: Path) -> None:
    image = papers_image(medium="virtual")
    sizes = [retagged(image, "vat-icb", {56: number(size, 8)}) for size in (9, 1 << 20)]
    for damaged in (zeroed(image, "vat-icb"), inverted(image, "vat-icb"), *sizes):
        content, _, findings = whole(tmp_path, damaged)
        assert (content, {what for _, _, what in told(findings)}) == ({}, {"virtual-allocation-table", "file-set"})


def test_before_a_damaged_table_the_one_before_it_is_used_and_said(tmp_path: Path) -> None:
    before = {"old.txt": b"old"}
    image = papers_image(medium="virtual", earlier_content=before)
    content, _, findings = whole(tmp_path, patched(image, "vat-icb", 60, b"\xff"))
    assert content == before
    assert {what for _, _, what in told(findings)} == {"virtual-allocation-table", "data-after-volume"}


def test_a_table_before_an_empty_end(tmp_path: Path) -> None:
    for medium in ("1.50", "2.01"):
        image = papers_image(medium="virtual", revision=medium)
        content, _, findings = whole(tmp_path, image.raw + bytes(9 << 20))
        assert (content, findings) == (ALL, ())


def test_link_blocks_after_the_table_may_be_unreadable(tmp_path: Path) -> None:
    image = papers_image(medium="virtual", blocks_after_vat=2)
    path = tmp_path / "image"
    path.write_bytes(image.raw)
    last = len(image.raw) // 2048
    udf = read_udf(BlockSource(path, pread=FaultySource(bad={last - 1, last - 2})))
    assert udf is not None and set(udf.listing.files.paths) == set(ALL) and udf.listing.findings == []


def metadata(**options: object) -> UdfImage:
    return papers_image(medium="metadata", revision="2.50", **options)


def test_the_mirror_serves_where_the_metadata_file_is_damaged(tmp_path: Path) -> None:
    for name in ("metadata:icb", "mirror:icb"):
        for damage in (zeroed, inverted):
            content, _, findings = whole(tmp_path, damage(metadata(), name))
            assert (content, told(findings)) == (ALL, [("structure-damaged", "", "metadata-file")])
    for name in ("fe:案卷/0001.txt", "fe:", "fe:案卷", "fsd"):
        content, _, findings = whole(tmp_path, inverted(metadata(), name))
        assert (content, told(findings)) == (ALL, [("structure-damaged", "", "metadata-file")]), name


def test_the_mirror_serves_where_a_directory_is_damaged(tmp_path: Path) -> None:
    image = metadata(directories="short")
    content, _, findings = whole(tmp_path, zeroed(image, "fid:案卷/0001.txt"))
    assert (content, told(findings)) == (ALL, [("structure-damaged", "案卷", "metadata-file")])


def test_a_mirror_that_says_otherwise(tmp_path: Path) -> None:
    """Only what was relied upon is compared: free blocks may differ."""
    image = metadata(directories="short")
    for name in ("mirror!fe:案卷/0001.txt", "mirror!dir:案卷"):
        content, _, findings = whole(tmp_path, inverted(image, name))
        assert (content, told(findings)) == (ALL, [("descriptor-copies-differ", "", "metadata-file")]), name
    at = image.places["mirror"][-1]
    free = replace(image, places={**image.places, "free": ((sum(at) - 2048, 2048),)})
    assert whole(tmp_path, inverted(free, "free"))[::2] == (ALL, ())


def test_a_volume_without_a_mirror(tmp_path: Path) -> None:
    content, _, findings = whole(tmp_path, metadata(mirror="none"))
    assert (content, findings) == (ALL, ())


def test_both_metadata_files_lost(tmp_path: Path) -> None:
    image = zeroed(zeroed(metadata(), "metadata:icb"), "mirror:icb")
    content, _, findings = whole(tmp_path, image)
    assert content == {} and ("structure-damaged", "", "partition-map") in told(findings)


def test_an_unknown_partition_map(tmp_path: Path) -> None:
    image = metadata()
    at = image.read("main:LVD").index(b"*UDF Metadata Partition")
    for which in ("main", "reserve"):
        image = retagged(image, f"{which}:LVD", {at: b"*UDF Something Else    "[:23]})
    content, _, findings = whole(tmp_path, image)
    assert content == {} and ("structure-damaged", "", "partition-map") in told(findings)


# --- odd, and borne out or not -------------------------------------------------------------------------------------

def test_other_descriptors_with_one_odd_thing(tmp_path: Path) -> None:
    """The file set, a volume descriptor, a sparing table, an allocation extent: as a file entry."""
    cases = [(papers_image(), "fsd", ALL, ""), (papers_image(), "main:PD", ALL, ""), (sparable(), "sparing:0", ALL, ""),
             (continued(a=Shape()), "aed:a:0", {"a": noise("a", 9 * 2048)}, "")]
    for image, name, truth, path in cases:
        content, _, findings = whole(tmp_path, retagged(image, name, crc_length=0))
        assert (content, told(findings)) == (truth, [("structure-irregular", path, "crc-length")]), name
        content, _, findings = whole(tmp_path, retagged(image, name, version=9))
        assert (content, told(findings)) == (truth, [("structure-irregular", path, "tag-version")]), name


def test_unreadable_blocks_of_the_volume(tmp_path: Path) -> None:
    image = metadata()
    path = tmp_path / "image"
    path.write_bytes(image.raw)
    for name, what in (("main:LVD", "volume-descriptor-sequence"), ("mirror!fe:readme.txt", "metadata-file"),
                       ("fe:readme.txt", "metadata-file"), ("lvid", "integrity-descriptor")):
        disc = Disc(BlockSource(path, pread=FaultySource(bad={image.block(name)})))
        structure, findings = disc.structure()
        assert structure.files is not None and set(structure.files.paths) == set(ALL) and not structure.files.obstacles
        assert told(findings) == [("structure-damaged", "", what)], name


def test_an_anchor_without_a_reserve_sequence(tmp_path: Path) -> None:
    image = papers_image(anchors=(256,))
    image = retagged(image, "anchor:256", {24: bytes(8)})
    assert whole(tmp_path, image)[::2] == (ALL, ())
    content, _, findings = whole(tmp_path, inverted(image, "main:USD"))
    assert (content, told(findings)) == (ALL, [("structure-damaged", "", "volume-descriptor-sequence")])


@pytest.mark.parametrize("maps", [b"\7\0\0\0\0\0", b"\7\6\0\0\0\0", b"\1\6\1\0\7\0"])
def test_partition_maps_of_no_known_kind(tmp_path: Path, maps: bytes) -> None:
    image = papers_image()
    for which in ("main", "reserve"):
        image = retagged(image, f"{which}:LVD", {440: maps})
    content, _, findings = whole(tmp_path, image)
    assert (content, told(findings)) == ({}, [("structure-damaged", "", "partition-map"),
                                              ("structure-damaged", "", "file-set")])


def test_no_partition_map(tmp_path: Path) -> None:
    image = papers_image()
    for which in ("main", "reserve"):
        image = retagged(image, f"{which}:LVD", {264: bytes(8)})
    assert ("structure-damaged", "", "partition-map") in told(whole(tmp_path, image)[2])


def test_a_mirror_of_another_length(tmp_path: Path) -> None:
    image = metadata()
    raw = image.read("mirror:icb")
    at = 216 + 8 * (int.from_bytes(raw[212:216], "little") // 8 - 1)
    last = int.from_bytes(raw[at:at + 4], "little")
    size = int.from_bytes(raw[56:64], "little")
    shorter = retagged(image, "mirror:icb", {at: number(last - 2048), 56: number(size - 2048, 8)})
    assert told(whole(tmp_path, shorter)[2]) == [("descriptor-copies-differ", "", "metadata-file")]


@pytest.mark.parametrize(("revision", "at", "raw"), [("2.01", 0, b"\1\0"), ("2.01", 0, b"\x9a\0"),
                                                     ("2.01", 0, b"\xff\xff"), ("1.50", -35, b"?")])
def test_a_virtual_allocation_table_that_is_none(tmp_path: Path, revision: str, at: int, raw: bytes) -> None:
    image = papers_image(medium="virtual", revision=revision)
    content, _, findings = whole(tmp_path, patched(image, "vat", at % len(image.read("vat")), raw))
    assert content == {} and ("structure-damaged", "", "virtual-allocation-table") in told(findings)


def test_a_table_far_from_the_end_is_not_looked_for_for_ever(tmp_path: Path) -> None:
    image = papers_image(medium="virtual")
    for which in ("main", "reserve"):
        image = retagged(image, f"{which}:PD", {192: number(5000)})
    content, _, findings = whole(tmp_path, image.raw + noise("later", 600 * 2048))
    assert content == {} and ("structure-damaged", "", "virtual-allocation-table") in told(findings)
    assert whole(tmp_path, image.raw + noise("later", 400 * 2048))[0] == ALL


def test_a_file_set_that_goes_on_elsewhere(tmp_path: Path) -> None:
    image = papers_image()
    raw = bytearray(image.read("fsd"))
    raw[44:48], raw[404:408] = number(7), number(int.from_bytes(image.read("fe:案卷")[12:16], "little"))
    free = sum(image.places["bitmap"][0]) // 2048 + 2                 # behind the bitmap lie free blocks
    there = replace(image, places={**image.places, "there": ((free * 2048, 512),)})
    there = retagged(patched(there, "there", 0, bytes(raw)), "there", location=free - 288)
    there = retagged(there, "fsd", {448: pack("<IIH", 2048, free - 288, 0)})
    assert read(tmp_path, there).paths == {"0001.txt", "0002.bin", "附件/a.dat"}


def test_odd_names_of_files_of_every_addressing(tmp_path: Path) -> None:
    for descriptors in ("short", "embedded", "long"):
        shapes = {"n": Shape(identifier=b"\x08a/b")}
        image = udf_image({"n": b"x" * 30}, Options(descriptors=descriptors, shapes=shapes))
        content, _, findings = whole(tmp_path, image)
        assert (content, told(findings)) == ({"a\u2215b": b"x" * 30}, [("name-unsafe", "a\u2215b", "")])


def test_bytes_after_the_last_identifier(tmp_path: Path) -> None:
    image = papers_image(directories="long")
    for tail in (b"\1\1" + bytes(30), b"\1\1" * 20, bytes(9) + b"\1\1\3\0" + bytes(60)):
        end = len(image.read("dir:案卷"))
        offset = image.places["dir:案卷"][0][0] + end
        raw = image.raw[:offset] + tail + image.raw[offset + len(tail):]
        longer = retagged(replace(image, raw=raw), "fe:案卷", {56: number(end + len(tail), 8),
                                                               216: number(end + len(tail))})
        content, _, findings = whole(tmp_path, longer)
        assert (content, told(findings)) == (ALL, [("structure-damaged", "案卷", "directory-record")])


def test_an_allocation_extent_of_several_blocks(tmp_path: Path) -> None:
    """ECMA-167 allows it, UDF does not write it."""
    pieces = tuple(Piece(512) for _ in range(60))
    image = udf_image({"a": noise("a", 60 * 512), "b": noise("b", 3 * 512)},
                      Options(block_bytes=512, shapes={"a": Shape(pieces=pieces)}))
    raws = [image.read(f"aed:a:{n}") for n in range(2)]
    block = image.block("data:b")
    joined = raws[0][:24] + raws[0][24:-16] + raws[1][24:]
    joined = joined[:20] + number(len(joined) - 24) + joined[24:]
    there = replace(image, places={**image.places, "there": ((block * 512, len(joined)),)})
    there = retagged(patched(there, "there", 0, joined), "there", crc_length=len(joined) - 16, location=block - 288)
    entry = image.read("fe:a")
    there = retagged(there, "fe:a", {len(entry) - 16: pack("<II", 3 << 30 | 1536, block - 288)})
    assert whole(tmp_path, there)[0]["a"] == noise("a", 60 * 512)


# --- sizes ---------------------------------------------------------------------------------------------------------

def test_a_cut_image_says_so(tmp_path: Path) -> None:
    image = papers_image()
    for blocks in range(17, len(image.raw) // 2048):
        content, _, findings = whole(tmp_path, cut(image, blocks))
        said = {finding.code for finding in findings}
        assert said & {"carrier-truncated", "structure-damaged"} or content == ALL, blocks
        assert all(ALL[path] == raw for path, raw in content.items())
    truncated = {f.code for f in whole(tmp_path, cut(image, image.block("bitmap")))[2]}
    assert "carrier-truncated" in truncated


def test_a_file_outside_the_carrier(tmp_path: Path) -> None:
    image = retagged(papers_image(), "fe:readme.txt", {220: number(1 << 20)})
    assert ("extent-outside", "readme.txt", "") in told(whole(tmp_path, image)[2])


def test_data_after_a_read_only_volume(tmp_path: Path) -> None:
    image = papers_image(medium="read-only", revision="1.02")
    assert whole(tmp_path, image.raw + bytes(4096))[::2] == (ALL, ())
    content, _, findings = whole(tmp_path, image.raw + noise("more", 4096))
    assert (content, told(findings)) == (ALL, [("structure-damaged", "", "data-after-volume")])
    assert told(whole(tmp_path, papers_image().raw + noise("left over", 4096))[2]) == []


# --- the damage sweep ----------------------------------------------------------------------------------------------

KINDS: dict[str, Callable[[bytes], bytes]] = {
    "zeroed": lambda block: bytes(len(block)), "inverted": lambda block: bytes(b ^ 0xFF for b in block),
    "tail zeroed": lambda block: block[:16] + bytes(len(block) - 16), "shifted": lambda block: block[1:] + b"\0"}
SWEPT = ("plain-2.01", "plain-1.02", "blocks-512", "sparable-moved", "vat-2.01", "vat-1.50", "metadata",
         "metadata-directories-in-extents", "pseudo-overwrite", "continued-long")


@pytest.fixture(scope="module")
def samples() -> dict[str, tuple[UdfImage, dict[str, bytes]]]:
    return {name: (image, dict(truth)) for name, (image, truth) in all_samples().items()}


@pytest.mark.parametrize("name", SWEPT)
def test_no_structure_block_is_lost_in_silence(tmp_path: Path, name: str,
                                               samples: dict[str, tuple[UdfImage, dict[str, bytes]]]) -> None:
    image, truth = samples[name]
    (tmp_path / "image").write_bytes(image.raw)
    disc = Disc(BlockSource(tmp_path / "image"))
    structure, size = disc.structure()[0], image.block_bytes
    disc.close()
    blocks = [b for e in structure.structure_extents for b in range(e.start_lba, e.start_lba + e.length_bytes // size)]
    assert len(blocks) > 25
    for block in blocks:
        old = image.raw[block * size:(block + 1) * size]
        for kind, damage in KINDS.items():
            raw = image.raw[:block * size] + damage(old) + image.raw[(block + 1) * size:]
            content, files, findings = whole(tmp_path, raw)
            assert findings or content == truth, (block, kind)
            assert {path for path in content if content[path] != truth.get(path)} <= changed(truth, old, files.paths)


def changed(truth: dict[str, bytes], old: bytes, paths: list[str]) -> set[str]:
    """Files whose content lies in the very block that was damaged, which no structure vouches for."""
    return {path for path in paths if path not in truth or truth[path][:20] in old}


# --- mutations -----------------------------------------------------------------------------------------------------

VALUES = (0, 1, 2, 3, 4, 255, 0xFFFF, 0xFFFFFFFF, 0x3FFFFFFF, 0x40000800, 0x80000000, 0xC0000800, 2048, 512)


def mutated(raw: bytes, places: list[int], chance: random.Random) -> bytes:
    """A few numbers of the structure changed, most of them under a tag that is made sound again."""
    hurt = bytearray(raw)
    for _ in range(chance.choice((1, 1, 2, 5, 20))):
        tag = chance.choice(places)
        at = tag + chance.randrange(16, chance.choice((64, 300, 512)))
        hurt[at:at + 4] = number(chance.choice((*VALUES, chance.getrandbits(32), chance.randrange(400))))
        length = int.from_bytes(hurt[tag + 10:tag + 12], "little")
        if chance.random() < 0.8 and tag + 16 + length <= len(hurt):
            hurt[tag + 8:tag + 10] = number(crc_hqx(bytes(hurt[tag + 16:tag + 16 + length]), 0), 2)
            hurt[tag + 4] = (sum(hurt[tag:tag + 16]) - hurt[tag + 4]) & 0xFF
    return bytes(hurt[:chance.randrange(len(hurt))] if chance.random() < 0.03 else hurt)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_mutations_raise_nothing_and_stay_small(tmp_path: Path, seed: int,
                                                samples: dict[str, tuple[UdfImage, dict[str, bytes]]]) -> None:
    chance, path = random.Random(seed), tmp_path / "image"
    names = sorted(samples)
    tracemalloc.start()
    for _ in range(120):
        raw = samples[chance.choice(names)][0].raw
        places = [at for at in range(0, len(raw), 512) if raw[at + 1] < 2 and raw[at:at + 16].count(0) < 12 and raw[at]]
        path.write_bytes(mutated(raw, places, chance) or b"\0")
        disc = Disc(BlockSource(path))
        structure, _ = disc.structure()
        assert structure.files is not None
        for entry in structure.files:
            assert sum(extent.length_bytes for extent in entry.extents) == entry.size_bytes
            assert all(e.length_bytes > 0 and e.start_lba >= HOLE and e.skip_bytes >= 0 for e in entry.extents)
            assert not (entry.obstacle and entry.extents)
        make_plan(structure)
        disc.close()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 64 << 20


# --- hostile volumes -----------------------------------------------------------------------------------------------

def bounded(path: Path, raw: bytes) -> set[tuple[str, str]]:
    """What is said of an image of a megabyte: in 10 s of work and 64 MiB."""
    assert len(raw) <= 2 << 20
    path.write_bytes(raw)
    tracemalloc.start()
    begun = time.process_time()
    structure, findings = Disc(BlockSource(path)).structure()
    make_plan(structure)
    peak, seconds = tracemalloc.get_traced_memory()[1], time.process_time() - begun
    tracemalloc.stop()
    assert peak < 64 << 20 and seconds < 30             # tracing makes it three times slower
    return {(code, what) for code, _, what in told(findings)}


def linked(content: dict[str, bytes], prefix: str, names: int, options: Options) -> bytes:
    """An image in which many names below `prefix` are the file "~"."""
    names_of = {f"{prefix}{n:x}": Shape(link="~") for n in range(names)}
    options = replace(options, shapes={**options.shapes, **names_of})
    return udf_image({**content, **dict.fromkeys(names_of, b"")}, options).raw


def test_many_names_of_a_shattered_file(tmp_path: Path) -> None:
    """Ten thousand names, each of which would give some hundred extents again."""
    pieces = tuple(Piece(512) for _ in range(300))
    options = Options(block_bytes=512, shapes={"~": Shape(pieces=pieces)})
    raw = linked({"~": noise("~", 300 * 512)}, "", 9000, options)
    assert ("structure-damaged", "too-many-extents") in bounded(tmp_path / "image", raw)


def test_an_extent_of_a_gibibyte_in_virtual_space(tmp_path: Path) -> None:
    """Every block of it would be a piece of its own."""
    entries = noise("vat", 200_000)
    image = papers_image(medium="virtual", block_bytes=512, earlier_content=None, vat_unused=60_000)
    shattered = patched(image, "vat", 152, entries)
    hurt = retagged(shattered, "fe:readme.txt", {56: number(20_000 * 512, 8), 216: pack("<IIH", 20_000 * 512, 0, 1)})
    assert bounded(tmp_path / "image", hurt.raw)


def test_long_names_in_every_directory(tmp_path: Path) -> None:
    """Every path of a deep tree is as long as a path can be: more characters than the carrier has bytes."""
    deep = "/".join(f"{depth:02}" + "长" * 100 for depth in range(35))
    raw = linked({"~": b"x"}, f"{deep}/", 2500, Options())
    assert ("structure-damaged", "too-many-names") in bounded(tmp_path / "image", raw)
