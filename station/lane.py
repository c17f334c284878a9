"""One drive's intake in a process of its own: a drive that hangs, or a library that crashes, costs one intake.

Takes a source that may never answer, gives the exit code of the child that reads it. Relies on fork, flock and one
file a drive, `HOME/intakes/.lanes/<device>`: the newest line of its progress, at least one a second, locked for as
long as a process works on the drive. Whoever shows drives reads that file too (`look`). Nothing waits for a process
that cannot be ended: it is left to the kernel, and said so by every later start until it is gone.
"""
from __future__ import annotations

import contextlib
import faulthandler
import fcntl
import json
import os
import signal
import stat
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from carriers.model import Refused
from station.home import Home, kept
from station.words import Voice

BEAT_SECONDS = 1.0
GRACE_SECONDS = 5.0
_LINE_BYTES = 1024              # the newest line is padded to this, so that one write replaces it whole
_BUSY_SECONDS = 0.002           # less of the processor is what the kernel's own waiting takes: it looks up every minute
_ENDED_BY = frozenset({signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP})    # by somebody, not by a fault
_STOPS = (signal.SIGINT, signal.SIGTERM)
Line = Mapping[str, Any]


def is_device(source: Path) -> bool:
    """Whether a source may hang for ever; what cannot be asked is told by its opener."""
    try:
        return stat.S_ISBLK(source.stat().st_mode)
    except OSError:
        return False


class Seen(NamedTuple):
    """What a drive's file says. working: a process holds the drive. line: its newest line, {} = none."""

    working: bool
    line: Line


def lane_path(home: Home, source: Path) -> Path:
    """The file of a drive, by the device's own name."""
    return home.intakes / ".lanes" / source.resolve().name


