"""Discs: images that other people's tools mastered, read whole; and what their structure can have wrong."""
from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from carriers.blocks import BlockSource
from carriers.disc import Disc
from carriers.model import CarrierChanged, Extent, Finding, Structure
from carriers.plan import make_plan
from tests.carriers import images
from tests.faults import FaultySource

Master = Callable[..., Path]


def facts(findings: tuple[Finding, ...]) -> list[tuple[str, str, dict[str, str | int]]]:
    return [(f.code, f.path, dict(f.facts)) for f in findings]


def paths(structure: Structure, tree: str) -> dict[str, int]:
    """path → file number in one tree."""
    found = next(t for t in structure.trees if t.name == tree)
    return dict(zip(found.paths, found.file_nos, strict=True))


@pytest.mark.parametrize(("master", "options", "layers"), [
    (images.genisoimage, "-J -R", ("ISO 9660", "Rock Ridge", "Joliet")),
    (images.genisoimage, "-J -joliet-long -r -D", ("ISO 9660", "Rock Ridge", "Joliet")),
    (images.genisoimage, "-R", ("ISO 9660", "Rock Ridge")),
    (images.genisoimage, "-iso-level 4", ("ISO 9660",)),
    (images.xorriso, "-J -R", ("ISO 9660", "Rock Ridge", "Joliet")),
    (images.xorriso, "-R -D", ("ISO 9660", "Rock Ridge")),
    (images.genisoimage, "-J -R -ucs-level 1", ("ISO 9660", "Rock Ridge", "Joliet")),
])
def test_every_file_of_a_sound_disc(tmp_path: Path, master: Master, options: str, layers: tuple[str, ...]) -> None:
    content = images.some_files()
    image = master(images.plant(tmp_path / "root", content), tmp_path / "image", *options.split())
    disc = images.open_image(image)
    structure, findings = disc.structure()
    assert findings == ()
    assert structure.layers == layers
    assert images.digests(disc, structure) == images.sha256s(content)
    assert images.bsdtar_list(image) == set(content)
    assert structure.files is not None
    for tree in structure.trees:
        assert sorted(tree.file_nos) == list(range(len(structure.files)))
    assert structure.volume_blocks <= structure.blocks
    assert [t.name for t in structure.trees] == [n for n in ("Joliet", "Rock Ridge", "ISO 9660") if n in layers]


@pytest.mark.parametrize("options", ["-XA -R -D", "-xa -R -J", "-XA -J"])
def test_cd_rom_xa_disturbs_nothing(tmp_path: Path, options: str) -> None:
    """7-Zip is the witness here: libarchive does not find Rock Ridge behind XA."""
    content = images.some_files() if "-R" in options else {"a.txt": b"a", "d/b.bin": b"b" * 5000}
    image = images.genisoimage(images.plant(tmp_path / "root", content), tmp_path / "image", *options.split())
    disc = images.open_image(image)
    structure, findings = disc.structure()
    assert findings == ()
    assert images.digests(disc, structure) == images.sha256s(content)
    assert images.seven_zip_list(image) == set(structure.trees[0].paths)


@pytest.mark.parametrize("options", ["", "-J"])
def test_plain_names_are_those_that_libarchive_shows(tmp_path: Path, options: str) -> None:
    content = {f"DIR{i}/SUB/FILE{j:04}.TXT": b"%d %d" % (i, j) for i in range(3) for j in range(90)}
    image = images.genisoimage(images.plant(tmp_path / "root", content), tmp_path / "image", *options.split())
    disc = images.open_image(image)
    structure, findings = disc.structure()
    assert findings == ()
    assert images.digests(disc, structure) == images.sha256s(content)
    assert images.bsdtar_list(image) == set(paths(structure, "ISO 9660")) == set(content)


@pytest.mark.parametrize("master", [images.genisoimage, images.xorriso])
def test_long_names_go_on_in_continuation_areas_and_joliet_cuts_them(tmp_path: Path, master: Master) -> None:
    content = {images.LONG: b"1", f"长/{images.LONG}": b"2", "short.txt": b"3"}
    image = master(images.plant(tmp_path / "root", content), tmp_path / "image", "-J", "-R")
    disc = images.open_image(image)
    structure, findings = disc.structure()
    assert findings == ()
    assert set(paths(structure, "Rock Ridge")) == set(content)
    digests = images.digests(disc, structure)
    assert structure.files is not None
    assert {path: digests[structure.files.paths[number]] for path, number in paths(structure, "Rock Ridge").items()} \
        == images.sha256s(content)
    assert not set(paths(structure, "Joliet")) & {images.LONG, f"长/{images.LONG}"}


