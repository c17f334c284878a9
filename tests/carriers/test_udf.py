"""UDF volumes that are sound: everything that is recorded is found, byte for byte, and nothing is said against it."""
from __future__ import annotations

import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest
from udfkit import bluray

from carriers.blocks import BlockSource
from carriers.disc import Disc
from carriers.udf import read_udf
from tests.carriers import images
from tests.carriers.udf_images import checked, papers_image, read, told, whole
from tests.udf_writer import HOLE, Options, Piece, Shape, UdfImage, patched, retagged, udf_image, zeroed
from tests.udf_writer.samples import all_samples, hostile_samples, noise, papers

SPECIAL = [("symlink-noted", "link", ""), ("symlink-noted", "root", ""), ("content-not-on-carrier", "fifo", "fifo"),
           ("content-not-on-carrier", "socket", "socket"), ("content-not-on-carrier", "disk", "block-device"),
           ("content-not-on-carrier", "tty", "character-device"), ("symlink-noted", "up/out", "")]
SUPERSEDED = [("earlier-session", "gone.txt", "hidden"), ("earlier-session", "案卷/0001.txt", "superseded")]
ODD = {"slash": "a∕b.txt", "control": "a\x01\x1f\x7f.txt", "bidi": "a\u202egnp.txt", "newline": "a\nb.txt",
       "dots": "..."}
# sample → what is said of it; of all others nothing
SAID: dict[str, list[tuple[str, str, str]]] = {
    "names-odd": [("name-unsafe", ODD[key], "") for key in ("slash", "control", "bidi", "newline")],
    "hidden-and-deleted": [("deleted-content", "", "")],
    "special-files-long": SPECIAL, "special-files-embedded": SPECIAL,
    "named-streams": [("alternate-stream", "readme.txt", "*UDF NT ACL"), ("alternate-stream", "案卷/0001.txt", "评语"),
                      ("alternate-stream", "案卷/0001.txt", "thumb")],
    "named-streams-of-directories": [("alternate-stream", "", "root"), ("alternate-stream", "案卷", "n")],
    "system-streams": [("alternate-stream", "", "*UDF Unique ID Mapping Data"),
                       ("alternate-stream", "", "*UDF Backup")],
    "system-streams-metadata": [("alternate-stream", "", "*UDF Unique ID Mapping Data"),
                                ("alternate-stream", "", "*UDF Backup"), ("alternate-stream", "案卷", "n")],
    **dict.fromkeys(("strategy-4096-1.02", "strategy-4096-2.01"), [
        ("content-encoded", "once.bin", "strategy-4096"), ("content-encoded", "thrice.bin", "strategy-4096")]),
    "integrity-open": [("session-open", "", "")],
    **{f"vat-superseded-{kind}": SUPERSEDED for kind in ("1.50", "2.01", "embedded")},
    **{f"second-session-appended-{revision}": SUPERSEDED for revision in ("1.50", "2.01")},
    **dict.fromkeys(("second-session", "second-session-virtual"), [("earlier-session", "old.txt", "hidden")]),
}


@cache
def samples() -> Mapping[str, tuple[UdfImage, Mapping[str, bytes]]]:
    return all_samples()


def truth_of(name: str, truth: Mapping[str, bytes]) -> dict[str, bytes]:
    """What of a sample may be checked, by the names that a disc shows."""
    if name.startswith("strategy-4096"):
        return {}
    return {ODD[path] if name == "names-odd" else path: raw for path, raw in truth.items()}


def test_every_kind_of_volume_is_read_right(tmp_path: Path) -> None:
    wrong = {}
    assert len(samples()) >= 100
    for name, (image, truth) in samples().items():
        content, _, findings = whole(tmp_path, image)
        if content != truth_of(name, truth) or sorted(told(findings)) != sorted(SAID.get(name, [])):
            wrong[name] = told(findings), sorted(content)
    assert wrong == {}


