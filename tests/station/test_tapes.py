"""Tapes through the main flow: killed anywhere, a reading goes on; lists that lie on a tape; what a form joins."""
from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest

from carriers import on_tape
from carriers.model import Carrier
from carriers.tape import TapeFolder
from checks.bind import Choice
from checks.form import read_form
from checks.verdict import Outcome
from station.__main__ import main
from station.audit import audit
from station.intake import intake
from station.progress import Progress
from station.words import Voice
from tests.station.test_resume import Killed, a_station, run, said
from tests.tape_writer import Options, Tape, ltfs, records, tar
from tests.vectors_kit import CONTENT, SCOPED, digest, listed, scoped, workbook


def content() -> dict[str, bytes]:
    chance = random.Random(7)
    sizes = [3_000_000, 5, 70_001, 2_000_000, *[3000] * 40, 1_500_000]
    return {f"案卷{n % 3}/{n:04d}.bin": chance.randbytes(size) for n, size in enumerate(sizes)}


def a_tape(folder: Path, kind: str) -> Path:
    if kind == "ltfs":
        return ltfs(content(), Options(block_bytes=65536, hashes=("md5",))).save(folder / "tape")
    files, tape = content(), Tape()
    first = dict(list(files.items())[:3])
    rest = dict(list(files.items())[3:])
    tape.put(0, *records(tar(folder, first), 10240), None, *records(tar(folder, rest), 65536), None, None)
    if kind == "bad":
        tape.bad.append((0, 200))
    return tape.save(folder / "tape")


def opened(reads: list[int], kill_at: int = -1) -> Callable[[Path], Carrier]:
    """A tape folder that is killed at the n-th record read; how many were is kept in reads."""
    def read_file(path: Path) -> bytes:
        reads[0] += 1
        if reads[0] == kill_at:
            raise Killed
        return path.read_bytes()
    return lambda path: on_tape(TapeFolder(path, read_file=read_file))


@pytest.mark.parametrize("kind", ["ltfs", "tar", "bad"])
def test_killed_at_any_record_ends_in_the_same_verdict(tmp_path: Path, kind: str) -> None:
    source = a_tape(tmp_path, kind)
    form = read_form(listed(tmp_path, content()))
    reads = [0]
    straight = run(a_station(tmp_path / "straight"), source, form, opened(reads))
    assert straight.outcome is (Outcome.FAILED if kind == "bad" else Outcome.PASSED)
    sittings = set()
    for at in random.Random(3).sample(range(12, reads[0] + 1), 6):
        station = a_station(tmp_path / f"at{at}")
        with pytest.raises(Killed):
            run(station, source, form, opened([0], at))
        verdict = run(station, source, form)
        assert said(verdict) == said(straight)
        assert audit(station.home)[1] == []
        sittings.add(len(verdict.sittings))
    assert 2 in sittings


@pytest.mark.parametrize("kind", ["ltfs", "tar"])
def test_a_list_that_lies_on_the_tape(tmp_path: Path, kind: str) -> None:
    lines = "".join(f"{digest(raw)}  {path}\n" for path, raw in CONTENT.items()).encode()
    both = {**CONTENT, "清单.md5": lines}
    tape = ltfs(both) if kind == "ltfs" else Tape()
    if kind == "tar":
        tape.put(0, *records(tar(tmp_path, both), 10240), None)
    source = tape.save(tmp_path / "tape")
    progress = Progress(Voice("en", StringIO(), StringIO()))
    verdict = intake(a_station(tmp_path / "home"), source, None, Choice(lists=""), progress)
    assert verdict.counts.equal == verdict.counts.listed == len(CONTENT)
    assert verdict.reference.anchor == "P4" and verdict.outcome is Outcome.UNDECIDED


def test_parts_that_a_form_joins_are_not_joined_on_a_tar_tape_and_it_says_so(tmp_path: Path) -> None:
    """Which parts are one package is known only when all names are; then they are past. Nothing passes by it."""
    parts = {f"p.7z.{n:03d}": digest(b"%d" % n).encode() * 90 for n in range(1, 4)}
    rows = [scoped("p.7z", "多文件", b"".join(parts.values()), "3"),
            *(scoped(path, "单个文件", raw) for path, raw in parts.items())]
    tape = Tape()
    tape.put(0, *records(tar(tmp_path, parts), 10240), None)
    form = read_form(workbook(tmp_path, rows, header=SCOPED))
    verdict = run(a_station(tmp_path / "home"), tape.save(tmp_path / "tape"), form)
    assert (verdict.outcome, verdict.counts.equal, verdict.counts.not_checked) == (Outcome.UNDECIDED, 3, 1)
    assert [j.facts["reason"] for j in verdict.findings if j.facts.get("check") == "accuracy"] == ["parts-on-tape"]


@pytest.mark.parametrize("kind", ["ltfs", "tar"])
def test_a_form_that_comes_later_needs_no_second_reading(tmp_path: Path, kind: str) -> None:
    source, home = a_tape(tmp_path, kind), str(tmp_path / "home")
    assert main(["intake", str(source), "--home", home]) == 3
    shutil.rmtree(source)
    form = listed(tmp_path, content())
    assert main(["recompare", "S1-2026-000001", "--form", str(form), "--home", home]) == 0
