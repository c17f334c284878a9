"""Killed anywhere: the intake goes on, and what it says is what an uninterrupted one says."""
import fcntl
import hashlib
import json
import os
import random
import signal
import subprocess
from collections.abc import Callable
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from carriers.blocks import BlockSource
from carriers.disc import Disc
from carriers.health import Health
from carriers.model import Carrier, Extent, Finding
from carriers.retries import Limits
from checks.bind import Choice
from checks.form import SubmittedForm, read_form
from checks.verdict import Outcome, Verdict, to_record
from station.audit import audit
from station.config import Config
from station.home import Home, RegisterError
from station.intake import intake
from station.journal import Journal, _of_process, open_intakes, read_journal
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


def run(station: Station, source: Path, form: SubmittedForm, opener: Callable[[Path], Carrier] | None = None,
        told: StringIO | None = None, serial: str = "") -> Verdict:
    """serial: the carrier's own, as its drive says it."""
    progress = Progress(Voice("en", StringIO(), told or StringIO()))
    return intake(station, source, form, Choice(), progress, opener=opener,
                  looker=lambda _: Health(serial=serial, serial_is_of="carrier" if serial else ""))


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


@pytest.mark.parametrize("torn", [b"", b'{"type":"begin","intake":"S1-20'])
def test_killed_before_its_first_line_an_intake_has_a_number_only(tmp_path: Path, disc: tuple[Path, Path], torn: bytes
                                                                  ) -> None:
    """Nothing was lost, the audit has nothing to say, and the next one begins."""
    source, list_path = disc
    station = a_station(tmp_path / "home")
    run(station, source, read_form(list_path))
    folder = station.home.intakes / "S1-2026-000007"
    folder.mkdir()
    if torn:
        (folder / "journal.jsonl").write_bytes(torn)
    assert audit(station.home).breaks == []
    (folder / "lines.jsonl.zst").write_bytes(b"?")
    assert [found.what for found in audit(station.home).breaks] == ["break-unspoken"]


@pytest.mark.parametrize("is_written", [False, True], ids=["before", "after"])
def test_killed_at_every_line_of_the_journal(tmp_path: Path, disc: tuple[Path, Path], is_written: bool,
                                            monkeypatch: pytest.MonkeyPatch) -> None:
    source, list_path = disc
    form = read_form(list_path)
    straight = run(a_station(tmp_path / "straight"), source, form)
    real, left = Journal.write, 0

    def write(journal: Journal, kind: str, record: Any) -> None:
        nonlocal left
        left -= 1
        if left or is_written:
            real(journal, kind, record)
        if not left:
            raise Killed
    monkeypatch.setattr(Journal, "write", write)
    kinds = []
    for at in range(2, 40):                                    # the first line is what makes it an intake
        station, left = a_station(tmp_path / f"at{at}"), at
        try:
            run(station, source, form)
        except Killed:
            left = 0
        else:
            break
        verdict = run(station, source, form)
        assert said(verdict) == said(straight)
        lines = list(read_journal(station.home.intakes / verdict.intake / "journal.jsonl"))
        kinds.append(lines[-1]["type"])
        assert [line["type"] for line in lines].count("close") == 1 and audit(station.home)[1] == []
    assert len(kinds) > 12


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


def in_a_drive(stamp: list[int | str], kill_at: int = -1) -> Callable[[Path], Carrier]:
    """The image as a device shows it: what proves the piece is the boot and the number of the medium in it."""
    def opener(path: Path) -> Carrier:
        inner = opened(kill_at)(path)

        class InADrive:
            def __getattr__(self, name: str) -> Any:
                return getattr(inner, name)

            def stamp(self) -> list[int | str]:
                return stamp
        return InADrive()
    return opener


@pytest.mark.parametrize(("then", "now", "goes_on"), [
    (["device", "boot", "18", 9], ["device", "boot", "18", 9], True),
    (["device", "boot", "18", 9], ["device", "boot", "19", 9], False),        # a disc was exchanged for its copy
    (["device", "boot", "18", 9], ["device", "later", "18", 9], False),
    (["device", "boot", "18", 9], ["device", "boot", "18", 8], False),
    (["device", "boot", "", 9], ["device", "boot", "", 9], False),            # a kernel that counts no media
    (["device", "", "18", 9], ["device", "", "18", 9], False)])
def test_what_never_left_its_drive_goes_on_and_nothing_else(
        tmp_path: Path, disc: tuple[Path, Path], then: list[int | str], now: list[int | str], goes_on: bool) -> None:
    source, list_path = disc
    form, station, told = read_form(list_path), a_station(tmp_path / "home"), StringIO()
    with pytest.raises(Killed):
        run(station, source, form, in_a_drive(then, 6))
    link = tmp_path / "by-another-name"
    os.link(source, link)
    verdict = run(station, link, form, in_a_drive(now), told)
    assert verdict.outcome is Outcome.PASSED and len(verdict.sittings) == 1 + goes_on
    assert verdict.intake.endswith("000001" if goes_on else "000002")
    assert ("Going on with intake S1-" in told.getvalue()) == goes_on
    assert ("nothing proves that this is the same piece" in told.getvalue()) != goes_on
    assert [number for number, _ in open_intakes(station.home)] == ([] if goes_on else [f"{verdict.intake[:-1]}1"])


@pytest.mark.parametrize(("then", "now", "goes_on"), [
    ("WD-1", "WD-1", True), ("WD-1", "WD-2", False), ("WD-1", "", False), ("", "WD-1", False)])
def test_a_disk_is_known_again_by_its_own_serial_number(tmp_path: Path, disc: tuple[Path, Path], then: str, now: str,
                                                       goes_on: bool) -> None:
    """Pulled out and plugged in again it is another device with another number of the medium."""
    source, list_path = disc
    form, station = read_form(list_path), a_station(tmp_path / "home")
    with pytest.raises(Killed):
        run(station, source, form, in_a_drive(["device", "boot", "18", 9], 6), serial=then)
    verdict = run(station, source, form, in_a_drive(["device", "boot", "25", 9]), serial=now)
    assert verdict.outcome is Outcome.PASSED and len(verdict.sittings) == 1 + goes_on


def test_a_process_that_only_the_kernel_still_has_keeps_no_intake(tmp_path: Path, disc: tuple[Path, Path],
                                                                 monkeypatch: pytest.MonkeyPatch) -> None:
    """It was killed in the middle of a read that never returns: its lock stays, and it will never write again."""
    source, list_path = disc
    form, station = read_form(list_path), a_station(tmp_path / "home")
    with pytest.raises(Killed):
        run(station, source, form, opened(kill_at=6))
    marker = next((station.home.intakes / ".open").iterdir())
    number = marker.name
    with marker.open("r+") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        held.truncate(0)
        held.write(f"{os.getpid()} 77")
        held.flush()
        for state in (("77", False), ("78", True), ("", False)):               # alive; another process by now; gone
            monkeypatch.setattr("station.journal._of_process", lambda pid, state=state: state)
            with pytest.raises(RegisterError) as refusal:
                run(station, source, form)
            assert refusal.value.code == "intake-running"
        monkeypatch.setattr("station.journal._of_process", lambda pid: ("77", True))
        assert run(station, source, form).intake == number
    assert not any((station.home.intakes / ".open").iterdir())


def test_a_killed_process_is_told_from_a_living_one() -> None:
    pid = os.fork()
    if pid == 0:
        while True:
            signal.pause()
    begun, is_killed = _of_process(pid)
    assert begun.isdigit() and not is_killed
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    assert _of_process(pid) == ("", False)


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
