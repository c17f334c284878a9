"""Tar files: members as other programs see them, and what damage makes of them."""
from __future__ import annotations

import io
import random
import tarfile
import time
from contextlib import closing
from pathlib import Path

import pytest

from carriers import open_carrier
from carriers.disc import Disc
from carriers.model import Carrier, Files
from carriers.plan import make_plan
from carriers.tape import TapeFolder
from carriers.tape_stream import TapeStream
from carriers.tar_members import is_header, number_of, pax_records
from carriers.tartape import TarFile
from tests.tape_writer import Tape, header_at, records, tar
from tests.vectors_kit import CONTENT

NAMES = ("a", "深/文件.txt", "n" * 99, "n" * 100, "n" * 101, "d/" * 60 + "x", "空 格/名.txt", "l" * 300)


def contents(carrier: Carrier) -> dict[str, bytes]:
    found: dict[int, bytearray] = {}
    structure = carrier.structure()[0]
    for chunk in carrier.read(make_plan(structure)):
        for number, offset, at, length in chunk.parts if chunk.content is not None else ():
            mine = found.setdefault(number, bytearray())
            assert len(mine) == offset
            mine += (chunk.content or b"")[at:at + length]
    structure = carrier.structure()[0]
    return {path: bytes(found.get(n, b"")) for n, path in enumerate((structure.files or Files()).paths)}


def random_archive(chance: random.Random) -> bytes:
    """An archive of Python's tarfile, or of GNU tar and bsdtar's formats by it, with entries of every kind."""
    out = io.BytesIO()
    kind = chance.choice((tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT))
    with tarfile.open(fileobj=out, mode="w", format=kind) as made:
        for number in range(chance.randrange(1, 12)):
            names = (*NAMES[:2], "d/" * 60 + "x") if kind == tarfile.USTAR_FORMAT else NAMES
            entry = tarfile.TarInfo(f"{number}-" + chance.choice(names))
            entry.mtime = chance.choice((0, 1_700_000_000, 0o77777777777))
            entry.uid = chance.choice((0, 1000, 3_000_000)) if kind != tarfile.USTAR_FORMAT else 0
            entry.type = chance.choice((tarfile.REGTYPE,) * 6 + (tarfile.DIRTYPE, tarfile.AREGTYPE))
            if entry.name.endswith("d/x"):                      # cut after a / Python takes it for a directory
                entry.type = tarfile.REGTYPE
            raw = b"" if entry.type == tarfile.DIRTYPE else chance.randbytes(chance.choice((0, 1, 511, 512, 513, 9000)))
            entry.size = len(raw)
            made.addfile(entry, io.BytesIO(raw))
    return out.getvalue()


