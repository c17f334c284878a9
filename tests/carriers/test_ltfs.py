"""LTFS: what is asked of the tape and in which order; indexes and labels that are hostile or damaged."""
from __future__ import annotations

import random
from pathlib import Path

import pytest

from carriers import on_tape
from carriers.ltfs import LtfsTape
from carriers.ltfs_index import Broken, Partition, read_index, read_label
from carriers.model import Files, Refused
from carriers.plan import MAX_READ_BYTES, make_plan
from carriers.tape import TapeFolder
from carriers.tape_drive import TapeDrive
from tests.st_device import StDevice
from tests.tape_writer import UUID, Options, Tape, label, ltfs, put_index, vol1
from tests.vectors_kit import CONTENT

PARTS = {"a": Partition(1000, 100), "b": Partition(0, 1000)}


def opened(tape: Tape) -> tuple[LtfsTape, StDevice]:
    device = StDevice(tape)
    carrier = on_tape(TapeDrive(Path("/dev/nst0"), kernel=device.kernel()))
    assert isinstance(carrier, LtfsTape)
    return carrier, device


def contents(carrier: LtfsTape) -> dict[str, bytes]:
    structure = carrier.structure()[0]
    files = structure.files or Files()
    found = dict.fromkeys(files.paths, b"")
    for chunk in carrier.read(make_plan(structure)):
        assert chunk.content is not None and len(chunk.content) <= MAX_READ_BYTES
        for number, offset, at, length in chunk.parts:
            assert len(found[files.paths[number]]) == offset
            found[files.paths[number]] += chunk.content[at:at + length]
    return found