def test_relocated_directories_are_put_back(tmp_path: Path) -> None:
    image = images.genisoimage(images.plant(tmp_path / "root", {"1/2/3/4/5/6/7/8/9/deep.txt": b"deep"}),
                               tmp_path / "image", "-R")
    structure, findings = images.open_image(image).structure()
    assert findings == ()
    assert list(paths(structure, "Rock Ridge")) == ["1/2/3/4/5/6/7/8/9/deep.txt"]
    assert list(paths(structure, "ISO 9660")) == ["RR_MOVED/8/9/DEEP.TXT"]


def gbk_root(root: Path) -> bytes:
    """A folder with names in GBK (second byte 0x5C too), and one that no encoding explains."""
    raw = os.fsencode(root)
    Path(os.fsdecode(raw + b"/" + "诚信档案".encode("gbk"))).mkdir(parents=True)
    for name in ("诚信档案/乗.txt".encode("gbk"), b"\x81\x5c.txt", b"odd\xff.txt"):
        Path(os.fsdecode(raw + b"/" + name)).write_bytes(name)
    return raw


@pytest.mark.parametrize("options", ["-R", "-iso-level 4"])
def test_names_in_gbk_are_guessed_and_kept(tmp_path: Path, options: str) -> None:
    gbk_root(tmp_path / "root")
    disc = images.open_image(images.genisoimage(tmp_path / "root", tmp_path / "image", *options.split()))
    structure, findings = disc.structure()
    assert structure.files is not None
    assert structure.files.paths == ["odd\udcff.txt", "乗.txt", "诚信档案/乗.txt"]
    assert structure.files.raw_names == {0: b"odd\xff.txt", 1: b"\x81\x5c.txt",
                                         2: "诚信档案/".encode("gbk") + b"\x81\x5c.txt"}
    assert facts(findings) == [
        ("name-undecodable", "诚信档案", {"encoding": "gb18030"}),
        ("name-undecodable", "odd\udcff.txt", {"encoding": "bytes"}),
        ("name-undecodable", "乗.txt", {"encoding": "gb18030"}),
        ("name-undecodable", "诚信档案/乗.txt", {"encoding": "gb18030"})]


@pytest.mark.parametrize(("utf_8", "guessed"), [(("案卷.txt", "档案.txt"), 1), (("案卷.txt",), 1), ((), 2)])
@pytest.mark.parametrize("directory", [False, True])
def test_one_encoding_holds_for_a_tree(tmp_path: Path, utf_8: tuple[str, ...], guessed: int,
                                       directory: bool) -> None:
    """目录 in GBK is valid UTF-8 too. One name in GBK does not turn a tree of UTF-8 names into GBK."""
    root = os.fsencode(images.plant(tmp_path / "root", dict.fromkeys((*utf_8, "1.txt"), b"u")))
    gbk = ["诚信.txt"] if utf_8 else ["诚信.txt", "目录/1" if directory else "目录.txt"]
    for name in gbk:
        path = Path(os.fsdecode(root + b"/" + name.encode("gbk")))
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"g")
    structure, findings = images.open_image(images.genisoimage(tmp_path / "root", tmp_path / "image", "-R")).structure()
    assert structure.files is not None and sorted(structure.files.paths) == sorted([*utf_8, "1.txt", *gbk])
    assert [f.facts for f in findings] == [{"encoding": "gb18030"}] * guessed


@pytest.mark.parametrize("master", [images.genisoimage, images.xorriso])
def test_links_are_noted_and_hard_links_share_their_content(tmp_path: Path, master: Master) -> None:
    root = images.plant(tmp_path / "root", {"a/one.txt": b"one"})
    os.link(root / "a/one.txt", root / "two.txt")
    (root / "out").symlink_to("../../etc/passwd")
    (root / "in").symlink_to("a/one.txt")
    (root / "abs").symlink_to("/a/one.txt")
    os.mkfifo(root / "fifo")
    disc = images.open_image(master(root, tmp_path / "image", "-J", "-R"))
    structure, findings = disc.structure()
    assert images.digests(disc, structure) == images.sha256s({"a/one.txt": b"one", "two.txt": b"one"})
    assert sorted(facts(findings), key=lambda f: f[1]) == [
        ("symlink-noted", "abs", {"target": "/a/one.txt"}),
        ("content-not-on-carrier", "fifo", {"kind": "fifo"}),
        ("symlink-noted", "in", {"target": "a/one.txt"}),
        ("symlink-noted", "out", {"target": "../../etc/passwd"})]


