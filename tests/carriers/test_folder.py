"""A folder of files as a carrier."""
from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from carriers import open_carrier
from carriers.folder import Folder
from carriers.model import Addressing, CarrierChanged, CarrierError, CarrierKind, Extent, FilePart, Finding
from carriers.plan import make_plan
from tests.carriers.images import plant, sha256s, some_files
from tests.faults import FaultySource


def read_all(folder: Folder) -> dict[str, str]:
    files = folder.structure()[0].files
    assert files is not None
    hashes = [hashlib.sha256() for _ in files.paths]
    for chunk in folder.read(make_plan(folder.structure()[0], max_bytes=64 << 10)):
        (part,) = chunk.parts
        assert chunk.content is not None and part.length_bytes == len(chunk.content) == chunk.extent.length_bytes
        hashes[part.file_no].update(chunk.content)
    return {path: hashes[number].hexdigest() for number, path in enumerate(files.paths)}


def test_every_file_as_it_is(tmp_path: Path) -> None:
    content = some_files()
    folder = open_carrier(plant(tmp_path / "J010", content))
    assert isinstance(folder, Folder)
    structure, findings = folder.structure()
    assert findings == ()
    assert structure.files is not None
    assert list(structure.files.paths) == sorted(content)
    assert (structure.addressing, structure.layers, structure.block_bytes) == (Addressing.FILES, ("files",), 4096)
    assert read_all(folder) == sha256s(content)
    identity = folder.identify()
    assert (identity.kind, identity.volume_label) == (CarrierKind.FOLDER, "J010")
    assert identity.capacity_bytes == sum(map(len, content.values()))


def test_nothing_but_regular_files_is_followed_or_opened(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    plant(outside, {"secret.txt": b"secret"})
    root = plant(tmp_path / "root", {"a.txt": b"a"})
    (root / "out").symlink_to(outside)
    (root / "file").symlink_to(outside / "secret.txt")
    os.mkfifo(root / "fifo")
    folder = Folder(root)
    structure, findings = folder.structure()
    assert structure.files is not None and list(structure.files.paths) == ["a.txt"]
    code = "content-not-on-carrier"
    assert findings == (Finding(code, "fifo", facts={"kind": "fifo", "target": ""}),
                        Finding(code, "file", facts={"kind": "symlink", "target": str(outside / "secret.txt")}),
                        Finding(code, "out", facts={"kind": "symlink", "target": str(outside)}))
    assert list(read_all(folder)) == ["a.txt"]


def test_names_that_are_not_utf8_keep_their_bytes(tmp_path: Path) -> None:
    root = os.fsencode(tmp_path / "root")
    Path(os.fsdecode(root + b"/" + "案卷".encode("gbk"))).mkdir(parents=True)
    for name in ("案卷/許功.txt".encode("gb18030"), b"odd\xff.txt", b"rtl\xe2\x80\xae.txt"):
        Path(os.fsdecode(root + b"/" + name)).write_bytes(name)
    folder = Folder(Path(os.fsdecode(root)))
    structure, findings = folder.structure()
    assert structure.files is not None
    assert list(structure.files.paths) == ["odd\udcff.txt", "rtl\u202e.txt", "案卷/許功.txt"]
    assert structure.files.raw_names == {0: b"odd\xff.txt", 2: "案卷/許功.txt".encode("gb18030")}
    assert [(f.code, f.path, dict(f.facts)) for f in findings] == [
        ("name-undecodable", "odd\udcff.txt", {"encoding": "bytes"}),
        ("name-unsafe", "rtl\u202e.txt", {}),
        ("name-undecodable", "案卷", {"encoding": "gb18030"}),
        ("name-undecodable", "案卷/許功.txt", {"encoding": "gb18030"})]
    assert read_all(folder)["案卷/許功.txt"] == hashlib.sha256("案卷/許功.txt".encode("gb18030")).hexdigest()


@pytest.mark.parametrize("change", ["longer", "other", "gone", "link", "touched"])
def test_a_file_that_changed_since_it_was_listed_is_not_read(tmp_path: Path, change: str) -> None:
    root = plant(tmp_path / "root", {"a.txt": b"a", "b/c.txt": b"cc"})
    folder = Folder(root)
    folder.structure()
    target, times = root / "b/c.txt", (root / "b/c.txt").stat()
    if change == "longer":
        target.write_bytes(b"ccc")
    elif change == "touched":
        os.utime(target, ns=(0, 0))
    elif change == "gone":
        target.unlink()
    else:
        plant(tmp_path / "aside", {"c.txt": b"xx"})
        os.utime(tmp_path / "aside/c.txt", ns=(times.st_atime_ns, times.st_mtime_ns))
        target.unlink()
        if change == "link":
            target.symlink_to(tmp_path / "aside/c.txt")
        else:
            (tmp_path / "aside/c.txt").rename(target)
    with pytest.raises(CarrierChanged) as changed:
        list(folder.read(make_plan(folder.structure()[0])))
    assert (changed.value.code, changed.value.facts["path"]) == ("carrier-changed", "b/c.txt")


def test_a_bad_block_costs_that_block_only(tmp_path: Path) -> None:
    root = plant(tmp_path / "root", {"a.bin": bytes(20_000)})
    folder = Folder(root, pread=FaultySource(bad={2}, block_bytes=4096))
    chunks = list(folder.read(make_plan(folder.structure()[0])))
    assert [(c.read_no, c.extent, c.parts, c.attempts, c.content is not None) for c in chunks] == [
        (0, Extent(0, 8192), (FilePart(0, 0, 0, 8192),), 1, True),
        (0, Extent(2, 4096), (FilePart(0, 8192, 0, 4096),), 3, False),
        (0, Extent(3, 7712), (FilePart(0, 12288, 0, 7712),), 1, True)]


def test_a_directory_that_cannot_be_opened_is_a_refusal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = plant(tmp_path / "root", {"a.txt": b"a", "shut/b.txt": b"b"})
    folder = Folder(root)
    real = os.open

    def shut(path: bytes, flags: int, *, dir_fd: int | None = None) -> int:
        if path == b"shut/":
            raise PermissionError(13, "denied")
        return real(path, flags, dir_fd=dir_fd)
    monkeypatch.setattr("carriers.folder.os.open", shut)
    with pytest.raises(CarrierError) as refusal:
        folder.structure()
    assert (refusal.value.code, refusal.value.facts) == ("source-denied", {"source": str(root / "shut")})


def test_the_stamp_tells_a_changed_folder(tmp_path: Path) -> None:
    root = plant(tmp_path / "root", {"a.txt": b"a"})
    before = Folder(root).stamp()
    assert Folder(root).stamp() == before
    os.utime(root / "a.txt", ns=(0, 0))
    assert Folder(root).stamp() != before


def test_a_small_file_is_read_before_the_pass(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"abc")
    (tmp_path / "b.txt").write_bytes(b"")
    folder = Folder(tmp_path)
    assert [folder.content(0), folder.content(1)] == [b"abc", b""]