def test_files_are_read_in_the_order_of_the_tape_each_record_once() -> None:
    chance = random.Random(1)
    content = {f"{n}": chance.randbytes(chance.choice((1, 4096, 9000, 70_000))) for n in range(60)}
    tape = ltfs(content)
    carrier, device = opened(tape)
    carrier.structure()
    device.sent.clear()
    device.reads = 0
    assert contents(carrier) == content
    assert device.reads == sum(-(-len(raw) // 4096) for raw in content.values())
    assert [name for name, _ in device.sent] == ["MTSETPART", "MTSEEK"]     # one LOCATE, then it streams


def test_a_gap_is_read_over_where_that_is_sooner_and_wound_over_where_not() -> None:
    content = {"a": b"a" * 4096, "gap": bytes(4096 * 100), "b": b"b" * 4096, "far": bytes(4096 * 9000), "c": b"c" * 10}
    carrier, device = opened(ltfs(content))
    structure = carrier.structure()[0]
    plan = [read for read in make_plan(structure)
            if {(structure.files or Files()).paths[part.file_no] for part in read.parts} & {"a", "b", "c"}]
    device.sent.clear()
    assert sum(len(chunk.content or b"") for chunk in carrier.read(plan)) > 8000
    assert [name for name, _ in device.sent].count("MTSEEK") == 2


@pytest.mark.parametrize("block_bytes", [4096, 524_288, 3 << 20])
def test_block_sizes_up_to_what_a_drive_can(block_bytes: int) -> None:
    chance = random.Random(2)
    content = {"large": chance.randbytes(7_000_001), "small": b"s", "other": chance.randbytes(1_048_577)}
    carrier, _ = opened(ltfs(content, Options(block_bytes=block_bytes)))
    assert contents(carrier) == content


def test_a_small_file_is_read_before_the_pass_and_not_again() -> None:
    carrier, device = opened(ltfs(CONTENT))
    names = (carrier.structure()[0].files or Files()).paths
    assert carrier.content(names.index("案卷/0002.bin")) == CONTENT["案卷/0002.bin"]
    device.reads = 0
    assert contents(carrier) == CONTENT
    assert device.reads == 2                                    # the two others


def test_both_partitions_have_files_and_two_have_one_name() -> None:
    content = {**CONTENT, "index.bin": b"i" * 9000}
    carrier, _ = opened(ltfs(content, Options(on_index=("index.bin",))))
    assert contents(carrier) == content
    twice = ltfs(CONTENT, Options(index=lambda _, text: text.replace("0002.bin", "0001.txt")))
    assert [(f.facts["what"], f.path) for f in opened(twice)[0].structure()[1]] == [("duplicate-name", "案卷/0001.txt")]


def index_text(body: str = "", prologue: str = "", options: Options | None = None) -> bytes:
    tape = Tape(2)
    put_index(tape, 1, options or Options(block_bytes=1 << 24), 2, body, -1)
    text = tape.partitions[1][1]
    assert text is not None
    return text.replace(b"<ltfsindex", prologue.encode() + b"<ltfsindex")


FILE = ("<file><name>a</name><length>{length}</length><extentinfo><extent><fileoffset>{offset}</fileoffset>"
        "<partition>{p}</partition><startblock>{start}</startblock><byteoffset>{skip}</byteoffset><bytecount>{count}</bytecount>"
        "</extent></extentinfo></file>")
SOUND = {"length": "100", "offset": "0", "p": "b", "start": "7", "skip": "0", "count": "100"}


@pytest.mark.parametrize("odd", [
    {"length": "99"}, {"length": "-1"}, {"length": ""}, {"length": "1e3"}, {"length": "9" * 30}, {"p": "c"}, {"p": ""},
    {"start": "-7"}, {"start": "0x7"}, {"skip": "4096"}, {"count": "9" * 16}, {"offset": "50"}, {"offset": "-1"}])
def test_an_entry_that_makes_no_sense_costs_that_file_only(odd: dict[str, str]) -> None:
    sound = read_index([index_text(FILE.format(**SOUND))], 4096, PARTS)
    assert sound.files[0].extents[0][:2] == (7, 100) and sound.findings == []
    index = read_index([index_text(FILE.format(**{**SOUND, **odd}) + FILE.format(**SOUND).replace(">a<", ">b<"))],
                       4096, PARTS)
    assert [index.files.obstacles.get(n, "") for n in (0, 1)] == ["structure-damaged", ""]
    assert [(f.code, f.path) for f in index.findings] == [("structure-damaged", "a")]


@pytest.mark.parametrize("raw", [
    index_text(prologue='<!DOCTYPE x [<!ENTITY e "aaaa">]>'), index_text("<directory><contents/></directory>"),
    index_text(f"<file><name>{'n' * 70_000}</name></file>"), index_text("<directory>" * 3000), index_text("\x01"),
    index_text().replace(b"ltfsindex", b"ltfslabel"), index_text()[:-20], b"", b"\0" * 4096,
    index_text().replace(b"<generationnumber>2", b"<generationnumber>x"), index_text(FILE.format(**SOUND) + "</file>")])
def test_an_index_that_is_none_is_refused(raw: bytes) -> None:
    with pytest.raises(Broken):
        read_index([raw], 4096, PARTS)


def test_names_are_what_they_say_and_no_path() -> None:
    names = ['<name>a/b</name>', '<name percentencoded="true">c%2Fd</name>', "<name>..</name>", "<name>%41</name>",
             '<name percentencoded="true">%E6%96%87</name>', '<name percentencoded="true">%CE%C4%D5%C2</name>']
    index = read_index([index_text("".join(f"<file>{name}<length>0</length></file>" for name in names))], 4096, PARTS)
    assert index.files.paths == ["a\u2215b", "c\u2215d", "..", "%41", "文", "文章"]
    assert [f.code for f in index.findings] == ["name-unsafe"] * 3 + ["name-undecodable"]
    assert index.files.raw_names == {5: b"\xce\xc4\xd5\xc2"}


def test_digests_of_the_index_are_kept_where_they_are_some() -> None:
    def file(name: str, key: str, value: str, kind: str = "") -> str:
        return (f"<file><name>{name}</name><length>0</length><extendedattributes><xattr><key>{key}</key><value{kind}>"
                f"{value}</value></xattr></extendedattributes></file>")
    body = (file("a", "ltfs.hash.md5sum", "0" * 31 + "A") + file("b", "LTFS.Hash.MD5sum", "1" * 31)
            + file("c", "user.md5", "2" * 32) + file("d", "ltfs.hash.md5sum", "zz" * 16)
            + file("e", "ltfs.hash.md5sum", "AAECAwQFBgcICQoLDA0ODw==", ' type="base64"'))
    recorded = read_index([index_text(body)], 4096, PARTS).files.recorded
    assert list(recorded) == ["md5"]
    assert (list(recorded["md5"][0]), recorded["md5"][1].hex()) == ([0, 4], "0" * 31 + "a" + bytes(range(16)).hex())


def test_the_bodies_of_copies_are_alike_however_the_records_fall() -> None:
    raw = index_text(FILE.format(**SOUND))
    whole = read_index([raw], 4096, PARTS).body
    for size in (1, 7, 100):
        assert read_index([raw[at:at + size] for at in range(0, len(raw), size)], 4096, PARTS).body == whole
    assert read_index([raw], 4096, None).body == whole
    assert read_index([raw.replace(b">7<", b">8<")], 4096, PARTS).body != whole


def test_a_label_that_is_none_is_refused() -> None:
    o = Options()
    sound = read_label(vol1(o.barcode), label(o, 0).encode())
    assert (sound.volume_identifier, sound.volumeuuid, sound.partition, sound.blocksize) == ("J01001", UUID, "a", 4096)
    text = label(o, 0)
    for broken in (text.replace("<blocksize>4096", "<blocksize>x"), text[:-9], text.replace("ltfslabel", "label"),
                   text.replace("<data>b", "<data>a"), text.replace(UUID, ""),
                   text.replace("<partition>a", "<partition>c"), '<!DOCTYPE x>' + text):
        with pytest.raises(Broken):
            read_label(vol1(o.barcode), broken.encode())
    for odd in (b"", b"VOL1", vol1(o.barcode)[:79], vol1(o.barcode).replace(b"LTFS", b"XXXX")):
        with pytest.raises(Broken):
            read_label(odd, text.encode())


def test_altered_bytes_anywhere_are_no_program_error(tmp_path: Path) -> None:
    """Labels and indexes most of all. What a list says of a file that is altered is compared elsewhere."""
    chance = random.Random(20261125)
    for number in range(250):
        tape = ltfs(CONTENT, Options(hashes=("md5",), symlinks={"l": "x"}))
        for _ in range(chance.choice((1, 2, 20))):
            blocks = tape.partitions[chance.randrange(2)]
            at = chance.randrange(len(blocks))
            block = blocks[at]
            if block is None or chance.random() < 0.1:
                blocks[at] = chance.choice((None, b"", b"\0" * 80))
                continue
            raw = bytearray(block or b"\0")
            raw[chance.randrange(len(raw))] = chance.choice((*b"\x0009<>/\xff", chance.randrange(256)))
            blocks[at] = bytes(raw)
        carrier = on_tape(TapeFolder(tape.save(tmp_path / f"{number}")))
        try:
            structure, findings = carrier.structure()
            assert (structure.files is not None and len(structure.files) > 0) or findings or structure.growing
            for chunk in carrier.read(make_plan(structure)):
                assert chunk.content is None or sum(p.length_bytes for p in chunk.parts) >= 0
            carrier.structure()
        except Refused as refusal:
            raise AssertionError(number) from refusal
