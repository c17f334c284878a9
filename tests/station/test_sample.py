"""The sample and the mastering, looked at with other people's tools: bsdtar for both trees, 7z, isoinfo, libmagic."""
from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import magic
import pytest

from carriers import open_carrier
from carriers.model import Refused
from station.sample import make_sample, master_iso

LABEL = "J010_2026_01_G001_A"


def digests(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): hashlib.md5(path.read_bytes()).hexdigest()
            for path in folder.rglob("*") if path.is_file()}


def nobody(_done: int, _in_all: int) -> None:
    """Nobody looks at the progress."""


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    make_sample(folder, 1)
    return folder


def unpacked(iso: Path, into: Path, *options: str) -> dict[str, str]:
    into.mkdir()
    subprocess.run(["bsdtar", *options, "-xf", str(iso), "-C", str(into)], check=True)
    return digests(into)


def test_the_sample_is_what_it_is_said_to_be(sample: Path, tmp_path: Path) -> None:
    files = [path for path in sample.rglob("*") if path.is_file()]
    sizes = [path.stat().st_size for path in files]
    assert 280 <= len(files) <= 320
    assert 30_000_000 <= sum(sizes) <= 45_000_000
    assert (sizes.count(0), max(sizes) > 2_000_000) == (1, True)
    make_sample(tmp_path, 1)
    assert digests(tmp_path) == digests(sample)


def test_another_seed_is_another_sample(sample: Path, tmp_path: Path) -> None:
    make_sample(tmp_path, 2)
    assert set(digests(tmp_path).values()) != set(digests(sample).values())


def test_what_is_there_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "内容简介.txt").write_bytes(b"mine")
    with pytest.raises(FileExistsError):
        make_sample(tmp_path, 1)
    assert (tmp_path / "内容简介.txt").read_bytes() == b"mine"


def test_first_bytes_fit_the_extensions(sample: Path) -> None:
    found: dict[str, set[str]] = {}
    for path in sample.rglob("*.*"):
        if path.is_file() and path.stat().st_size:
            found.setdefault(path.suffix, set()).add(magic.from_file(str(path), mime=True))
    assert found == {
        ".ofd": {"application/zip"}, ".pdf": {"application/pdf"}, ".jpg": {"image/jpeg"}, ".tif": {"image/tiff"},
        ".docx": {"application/vnd.openxmlformats-officedocument.wordprocessingml.document"}, ".png": {"image/png"},
        ".wav": {"audio/x-wav"}, ".mp3": {"audio/mpeg"}, ".xml": {"text/xml"}, ".txt": {"text/plain"}}


def test_both_trees_of_the_disc_hold_every_file(sample: Path, tmp_path: Path) -> None:
    iso = tmp_path / "disc.iso"
    seen: list[tuple[int, int]] = []
    master_iso(sample, iso, LABEL, lambda done, in_all: seen.append((done, in_all)))
    assert seen[-1][0] == seen[-1][1] == iso.stat().st_size
    assert unpacked(iso, tmp_path / "rr", "--options", "iso9660:!joliet") == digests(sample)
    assert unpacked(iso, tmp_path / "joliet", "--options", "iso9660:!rockridge") == digests(sample)
    subprocess.run(["7z", "x", "-bd", f"-o{tmp_path / '7z'}", str(iso)], check=True, stdout=subprocess.DEVNULL)
    assert digests(tmp_path / "7z") == digests(sample)
    about = subprocess.run(["isoinfo", "-d", "-i", str(iso)], check=True, capture_output=True, text=True).stdout
    assert f"Volume id: {LABEL}\n" in about
    assert sorted(path.name for path in tmp_path.iterdir()) == ["7z", "disc.iso", "joliet", "rr"]


def test_deep_folders_and_names_of_64_characters(tmp_path: Path) -> None:
    source, deep = tmp_path / "src", tmp_path / "src"
    for level in range(10):
        deep = deep / f"第{level}层"
        deep.mkdir(parents=True)
        (deep / "文件.txt").write_text(str(level))
    (source / ("长" * 60 + ".txt")).write_bytes(b"long")
    (source / ("长" * 59 + "尾.txt")).write_bytes(b"long, and the same for 59 characters")
    master_iso(source, tmp_path / "disc.iso", "DEEP", nobody)
    wanted = digests(source)
    assert len(wanted) == 12
    assert unpacked(tmp_path / "disc.iso", tmp_path / "rr", "--options", "iso9660:!joliet") == wanted
    assert unpacked(tmp_path / "disc.iso", tmp_path / "joliet", "--options", "iso9660:!rockridge") == wanted


@pytest.mark.parametrize("label", ["", "小写", "lower", "A" * 33, "A-B"])
def test_a_label_that_no_descriptor_holds_is_refused(sample: Path, tmp_path: Path, label: str) -> None:
    with pytest.raises(Refused) as refusal:
        master_iso(sample, tmp_path / "disc.iso", label, nobody)
    assert (refusal.value.code, refusal.value.facts) == ("disc-label-unfit", {"label": label, "limit": 32})


def test_a_name_too_long_for_joliet_is_refused_not_cut(tmp_path: Path) -> None:
    source = tmp_path / "src"
    source.mkdir()
    (source / ("长" * 61 + ".txt")).write_bytes(b"")
    with pytest.raises(Refused) as refusal:
        master_iso(source, tmp_path / "disc.iso", "LONG", nobody)
    assert (refusal.value.code, refusal.value.facts) == ("disc-name-long", {"path": "长" * 61 + ".txt", "limit": 64})
    assert list(tmp_path.iterdir()) == [source]


def test_our_own_reader_finds_nothing_wrong_with_it(sample: Path, tmp_path: Path) -> None:
    master_iso(sample, tmp_path / "disc.iso", LABEL, nobody)
    carrier = open_carrier(tmp_path / "disc.iso")
    structure, findings = carrier.structure()
    assert findings == ()
    assert carrier.identify().volume_label == LABEL
    assert structure.files is not None
    assert sorted(structure.files.paths) == sorted(digests(sample))
    assert [(tree.name, len(tree.paths)) for tree in structure.trees[:2]] == [("Joliet", 302), ("Rock Ridge", 302)]
    carrier.close()
