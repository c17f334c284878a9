"""The writer of UDF images against other people's readers: they must find what it says it has written.

The kernel's driver is asked elsewhere, on the same samples.
"""
from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import pytest

from tests.udf_writer import Options, Piece, Shape, UdfImage, cut, inverted, patched, retagged, udf_image, zeroed
from tests.udf_writer.evidence import reads
from tests.udf_writer.samples import all_samples, hostile_samples, huge_sample, papers, papers_truth
from tests.udf_writer.structures import HOLE, checksum, crc
from tests.udf_writer.witnesses import by_7z, by_libudfread, by_udfclient, by_udfinfo

Asked = tuple[str, UdfImage, Mapping[str, bytes], Path]


@cache
def samples() -> Mapping[str, tuple[UdfImage, Mapping[str, bytes]]]:
    return all_samples()


def asked(witness: str, folder: Path) -> Iterator[Asked]:
    """The samples this witness can read, each as a file in a folder of its own."""
    for number, (name, (image, truth)) in enumerate(samples().items()):
        if reads(witness, name):
            place = folder / str(number)
            place.mkdir()
            (place / "udf.img").write_bytes(image.raw)
            yield name, image, truth, place


def plain(found: Mapping[str, bytes]) -> tuple[dict[str, bytes], Counter[bytes]]:
    """What to compare where a witness writes names its own way unless they are ASCII: those, and all contents."""
    names = {path: raw for path, raw in found.items() if path.isascii() and "#" not in path}
    return names, Counter(found.values())


def test_udfclient_reads_every_medium(tmp_path: Path) -> None:
    def found(sample: Asked) -> dict[str, bytes]:
        _, image, _, place = sample
        return by_udfclient(place / "udf.img", image.block_bytes, place)

    cases = list(asked("udfclient", tmp_path))
    with ThreadPoolExecutor(32) as threads:             # it takes a second to end, asleep
        answers = threads.map(found, cases)
    assert [name for (name, _, truth, _), files in zip(cases, answers, strict=True)
            if plain(files) != plain(truth)] == []


def test_libudfread_reads_plain_and_metadata_volumes(tmp_path: Path) -> None:
    assert [name for name, _, truth, place in asked("libudfread", tmp_path)
            if by_libudfread(place / "udf.img") != truth] == []


def test_7z_reads_plain_volumes(tmp_path: Path) -> None:
    assert [name for name, _, truth, place in asked("7z", tmp_path)
            if by_7z(place / "udf.img", place / "found") != truth] == []


def test_udfinfo_names_revision_state_and_counts(tmp_path: Path) -> None:
    wrong = {}
    for number, (name, (image, _)) in enumerate(samples().items()):
        if not name.startswith("second-session"):
            place = tmp_path / str(number)
            place.write_bytes(image.raw)
            said = by_udfinfo(place, image.block_bytes)
            lvid = image.read("lvid")
            partitions = int.from_bytes(lvid[72:76], "little")
            files = int.from_bytes(lvid[80 + 8 * partitions + 32:][:4], "little")
            revision = int.from_bytes(lvid[80 + 8 * partitions + 40:][:2], "little")
            state = "opened" if name == "integrity-open" else "closed"
            expected = (state, str(files), f"{revision >> 8}.{revision & 255:02x}")
            if (said.get("integrity"), said.get("numfiles"), said.get("udfrev")) != expected:
                wrong[name] = said
    assert wrong == {}


# --- the map of where everything lies -------------------------------------------------------------------------------

def test_samples_are_many_small_and_always_the_same() -> None:
    again = all_samples()
    assert len(again) >= 45
    assert {name: image.raw for name, (image, _) in again.items()} == {name: image.raw for name, (image, _)
                                                                       in samples().items()}
    assert [name for name, (image, _) in again.items() if len(image.raw) >= 2 << 20] == []


def test_named_places_hold_what_they_are_named_for() -> None:
    """Descriptors have sound tags (3/7.2) where the map says they are, in the mirror too; contents are the files'."""
    unlike = []
    for name, (image, truth) in samples().items():
        for place in image.places:
            kind = place.removeprefix("mirror!").removeprefix("before:").partition(":")[0]
            if kind in TAGGED:
                raw = image.read(place)
                length = int.from_bytes(raw[10:12], "little")
                sound = checksum(raw) == raw[4] and crc(raw[16:16 + length]) == int.from_bytes(raw[8:10], "little")
                if not (sound and int.from_bytes(raw[:2], "little") in TAGGED[kind]):
                    unlike.append((name, place))
        unlike.extend((name, path) for path, raw in truth.items() if f"data:{path}" in image.places
                      and raw.strip(b"\0") and not is_holed(name) and image.read(f"data:{path}")[:len(raw)] != raw)
    assert unlike == []


TAGGED = {"anchor": (2,), "main": range(1, 9), "reserve": range(1, 9), "lvid": (8, 9), "fsd": (8, 256), "fid": (257,),
          "dir": (257,), "aed": (258,), "ie": (259,), "te": (260,), "fe": (261, 266), "prior": (261, 266),
          "streams": (266,), "vat-icb": (261, 266), "bitmap": (264,), "sparing": (0,)}


