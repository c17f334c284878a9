"""One drive's intake as a child: its exit code, its heartbeat, and what becomes of it when the drive hangs."""
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest

from carriers.model import Refused
from station.home import Home
from station.lane import Lane, Pulse, is_device, lane_path, look, signs_of_life
from station.words import Voice
from tests.vectors_kit import CONTENT, genisoimage, listed

ROOT = Path(__file__).resolve().parents[2]
LONG = 60.0


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home")
    made.prepare()
    return made


def a_lane(home: Home, hang_seconds: float = LONG) -> Lane:
    return Lane(home, Path("/dev/sr0"), hang_seconds, Voice("en", StringIO(), StringIO()), grace_seconds=0.3)


def run(lane: Lane, work: Callable[[], int]) -> int:
    """What the command does, with other work for the child."""
    code = lane.split()
    if code is None:
        try:
            os._exit(work())
        finally:
            os._exit(99)
    return code


def beating(lane: Lane, waiting_seconds: float = 0.0) -> None:
    lane.write(json.dumps({"stage": "reading", "intake": "S1-2026-000001", "waiting_seconds": waiting_seconds,
                           "lba": 4711}))


def for_ever(nothing: object = None) -> int:
    """Stands for a read that never returns."""
    os.read(os.pipe()[0], 1)
    return 0


def deaf() -> int:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    return for_ever()


# --- what the parent answers ---------------------------------------------------------------------------------------

@pytest.mark.parametrize("code", [0, 1, 3, 4, 70])
def test_the_exit_code_is_the_childs_and_the_drive_is_free_again(home: Home, code: int) -> None:
    lane = a_lane(home)
    assert run(lane, lambda: (beating(lane), code)[1]) == code
    seen = look(home, Path("/dev/sr0"))
    assert not seen.working and seen.line["intake"] == "S1-2026-000001"
    assert run(a_lane(home), lambda: os.getsid(0) == os.getpid()) == 1       # a session of its own


@pytest.mark.parametrize("how", ["says so", "stopped", "silent"])
def test_a_drive_that_hangs_is_given_up(home: Home, how: str) -> None:
    lane = a_lane(home, LONG if how == "says so" else 0.2)

    def work() -> int:
        beating(lane, 61 if how == "says so" else 0)
        if how == "stopped":
            os.kill(os.getpid(), signal.SIGSTOP)
        return for_ever()
    with pytest.raises(Refused) as refusal:
        run(lane, work)
    assert refusal.value.code == "drive-hung"
    assert (refusal.value.facts["intake"], refusal.value.facts["lba"]) == ("S1-2026-000001", "4711")
    assert not look(home, Path("/dev/sr0")).working