def test_a_volume_says_what_it_is(tmp_path: Path) -> None:
    for name, revision, label, size in (("plain-1.02", "1.02", "J010_2026_01_G001_A", 2048),
                                        ("metadata", "2.50", "J010_2026_01_G001_A", 2048),
                                        ("label-chinese", "2.01", "登记备份2026年01批", 2048),
                                        ("label-latin", "1.02", "Größe élève", 2048), ("label-none", "2.01", "", 2048),
                                        ("blocks-512", "2.01", "J010_2026_01_G001_A", 512),
                                        ("blocks-1024", "2.01", "J010_2026_01_G001_A", 1024),
                                        ("blocks-4096", "2.01", "J010_2026_01_G001_A", 4096)):
        image = samples()[name][0]
        found = read(tmp_path, image)
        assert (found.udf.revision, found.udf.volume_label, found.source.block_bytes) == (revision, label, size), name
        assert found.udf.claimed_blocks == len(image.raw) // size


def test_a_disc_of_udf_alone(tmp_path: Path) -> None:
    image, _ = samples()["second-session-virtual"]
    (tmp_path / "disc").write_bytes(image.raw)
    disc = Disc(BlockSource(tmp_path / "disc"))
    structure, _ = disc.structure()
    assert (structure.layers, [tree.name for tree in structure.trees]) == (("UDF 2.01",), ["UDF"])
    assert (structure.block_bytes, structure.volume_blocks) == (2048, len(image.raw) // 2048)
    assert (disc.identify().sessions, disc.identify().volume_label) == (2, "J010_2026_01_G001_A")
    before = disc.identify().fingerprint
    (tmp_path / "disc").write_bytes(patched(image, "fe:readme.txt", 90, b"\1").raw)
    assert Disc(BlockSource(tmp_path / "disc")).identify().fingerprint != before


def test_the_session_that_is_asked_for_is_read(tmp_path: Path) -> None:
    image, truth = samples()["second-session"]
    start = image.block("vrs:BEA01") - 16
    assert read(tmp_path, image, start).paths == set(truth)
    first = read(tmp_path, image)
    assert first.paths == {"old.txt"} and first.udf.volume_label == "FIRST"
    assert first.said == [("descriptor-copies-differ", "", "anchor")]           # N - 1 is the second session's


def test_beside_iso_9660_its_blocks_stay(tmp_path: Path) -> None:
    """A volume of 512-byte blocks told in blocks of 2048: files begin inside them."""
    image, truth = samples()["blocks-512"]
    found = read(tmp_path, image, own_blocks=False)
    assert found.source.block_bytes == 2048 and found.paths == set(truth)
    assert {path: found.content(path) for path in truth} == truth
    assert any(found.udf.listing.files.extents(n)[0].skip_bytes for n in range(len(truth)) if truth["说明.txt"])
    assert found.udf.claimed_blocks == -(-len(image.raw) // 2048)


def test_a_bridge_disc_by_genisoimage(tmp_path: Path) -> None:
    content = {path: raw for path, raw in images.some_files().items() if "第" not in path}
    root = images.plant(tmp_path / "root", content)
    image = images.genisoimage(root, tmp_path / "image", "-udf", "-J", "-input-charset", "utf-8", "-V", "LABEL")
    found = read(tmp_path, image.read_bytes(), own_blocks=False)
    assert (found.said, found.udf.revision, found.udf.volume_label) == ([], "1.02", "LABEL")
    assert {path: found.content(path) for path in found.paths} == content


def test_a_blu_ray_disc_by_udfkit(tmp_path: Path) -> None:
    content = {"BDMV/index.bdmv": b"i", **{f"BDMV/案卷/文件{n:03}.txt": noise(str(n), n * 40) for n in range(120)}}
    root = images.plant(tmp_path / "root", content)
    bluray.write_image(str(root), str(tmp_path / "image"), "LABEL")
    found, _, findings = whole(tmp_path, (tmp_path / "image").read_bytes())
    assert (found, told(findings)) == (content, [])


@pytest.mark.parametrize(("medium", "revision", "options"), [
    ("hd", "1.02", ("-b", "512")), ("hd", "2.01", ("-b", "4096")), ("hd", "1.50", ("-b", "1024")),
    ("dvdram", "2.01", ()), ("dvd", "1.02", ()), ("cdrw", "2.01", ()), ("dvdrw", "2.00", ()), ("cdr", "1.50", ()),
    ("cdr", "2.01", ()), ("dvdr", "2.60", ()), ("bdr", "2.50", ()), ("hd", "2.01", ("-b", "2048", "--read-only"))])
def test_what_mkudffs_makes(tmp_path: Path, medium: str, revision: str, options: tuple[str, ...]) -> None:
    """Empty volumes, by another tool; on the rewritable ones of UDF 2.0x a system stream."""
    image = tmp_path / "image"
    size = options[:2] or ("-b", "2048")
    subprocess.run(["mkudffs", "--utf8", "-m", medium, "-r", revision, *size, *options[2:], "-l", "档案", "--new-file",
                    str(image), "4000"], check=True, capture_output=True)
    structure, findings = Disc(BlockSource(image)).structure()
    assert structure.layers == (f"UDF {revision}",) and structure.block_bytes == int(size[1])
    assert {f.code for f in findings} <= {"alternate-stream"}
    assert structure.volume_blocks == structure.blocks


@pytest.mark.parametrize("raw", [bytes(2 << 20), noise("n", 2 << 20), b"\2\0" * (1 << 19), noise("short", 1000)])
def test_what_is_no_udf(tmp_path: Path, raw: bytes) -> None:
    image = tmp_path / "image"
    image.write_bytes(raw)
    assert read_udf(BlockSource(image)) is None


def test_an_iso_9660_disc_is_no_udf(tmp_path: Path) -> None:
    """Even where an anchor of an earlier format is left over at its end."""
    image = images.genisoimage(images.plant(tmp_path / "root", images.some_files()), tmp_path / "image", "-J")
    left_over = papers_image()
    raw = image.read_bytes()
    image.write_bytes(raw + left_over.raw[len(raw):])
    assert read_udf(BlockSource(image)) is None


# --- anchors and sequences -----------------------------------------------------------------------------------------

def test_an_anchor_near_the_end_is_found(tmp_path: Path) -> None:
    """The tracks of some burners are padded; only the last anchor is left."""
    image = papers_image(anchors=("N-1",))
    found = read(tmp_path, image.raw + bytes(150 * 2048))
    assert (found.said, found.paths) == ([], set(checked(papers())))


def test_a_damaged_anchor_is_said_where_another_serves(tmp_path: Path) -> None:
    image = papers_image()
    found = read(tmp_path, patched(image, "anchor:256", 20, b"\xff" * 12))
    assert (found.said, found.paths) == ([("structure-damaged", "", "anchor")], set(checked(papers())))
    assert read(tmp_path, zeroed(image, "anchor:256")).said == []       # it may be unwritten


def test_sectors_of_two_sizes_are_a_doubt(tmp_path: Path) -> None:
    """What is left of a volume of 512-byte blocks in the gaps of another."""
    small, large = papers_image(block_bytes=512, anchors=(256,)), papers_image()
    assert len(small.raw) < 128 * 2048
    both = large.raw[:0x10000] + small.raw[0x10000:] + large.raw[len(small.raw):]
    found = read(tmp_path, both)
    assert found.said == [("descriptor-copies-differ", "", "anchor")]
    assert {path: found.content(path) for path in found.paths} == checked(papers())


def test_the_highest_sequence_number_prevails(tmp_path: Path) -> None:
    """Of the reserve sequence too, and the difference is said."""
    other = {16: (9999).to_bytes(4, "little"), 84: b"\x08NEWER"}
    found = read(tmp_path, retagged(papers_image(label=""), "reserve:LVD", {**other, 211: b"\x06"}))
    assert found.said == [("descriptor-copies-differ", "", "volume-descriptor-sequence")]
    assert found.udf.volume_label == "NEWER"


@pytest.mark.parametrize("which", ["main", "reserve"])
@pytest.mark.parametrize("kind", ["PVD", "LVD", "PD", "USD", "IUVD"])
@pytest.mark.parametrize("damage", [lambda i, n: zeroed(i, n), lambda i, n: patched(i, n, 30, b"\xff" * 8)])
def test_one_sequence_is_enough_and_it_is_said(tmp_path: Path, which: str, kind: str, damage: object) -> None:
    image = damage(papers_image(), f"{which}:{kind}")  # type: ignore[operator]
    found = read(tmp_path, image)
    assert found.said == [("structure-damaged", "", "volume-descriptor-sequence")]
    assert found.paths == set(checked(papers()))


def test_both_sequences_lost_is_no_volume(tmp_path: Path) -> None:
    image = zeroed(zeroed(papers_image(), "main:LVD"), "reserve:LVD")
    found = read(tmp_path, image)
    assert (found.said, found.udf.claimed_blocks) == ([("structure-damaged", "", "volume")], 0)


def test_a_lost_recognition_sequence_is_said(tmp_path: Path) -> None:
    image = papers_image()
    for name in ("vrs:BEA01", "vrs:NSR03", "vrs:TEA01"):
        image = zeroed(image, name)
    found = read(tmp_path, image)
    assert (found.said, found.paths) == ([("structure-damaged", "", "volume-recognition")], set(checked(papers())))


def test_another_block_size_in_the_descriptor_is_said(tmp_path: Path) -> None:
    image = papers_image()
    for which in ("main", "reserve"):
        image = retagged(image, f"{which}:LVD", {212: (512).to_bytes(4, "little")})
    assert ("structure-damaged", "", "block-size") in read(tmp_path, image).said


# --- integrity -----------------------------------------------------------------------------------------------------

@pytest.mark.parametrize(("options", "said"), [
    ({"integrity": ("open",)}, [("session-open", "", "")]),
    ({"integrity": ("open",), "access_type": 3}, [("session-open", "", "")]),
    ({"integrity": ("open",), "access_type": 0}, [("session-open", "", "")]),
    ({"integrity": ("open",), "access_type": 1}, []),
    ({"integrity": ("open",), "medium": "virtual"}, []),
    ({"integrity": ("open", "closed"), "integrity_next": True}, []),
    ({"integrity": ("closed", "open"), "integrity_next": True}, [("session-open", "", "")])])
def test_a_volume_that_was_not_closed(tmp_path: Path, options: dict[str, object], said: list[tuple[str, str, str]]
                                      ) -> None:
    assert read(tmp_path, papers_image(**options)).said == said


def test_a_lost_integrity_descriptor_is_said(tmp_path: Path) -> None:
    image = zeroed(papers_image(), "lvid")
    assert read(tmp_path, image).said == [("structure-damaged", "", "integrity-descriptor")]
    assert read(tmp_path, zeroed(papers_image(access_type=1), "lvid")).said == []


# --- files ---------------------------------------------------------------------------------------------------------

def test_files_in_pieces_have_the_extents_they_lie_in(tmp_path: Path) -> None:
    image, _ = samples()["hole-short"]
    found = read(tmp_path, image)
    files = found.udf.listing.files
    assert [(e.start_lba, e.length_bytes) for e in files.extents(files.paths.index("hole.bin"))] == [
        (image.block("data:hole.bin"), 4096), (-1, 3 * 2048), (image.block("data:hole.bin") + 3, 900)]


def test_an_extent_in_several_descriptors_is_one(tmp_path: Path) -> None:
    """Descriptors hold at most a gibibyte; neighbours are joined, so that other trees find the same file."""
    image = udf_image({"a.bin": noise("a", 5000)}, Options(descriptors="short"))
    at = image.block("data:a.bin") - 288
    ads = (2048).to_bytes(4, "little") + at.to_bytes(4, "little") + (2952).to_bytes(4, "little") \
        + (at + 1).to_bytes(4, "little")
    image = retagged(image, "fe:a.bin", {212: (16).to_bytes(4, "little")})
    raw = image.read("fe:a.bin")
    wider = UdfImage(image.raw, image.block_bytes, {"fe": ((image.places["fe:a.bin"][0][0], len(raw) + 8),)})
    image = retagged(wider, "fe", {216: ads}, crc_length=len(raw) + 8 - 16)
    found = read(tmp_path, image)
    assert found.said == [] and len(found.udf.listing.files.extents(0)) == 1
    assert found.content("a.bin") == noise("a", 5000)


def test_holes_count_against_the_carrier(tmp_path: Path) -> None:
    """Holes of a file may be as long as the carrier, those of all files together too; no more."""
    size = 200 * 2048
    shapes = {name: Shape(pieces=(Piece(2048), Piece(0, HOLE))) for name in ("a.bin", "b.bin")}
    content = dict.fromkeys(shapes, b"x" * 2048 + bytes(size))
    image = udf_image(content, Options(shapes=shapes))
    assert size < len(image.raw) < 2 * size
    found, files, findings = whole(tmp_path, image)
    assert told(findings) == [("content-encoded", "b.bin", "sparse")] and found == {"a.bin": content["a.bin"]}
    assert files.obstacles == {1: "content-encoded"}


def test_extended_descriptors_of_transformed_content(tmp_path: Path) -> None:
    image = udf_image({"a.bin": noise("a", 3000)}, Options(descriptors="extended"))
    image = retagged(image, "fe:a.bin", {220: (900).to_bytes(4, "little")})
    found, _, findings = whole(tmp_path, image)
    assert (found, told(findings)) == ({}, [("content-encoded", "a.bin", "compressed")])


def test_targets_of_symbolic_links(tmp_path: Path) -> None:
    found = read(tmp_path, samples()["special-files-long"][0])
    targets = {f.path: f.facts["target"] for f in found.udf.listing.findings if f.code == "symlink-noted"}
    assert targets == {"link": "案卷/0001.txt", "root": "/etc/名", "up/out": "../案卷/./0002.bin"}
    assert found.udf.listing.no_files == {"link", "root", "up/out", "fifo", "socket", "disk", "tty"}


def test_deleted_names_are_counted_and_some_are_shown(tmp_path: Path) -> None:
    names = {f"废{n}.txt": b"" for n in range(9)}
    image = udf_image({**papers(), **names}, Options(shapes={name: Shape(characteristics=4) for name in names}))
    (finding,) = read(tmp_path, image).udf.listing.findings
    assert (finding.code, finding.facts) == ("deleted-content", {"count": 9, "examples": "废0.txt; 废1.txt; 废2.txt"})


def test_names_that_are_no_compressed_unicode(tmp_path: Path) -> None:
    """Another compression id: shown as a guess, the raw name kept; half a character stays visible."""
    raw = "档案".encode("gb18030")
    shapes = {"a": Shape(identifier=raw), "b": Shape(identifier=b"\x10\x4e\x00\x62"), "c": Shape(identifier=b"\x08..")}
    found = read(tmp_path, udf_image(dict.fromkeys(shapes, b"x"), Options(shapes=shapes)))
    listing = found.udf.listing
    assert listing.files.paths == ["档案", "一\u6200", ".."]
    assert (listing.guessed, listing.files.raw_names, listing.unsafe) == ({0: "gb18030"}, {0: raw}, [2])


def test_directories_with_odd_names(tmp_path: Path) -> None:
    shapes = {"d": Shape(identifier=b"\x08.."), "e": Shape(identifier="档".encode("gb18030"))}
    found = read(tmp_path, udf_image({"d/x": b"1", "e/y": b"2"}, Options(shapes=shapes)))
    assert found.paths == {"../x", "档/y"}
    assert found.said == [("name-unsafe", "..", ""), ("name-undecodable", "档", "")]


def test_hostile_chains_end(tmp_path: Path) -> None:
    said = {"loop-of-directories": [("directory-loop", "案卷/回", ""), ("directory-loop", "案卷/附件/回", "")],
            "loop-of-extents": [("structure-damaged", "a.bin", "allocation-extent")],
            "loop-of-entries": [("content-encoded", "a.bin", "strategy-4096")],
            "loop-of-sequences": [("structure-damaged", "", "volume")], "loop-of-integrity": [("session-open", "", "")]}
    for name, (image, truth) in hostile_samples().items():
        content, _, findings = whole(tmp_path, image)
        assert (content, told(findings)) == (truth, said.get(name, [])), name
