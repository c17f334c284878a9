"""Killed anywhere: the intake goes on, and what it says is what an uninterrupted one says."""
import hashlib
import json
import os
import random
import subprocess
from collections.abc import Callable
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from carriers.blocks import BlockSource
from carriers.disc import Disc
from carriers.model import Carrier, Extent, Finding
from carriers.retries import Limits
from checks.bind import Choice
from checks.form import SubmittedForm, read_form
from checks.verdict import Outcome, Verdict, to_record
from station.audit import audit
from station.config import Config
from station.home import Home, RegisterError
from station.intake import intake
from station.journal import read_journal
from station.progress import Progress
from station.register import Register, Station
from station.words import Voice
from tests.faults import FaultySource


class Killed(BaseException):
    """Stands for kill -9: nothing of ours may catch it."""


@pytest.fixture(scope="module")
def disc(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """An image of some 12 MiB with small, large and odd files, and its list."""
    folder = tmp_path_factory.mktemp("disc")
    rng = random.Random(5)
    lines = []
    for number, size in enumerate([0, 1, 2048, 3_000_000, 70_001, 5_000_000, *[4000] * 300, 2_500_000]):
        path = folder / "src" / f"d{number % 7}" / f"{number:04d}.bin"
        path.parent.mkdir(parents=True, exist_ok=True)
        content = rng.randbytes(size)
        path.write_bytes(content)
        lines.append(f"{hashlib.md5(content).hexdigest()}  d{number % 7}/{number:04d}.bin\n")
    (folder / "list.md5").write_text("".join(lines))
    subprocess.run(["genisoimage", "-quiet", "-J", "-R", "-V", "RESUME", "-o", str(folder / "disc.iso"),
                    str(folder / "src")], check=True)
    return folder / "disc.iso", folder / "list.md5"


def a_station(folder: Path) -> Station:
    home = Home(folder)
    return Station(replace(Config(), save_seconds=0.0), home, Register(home, "S1"))


def run(station: Station, source: Path, form: SubmittedForm, opener: Callable[[Path], Carrier] | None = None
        ) -> Verdict:
    progress = Progress(Voice("en", StringIO(), StringIO()))
    return intake(station, source, form, Choice(), progress, **({"opener": opener} if opener else {}))


def opened(kill_at: int = -1, bad: int = -1) -> Callable[[Path], Carrier]:
    """A disc that is killed at the n-th large read of the medium; block `bad` cannot be read."""
    count = 0

    def pread(handle: int, length: int, offset: int) -> bytes:
        nonlocal count
        count += length > 100_000                              # the pass, not the structure
        if count == kill_at:
            raise Killed
        if offset <= bad * 2048 < offset + length:
            raise OSError(5, "Input/output error")
        return os.pread(handle, length, offset)
    return lambda path: Disc(BlockSource(path, pread=pread))


def failing(kill_at: int, bad: range, seconds: float) -> Callable[[Path], Carrier]:
    """A disc whose reads of some blocks fail after so many seconds; killed at the n-th large read."""
    faults = FaultySource(bad=bad, slow=dict.fromkeys(bad, seconds))
    count = 0

    def pread(handle: int, length: int, offset: int) -> bytes:
        nonlocal count
        count += length > 100_000
        if count == kill_at:
            raise Killed
        return faults(handle, length, offset)
    return lambda path: Disc(BlockSource(path, pread=pread, clock=faults.clock,
                                         limits=Limits(place_seconds=100.0, error_seconds=300.0)))


def said(verdict: Verdict) -> dict[str, Any]:
    """A verdict without what must differ between two intakes: numbers, times, hashes over times."""
    record = to_record(verdict)
    for key in ("intake", "at", "sittings", "speed", "journal_sha256", "source"):
        record.pop(key)
    return record  # type: ignore[no-any-return]


@pytest.mark.parametrize("bad", [-1, 1700])
def test_killed_at_any_read_ends_in_the_same_verdict(tmp_path: Path, disc: tuple[Path, Path], bad: int) -> None:
    source, list_path = disc
    form = read_form(list_path)
    straight = run(a_station(tmp_path / "straight"), source, form, opened(bad=bad))
    assert straight.outcome is (Outcome.PASSED if bad < 0 else Outcome.FAILED)
    killed = 0
    for at in range(1, 20):
        station = a_station(tmp_path / f"at{at}")
        try:
            run(station, source, form, opened(kill_at=at, bad=bad))
        except Killed:
            killed += 1
        else:
            break                                              # it needed fewer reads than that
        verdict = run(station, source, form, opened(bad=bad))
        assert said(verdict) == said(straight)
        assert verdict.intake == next(station.home.intakes.glob("S1-*")).name
        assert audit(station.home)[1] == []
    assert killed > 8


@pytest.mark.parametrize("seconds", [1.0, 40.0])
def test_what_errors_have_cost_is_not_spent_again(tmp_path: Path, disc: tuple[Path, Path], seconds: float) -> None:
    """Two damaged places, each left when it has had its share; killed in between, the account is the same."""
    source, list_path = disc
    form, bad = read_form(list_path), range(600, 3500)
    straight = run(a_station(tmp_path / "straight"), source, form, failing(-1, bad, seconds))
    assert straight.coverage.not_attempted_bytes > 1_000_000 and straight.outcome is not Outcome.PASSED
    assert straight.counts.not_checked > 0
    killed = 0
    for at in range(1, 12):
        station = a_station(tmp_path / f"at{at}")
        try:
            run(station, source, form, failing(at, bad, seconds))
        except Killed:
            killed += 1
        else:
            break
        assert said(run(station, source, form, failing(-1, bad, seconds))) == said(straight)
    assert killed > 4


def test_killed_twice_with_a_journal_torn_at_any_byte(tmp_path: Path, disc: tuple[Path, Path]) -> None:
    source, list_path = disc
    form = read_form(list_path)
    straight = run(a_station(tmp_path / "straight"), source, form)
    station = a_station(tmp_path / "home")
    with pytest.raises(Killed):
        run(station, source, form, opened(kill_at=6))
    journal = next(station.home.intakes.glob("S1-*")) / "journal.jsonl"
    whole = journal.read_bytes()
    first = whole.index(b"\n") + 1
    for cut in random.Random(3).sample(range(first, len(whole)), 8):
        other = a_station(tmp_path / f"cut{cut}")
        subprocess.run(["cp", "-a", str(station.home.root), str(other.home.root)], check=True)
        path = next(other.home.intakes.glob("S1-*")) / "journal.jsonl"
        path.write_bytes(whole[:cut])
        verdict = run(other, source, form)
        assert said(verdict) == said(straight)
        assert audit(other.home)[1] == []


def test_another_piece_or_another_form_never_goes_on(tmp_path: Path, disc: tuple[Path, Path]) -> None:
    """Copies A and B of one master have identical blocks: half of each must never pass together."""
    source, list_path = disc
    form = read_form(list_path)
    copy = tmp_path / "copy.iso"
    copy.write_bytes(source.read_bytes())
    station = a_station(tmp_path / "home")
    with pytest.raises(Killed):
        run(station, source, form, opened(kill_at=6))
    assert run(station, copy, form).intake.endswith("000002")
    shorter = tmp_path / "shorter.md5"
    shorter.write_text("".join(list_path.read_text().splitlines(keepends=True)[:-1]))
    assert run(station, source, read_form(shorter)).intake.endswith("000003")
    changed = run(station, source, form)                       # the piece itself does go on
    assert changed.intake.endswith("000001") and len(changed.sittings) == 2
    with source.open("r+b") as image:                          # rewritten in place: same inode, another time
        os.utime(image.fileno(), ns=(1, 1))


def test_killed_between_the_journal_and_the_register(tmp_path: Path, disc: tuple[Path, Path],
                                                    monkeypatch: pytest.MonkeyPatch) -> None:
    source, list_path = disc
    form = read_form(list_path)
    station = a_station(tmp_path / "home")
    with monkeypatch.context() as patch:
        patch.setattr(Register, "append", _killed)
        with pytest.raises(Killed):
            run(station, source, form)
    assert list(station.register.lines()) == []
    verdict = run(station, source, form, opened(kill_at=1))    # nothing is read again
    lines = list(station.register.lines())
    assert [line["intake"] for line in lines] == [verdict.intake]
    assert verdict.outcome is Outcome.PASSED
    assert not any((station.home.intakes / ".open").iterdir())
    assert audit(station.home)[1] == []


def _killed(*_: object) -> str:
    raise Killed


def test_a_disk_that_fills_up_during_the_pass_loses_nothing(tmp_path: Path, disc: tuple[Path, Path],
                                                           monkeypatch: pytest.MonkeyPatch) -> None:
    source, list_path = disc
    form = read_form(list_path)
    station = a_station(tmp_path / "home")
    from station import home as home_module

    real, room = home_module._write_all, [60_000]

    def fills_up(handle: int, raw: memoryview | bytes) -> None:
        room[0] -= len(raw)
        if room[0] < 0:
            os.write(handle, bytes(raw)[:10])
            raise OSError(28, "No space left on device")
        real(handle, raw)  # type: ignore[arg-type]
    with monkeypatch.context() as patch:
        patch.setattr(home_module, "_write_all", fills_up)
        with pytest.raises(RegisterError) as refusal:
            run(station, source, form)
    assert refusal.value.code == "home-full"
    verdict = run(station, source, form)
    assert verdict.outcome is Outcome.PASSED and verdict.intake.endswith("000001")
    assert audit(station.home)[1] == []


def test_two_at_once_on_one_source_are_refused(tmp_path: Path, disc: tuple[Path, Path]) -> None:
    source, list_path = disc
    form = read_form(list_path)
    station = a_station(tmp_path / "home")

    def meanwhile(path: Path) -> Carrier:
        inner = opened()(path)

        class Slow:
            def __getattr__(self, name: str) -> Any:
                return getattr(inner, name)

            def read(self, plan: Any) -> Any:
                with pytest.raises(RegisterError) as refusal:
                    run(station, source, form)
                assert refusal.value.code == "intake-running"
                return inner.read(plan)
        return Slow()
    assert run(station, source, form, meanwhile).outcome is Outcome.PASSED
    journal = next(station.home.intakes.glob("S1-*")) / "journal.jsonl"
    assert [r["type"] for r in read_journal(journal)][-3:] == ["reading", "findings", "close"]
    assert json.loads(journal.read_bytes().splitlines()[0])["type"] == "begin"


def test_what_an_earlier_sitting_found_of_the_drive_stays(tmp_path: Path, disc: tuple[Path, Path]) -> None:
    source, list_path = disc
    form = read_form(list_path)
    station = a_station(tmp_path / "home")

    def doubtful(path: Path) -> Carrier:
        inner = opened(kill_at=6)(path)

        class Doubtful:
            def __getattr__(self, name: str) -> Any:
                return getattr(inner, name)

            def findings(self) -> tuple[Finding, ...]:
                return (Finding("drive-doubt", "", Extent(40, 2048), {"error_lba": 99}),)
        return Doubtful()
    with pytest.raises(Killed):
        run(station, source, form, doubtful)
    verdict = run(station, source, form)
    assert verdict.outcome is Outcome.UNDECIDED and len(verdict.sittings) == 2
    assert [j.code for j in verdict.findings if j.severity == "doubt"] == ["drive-doubt"]
