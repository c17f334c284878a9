"""Optical drives: the closed table of commands, and the answers of drives in every state, short ones and wrong ones.

QEMU's answers are recorded; all others are composed by the tables of MMC-6 (see tests/drives_kit.py).
"""
from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from carriers import mmc
from carriers.mmc import Disc, Silent, look_at_disc, parse_disc_information, parse_media_id, parse_track_information
from carriers.tools import Answer
from tests.drives_kit import ATIP, DISC_INFORMATION, ILLEGAL_REQUEST, burner, configuration, sg_raw, track

READING = {0x43, 0x46, 0x51, 0x52, 0xAD}          # in the kernel's list of commands that change nothing


def seen(profile: int, information: str, sessions: Sequence[int] = (1,), **more: bytes) -> Disc:
    answers = burner(profile, DISC_INFORMATION[information], sessions, {key[1:]: raw for key, raw in more.items()})
    disc = look_at_disc("/dev/sr0", sg_raw(answers))
    assert isinstance(disc, Disc)
    return disc


def test_only_commands_that_read_can_be_sent() -> None:
    assert {cdb[0] for cdb, _ in mmc._COMMANDS.values()} == READING
    lengths = {0x43: 10, 0x46: 10, 0x51: 10, 0x52: 10, 0xAD: 12}
    for name, (cdb, allocation) in mmc._COMMANDS.items():
        assert len(cdb) == lengths[cdb[0]], name
        at = 8 if cdb[0] == 0xAD else 7
        assert int.from_bytes(cdb[at:at + 2], "big") == allocation, name


def test_what_is_run_reads_and_sends_nothing() -> None:
    ran: list[Sequence[str]] = []
    answers = sg_raw(burner(0x1B, DISC_INFORMATION["appendable, one session"]))

    def run(command: Sequence[str]) -> Answer:
        ran.append(command)
        return answers(command)

    assert isinstance(look_at_disc("/dev/sr0", run), Disc)
    assert len(ran) == 5                          # configuration, disc, two tracks, ADIP
    for command in ran:
        assert command[:3] == ("sg_raw", "-R", "-b") and command[3:6:2] == ("-t", "-r") and command[7] == "/dev/sr0"
        assert int(command[8], 16) in READING and all(len(byte) == 2 for byte in command[8:])


@pytest.mark.parametrize(("profile", "information", "sessions", "said"), [
    (0x11, "complete, one session", (1,), ("DVD-R", "complete", 1, False, False)),
    (0x09, "complete, two sessions", (1, 2), ("CD-R", "complete", 2, False, False)),
    (0x1B, "appendable, one session", (1,), ("DVD+R", "appendable", 1, False, True)),
    (0x41, "session begun", (1,), ("BD-R", "appendable", 1, False, True)),
    (0x11, "recording broke off", (1,), ("DVD-R", "appendable", 1, True, True)),
    (0x1A, "overwritable", (1,), ("DVD+RW", "complete", 1, False, False)),
    (0x12, "random access", (1,), ("DVD-RAM", "other", 1, False, False)),
    (0x14, "DVD-RW, damaged and complete", (1,), ("DVD-RW", "complete", 1, False, False)),
    (0x2B, "blank", (), ("DVD+R DL", "blank", 0, False, False)),
    (0x08, "QEMU", (1,), ("CD-ROM", "complete", 1, False, False)),
])
def test_state_and_sessions(profile: int, information: str, sessions: Sequence[int],
                            said: tuple[str, str, int, bool, bool]) -> None:
    disc = seen(profile, information, sessions)
    assert (disc.medium, disc.state, disc.sessions, disc.damaged, disc.appendable) == said
    assert disc.drive_serial == "K5XD0012345"


def test_where_sessions_start() -> None:
    assert seen(0x09, "complete, two sessions", (1, 2)).session_starts == (0, 1000)
    assert seen(0x1B, "appendable, one session").session_starts == (0,)          # the next track holds nothing yet


def test_a_drive_that_knows_no_tracks_is_believed_about_sessions() -> None:
    answers = {"46": configuration(8), "51": DISC_INFORMATION["complete, two sessions"]}
    disc = look_at_disc("/dev/sr0", sg_raw(answers))
    assert isinstance(disc, Disc) and disc.sessions == 2 and disc.tracks == ()


@pytest.mark.parametrize(("profile", "information", "writable", "rewritable"), [
    (0x08, "QEMU", False, False), (0x11, "complete, one session", False, False),
    (0x1B, "appendable, one session", True, False), (0x0A, "complete, one session", True, True),
    (0x43, "random access", True, True), (0x40, "complete, one session", False, False)])
def test_what_a_writer_could_do(profile: int, information: str, writable: bool, rewritable: bool) -> None:
    disc = seen(profile, information)
    assert (disc.writable, disc.rewritable) == (writable, rewritable)


