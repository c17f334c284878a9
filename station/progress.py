"""Progress: how far a reading is, told to the intake folder, to the operator, and to whoever starts us.

Takes chunks and stages, gives lines in `progress.jsonl` (at most four a second), on stderr as JSON with --progress,
else in words: one line rewritten on a terminal, a plain line every few seconds elsewhere. In a lane a line comes every
second, whatever the drive does, and says how long it has let us wait. Also the place where a wish to stop is noticed,
between two planned reads.
"""
from __future__ import annotations

import json
import signal
import threading
import time
from pathlib import Path
from typing import IO, Any

from carriers.model import Chunk, Refused
from checks.verdict import Judgement
from station.home import kept
from station.lane import BEAT_SECONDS, Lane, Pulse
from station.register import utc_now
from station.words import Voice

_EVERY_SECONDS = 0.25
_PLAIN_SECONDS = 5.0
_WAITING_SECONDS = 2.0              # a drive that lets us wait for that long is said to


class Stopped(Refused):
    """Somebody asked us to stop; what was read is saved and the intake stays open."""


class Progress:
    """Consumer, and the clock of one pass."""

    def __init__(self, voice: Voice, as_json: bool = False) -> None:
        self._voice, self._as_json = voice, as_json
        self._terminal = not as_json and voice.err.isatty()
        self._file: IO[str] | None = None
        self._stage = ""
        self._total = self._done = self._unreadable = self._at_start = 0
        self._begun = self._told = self._plain = self._saved = time.monotonic()
        self._signal, self._every = 0, 0.0
        self._lane: Lane | None = None
        self._intake, self._lba, self._waiting = "", -1, 0.0     # lba: of what was read last
        self._telling = threading.Lock()

    def beat_in(self, lane: Lane) -> None:
        """Every line goes to the drive's file too, and from now on there is one a second."""
        self._lane = lane
        Pulse(self.beat).start()

    def beat(self, waited: float) -> None:
        """A sign of life. waited: seconds that the reading has stood still."""
        self._waiting = waited if self._stage in ("structure", "reading") and waited >= _WAITING_SECONDS else 0.0
        if time.monotonic() - self._told >= BEAT_SECONDS - _EVERY_SECONDS:
            self._tell()

    def watch_signals(self) -> None:
        """SIGINT and SIGTERM stop the pass between two reads, after saving; a second one ends at once."""
        def wish(number: int, _: object) -> None:
            self._signal = number
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, wish)
        signal.signal(signal.SIGTERM, wish)

    @property
    def stop_wanted(self) -> bool:
        return self._signal != 0

    def check_stop(self) -> None:
        """Raises: Stopped."""
        if self._signal:
            self.end()
            raise Stopped("stopped", signal=signal.Signals(self._signal).name)

    def save_due(self, every_seconds: float) -> bool:
        """Whether the last save is that long ago; the answer yes begins the next stretch."""
        if time.monotonic() - self._saved < every_seconds:
            return False
        self._saved, self._every = time.monotonic(), every_seconds
        return True

    def save_soon(self) -> None:
        """The state could not be had now: due again in a second."""
        self._saved = time.monotonic() - max(0.0, self._every - 1.0)

    def stage(self, name: str) -> None:
        """A new stage: structure, reading, comparing; listing, mastering."""
        self._stage = name
        if name in ("listing", "mastering"):
            self._begun, self._done, self._total, self._at_start = time.monotonic(), 0, 0, 0
        self._tell()

    def begin(self, folder: Path, total_bytes: int) -> None:
        """The pass begins; its lines go to this intake folder too."""
        self._intake = folder.name
        with kept(folder):
            self._file = (folder / "progress.jsonl").open("a", encoding="utf-8")
        self._total = total_bytes
        self._begun = self._saved = time.monotonic()
        self.stage("reading")

    def resumed(self, intake: str, done_bytes: int) -> None:
        """An earlier sitting is gone on with."""
        if self._terminal:
            print(file=self._voice.err)                        # the line of the progress stays as it is
        self._voice.say("resumed", intake=intake, bytes=f"{done_bytes:,}")

    def starts_over(self, intake: str, why: str) -> None:
        """An earlier sitting cannot be gone on with. why: piece, version, plan or policy."""
        if self._terminal:
            print(file=self._voice.err)
        self._voice.say("starts-over", intake=intake, why=self._voice.phrase(f"starts-over-{why}"))

    def tell(self, judgement: Judgement) -> None:
        """Something about the carrier that the operator should hear before the pass, and what can be done."""
        self._voice.tell(judgement)

    def done(self, read_bytes: int) -> None:
        """What earlier sittings have read."""
        self._done = self._at_start = read_bytes

    def consume(self, chunk: Chunk) -> None:
        self._done += chunk.extent.length_bytes
        self._lba, self._waiting = chunk.extent.start_lba, 0.0
        if chunk.content is None and chunk.attempts:
            self._unreadable += chunk.extent.length_bytes
        if time.monotonic() - self._told >= _EVERY_SECONDS:
            self._tell()

    def report(self, done_bytes: int, total_bytes: int) -> None:
        """Work that is not a pass: hashing a folder, mastering an image."""
        self._done, self._total = done_bytes, total_bytes
        if time.monotonic() - self._told >= _EVERY_SECONDS:
            self._tell()

    def end(self) -> None:
        """The pass is over, or given up; a lane's heart beats on until its process ends."""
        self._stage = "ended" if self._lane is not None else self._stage
        if self._terminal and self._told:
            print(file=self._voice.err)
        if self._file is not None:
            self._file.close()
            self._file = None

    def _tell(self) -> None:
        with self._telling:
            self._tell_now()

    def _tell_now(self) -> None:
        now = time.monotonic()
        self._told = now
        elapsed = now - self._begun
        rate = (self._done - self._at_start) / elapsed / 1e6 if elapsed > 0 else 0.0
        left = (self._total - self._done) / rate / 1e6 if rate > 0 and self._total else None
        record: dict[str, Any] = {
            "at": utc_now(), "stage": self._stage, "done_bytes": self._done, "total_bytes": self._total,
            "unreadable_bytes": self._unreadable, "mb_s": round(rate, 1),
            "seconds_left": None if left is None else round(left)}
        if self._waiting:
            record |= {"waiting_seconds": round(self._waiting, 1), "lba": self._lba}
        line = json.dumps(record)
        if self._lane is not None:
            self._lane.write(json.dumps({**record, "intake": self._intake}))
        if self._stage == "ended":
            return
        if self._file is not None:
            with kept(Path(self._file.name)):
                self._file.write(line + "\n")
                self._file.flush()
        if self._as_json:
            self._show(line + "\n")
        elif self._terminal or now - self._plain >= _PLAIN_SECONDS:
            self._plain = now
            self._tell_words(rate, left)

    def _show(self, text: str) -> None:
        """On stderr; in a lane the reading goes on where nobody is left to look at it."""
        try:
            print(text, end="", file=self._voice.err, flush=True)
        except OSError:
            if self._lane is None:
                raise

    def _tell_words(self, rate: float, left: float | None) -> None:
        stage = self._voice.phrase(f"stage-{self._stage}")
        text = stage
        if self._total and self._stage != "structure":
            percent = min(100, self._done * 100 // self._total)
            clock = "-:--" if left is None else f"{round(left) // 60}:{round(left) % 60:02d}"
            text = self._voice.phrase("progress", stage=stage, percent=percent, done=f"{self._done / 1e6:,.1f}",
                                      total=f"{self._total / 1e6:,.1f}", rate=f"{rate:.1f}", left=clock)
        if self._waiting:
            text += "  " + self._voice.phrase("progress-waiting", seconds=round(self._waiting))
        self._show(f"\r\x1b[K{text}" if self._terminal else f"{text}\n")