def is_holed(name: str) -> bool:
    return name.startswith(("hole-", "allocated-"))


# --- damage ----------------------------------------------------------------------------------------------------------

def test_damage_is_done_to_one_structure_only() -> None:
    image = udf_image(papers(), Options(revision="2.50", medium="metadata"))
    for change in (zeroed, inverted):
        damaged = change(image, "mirror!fe:案卷/0001.txt")
        ((offset, length),) = image.places["mirror!fe:案卷/0001.txt"]
        assert damaged.read("mirror!fe:案卷/0001.txt") != image.read("mirror!fe:案卷/0001.txt")
        assert damaged.raw[:offset] + damaged.raw[offset + length:] == image.raw[:offset] + image.raw[offset + length:]
        assert damaged.read("fe:案卷/0001.txt") == image.read("fe:案卷/0001.txt")


def test_retagged_descriptors_are_sound_by_their_tags() -> None:
    image = udf_image(papers())
    longer = {56: (7).to_bytes(8, "little")}
    changed = retagged(image, "fe:readme.txt", longer, location=99, crc_length=40).read("fe:readme.txt")
    assert (changed[4], changed[12]) == (checksum(changed), 99)
    assert int.from_bytes(changed[8:10], "little") == crc(changed[16:56])
    without = retagged(image, "main:PD", crc_length=0).read("main:PD")
    assert (without[8:12], without[4]) == (bytes(4), checksum(without))


def test_a_place_that_does_not_exist_cannot_be_damaged() -> None:
    image = udf_image(papers())
    with pytest.raises(KeyError):
        zeroed(image, "fe:nowhere")
    with pytest.raises(ValueError, match="bytes"):
        patched(image, "anchor:256", 510, b"long")
    with pytest.raises(ValueError, match="tag"):
        retagged(image, "anchor:256", place=1)


# --- what is written really is there ---------------------------------------------------------------------------------

def test_an_earlier_recording_is_whole_where_the_image_is_cut_after_its_vat(tmp_path: Path) -> None:
    before = {"a.txt": b"draft", "gone.txt": b"deleted since"}
    image = udf_image({"a.txt": b"final"}, Options(medium="virtual", earlier_content=before))
    for prefix, state, files in (("", image, "1"), ("before:", cut(image, image.block("before:vat-icb") + 1), "2")):
        (tmp_path / "udf.img").write_bytes(state.raw)
        said = by_udfinfo(tmp_path / "udf.img", 2048)
        assert (said["vatblock"], said["numfiles"]) == (str(image.block(f"{prefix}vat-icb")), files)
    assert image.read("vat")[132:136] == image.read("before:vat-icb")[12:16]


def test_packets_really_moved(tmp_path: Path) -> None:
    content = {"a.bin": bytes(range(256)) * 800}
    image = udf_image(content, Options(medium="sparable", spared=(1, 2)))
    for name, is_whole in (("stale:1", True), ("spare:1", False)):
        place = tmp_path / name[:5]
        place.mkdir()
        (place / "udf.img").write_bytes(inverted(image, name).raw)
        assert (by_udfclient(place / "udf.img", 2048, place)["a.bin"] == content["a.bin"]) is is_whole


def test_the_mirror_is_a_second_copy(tmp_path: Path) -> None:
    image = udf_image(papers(), Options(revision="2.50", medium="metadata"))
    (tmp_path / "udf.img").write_bytes(zeroed(image, "metadata:icb").raw)
    assert by_libudfread(tmp_path / "udf.img") == papers_truth()


def test_what_the_standard_has_not_is_refused() -> None:
    for options in (Options(medium="virtual", anchors=(256, "N-1")), Options(earlier_content={}),
                    Options(medium="metadata", descriptors="short"), Options(session_start=700),
                    Options(shapes={"readme.txt": Shape(pieces=(Piece(0, HOLE),))}),
                    Options(shapes={"readme.txt": Shape(pieces=(Piece(3), Piece()))})):
        with pytest.raises(ValueError, match=r"\w"):
            udf_image(papers(), options)
    with pytest.raises(ValueError, match="option"):
        Options(medium="paper")


def test_hostile_samples_differ_from_sound_ones_in_one_chain() -> None:
    hostile = hostile_samples()
    assert {name.partition("-of-")[2] for name in hostile} == {"directories", "extents", "entries", "sequences",
                                                               "integrity", "vats"}
    image, truth = hostile["loop-of-directories"]
    assert image.read("fid:案卷/附件/回")[20:36] == image.read("fid:案卷")[20:36]
    assert truth == papers_truth()


def test_a_huge_file_is_a_hole_between_its_ends() -> None:
    image, truth = huge_sample()
    assert len(image.raw) < 2 << 20
    for path, (length, head, tail) in truth.items():
        assert int.from_bytes(image.read(f"fe:{path}")[56:64], "little") == length > 5 << 30
        assert image.read(f"data:{path}") == head + tail