def test_compressed_content_is_an_obstacle_in_every_tree(tmp_path: Path) -> None:
    root = images.plant(tmp_path / "root", {"big.txt": b"0" * 300_000, "small.bin": b"s"})
    subprocess.run(["xorriso", "-outdev", str(tmp_path / "image"), "-joliet", "on", "-map", str(root), "/",
                    "-set_filter", "--zisofs", "/big.txt", "--"], check=True, capture_output=True)
    structure, findings = images.open_image(tmp_path / "image").structure()
    assert structure.files is not None
    assert [(f.path, f.obstacle) for f in structure.files] == [("big.txt", "content-encoded"), ("small.bin", "")]
    assert facts(findings) == [("content-encoded", "big.txt", {"kind": "zisofs"})]


def test_a_file_in_several_extents_is_one_file(tmp_path: Path) -> None:
    one, two = hashlib.shake_128(b"1").digest(4096), hashlib.shake_128(b"2").digest(3000)
    image = images.genisoimage(images.plant(tmp_path / "root", {"AAAA.BIN": one, "AAAB.BIN": two, "B.TXT": b"b"}),
                               tmp_path / "image")
    raw = image.read_bytes()
    first, second = images.record_at(raw, b"AAAA.BIN;1"), images.record_at(raw, b"AAAB.BIN;1")
    images.patched(image, {first + 25: b"\x80", second + 33: b"AAAA.BIN;1"})
    disc = images.open_image(image)
    structure, findings = disc.structure()
    assert findings == ()
    assert images.digests(disc, structure) == images.sha256s({"AAAA.BIN": one + two, "B.TXT": b"b"})
    assert structure.files is not None
    assert [e.length_bytes for e in structure.files[0].extents] == [7096]         # one goes on where the other ends


def test_a_file_whose_last_extent_never_comes_is_damage(tmp_path: Path) -> None:
    image = images.genisoimage(images.plant(tmp_path / "root", {"A.BIN": b"a", "B.TXT": b"b"}), tmp_path / "image")
    images.patched(image, {images.record_at(image.read_bytes(), b"A.BIN;1") + 25: b"\x80"})
    structure, findings = images.open_image(image).structure()
    assert structure.files is not None and structure.files.paths == ["A.BIN", "B.TXT"]
    assert facts(findings) == [("structure-damaged", "", {"what": "multi-extent", "count": 1})]


@pytest.mark.parametrize(("length", "xar", "obstacle"), [(5, 0, ""), (2048, 0, ""), (6000, 0, ""),
                                                         (2048 * 40, 0, "content-encoded"), (5, 1, "content-encoded")])
def test_associated_and_interleaved_files(tmp_path: Path, length: int, xar: int, obstacle: str) -> None:
    """B.TXT: one block, a gap of two, one block …; beyond the carrier, or with an XAR, nobody can tell."""
    image = images.genisoimage(images.plant(tmp_path / "root", {"A.BIN": b"a", "B.TXT": bytes(range(256)) * 320}),
                               tmp_path / "image", "-no-pad")
    raw = image.read_bytes()
    at = images.record_at(raw, b"B.TXT;1")
    images.patched(image, {images.record_at(raw, b"A.BIN;1") + 25: b"\x04", at + 26: b"\x01\x02", at + 1: bytes([xar]),
                           at + 10: images.both(length)})
    disc = images.open_image(image)
    structure, findings = disc.structure()
    assert structure.files is not None
    assert [(f.path, f.obstacle) for f in structure.files] == [("B.TXT", obstacle)]
    assert facts(findings) == [("associated-file", "A.BIN", {}),
                               *([(obstacle, "B.TXT", {"kind": "interleaved"})] if obstacle else [])]
    first = int.from_bytes(raw[at + 2:at + 6], "little")
    truth = b"".join(raw[block * 2048:(block + 1) * 2048] for block in range(first, first + 9, 3))[:length]
    assert obstacle or images.digests(disc, structure) == images.sha256s({"B.TXT": truth})


