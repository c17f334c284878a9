"""Rock Ridge and CD-ROM XA as bytes: entries in any order, in pieces, in two halves, and what is none."""
from __future__ import annotations

import pytest

from carriers.rockridge import SystemUse, plain_name, read_system_use, skip_of_root, xa_form
from tests.carriers.images import both


def entry(signature: bytes, body: bytes) -> bytes:
    return signature + bytes([len(body) + 4, 1]) + body


def name(flags: int, text: bytes) -> bytes:
    return entry(b"NM", bytes([flags]) + text)


def continued(lba: int, offset: int, length: int) -> bytes:
    return entry(b"CE", both(lba) + both(offset) + both(length))


def read(area: bytes, *areas: bytes) -> SystemUse:
    """The system use of an area; the continuation areas lie at blocks 1, 2 …"""
    def read_area(lba: int, offset: int, length: int) -> bytes | None:
        return areas[lba - 1][offset:offset + length] if 0 < lba <= len(areas) else None
    return read_system_use(area, 0, len(area), read_area)


@pytest.mark.parametrize(("entries", "expected"), [
    (name(1, b"a" * 200) + name(0, b"b" * 200), b"a" * 200 + b"b" * 200),
    (name(0, b"plain") + entry(b"RR", b"\x09"), b"plain"),
    (entry(b"RR", b"\x09") + name(0x20, b"host"), b"host"),                 # RRIP 1.09 had a flag for the host's name
    (name(2, b"") + name(4, b""), b""),                                      # "." and ".." have no name of their own
    (name(0, b"ends") + entry(b"ST", b"") + name(0, b"no more"), b"ends"),
    (name(0, b"zeros") + bytes(9), b"zeros"),
])
def test_names(entries: bytes, expected: bytes) -> None:
    assert read(entries) == SystemUse(name=expected)


def test_plain_names_are_read_fast_and_alike() -> None:
    area = entry(b"RR", b"\x89") + name(0, b"a.txt") + entry(b"PX", b"\xa4\x81" + bytes(30)) + entry(b"TF", bytes(20))
    assert plain_name(area, 0, len(area)) == read(area).name == b"a.txt"
    for odd in (name(1, b"a"), name(0, b"a") + name(0, b"b"), name(0, b"a") + entry(b"SF", bytes(17)), name(2, b"")):
        assert plain_name(odd, 0, len(odd)) is None


def test_continuation_areas_follow_one_another() -> None:
    first, second = name(1, b"b") + continued(2, 4, 6), bytes(4) + name(0, b"c")
    assert read(name(1, b"a") + continued(1, 0, len(first)), first, second) == SystemUse(name=b"abc")


@pytest.mark.parametrize("half", [4, 8])
def test_the_half_of_a_continuation_that_leads_somewhere_is_taken(half: int) -> None:
    area = bytearray(name(1, b"a") + continued(1, 0, 6))
    area[6 + half:10 + half] = b"\xf0\xf0\xf0\xf0"
    assert read(bytes(area), name(0, b"b")) == SystemUse(name=b"ab", damage="system-use")


@pytest.mark.parametrize("area", [continued(9, 0, 6), continued(1, 0, 2), name(0, b"a")[:-1], b"nm\x06\1\0a",
                                  b"NM\x02\1\0a"])
def test_what_cannot_be_followed_is_damage(area: bytes) -> None:
    assert read(name(0, b"a") + area, name(0, b"b")) == SystemUse(name=b"a", damage="system-use")


def test_a_chain_that_never_ends_is_cut() -> None:
    assert read(continued(1, 0, 28), continued(1, 0, 28)).damage == "system-use"


@pytest.mark.parametrize(("components", "target"), [
    (b"\x08\0\0\3etc\0\6passwd", b"/etc/passwd"), (b"\4\0\4\0\0\1a", b"../../a"), (b"\1\2ab\0\2cd", b"abcd"),
    (b"\2\0\0\1x", b"./x")])
def test_targets_of_links(components: bytes, target: bytes) -> None:
    assert read(entry(b"SL", b"\0" + components)).link == target
    one, two = entry(b"SL", b"\1" + components[:2]), entry(b"SL", b"\0" + components[2:])
    assert read(one + two).link == target


def test_relocation_and_its_two_halves() -> None:
    assert read(entry(b"CL", both(77))) == SystemUse(child_lba=77)
    assert read(entry(b"RE", b"")) == SystemUse(relocated=True)
    assert read(entry(b"CL", both(77)[:7] + b"\1")) == SystemUse(child_lba=77, damage="system-use")


@pytest.mark.parametrize(("signature", "body", "stored"), [
    (b"ZF", b"pz\x08\x0f" + both(9), "zisofs"), (b"SF", both(0) + both(9) + b"\1", "sparse"),
    (b"SF", both(9), "sparse")])
def test_content_in_another_form(signature: bytes, body: bytes, stored: str) -> None:
    assert read(entry(signature, body)).stored == stored


def test_kinds_of_files() -> None:
    modes = {b"\xff\xc1": "socket", b"\xff\x61": "block-device", b"\xff\x21": "character-device", b"\xff\x11": "fifo",
             b"\xa4\x81": "", b"\xed\x41": ""}
    assert {mode: read(entry(b"PX", mode + bytes(30))).kind for mode in modes} == modes
    assert read(entry(b"PX", b"\xff\xa1" + bytes(30))).link == b""


def test_xa_goes_before_rock_ridge() -> None:
    head = entry(b"SP", b"\xbe\xef\x0e")
    xa = b"\0\0\0\0\x8d\x55XA\0\0\0\0\0\0"
    assert skip_of_root(xa + head) == 14 and skip_of_root(head) == 14 and skip_of_root(xa) is None


@pytest.mark.parametrize(("attributes", "form"), [
    (0x0911, ""), (0x1155, "cd-xa-form2"), (0x4111, "cd-da"), (0x2955, "cd-xa-interleaved"), (0x9155, "")])
def test_forms_of_xa(attributes: int, form: str) -> None:
    area = bytes(4) + attributes.to_bytes(2, "big") + b"XA" + bytes(6)
    assert xa_form(area) == form
    assert xa_form(area.replace(b"XA", b"XB")) == xa_form(b"") == ""