def look(home: Home, source: Path) -> Seen:
    """What goes on in a drive, for whoever shows it; no process is waited for and no device touched."""
    try:
        handle = os.open(lane_path(home, source), os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return Seen(False, {})
    try:
        return Seen(not _locked(handle, fcntl.LOCK_SH), _newest(handle))
    finally:
        os.close(handle)


def _locked(handle: int, how: int) -> bool:
    try:
        fcntl.flock(handle, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _newest(handle: int) -> dict[str, Any]:
    try:
        line = json.loads(os.pread(handle, _LINE_BYTES, 0) or b"{}")
    except ValueError:                                          # met in the middle of its writing: the next one tells
        return {}
    return line if isinstance(line, dict) else {}


class Lane:
    """The intake of one drive. Made by its parent; `split` makes the child.

    hang_seconds: a drive that lets a read wait for longer hangs; so does a child that is silent for longer.
    grace_seconds: for a child to end after a signal.
    """

    def __init__(self, home: Home, source: Path, hang_seconds: float, voice: Voice, *,
                 grace_seconds: float = GRACE_SECONDS) -> None:
        self._source, self._voice = source, voice
        self._hang_seconds, self._grace_seconds = hang_seconds, grace_seconds
        self._path = lane_path(home, source)
        self._handle = -1
        self._asked: list[int] = []                             # signals that we were sent and that the child was not
        self._stops = 0

    def split(self) -> int | None:
        """Go on in a child. None: we are the child. Else its exit code, as soon as it has ended.

        Raises (in the parent): Refused("drive-busy" | "drive-still-hung") where another process has the drive;
        Refused("drive-hung" | "drive-hung-left" | "intake-killed"): no verdict, the intake stays open; RegisterError.
        """
        self._occupy()
        before = {number: signal.signal(number, lambda n, _: self._asked.append(n)) for number in _STOPS}
        for stream in (self._voice.out, self._voice.err):
            stream.flush()
        pid = os.fork()
        if pid == 0:
            os.setsid()                                         # the terminal's Ctrl-C is our parent's to pass on
            for number in _STOPS:
                signal.signal(number, signal.SIG_DFL)
            with contextlib.suppress(ValueError, OSError):      # where stderr is no file
                faulthandler.enable(sys.stderr)
            return None
        try:
            return self._watch(pid)
        finally:
            os.close(self._handle)
            for number, handler in before.items():
                signal.signal(number, handler)

    def write(self, line: str) -> None:
        """Replace the newest line (a JSON object, in the child)."""
        os.pwrite(self._handle, line.encode().ljust(_LINE_BYTES - 1) + b"\n", 0)

    def _occupy(self) -> None:
        with kept(self._path):
            self._path.parent.mkdir(exist_ok=True)
            self._handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        until = time.monotonic() + self._grace_seconds
        while not _locked(self._handle, fcntl.LOCK_EX):
            line = _newest(self._handle)
            if line.get("stage") != "hung" and time.monotonic() < until:
                time.sleep(0.05)                                # hashers of one that was just killed are ending
                continue
            os.close(self._handle)
            code = "drive-still-hung" if line.get("stage") == "hung" else "drive-busy"
            raise Refused(code, source=str(self._source), intake=str(line.get("intake") or "-"),
                          pid=int(line.get("pid", 0)))
        with kept(self._path):
            os.ftruncate(self._handle, 0)

    def _watch(self, pid: int) -> int:
        """Until the child has ended, by itself or by us. The lock is the child's alone from here on."""
        watched = os.open(self._path, os.O_RDWR | os.O_CLOEXEC)
        os.close(self._handle)
        self._handle = watched
        last, changed = -1, time.monotonic()
        while True:
            status = _status_of(pid)
            if status is not None:
                return self._ended(status)
            self._pass_on(pid)
            now, written = time.monotonic(), os.fstat(self._handle).st_mtime_ns
            if written != last:
                last, changed = written, now
            line = _newest(self._handle)
            waited = max(now - changed, float(line.get("waiting_seconds", 0)))
            if waited >= self._hang_seconds:
                return self._give_up(pid, (signal.SIGTERM, signal.SIGKILL), waited)
            time.sleep(0.1)

    def _pass_on(self, pid: int) -> None:
        """A wish to stop is the child's to follow, once what it read is saved; the second one ends it."""
        while self._asked:
            number = self._asked.pop(0)
            self._stops += 1
            if self._stops > 1:
                self._give_up(pid, (signal.SIGKILL,), 0.0)
            os.kill(pid, number)

    def _give_up(self, pid: int, signals: tuple[int, ...], waited: float) -> int:
        """End the child, or leave it where it cannot be ended. Never waits for the drive."""
        line = _newest(self._handle)
        facts: dict[str, str | int] = {"source": str(self._source), "seconds": round(waited), "pid": pid,
                                       "intake": str(line.get("intake") or "-"), "lba": str(line.get("lba", "-"))}
        for number in signals:
            if number == signal.SIGKILL:
                os.killpg(pid, number)                          # and its hashers, which would wait for it
            else:
                os.kill(pid, number)
            if _ended_within(pid, self._grace_seconds):
                if not waited:
                    raise Refused("intake-killed", signal=signal.Signals(number).name)
                raise Refused("drive-hung", **facts)
        self.write(json.dumps({**line, "stage": "hung", "pid": pid, "waiting_seconds": round(waited, 1)}))
        raise Refused("drive-hung-left", **facts)

    def _ended(self, status: int) -> int:
        if os.WIFEXITED(status):
            return os.WEXITSTATUS(status)
        number = os.WTERMSIG(status)
        if number in _ENDED_BY:
            raise Refused("intake-killed", signal=signal.Signals(number).name)
        self._voice.say("intake-crashed", source=self._source, signal=signal.Signals(number).name)
        return 70


def _status_of(pid: int) -> int | None:
    done, status = os.waitpid(pid, os.WNOHANG)
    return status if done else None


def _ended_within(pid: int, seconds: float) -> bool:
    until = time.monotonic() + seconds
    while _status_of(pid) is None:
        if time.monotonic() >= until:
            return False
        time.sleep(0.05)
    return True


# --- the child's side ----------------------------------------------------------------------------------------------

Signs = Callable[[], tuple[int, float]]


def signs_of_life() -> Signs:
    """Reads that the main thread has come back from, and seconds it used the processor: both stand still in a read.

    The count is the kernel's (proc(5), task/io: syscr), 0 where the kernel keeps none.
    """
    thread = threading.main_thread()
    processor = time.pthread_getcpuclockid(thread.ident or 0)
    counts = Path(f"/proc/self/task/{thread.native_id}/io")

    def signs() -> tuple[int, float]:
        try:
            reads = int(counts.read_text().partition("syscr: ")[2].split()[0])
        except (OSError, IndexError):
            reads = 0
        return reads, time.clock_gettime(processor)
    return signs


class Pulse:
    """Once a second, how long the main thread has been waiting; told by a thread of its own.

    tell: is called with those seconds, from that thread.
    """

    def __init__(self, tell: Callable[[float], None], signs: Signs | None = None,
                 clock: Callable[[], float] = time.monotonic) -> None:
        self._tell, self._signs, self._clock = tell, signs or signs_of_life(), clock
        self._last, self._since = self._signs(), clock()

    def start(self) -> None:
        threading.Thread(target=self._run, daemon=True).start()

    def beat(self) -> None:
        signs, now = self._signs(), self._clock()
        if signs[0] != self._last[0] or signs[1] - self._last[1] >= _BUSY_SECONDS:
            self._last, self._since = signs, now
        self._tell(now - self._since)

    def _run(self) -> None:
        while True:
            time.sleep(BEAT_SECONDS)
            self.beat()