def test_a_process_that_cannot_be_ended_is_left_and_every_later_start_says_so(
        home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    lane = a_lane(home, 0.2)
    real, sent = os.kill, []
    monkeypatch.setattr(os, "killpg", lambda pid, number: sent.append(number))       # as of one in state D
    monkeypatch.setattr(os, "kill", lambda pid, number: sent.append(number))
    with pytest.raises(Refused) as refusal:
        run(lane, lambda: (beating(lane), for_ever())[1])
    assert refusal.value.code == "drive-hung-left" and sent == [signal.SIGTERM, signal.SIGKILL]
    pid = int(refusal.value.facts["pid"])
    assert look(home, Path("/dev/sr0")).line["stage"] == "hung"
    with pytest.raises(Refused) as later:
        run(a_lane(home), lambda: 0)
    assert (later.value.code, later.value.facts["pid"]) == ("drive-still-hung", pid)
    real(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    assert run(a_lane(home), lambda: 0) == 0                                 # gone at last


def test_a_child_that_crashes_is_a_program_error_and_costs_one_intake(home: Home) -> None:
    lane = a_lane(home)
    assert run(lane, lambda: (os.kill(os.getpid(), signal.SIGSEGV), 0)[1]) == 70
    assert "crashed (SIGSEGV)" in lane._voice.err.getvalue()  # type: ignore[attr-defined]


def test_a_child_that_somebody_kills_leaves_its_intake_open(home: Home) -> None:
    with pytest.raises(Refused) as refusal:
        run(a_lane(home), lambda: (os.kill(os.getpid(), signal.SIGKILL), 0)[1])
    assert (refusal.value.code, refusal.value.facts) == ("intake-killed", {"signal": "SIGKILL"})


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_wish_to_stop_is_passed_on_and_a_second_one_ends_it(home: Home, number: int) -> None:
    before = signal.getsignal(number)                         # another test may have left one of its own

    def stops() -> int:
        ended = threading.Event()
        signal.signal(number, lambda *_: ended.set())
        os.kill(os.getppid(), number)
        while not ended.wait(0.01):
            pass
        return 4
    assert run(a_lane(home), stops) == 4

    def stubborn() -> int:
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, signal.SIG_IGN)
        os.kill(os.getppid(), number)
        os.kill(os.getppid(), signal.SIGINT if number == signal.SIGTERM else signal.SIGTERM)
        return deaf()
    with pytest.raises(Refused) as refusal:
        run(a_lane(home), stubborn)
    assert refusal.value.code == "intake-killed"
    assert signal.getsignal(number) == before


def test_two_on_one_drive_are_refused_and_another_drive_is_free(home: Home) -> None:
    def work() -> int:
        beating(lane)
        assert look(home, Path("/dev/sr0")).working
        with pytest.raises(Refused) as refusal:
            a_lane(home).split()
        assert (refusal.value.code, refusal.value.facts["intake"]) == ("drive-busy", "S1-2026-000001")
        other = Lane(home, Path("/dev/sr1"), LONG, Voice("en", StringIO(), StringIO()))
        return run(other, lambda: 5)
    lane = a_lane(home)
    assert run(lane, work) == 5
    assert lane_path(home, Path("/dev/sr0")) != lane_path(home, Path("/dev/sr1"))


# --- the heartbeat -------------------------------------------------------------------------------------------------

def test_the_pulse_says_how_long_the_reading_has_stood_still() -> None:
    told: list[float] = []
    signs, now = [(5, 1.0)], [0.0]
    pulse = Pulse(told.append, lambda: signs[0], lambda: now[0])
    for now[0], signs[0] in ((1.0, (5, 1.0)), (2.0, (5, 1.0001)), (62.0, (5, 1.0011)),       # the kernel's own waiting
                             (63.0, (6, 1.0011)), (64.0, (6, 1.0011)),                        # a read came back
                             (65.0, (6, 1.5)), (66.0, (6, 1.5))):                             # it computes
        pulse.beat()
    assert told == [1.0, 2.0, 62.0, 0.0, 1.0, 0.0, 1.0]


def test_signs_of_life_are_the_main_threads_own(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    signs = signs_of_life()
    handle = os.open(tmp_path / "file", os.O_RDONLY)
    first = signs()
    os.pread(handle, 1, 0)
    reads = signs()[0]
    assert reads > first[0]
    other = threading.Thread(target=lambda: [os.pread(handle, 1, 0) for _ in range(50)])
    other.start()
    other.join()
    assert signs()[0] < reads + 40
    deadline = time.process_time() + 0.02
    while time.process_time() < deadline:
        pass
    assert signs()[1] - first[1] > 0.01
    os.close(handle)
    assert not is_device(tmp_path / "file") and not is_device(tmp_path / "none" / "x")


# --- the whole command ---------------------------------------------------------------------------------------------

COMMAND = """
import os, signal, sys
from functools import partial
from carriers.blocks import BlockSource
from carriers.disc import Disc
from station import lane, progress
from station.commands import intake as command
from station.__main__ import guarded
import station.intake
command.is_device = lambda source: True
progress._WAITING_SECONDS = progress._EVERY_SECONDS = lane.BEAT_SECONDS = progress.BEAT_SECONDS = 0.05
command.Lane = lambda home, source, seconds, voice: lane.Lane(home, source, limit, voice, grace_seconds=0.3)
how = sys.argv.pop(1)
limit = 3.0 if how in ("hang", "freeze") else 60.0
def pread(handle, length, offset):
    if length > 500000:                             # the pass
        if how == "hang":
            os.read(os.pipe()[0], 1)
        if how == "freeze":
            os.kill(os.getpid(), signal.SIGSTOP)
        if how == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if how == "gone":
            raise OSError(19, "No such device")
        if how == "crash":
            os.kill(os.getpid(), signal.SIGBUS)
        if how == "wrong":
            raise RuntimeError("a program error")
        if how == "stop":
            os.kill(os.getppid(), signal.SIGTERM)
            signal.pause()                          # until the parent has passed it on
    return os.pread(handle, length, offset)
command.intake = partial(station.intake.intake, opener=lambda path: Disc(BlockSource(path, pread=pread)))
sys.exit(guarded())
"""


def command(how: str, home: Path, *words: object) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "STATION_HOME": str(home), "STATION_LANG": "en"}
    return subprocess.run([sys.executable, "-c", COMMAND, how, "intake", *map(str, words)], cwd=ROOT, env=env,
                          capture_output=True, text=True, check=False)


def told(done: subprocess.CompletedProcess[str]) -> dict[str, object]:
    record: dict[str, object] = json.loads(done.stdout)
    for key in ("intake", "at", "sittings", "speed", "journal_sha256", "host", "source"):
        record.pop(key, None)
    return record


@pytest.mark.parametrize(("how", "code", "says"), [
    ("hang", 4, "hangs: no answer for"), ("freeze", 4, "hangs: no answer for"), ("kill", 4, "ended by force (SIGKILL)"),
    ("gone", 4, "no longer answers (ENODEV)"), ("crash", 70, "crashed (SIGBUS)"), ("wrong", 70, "a program error"),
    ("stop", 4, "Stopped as asked (SIGTERM)")])
def test_whatever_happens_to_the_child_the_same_command_goes_on(tmp_path: Path, how: str, code: int, says: str
                                                               ) -> None:
    content = {**CONTENT, "big.bin": bytes(range(256)) * 20_000}
    image, form = genisoimage(tmp_path, content), listed(tmp_path, content)
    done = command(how, tmp_path / "home", image, "--form", form, "--json", "--progress")
    assert (done.returncode, done.stdout) == (code, ""), done.stderr
    assert says in done.stderr
    rows = [json.loads(row) for row in done.stderr.splitlines() if row.startswith("{")]
    assert {row["stage"] for row in rows} >= {"structure", "reading"}
    if how == "hang":
        assert max(row.get("waiting_seconds", 0) for row in rows) >= 0.4
    again = command("", tmp_path / "home", image, "--form", form, "--json")
    straight = command("", tmp_path / "straight", image, "--form", form, "--json")
    assert again.returncode == straight.returncode == 0, again.stderr
    assert told(again) == told(straight)
    assert json.loads(again.stdout)["intake"].endswith("000001")
    kept = [json.loads(row) for row in next((tmp_path / "home" / "intakes").glob("S1-*/progress.jsonl"))
            .read_text().splitlines()]
    assert kept[-1]["stage"] in ("reading", "comparing")
