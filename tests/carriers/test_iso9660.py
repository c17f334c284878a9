"""Where the root of a volume lies, if the descriptor says otherwise: displaced sessions, path tables."""
from __future__ import annotations

from pathlib import Path

import pytest

from carriers.blocks import BlockSource
from carriers.disc import Disc
from carriers.model import Structure
from tests.carriers import images
from tests.carriers.test_disc import facts
from tests.faults import FaultySource

CONTENT = {"A.BIN": bytes(range(256)) * 20, "D/E/C.TXT": b"c"}


def made(folder: Path, *options: str) -> Path:
    return images.genisoimage(images.plant(folder / "root", CONTENT), folder / "image", *options)


def root_of(image: Path, descriptor: int = 16) -> int:
    return int.from_bytes(image.read_bytes()[descriptor * 2048 + 158:descriptor * 2048 + 162], "little")


def shown(structure: Structure) -> list[str]:
    return list(structure.files.paths) if structure.files else []


@pytest.mark.parametrize("options", [(), ("-J",), ("-R",), ("-J", "-R")])
def test_a_displaced_session_is_read_from_where_it_lies(tmp_path: Path, options: tuple[str, ...]) -> None:
    disc = images.open_image(made(tmp_path, "-C", "0,11702", *options))
    structure, findings = disc.structure()
    assert facts(findings) == [("session-displaced", "", {"blocks": 11702})]
    assert images.digests(disc, structure) == images.sha256s(CONTENT)
    assert structure.volume_blocks <= structure.blocks
    assert len(structure.structure_extents) > 0
    assert all(0 < e.start_lba < structure.blocks for e in structure.structure_extents)


def test_two_answers_are_no_answer(tmp_path: Path) -> None:
    image = made(tmp_path, "-C", "0,11702")
    raw, root = image.read_bytes(), root_of(image) - 11702
    end = len(raw) // 2048 - 1
    images.patched(image, {end * 2048: raw[root * 2048:root * 2048 + 2048]})
    structure, findings = images.open_image(image).structure()
    assert shown(structure) == []
    assert ("structure-damaged", "", {"what": "volume-descriptor", "count": 1}) in facts(findings)


@pytest.mark.parametrize("own", [True, False])
def test_nothing_is_looked_for_among_unreadable_blocks(tmp_path: Path, own: bool) -> None:
    """The root cannot be read where it should lie: no search. It lies elsewhere: a search of a few bad blocks."""
    image = made(tmp_path, *(() if own else ("-C", "0,11702")))
    root = root_of(image) - (0 if own else 11702)
    faults = FaultySource(bad={root} if own else set(range(19, 170)) - {root})
    structure, findings = Disc(BlockSource(image, pread=faults)).structure()
    assert shown(structure) == []
    assert {f.code for f in findings} & {"structure-damaged", "session-displaced"} == {"structure-damaged"}
    assert len({at // 2048 for at, _ in faults.asked} - set(range(19))) < 40


def test_a_displaced_file_of_an_earlier_session_is_outside(tmp_path: Path) -> None:
    image = made(tmp_path, "-C", "0,11702")
    images.patched(image, {images.record_at(image.read_bytes(), b"A.BIN;1") + 2: images.both(500)})
    structure, findings = images.open_image(image).structure()
    assert [f[:2] for f in facts(findings)] == [("session-displaced", ""), ("extent-outside", "A.BIN")]
    assert structure.files is not None and structure.files[0].extents[0].start_lba == (500 - 11702) % (1 << 32)


@pytest.mark.parametrize("wrong", [bytes(34), b"\x22\0" + images.both(5) + images.both(2048),
                                   b"\x22\0" + images.both(1 << 24) + images.both(2048)])
def test_a_lost_root_is_found_by_either_path_table(tmp_path: Path, wrong: bytes) -> None:
    image = made(tmp_path)
    table = int.from_bytes(image.read_bytes()[16 * 2048 + 140:16 * 2048 + 144], "little")
    images.patched(image, {16 * 2048 + 156: wrong})
    structure, findings = images.open_image(image).structure()
    assert shown(structure) == list(CONTENT)
    assert facts(findings) == [("structure-damaged", "", {"what": "volume-descriptor", "count": 1})]
    images.patched(image, {table * 2048: bytes(2048)})
    structure, findings = images.open_image(image).structure()
    assert shown(structure) == list(CONTENT)
    assert facts(findings) == [("structure-damaged", "", {"what": "volume-descriptor", "count": 1}),
                               ("structure-damaged", "", {"what": "path-table", "count": 1})]


def test_what_is_lost_is_said_by_name(tmp_path: Path) -> None:
    """The record of D/E is wiped: it is left in the path table."""
    image = made(tmp_path)
    at = images.record_at(image.read_bytes(), b"E")
    images.patched(image, {at: bytes(image.read_bytes()[at])})
    structure, findings = images.open_image(image).structure()
    assert shown(structure) == ["A.BIN"]
    assert facts(findings) == [("structure-damaged", "D", {"what": "directory-not-reached", "count": 1,
                                                           "reason": "named", "name": "D/E"})]


def test_five_gibibytes_in_two_extents_are_one(tmp_path: Path) -> None:
    root = images.plant(tmp_path / "root", {"AAAA.BIN": b"a", "AAAB.BIN": b"b"})
    image = images.genisoimage(root, tmp_path / "image")
    raw = image.read_bytes()
    first, second = images.record_at(raw, b"AAAA.BIN;1"), images.record_at(raw, b"AAAB.BIN;1")
    images.patched(image, {first + 25: b"\x80", second + 33: b"AAAA.BIN;1", 16 * 2048 + 80: images.both(3_000_000),
                           first + 2: images.both(34) + images.both(4_294_965_248),
                           second + 2: images.both(34 + 2_097_151) + images.both(1_073_743_872)})
    structure, _ = images.open_image(image).structure()
    assert structure.files is not None
    assert [(e.start_lba, e.length_bytes) for e in structure.files[0].extents] == [(34, 5 * (1 << 30))]
