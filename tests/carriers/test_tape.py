"""Tapes as records and marks: the folder form and the drive give the same, and the drive is only ever read."""
from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from carriers import on_tape, open_carrier
from carriers.model import CarrierChanged, CarrierError, DriveLost, Refused
from carriers.plan import make_plan
from carriers.tape import Block, BlockKind, TapeFolder, is_tape_folder
from carriers.tape_drive import TapeDrive
from carriers.tape_stream import TapeStream
from checks import catalogue
from tests.st_device import READING, StDevice
from tests.tape_writer import Options, Tape, ltfs, records, tar
from tests.vectors_kit import CONTENT

NODE = Path("/dev/nst0")


def a_tape() -> Tape:
    tape = Tape(2)
    tape.put(0, b"a" * 512, None, b"b" * 3_000_000, b"c", None, None)
    tape.put(1, b"d" * 80)
    return tape


def all_of(tape: TapeFolder | TapeDrive, partition: int) -> list[Block]:
    tape.locate(partition, 0)
    blocks = []
    while not blocks or blocks[-1].kind is not BlockKind.END:
        blocks.append(tape.read()._replace(seconds=0.0))
    return blocks


def test_a_drive_and_a_folder_give_the_same(tmp_path: Path) -> None:
    folder, drive = TapeFolder(a_tape().save(tmp_path / "tape")), TapeDrive(NODE, kernel=StDevice(a_tape()).kernel())
    assert (folder.partitions, drive.partitions) == (2, 2)
    for partition in (0, 1):
        assert all_of(folder, partition) == all_of(drive, partition)
        assert folder.blocks(partition) == drive.blocks(partition)
        for block in range(folder.blocks(partition) + 1):
            assert folder.mark_before(partition, block) == drive.mark_before(partition, block)
    assert [block.kind for block in all_of(drive, 0)] == ["record", "mark", "record", "record", "mark", "mark", "end"]
    assert (drive.write_protected, drive.density) == (True, 0x5A)


def test_an_unreadable_record_is_passed_over_alike(tmp_path: Path) -> None:
    tape = a_tape()
    tape.bad = [(0, 2)]
    drive = TapeDrive(NODE, kernel=StDevice(a_tape(), bad=tape.bad).kernel())
    of_folder = all_of(TapeFolder(tape.save(tmp_path / "tape")), 0)
    assert of_folder == all_of(drive, 0)
    assert of_folder[2] == Block(BlockKind.RECORD, None, 3) and of_folder[3].content == b"c"


def test_a_record_that_came_at_the_second_try_says_so() -> None:
    device = StDevice(a_tape(), once=[(0, 0)])
    blocks = all_of(TapeDrive(NODE, kernel=device.kernel()), 0)
    assert (blocks[0].content, blocks[0].attempts, blocks[2].attempts) == (b"a" * 512, 2, 1)


def test_a_record_larger_than_any_drive_writes_is_unreadable() -> None:
    tape = Tape()
    tape.put(0, bytes(16 << 20), bytes((16 << 20) + 1), b"z")
    blocks = all_of(TapeDrive(NODE, kernel=StDevice(tape).kernel()), 0)
    assert [block.content and len(block.content) for block in blocks] == [16 << 20, None, 1, b""]


def test_records_of_any_length_are_asked_for_and_fixed_blocks_are_let_go() -> None:
    device = StDevice(a_tape(), block_bytes=512)
    TapeDrive(NODE, kernel=device.kernel())
    assert ("MTSETBLK", 0) in device.sent


@pytest.mark.parametrize(("device", "code"), [(StDevice(None), "tape-none")])
def test_a_drive_without_a_tape_says_so_at_once(device: StDevice, code: str) -> None:
    with pytest.raises(CarrierError) as refusal:
        TapeDrive(NODE, kernel=device.kernel())
    assert refusal.value.code == code and device.sent == []
    assert all(catalogue.words("errors", code, refusal.value.facts).values())


def test_a_drive_that_is_loading_or_taken_is_not_waited_for() -> None:
    device = StDevice(a_tape())
    loading = device.kernel()._replace(ioctl=lambda fd, request, raw: raw.__setitem__(slice(None), bytes(48)))
    with pytest.raises(CarrierError) as refusal:
        TapeDrive(NODE, kernel=loading)
    assert refusal.value.code == "tape-not-ready"

    def busy(*_: object) -> int:
        raise OSError(16, "busy")
    with pytest.raises(CarrierError) as refusal:
        TapeDrive(NODE, kernel=device.kernel()._replace(open=busy))
    assert refusal.value.code == "tape-busy"


def test_a_tape_taken_out_by_its_button_is_a_lost_drive() -> None:
    device = StDevice(a_tape())
    drive = TapeDrive(NODE, kernel=device.kernel())
    device.ejected_at = 3
    with pytest.raises(DriveLost) as refusal:
        all_of(drive, 0)
    assert refusal.value.facts["reason"] == "ENOMEDIUM"


def test_two_readings_of_one_drive_are_never_the_same_piece() -> None:
    stamps = [TapeDrive(NODE, kernel=StDevice(a_tape()).kernel()).stamp() for _ in range(2)]
    assert stamps[0] != stamps[1]