def test_a_disc_of_which_nothing_is_said_may_be_writable() -> None:
    disc = look_at_disc("/dev/sr0", sg_raw({"46": configuration(0x11)}))
    assert isinstance(disc, Disc) and disc.writable and disc.state == "" and disc.sessions == 0


def test_the_makers_code() -> None:
    pre_recorded = bytes(20) + b"\3CMCMAG\0\4. AF1\0\0" + bytes(4)
    pre_recorded = (len(pre_recorded) - 2).to_bytes(2, "big") + pre_recorded[2:]
    adip = (258).to_bytes(2, "big") + bytes(21) + b"RITEK\0\0\0F16\1" + bytes(225)
    di = (114).to_bytes(2, "big") + bytes(2) + b"DI\1\1\0\0\0\0BDR" + bytes(89) + b"VERBATIMe" + bytes(3)
    assert seen(0x09, "complete, one session", _430204=ATIP).media_id == "97m24s01f"
    assert seen(0x11, "complete, one session", _ad0000000000000e=pre_recorded).media_id == "CMCMAG. AF1"
    assert seen(0x1B, "complete, one session", _ad00000000000011=adip).media_id == "RITEK/F16"
    assert seen(0x41, "complete, one session", _ad01=di).media_id == "VERBAT/IMe"


@pytest.mark.parametrize(("answers", "reason"), [
    ({}, "not-given"), ({"46": configuration(0)}, "no-medium"), ({"46": Answer(-1, b"", "no-tool")}, "no-tool"),
    ({"46": Answer(-1, b"", "no-answer")}, "no-answer"), ({"46": Answer(50 + 13, b"")}, "no-right"),
    ({"46": Answer(50 + 1, b"")}, "no-right"), ({"46": b"\0\0"}, "no-medium")])
def test_why_a_drive_tells_nothing(answers: dict[str, bytes | Answer], reason: str) -> None:
    assert look_at_disc("/dev/sr0", sg_raw(answers)) == Silent(reason)


def test_a_changed_medium_is_asked_again_once() -> None:
    first = [Answer(6, b"")]
    answers = sg_raw(burner(0x11, DISC_INFORMATION["complete, one session"]))
    disc = look_at_disc("/dev/sr0", lambda command: first.pop() if first else answers(command))
    assert isinstance(disc, Disc) and disc.medium == "DVD-R"
    assert look_at_disc("/dev/sr0", lambda command: Answer(6, b"")) == Silent("not-given")


def test_a_drive_that_hangs_is_asked_no_more() -> None:
    information, asked = bytearray(DISC_INFORMATION["complete, one session"]), []
    information[6] = 50
    answers = sg_raw({"46": configuration(0x1B), "51": bytes(information), "52": Answer(-1, b"", "no-answer")})

    def run(command: Sequence[str]) -> Answer:
        asked.append(command[8])
        return answers(command)

    disc = look_at_disc("/dev/sr0", run)
    assert isinstance(disc, Disc) and disc.state == "complete" and asked == ["46", "51", "52"]


def test_more_tracks_than_a_disc_can_have_are_not_asked_for() -> None:
    information = bytearray(DISC_INFORMATION["complete, one session"])
    information[6], information[11] = 0xFF, 0xFF
    asked = []
    answers = sg_raw({"46": configuration(0x41), "51": bytes(information), "52": track(1, 1)})

    def run(command: Sequence[str]) -> Answer:
        asked.append(command[8])
        return answers(command)

    assert isinstance(look_at_disc("/dev/sr0", run), Disc)
    assert asked.count("52") == 99


def test_answers_that_are_cut_or_inverted_raise_nothing() -> None:
    chance = random.Random(20261124)
    sound = [*DISC_INFORMATION.values(), ATIP, track(1, 1), configuration(0x41, "X" * 200)]
    for raw in sound:
        for _ in range(200):
            bad = bytearray(raw[:chance.randrange(len(raw) + 1)])
            for _ in range(chance.randrange(4) if bad else 0):
                bad[chance.randrange(len(bad))] = chance.randrange(256)
            answers = {key: bytes(bad) for key in ("51", "52", "43", "ad")}
            disc = look_at_disc("/dev/sr0", sg_raw({"46": configuration(chance.choice([*mmc.PROFILES])), **answers}))
            assert isinstance(disc, Disc) and disc.sessions >= 0
            look_at_disc("/dev/sr0", sg_raw({"46": bytes(bad)}))


def test_another_data_type_says_nothing() -> None:
    raw = bytearray(DISC_INFORMATION["complete, one session"])
    raw[2] |= 0x20                                # track resources information
    assert parse_disc_information(Disc(8, ""), bytes(raw)) == (Disc(8, ""), range(0))
    assert parse_track_information(track(1, 1)[:20]) is None
    assert parse_media_id("READ BD DI", bytes(116)) == ""
    assert ILLEGAL_REQUEST.status == 5