@pytest.mark.parametrize("half", [2, 6, 10, 14])
def test_the_plausible_half_of_a_number_is_taken(tmp_path: Path, half: int) -> None:
    content = {"A.BIN": b"a" * 5000, "B.TXT": b"b"}
    image = images.genisoimage(images.plant(tmp_path / "root", content), tmp_path / "image")
    images.patched(image, {images.record_at(image.read_bytes(), b"A.BIN;1") + half: b"\xf0\xf0\xf0\xf0"})
    disc = images.open_image(image)
    structure, findings = disc.structure()
    assert facts(findings) == [("descriptor-copies-differ", "", {"what": "both-endian", "count": 1})]
    assert images.digests(disc, structure) == images.sha256s(content)


@pytest.mark.parametrize(("name", "shown"), [(b"..", ".."), (b"a/", "a\u2215"), (b"a\n", "a\n"), (b"\0a", "\0a")])
def test_unsafe_names_cannot_split_a_path(tmp_path: Path, name: bytes, shown: str) -> None:
    image = images.genisoimage(images.plant(tmp_path / "root", {"d/xy": b"1", "d/z": b"2"}), tmp_path / "image", "-R")
    at = image.read_bytes().index(b"NM\x07\x01\x00xy")
    images.patched(image, {at + 5: name})
    structure, findings = images.open_image(image).structure()
    assert structure.files is not None and structure.files.paths == [f"d/{shown}", "d/z"]
    assert facts(findings) == [("name-unsafe", f"d/{shown}", {})]


def test_a_name_that_stands_twice_is_damage(tmp_path: Path) -> None:
    image = images.genisoimage(images.plant(tmp_path / "root", {"A.BIN": b"a", "B.BIN": b"b"}), tmp_path / "image")
    images.patched(image, {images.record_at(image.read_bytes(), b"B.BIN;1") + 33: b"A"})
    assert facts(images.open_image(image).structure()[1]) == [
        ("structure-damaged", "", {"what": "duplicate-name", "count": 1})]


def test_a_file_that_one_tree_hides_is_found(tmp_path: Path) -> None:
    content = {"shown.txt": b"1", "unseen.txt": b"2", "hidden.txt": b"3"}
    image = images.genisoimage(images.plant(tmp_path / "root", content), tmp_path / "image", "-J", "-R",
                               "-hide-joliet", "unseen.txt", "-hide", "hidden.txt")
    disc = images.open_image(image)
    structure, findings = disc.structure()
    assert images.digests(disc, structure) == images.sha256s(content)
    assert facts(findings) == [
        ("layers-differ", "hidden.txt", {"what": "only-here", "tree": "Joliet", "other": "Rock Ridge"}),
        ("layers-differ", "unseen.txt", {"what": "only-here", "tree": "Rock Ridge", "other": "Joliet"})]
    assert set(paths(structure, "Joliet")) == {"shown.txt", "hidden.txt"}


def test_one_name_for_two_contents_is_found(tmp_path: Path) -> None:
    image = images.genisoimage(images.plant(tmp_path / "root", {"a.txt": b"1", "b.txt": b"22"}), tmp_path / "image",
                               "-J", "-R")
    raw = image.read_bytes()
    a, b = (images.record_at(raw, name.encode("utf-16-be")) for name in ("a.txt", "b.txt"))
    images.patched(image, {a + 2: raw[b + 2:b + 18], b + 2: raw[a + 2:a + 18]})
    assert facts(images.open_image(image).structure()[1]) == [
        ("layers-differ", name, {"what": "other-content", "tree": "Joliet", "other": "Rock Ridge"})
        for name in ("a.txt", "b.txt")]


def test_one_name_for_two_contents_is_said_once(tmp_path: Path) -> None:
    image = images.genisoimage(images.plant(tmp_path / "root", {"a.txt": b"1", "b.txt": b"22"}), tmp_path / "image",
                               "-J", "-R")
    raw = image.read_bytes()
    a, b = (images.record_at(raw, name) for name in (b"A.TXT;1", b"B.TXT;1"))
    images.patched(image, {a + 2: raw[b + 2:b + 18]})
    structure, findings = images.open_image(image).structure()
    assert facts(findings) == [
        ("layers-differ", "a.txt", {"what": "other-content", "tree": "Joliet", "other": "Rock Ridge"})]
    assert structure.files is not None and structure.files.paths == ["a.txt", "b.txt", "a.txt"]