def test_half_of_a_volume_is_not_read_where_the_driver_keeps_to_one_partition(tmp_path: Path) -> None:
    """A user without the right, and nobody set the option: refused, for it is no fault of the tape."""
    device = StDevice(ltfs(CONTENT))
    device.may_set = False
    with pytest.raises(CarrierError) as refusal:
        on_tape(TapeDrive(NODE, kernel=device.kernel()))
    assert refusal.value.code == "tape-partitions"
    assert all(catalogue.words("errors", refusal.value.code, refusal.value.facts).values())
    device.can_partitions = True
    assert on_tape(TapeDrive(NODE, kernel=device.kernel())).structure()[1] == ()
    of_tar = Tape()
    of_tar.put(0, *records(tar(tmp_path, CONTENT), 10240), None)
    device = StDevice(of_tar)
    device.may_set = False
    assert isinstance(on_tape(TapeDrive(NODE, kernel=device.kernel())), TapeStream)


def test_a_blank_tape_in_a_drive_is_blank() -> None:
    carrier = on_tape(TapeDrive(NODE, kernel=StDevice(Tape()).kernel()))
    assert [f.code for f in carrier.structure()[1]] == ["blank"]


@pytest.mark.parametrize("kind", ["ltfs", "tar"])
def test_a_whole_reading_through_a_drive_sends_nothing_that_writes(tmp_path: Path, kind: str) -> None:
    tape = Tape()
    if kind == "ltfs":
        tape = ltfs(CONTENT, Options())
    else:
        tape.put(0, *records(tar(tmp_path, CONTENT), 10240), None)
    device = StDevice(tape)
    carrier = on_tape(TapeDrive(NODE, kernel=device.kernel()))
    taken = b"".join(chunk.content or b"" for chunk in carrier.read(make_plan(carrier.structure()[0])))
    assert all(raw in taken for raw in CONTENT.values())
    assert {name for name, _ in device.sent} <= set(READING.values())
    folder = open_carrier(tape.save(tmp_path / "tape"))
    assert b"".join(chunk.content or b"" for chunk in folder.read(make_plan(folder.structure()[0]))) == taken
    assert folder.structure()[1] == carrier.structure()[1]


# --- folders -----------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("names", [["0_0_R", "readme.txt"], ["0_00_R"], ["00_0_R"], ["0_1_X"], ["0_-1_R"],
                                   ["0_0_R.bin"], ["bad.json"], ["0_0_R", "0_0_F"], ["4_0_R"], []])
def test_a_folder_with_any_other_name_is_no_tape(tmp_path: Path, names: list[str]) -> None:
    for name in names:
        (tmp_path / name).write_bytes(b"")
    assert not is_tape_folder(tmp_path)


def test_a_directory_or_link_named_like_a_record_is_none(tmp_path: Path) -> None:
    (tmp_path / "0_0_R").mkdir()
    assert not is_tape_folder(tmp_path)
    (tmp_path / "0_0_R").rmdir()
    (tmp_path / "0_0_R").symlink_to("/etc/hostname")
    assert not is_tape_folder(tmp_path)


def test_a_number_without_a_file_is_an_unreadable_record(tmp_path: Path) -> None:
    path = a_tape().save(tmp_path / "tape")
    (path / "0_2_R").unlink()
    assert all_of(TapeFolder(path), 0)[2] == Block(BlockKind.RECORD, None, 3)


def test_a_folder_without_an_end_of_data_says_so(tmp_path: Path) -> None:
    assert not TapeFolder(a_tape().save(tmp_path / "a", ends=False)).ends
    assert TapeFolder(a_tape().save(tmp_path / "b")).ends


def test_nothing_lies_behind_the_end_of_data(tmp_path: Path) -> None:
    path = a_tape().save(tmp_path / "tape")
    (path / "0_3_R").rename(path / "0_3_E")
    tape = TapeFolder(path)
    assert tape.blocks(0) == 3 and tape.read().content == b"a" * 512


@pytest.mark.parametrize("text", ["{", "[1]", '[["0", 1]]', "[[0, 1, 2]]", "{}", "[[true, 1]]"])
def test_a_list_of_bad_records_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    path = a_tape().save(tmp_path / "tape")
    (path / "bad.json").write_text(text)
    with pytest.raises(Refused) as refusal:
        TapeFolder(path)
    assert refusal.value.code == "source-unsupported"


def test_a_record_that_changed_since_it_was_listed_is_not_read(tmp_path: Path) -> None:
    path = a_tape().save(tmp_path / "tape")
    tape = TapeFolder(path)
    (path / "0_3_R").write_bytes(b"longer")
    os.utime(path / "0_0_R", ns=(1, 1))
    for block in (0, 3):
        tape.locate(0, block)
        with pytest.raises(CarrierChanged):
            tape.read()


def test_bad_records_are_listed_as_the_contract_says(tmp_path: Path) -> None:
    tape = a_tape()
    tape.bad = [(1, 0)]
    path = tape.save(tmp_path / "tape")
    assert json.loads((path / "bad.json").read_text()) == [[1, 0]]
    assert all_of(TapeFolder(path), 1)[0].content is None
