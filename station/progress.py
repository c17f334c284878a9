"""Progress: how far a reading is, told to the intake folder, to the operator, and to whoever starts us.

Takes chunks and stages, gives lines in `progress.jsonl` (at most four a second), on stderr as JSON with --progress,
else in words: one line rewritten on a terminal, a plain line every few seconds elsewhere. Also the place where a
wish to stop is noticed, between two planned reads.
"""
from __future__ import annotations

import json
import signal
import time
from pathlib import Path
from typing import IO

from carriers.model import Chunk, Refused
from checks.verdict import Judgement
from station.home import kept
from station.register import utc_now
from station.words import Voice

_EVERY_SECONDS = 0.25
_PLAIN_SECONDS = 5.0


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
        self._signal = 0

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
        self._saved = time.monotonic()
        return True

    def stage(self, name: str) -> None:
        """A new stage: structure, reading, comparing; listing, mastering."""
        self._stage = name
        if name in ("listing", "mastering"):
            self._begun, self._done, self._total, self._at_start = time.monotonic(), 0, 0, 0
        self._tell(force=True)

    def begin(self, folder: Path, total_bytes: int) -> None:
        """The pass begins; its lines go to this intake folder too."""
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

    def tell(self, judgement: Judgement) -> None:
        """Something about the carrier that the operator should hear before the pass, and what can be done."""
        self._voice.tell(judgement)

    def done(self, read_bytes: int) -> None:
        """What earlier sittings have read."""
        self._done = self._at_start = read_bytes

    def consume(self, chunk: Chunk) -> None:
        self._done += chunk.extent.length_bytes
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
        """The pass is over, or given up."""
        if self._terminal and self._told:
            print(file=self._voice.err)
        if self._file is not None:
            self._file.close()
            self._file = None

    def _tell(self, force: bool = False) -> None:
        now = time.monotonic()
        self._told = now
        elapsed = now - self._begun
        rate = (self._done - self._at_start) / elapsed / 1e6 if elapsed > 0 else 0.0
        left = (self._total - self._done) / rate / 1e6 if rate > 0 and self._total else None
        line = json.dumps({"at": utc_now(), "stage": self._stage, "done_bytes": self._done, "total_bytes": self._total,
                           "unreadable_bytes": self._unreadable, "mb_s": round(rate, 1),
                           "seconds_left": None if left is None else round(left)})
        if self._file is not None:
            with kept(Path(self._file.name)):
                self._file.write(line + "\n")
                self._file.flush()
        if self._as_json:
            print(line, file=self._voice.err, flush=True)
        elif self._terminal or now - self._plain >= _PLAIN_SECONDS:
            self._plain = now
            self._tell_words(rate, left)

    def _tell_words(self, rate: float, left: float | None) -> None:
        stage = self._voice.phrase(f"stage-{self._stage}")
        text = stage
        if self._total and self._stage != "structure":
            percent = min(100, self._done * 100 // self._total)
            clock = "-:--" if left is None else f"{round(left) // 60}:{round(left) % 60:02d}"
            text = self._voice.phrase("progress", stage=stage, percent=percent, done=f"{self._done / 1e6:,.1f}",
                                      total=f"{self._total / 1e6:,.1f}", rate=f"{rate:.1f}", left=clock)
        end = "" if self._terminal else "\n"
        print(("\r\x1b[K" if self._terminal else "") + text, end=end, file=self._voice.err, flush=True)