def test_where_files_lie(tmp_path: Path) -> None:
    content = {"A.BIN": bytes(5000), "B.BIN": bytes(range(256)) * 20, "C.BIN": b"c"}
    image = images.genisoimage(images.plant(tmp_path / "root", content), tmp_path / "image")
    raw = image.read_bytes()
    a, b, c = (images.record_at(raw, name) for name in (b"A.BIN;1", b"B.BIN;1", b"C.BIN;1"))
    start = int.from_bytes(raw[a + 2:a + 6], "little")
    images.patched(image, {b + 2: images.both(start + 1), c + 2: images.both(1 << 20)})
    structure, findings = images.open_image(image).structure()
    assert [(f.code, f.path, f.extent, dict(f.facts)) for f in findings] == [
        ("extent-outside", "C.BIN", Extent(1 << 20, 1), {"limit_bytes": structure.capacity_bytes}),
        ("extents-overlap", "B.BIN", Extent(start + 1, 5120), {"other": "A.BIN"})]
    assert dict(make_plan(structure).lost) == {2: 1}


def test_a_directory_that_holds_itself_ends(tmp_path: Path) -> None:
    root = images.plant(tmp_path / "root", {"D/E/F.TXT": b"f", "D/G.TXT": b"g"})
    image = images.genisoimage(root, tmp_path / "image")
    raw = image.read_bytes()
    d, e = images.record_at(raw, b"D"), images.record_at(raw, b"E")
    images.patched(image, {e + 2: raw[d + 2:d + 18]})
    structure, findings = images.open_image(image).structure()
    assert structure.files is not None and structure.files.paths == ["D/G.TXT"]
    assert facts(findings) == [("directory-loop", "D/E", {"count": 1}),
                               ("structure-damaged", "D", {"what": "directory-not-reached", "count": 1,
                                                           "reason": "named", "name": "D/E"})]


@pytest.mark.parametrize(("options", "label"), [
    ("-V J010_2026_01_G001_A", "J010_2026_01_G001_A"), ("-J -V J010_2026_01_G001_A", "J010_2026_01_G001_A"),
    ("-J -V J010", "J010"), ("-J -V 档案备份", "档案备份")])
def test_the_label(tmp_path: Path, options: str, label: str) -> None:
    root = images.plant(tmp_path / "root", {"a": b"a"})
    disc = images.open_image(images.genisoimage(root, tmp_path / "image", "-input-charset", "utf-8", *options.split()))
    assert disc.identify().volume_label == label


def test_what_is_no_iso_9660(tmp_path: Path) -> None:
    image = tmp_path / "image"
    descriptors = b"".join(b"\0" + name + b"\x01" + bytes(2041) for name in (b"BEA01", b"NSR02", b"TEA01"))
    unknown = [("file-system-unknown", "", {"layer": "", "reason": "none"})]
    for raw, expected in ((bytes(1 << 20), [("blank", "", {})]),
                          (b"\x33\xc0" * 300_000, unknown),
                          (bytes(900_000) + b"x" * 2048, unknown),
                          (bytes(100), [("blank", "", {})]),
                          (b"x" * 1000, unknown),
                          (bytes(1 << 20) + b"x", unknown),
                          (bytes(32768) + descriptors, [("structure-damaged", "", {"what": "volume", "count": 1})])):
        image.write_bytes(raw)
        structure, findings = images.open_image(image).structure()
        assert facts(findings) == expected
        assert structure.files is not None and len(structure.files) == 0 and structure.trees == ()
        assert sum(read.extent.length_bytes for read in make_plan(structure)) == len(raw)


def test_a_bridge_disc_has_one_set_of_files(tmp_path: Path) -> None:
    content = images.some_files()
    root = images.plant(tmp_path / "root", content)
    disc = images.open_image(images.genisoimage(root, tmp_path / "image", "-udf", "-J", "-R", "-V", "LABEL"))
    structure, findings = disc.structure()
    assert structure.layers == ("ISO 9660", "Rock Ridge", "Joliet", "UDF 1.02")
    assert disc.identify().volume_label == "LABEL"
    assert [tree.name for tree in structure.trees] == ["UDF", "Joliet", "Rock Ridge", "ISO 9660"]
    assert findings == () and images.digests(disc, structure) == images.sha256s(content)