@pytest.mark.parametrize("seed", range(30))
def test_members_are_those_that_python_sees_in_a_file_and_on_a_tape(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    raw = random_archive(chance)
    with tarfile.open(fileobj=io.BytesIO(raw)) as seen:
        wanted = {m.name: handle.read() for m in seen if m.isfile() and (handle := seen.extractfile(m)) is not None}
    (tmp_path / "x.tar").write_bytes(raw)
    tape = Tape()
    tape.put(0, *records(raw, chance.choice((512, 1024, 10240))), None)
    for source in (tmp_path / "x.tar", tape.save(tmp_path / "tape")):
        with closing(open_carrier(source)) as carrier:
            assert contents(carrier) == wanted
            assert carrier.structure()[1] == ()


@pytest.mark.parametrize(("text", "number"), [
    (b"0000644\0", 0o644), (b"    644 ", 0o644), (b"644\0\0\0\0\0", 0o644), (b"\0" * 8, 0), (b"        ", 0),
    (b"\x80" + b"\0" * 7 + b"\x05\x00\x00\x00", 5 << 24), (b"\xff" * 12, -1), (b"0009999\0", -1), (b"-000644\0", -1)])
def test_numbers_of_a_header(text: bytes, number: int) -> None:
    assert number_of(text) == number


@pytest.mark.parametrize("raw", [b"x", b"12 a=b\n", b"7 a=b\n", b"6 a=b", b"-6 a=b\n", b"6 aab\n", b"6\na=b\n",
                                 b"99999999999 a=b\n"])
def test_extended_headers_that_are_none(raw: bytes) -> None:
    assert pax_records(raw) is None
    assert pax_records(b"6 a=b\n6 a=c\n") == [("a", b"b"), ("a", b"c")]


def test_a_disc_is_no_tar_and_a_tar_is_told_by_its_bytes(tmp_path: Path) -> None:
    (tmp_path / "zeros.tar").write_bytes(bytes(100_000))
    assert isinstance(open_carrier(tmp_path / "zeros.tar"), Disc)
    raw = bytearray(tar(tmp_path, CONTENT))
    for name, kind in (("odd.name", TarFile), ("x.tar", TarFile)):
        (tmp_path / name).write_bytes(raw)
        assert isinstance(open_carrier(tmp_path / name), kind)
    raw[0:20] = bytes(20)                                       # its first header is gone
    (tmp_path / "x.tar").write_bytes(raw)
    (tmp_path / "odd.name").write_bytes(raw)
    assert isinstance(open_carrier(tmp_path / "x.tar"), TarFile)
    assert isinstance(open_carrier(tmp_path / "odd.name"), Disc)
    assert not is_header(bytes(512)) and not is_header(b"ustar")


@pytest.mark.parametrize("what", ["member", "extension"])
def test_every_member_but_the_damaged_one_is_found(tmp_path: Path, what: str) -> None:
    content = {f"{n}-{'长' * 60}.bin": bytes([n]) * 3000 for n in range(1, 9)}
    raw = bytearray(tar(tmp_path, content))
    lost = f"4-{'长' * 60}.bin"
    at = header_at(raw, "././@LongLink") if what == "extension" else raw.index(bytes([4]) * 100) - 512
    raw[at + 120:at + 140] = b"X" * 20
    (tmp_path / "x.tar").write_bytes(raw)
    with closing(open_carrier(tmp_path / "x.tar")) as carrier:
        found, findings = contents(carrier), carrier.structure()[1]
    whole = {path: raw for path, raw in content.items() if found.get(path) == raw}
    assert len(whole) >= 7 and (lost not in whole or what == "extension")
    assert {f.facts["what"] for f in findings if f.code == "structure-damaged"} == {"tar-header"}


def test_altered_bytes_anywhere_are_no_program_error(tmp_path: Path) -> None:
    """And nothing takes long: sizes and maps of pieces are believed only as far as there are bytes."""
    chance = random.Random(20261125)
    content = {**CONTENT, "长" * 60: b"long"}
    sound = [tar(tmp_path, content, "-b", "4", f"--format={kind}") for kind in ("gnu", "posix")]
    for number in range(200):
        raw = bytearray(sound[number % 2])
        for _ in range(chance.choice((1, 3, 30))):
            in_header = chance.randrange(len(raw) // 512) * 512 + chance.randrange(100, 512)
            at = chance.choice((chance.randrange(len(raw)), in_header))
            raw[at % len(raw)] = chance.choice((*b"\x0007SgxLKM1\x80\xff", chance.randrange(256)))
        if chance.random() < 0.2:
            del raw[chance.randrange(len(raw)):]
        tape = Tape()
        tape.put(0, *records(bytes(raw), 2048), None)
        (tmp_path / "x.tar").write_bytes(raw or b"\0")
        begun = time.perf_counter()
        for carrier in (open_carrier(tmp_path / "x.tar"), TapeStream(TapeFolder(tape.save(tmp_path / f"{number}")))):
            with closing(carrier):
                contents(carrier)
                files = carrier.structure()[0].files or Files()
                assert sum(files.sizes) < 1 << 50
        assert time.perf_counter() - begun < 20
