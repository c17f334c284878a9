"""Discs that were written to again, by other people's tools; and what lies after the last volume."""
from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from carriers import sessions
from carriers.blocks import BlockSource
from carriers.disc import Disc
from carriers.model import Extent
from carriers.plan import make_plan
from tests.carriers import images
from tests.faults import FaultySource
from tests.vectors_kit import volume_blocks

FIRST = {"同.txt": b"same", "改.txt": b"old", "去.txt": b"gone"}
SECOND = {"同.txt": b"same", "改.txt": b"newer", "加.txt": b"added"}


def dated(root: Path, content: Mapping[str, bytes]) -> Path:
    """A folder whose files are all of one time, so that a tool knows again what it has recorded."""
    images.plant(root, content)
    for path in content:
        os.utime(root / path, (0, 0))
    return root


def appended(folder: Path, gap: int = 16, second: Mapping[str, bytes] = SECOND) -> Path:
    """genisoimage's second session, `gap` blocks or less after the end of the first."""
    image = images.genisoimage(dated(folder / "1", FIRST), folder / "image", "-J", "-R", "-input-charset", "utf-8")
    start = (image.stat().st_size // 2048 + gap) // 16 * 16
    os.truncate(image, start * 2048)
    command = ["genisoimage", "-quiet", "-J", "-R", "-input-charset", "utf-8", "-C", f"0,{start}", "-M", str(image)]
    session = subprocess.run([*command, str(dated(folder / "2", second))], check=True, capture_output=True).stdout
    with image.open("ab") as file:
        file.write(session)
    return image


def grown(folder: Path) -> Path:
    """xorriso's three sessions in one file, whose first descriptors it rewrites each time."""
    first, second = dated(folder / "1", FIRST), dated(folder / "2", SECOND)
    for more in (["-update_r", str(first), "/"], ["-rm", "/去.txt", "--", "-update_r", str(second), "/"],
                 ["-map", str(first / "同.txt"), "/后.txt"]):
        subprocess.run(["xorriso", "-dev", "image", "-joliet", "on", *more, "-commit"], cwd=folder, check=True,
                       capture_output=True)
    return folder / "image"


def told(disc: Disc) -> list[tuple[str, str, dict[str, str | int]]]:
    return [(f.code, f.path, dict(f.facts)) for f in disc.structure()[1]]


@pytest.mark.parametrize("gap", [16, 1500, 11400])
def test_the_last_session_is_what_the_disc_shows(tmp_path: Path, gap: int) -> None:
    disc = images.open_image(appended(tmp_path, gap))
    structure, _ = disc.structure()
    assert images.digests(disc, structure) == images.sha256s({**FIRST, **SECOND})       # -M keeps what is not replaced
    assert told(disc) == [("earlier-session", "改.txt", {"session": 1, "what": "superseded"})]
    assert disc.identify().sessions == 2
    assert structure.volume_blocks == structure.blocks
    assert [e.start_lba % 16 for e in structure.structure_extents][:2] == [0, 0]        # both sessions' descriptors


def test_descriptors_that_were_rewritten_name_the_last_session(tmp_path: Path) -> None:
    disc = images.open_image(grown(tmp_path))
    structure, _ = disc.structure()
    assert images.digests(disc, structure) == images.sha256s({**SECOND, "后.txt": b"same"})
    assert told(disc) == [("earlier-session", "去.txt", {"session": 1, "what": "hidden"}),
                          ("earlier-session", "改.txt", {"session": 1, "what": "superseded"})]
    assert disc.identify().sessions == 3


def test_a_second_session_that_is_cut_is_no_sound_disc(tmp_path: Path) -> None:
    image = appended(tmp_path)
    os.truncate(image, image.stat().st_size - 140 * 2048)
    assert "carrier-truncated" in [code for code, _, _ in told(images.open_image(image))]


def test_an_image_put_after_an_image_is_no_session(tmp_path: Path) -> None:
    image = images.genisoimage(images.plant(tmp_path / "root", {"a": b"a"}), tmp_path / "image", "-no-pad")
    raw = image.read_bytes()
    assert len(raw) % 2048 == 0
    image.write_bytes(raw + raw)
    used = sum(any(raw[at:at + 2048]) for at in range(0, len(raw), 2048))
    disc = images.open_image(image)
    assert told(disc) == [("structure-damaged", "", {"what": "data-after-volume", "count": used})]
    assert disc.identify().sessions == 1


def test_what_lies_after_the_volume(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "_SCANNED_BYTES", 1 << 20)
    image = images.genisoimage(images.plant(tmp_path / "root", {"a": b"a"}), tmp_path / "image", "-J", "-R")
    raw = image.read_bytes()
    blocks = len(raw) // 2048
    table = bytes(32 * 512) + b"EFI PART" + bytes(504)              # a backup GPT ends the carrier
    after = {b"": [], bytes(3000): [], bytes(9 * 2048 - len(table)) + table: [], bytes(2 << 20): [],
             bytes(5 * 2048) + b"x": [1], b"y" * 4097 + bytes(2048 - 1): [3], b"\1" * (16 * 2048) + table: [16]}
    for tail, counts in after.items():
        image.write_bytes(raw + tail)
        structure, found = images.open_image(image).structure()
        assert [f.facts["count"] for f in found] == counts
        assert {(f.code, f.facts["what"]) for f in found} <= {("structure-damaged", "data-after-volume")}
        assert structure.unseen_blocks == (512 if len(tail) > 1 << 20 else 0)       # the pass will look at those
    image.write_bytes(raw + bytes(5 * 2048) + b"x")
    assert [f.extent for f in images.open_image(image).structure()[1]] == [Extent(blocks + 5, 2048)]


def test_unreadable_blocks_after_the_volume_are_stepped_over_and_no_further(tmp_path: Path) -> None:
    image = appended(tmp_path, 4000)
    disc = Disc(BlockSource(image, pread=FaultySource(bad={400, 401})))
    assert disc.identify().sessions == 2
    faults = FaultySource(bad=set(range(300, 4000)))
    disc = Disc(BlockSource(image, pread=faults))
    assert disc.identify().sessions == 1
    asked = {block for at, length in faults.asked for block in range(at // 2048, (at + length) // 2048)}
    assert sorted(asked)[-2] < 400 + 32                     # one piece, not 64 MiB of bad blocks; and the last one


def test_the_table_of_contents_leads_over_what_no_drive_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the sessions of a CD lie lead-out, lead-in and pregap: asked for once a read, and no damage."""
    image = appended(tmp_path, 11_400)
    end = volume_blocks(image)
    start = (end + 11_400) // 16 * 16
    monkeypatch.setattr(BlockSource, "track_starts", lambda source: (0, start))
    faults = FaultySource(bad=dict.fromkeys(range(end, start), errno.EREMOTEIO))
    disc = Disc(BlockSource(image, pread=faults))
    structure, _ = disc.structure()
    assert disc.identify().sessions == 2 and structure.links == (Extent(end, (start - end) * 2048),)
    before = faults.failed
    chunks = list(disc.read(make_plan(structure)))
    assert faults.failed - before == -(-start // 512) - end // 512      # one for each read that the link has a part of
    bad = [chunk.extent for chunk in chunks if chunk.content is None]
    assert (bad[0].start_lba, sum(extent.length_bytes for extent in bad)) == (end, (start - end) * 2048)
    assert all(chunk.attempts == 1 for chunk in chunks)
    assert images.digests(disc, structure) == images.sha256s({**FIRST, **SECOND})


@pytest.mark.parametrize(("claim", "expected"), [(0, True), (25, True), (-1, False)])
def test_a_volume_that_claims_to_end_before_its_files(tmp_path: Path, claim: int, expected: bool) -> None:
    image = images.genisoimage(images.plant(tmp_path / "root", {"a": b"a" * 9000}), tmp_path / "image", "-no-pad")
    size = int.from_bytes(image.read_bytes()[16 * 2048 + 80:][:4], "little") if claim < 0 else claim
    images.patched(image, {16 * 2048 + 80: images.both(size)})
    assert told(images.open_image(image)) == [
        ("structure-damaged", "", {"what": "volume-space-size", "count": 1})][:expected]


@pytest.mark.parametrize("at", [120, 124, 128, 132])
@pytest.mark.parametrize("half", [0, 1])
def test_every_both_endian_number_of_the_descriptor(tmp_path: Path, at: int, half: int) -> None:
    image = images.genisoimage(images.plant(tmp_path / "root", {"a": b"a"}), tmp_path / "image")
    width = 4 if at == 132 else 2
    images.patched(image, {16 * 2048 + at + half * width: (9999).to_bytes(width, "big" if half else "little")})
    assert told(images.open_image(image)) == [("descriptor-copies-differ", "", {"what": "both-endian", "count": 1})]