def test_bad_blocks_in_files_and_in_directories(tmp_path: Path) -> None:
    content = {"A.BIN": bytes(range(256)) * 40, "B.BIN": b"b", "D/C.TXT": b"c"}
    image = images.genisoimage(images.plant(tmp_path / "root", content), tmp_path / "image")
    raw = image.read_bytes()
    file_at, directory_at = (int.from_bytes(raw[at + 2:at + 6], "little") for at in
                             (images.record_at(raw, b"A.BIN;1"), images.record_at(raw, b"D")))
    faults = FaultySource(bad={file_at + 2, directory_at})
    disc = Disc(BlockSource(image, pread=faults))
    structure, findings = disc.structure()
    assert structure.files is not None and structure.files.paths == ["A.BIN", "B.BIN"]
    assert [(f.code, f.path, f.extent, dict(f.facts)) for f in findings] == [
        ("structure-damaged", "D", Extent(directory_at, 2048), {"what": "unreadable-block", "count": 1})]
    chunks = list(disc.read(make_plan(structure)))
    assert [c.extent for c in chunks if c.content is None] == [Extent(directory_at, 2048), Extent(file_at + 2, 2048)]
    assert [(p.file_no, p.offset_bytes, p.at_bytes, p.length_bytes) for c in chunks if c.content is None
            for p in c.parts] == [(0, 4096, 0, 2048)]
    assert sum(c.extent.length_bytes for c in chunks) == len(raw)
    kept = {block for extent in structure.structure_extents
            for block in range(extent.start_lba, extent.start_lba + extent.length_bytes // 2048)}
    before = len(faults.asked)
    list(disc.read(make_plan(structure)))
    asked = {block for at, length in faults.asked[before:] for block in range(at // 2048, (at + length) // 2048)}
    assert asked & kept == {directory_at}


def test_an_image_that_is_written_to_is_another_carrier(tmp_path: Path) -> None:
    image = images.genisoimage(images.plant(tmp_path / "root", {"a": b"a"}), tmp_path / "image")
    disc = images.open_image(image)
    plan = make_plan(disc.structure()[0])
    os.utime(image, ns=(0, 0))
    with pytest.raises(CarrierChanged):
        list(disc.read(plan))


def test_the_fingerprint_is_of_the_structure(tmp_path: Path) -> None:
    root = images.plant(tmp_path / "root", {"a.txt": b"1", "b.txt": b"2"})
    image = images.genisoimage(root, tmp_path / "image", "-J")
    first = images.open_image(image).identify().fingerprint
    raw = image.read_bytes()
    images.patched(image, {int.from_bytes(raw[images.record_at(raw, b"A.TXT;1") + 2:][:4], "little") * 2048: b"9"})
    assert images.open_image(image).identify().fingerprint == first
    images.patched(image, {images.record_at(raw, b"A.TXT;1") + 33: b"C"})
    assert images.open_image(image).identify().fingerprint != first


@pytest.mark.parametrize("unit", [512, 1024])
def test_smaller_logical_blocks(tmp_path: Path, unit: int) -> None:
    """The same disc with its addresses counted in smaller blocks; records still fill whole sectors."""
    content = {f"D/F{i:03}.TXT": b"%d" % i for i in range(60)}
    image = images.genisoimage(images.plant(tmp_path / "root", content), tmp_path / "image")
    raw, times = bytearray(image.read_bytes()), 2048 // unit

    def scale(at: int) -> int:
        number = int.from_bytes(raw[at:at + 4], "little")
        raw[at:at + 8] = images.both(number * times)
        return number

    def rewrite(first: int, length: int, done: set[int]) -> None:
        at = first * 2048
        while at < first * 2048 + length:
            if not raw[at]:
                at = (at // 2048 + 1) * 2048
                continue
            place, size = scale(at + 2), int.from_bytes(raw[at + 10:at + 14], "little")
            if raw[at + 25] & 2 and place not in done:
                done.add(place)
                rewrite(place, size, done)
            at += raw[at]

    pvd = 16 * 2048
    rewrite(int.from_bytes(raw[pvd + 158:pvd + 162], "little"), 2048,
            {int.from_bytes(raw[pvd + 158:pvd + 162], "little")})
    scale(pvd + 158)
    scale(pvd + 80)
    raw[pvd + 128:pvd + 132] = unit.to_bytes(2, "little") + unit.to_bytes(2, "big")
    raw[pvd + 140:pvd + 156] = bytes(16)                # no path tables
    image.write_bytes(raw)
    disc = images.open_image(image)
    structure, findings = disc.structure()
    assert (findings, structure.block_bytes, structure.blocks) == ((), unit, len(raw) // unit)
    assert images.digests(disc, structure) == images.sha256s(content)


def test_a_small_file_is_read_before_the_pass(tmp_path: Path) -> None:
    content = images.some_files()
    disc = images.open_image(images.genisoimage(images.plant(tmp_path / "root", content), tmp_path / "image", "-R"))
    files = disc.structure()[0].files
    assert files is not None
    assert {path: disc.content(number) for number, path in enumerate(files.paths)} == content
