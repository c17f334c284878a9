"""台账: the station's hash-chained lines are the truth; TinyDB in memory answers questions about them.

Takes records, gives numbered lines that are on disk when `append` returns; relies on `home.py`. Each line carries the
SHA-256 of the raw bytes of the line before (证据锁定). One station writes one file; a torn last line is cut off and
kept inside a `repair` line, which the audit counts as a break.
"""
from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from station.config import Config
from station.home import Home, RegisterError, append_durably, kept

Record = Mapping[str, Any]
FIRST = "0" * 64                 # what the first line carries as the hash of the line before
_TAIL_BYTES = 1 << 16
_PART_BYTES = 1 << 22


def utc_now() -> str:
    """Now in UTC, ISO 8601 with seconds."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True, slots=True)
class Break:
    """Where a chain does not hold: line from 1, what is wrong (a key of `phrases.toml`)."""

    path: str
    line: int
    what: str


class Register:
    """One station's register file."""

    def __init__(self, home: Home, station_id: str, now: Callable[[], str] = utc_now) -> None:
        self.home, self.station_id, self.now = home, station_id, now
        self.path = home.register / f"{station_id}.jsonl"

    def append(self, kind: str, record: Record) -> str:
        """Append one line; on return it is on disk. Returns the SHA-256 of the line (the new head).

        Raises: RegisterError: home-*, clock-behind, register-broken.
        """
        with self.home.locked():
            last = self._last_line()
            at = self.now()
            if last is not None and not is_comparison({"type": kind, **record}):
                _check_clock(at, last[1])
            line = {"seq": int(last[1]["seq"]) + 1 if last else 1, "at": at, "station": self.station_id, "type": kind,
                    **record, "prev": hashlib.sha256(last[0]).hexdigest() if last else FIRST}
            raw = _json(line)
            append_durably(self.path, raw + b"\n")
            return hashlib.sha256(raw).hexdigest()

    def check_clock(self) -> None:
        """Raises: RegisterError("clock-behind") where a line could not be written now, said before a long act."""
        if (last := self._last_line()) is not None:
            _check_clock(self.now(), last[1])

    def lines(self) -> Iterator[dict[str, Any]]:
        """All lines of this station, oldest first; a torn last line is not a line yet.

        Raises: RegisterError("register-broken") where a line cannot be read.
        """
        for number, raw in enumerate(raw_lines(self.path), 1):
            yield _parsed(self.path, number, raw)

    def lines_of(self, *kinds: str, about: Collection[str] = ()) -> Iterator[dict[str, Any]]:
        """The lines of some types only; the others are not parsed.

        about: only lines in which one of these texts stands somewhere, as a value or part of one (no `about` = all).
        """
        return (line for _, line in self.hashed_lines_of(*kinds, about=about))

    def hashed_lines_of(self, *kinds: str, about: Collection[str] = ()) -> Iterator[tuple[str, dict[str, Any]]]:
        """The same, each with its SHA-256."""
        marks = [f'"type":"{kind}"'.encode() for kind in kinds]
        texts = [_json(text)[1:-1] for text in about]
        for raw in _lines_naming(self.path, texts if texts and all(texts) else marks):
            if any(mark in raw for mark in marks):
                line = self._found(raw)
                if line["type"] in kinds:
                    yield hashlib.sha256(raw).hexdigest(), line

    def lines_about(self, names: Collection[str]) -> list[dict[str, Any]]:
        """What batches of these numbers and forms are folded from, in one pass: every line that names one of them,
        every resolution, and every verdict that replaced an earlier one of this station."""
        texts = [*(_json(name)[1:-1] for name in names if name), b'"type":"resolution"',
                 b'"replaces":"' + _json(self.station_id)[1:-1] + b"-"]
        return [self._found(raw) for raw in _lines_naming(self.path, texts)]

    def lines_where(self, wanted: Callable[[bytes], bool], *kinds: str) -> Iterator[dict[str, Any]]:
        """The lines of some types whose raw bytes are wanted; the others are not parsed. 100 000 lines: 0.2 s."""
        mark, asked = b'"type":"', frozenset(kind.encode() for kind in kinds)
        for number, raw in enumerate(raw_lines(self.path), 1):
            begin = raw.find(mark) + len(mark)
            if raw[begin:raw.find(b'"', begin)] in asked and wanted(raw):
                line = _parsed(self.path, number, raw)
                if line["type"] in kinds:
                    yield line

    def _found(self, raw: bytes) -> dict[str, Any]:
        """A line that was found without counting; its number is asked for only where it is broken."""
        try:
            return _parsed(self.path, 0, raw)
        except RegisterError as failure:
            number = next(n for n, each in enumerate(raw_lines(self.path), 1) if each == raw)
            raise RegisterError("register-broken", path=str(self.path), line=number) from failure

    def head(self) -> str:
        """SHA-256 of the last line, 64 zeros for an empty register."""
        return self.position()[1]

    def position(self) -> tuple[int, str]:
        """How many lines there are, and the head."""
        last = self._last_line()
        return (int(last[1]["seq"]), hashlib.sha256(last[0]).hexdigest()) if last else (0, FIRST)

    def repair(self) -> bool:
        """Cut a torn last line off and keep it in a `repair` line. Returns whether there was one.

        Raises: RegisterError.
        """
        with self.home.locked(), kept(self.path):
            torn = _torn_tail(self.path)
            if not torn:
                return False
            os.truncate(self.path, self.path.stat().st_size - len(torn))
        self.append("repair", {"torn": base64.b64encode(torn).decode(), "bytes": len(torn)})
        return True

    def _last_line(self) -> tuple[bytes, dict[str, Any]] | None:
        if not self.path.exists():
            return None
        with kept(self.path), self.path.open("rb") as handle:
            size, want = handle.seek(0, os.SEEK_END), _TAIL_BYTES
            while True:
                handle.seek(max(0, size - want))
                tail = handle.read(want)
                if tail and not tail.endswith(b"\n"):
                    raise RegisterError("register-torn", path=str(self.path))
                if tail.count(b"\n") > 1 or want >= size:
                    break
                want *= 4
        rows = tail.split(b"\n")
        return (rows[-2], _parsed(self.path, 0, rows[-2])) if len(rows) > 1 else None


def is_comparison(line: Record) -> bool:
    """Whether a line is 对时 by two people: the one that may go back in time, where the clock was ahead before."""
    return bool(line["type"] == "event" and line.get("event") == "clock" and line.get("second"))


def _check_clock(now: str, last: Record) -> None:
    if now < str(last["at"]):
        raise RegisterError("clock-behind", now=now, last=str(last["at"]))


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "backslashreplace")


def _parsed(path: Path, number: int, raw: bytes) -> dict[str, Any]:
    try:
        line = json.loads(raw.decode())
    except ValueError as failure:
        raise RegisterError("register-broken", path=str(path), line=number) from failure
    if not isinstance(line, dict) or not {"seq", "at", "type", "prev"} <= line.keys():
        raise RegisterError("register-broken", path=str(path), line=number)
    return line


def raw_lines(path: Path) -> Iterator[bytes]:
    """The whole lines of a file of lines, without their ends."""
    if not path.exists():
        return
    with kept(path), path.open("rb") as handle:
        for raw in handle:
            if raw.endswith(b"\n"):
                yield raw[:-1]


def _lines_naming(path: Path, texts: Sequence[bytes]) -> Iterator[bytes]:
    """The whole lines in which one of the texts stands; only those become objects of their own."""
    if not path.exists():
        return
    with kept(path), path.open("rb", buffering=0) as handle:
        rest = b""
        while part := handle.read(_PART_BYTES):
            chunk = rest + part
            end = chunk.rfind(b"\n") + 1
            for begin in sorted({begin for text in texts for begin in _beginnings(chunk, text, end)}):
                yield chunk[begin:chunk.index(b"\n", begin)]
            rest = chunk[end:]


def _beginnings(chunk: bytes, text: bytes, end: int) -> Iterator[int]:
    """Where the lines begin, before the end, in which the text stands."""
    at = chunk.find(text, 0, end)
    while at >= 0:
        yield chunk.rfind(b"\n", 0, at) + 1
        at = chunk.find(text, chunk.index(b"\n", at), end)


def _torn_tail(path: Path) -> bytes:
    if not path.exists():
        return b""
    with path.open("rb") as handle:
        size, want = handle.seek(0, os.SEEK_END), _TAIL_BYTES
        while True:
            handle.seek(max(0, size - want))
            tail = handle.read(want)
            cut = tail.rfind(b"\n")
            if cut >= 0 or want >= size:
                return tail[cut + 1:]
            want *= 4


@dataclass(frozen=True, slots=True)
class Link:
    """A line of a chain as the audit meets it. line: None = it cannot be read. breaks: what is wrong with it."""

    number: int
    sha256: str
    line: dict[str, Any] | None
    breaks: tuple[Break, ...]


def links(path: Path) -> Iterator[Link]:
    """Re-check one register file, line by line: whole, ours, numbered, chained. A torn tail is a link too."""
    before, number, at = FIRST, 0, ""
    for number, raw in enumerate(raw_lines(path), 1):
        sha256, line = hashlib.sha256(raw).hexdigest(), None
        wrong = []
        try:
            line = _parsed(path, number, raw)
        except RegisterError:
            wrong.append("break-unreadable")
        if line is not None:
            checks = {"break-chain": line["prev"] != before, "break-sequence": line["seq"] != number,
                      "break-clock": str(line["at"]) < at and not is_comparison(line),
                      "break-repaired": line["type"] == "repair",
                      "break-station": line.get("station") != path.stem}
            wrong += [what for what, is_so in checks.items() if is_so]
            at = str(line["at"])
        before = sha256
        yield Link(number, sha256, line, tuple(Break(str(path), number, what) for what in wrong))
    if _torn_tail(path):
        yield Link(number + 1, "", None, (Break(str(path), number + 1, "break-torn"),))


@dataclass(frozen=True, slots=True)
class Station:
    """This workstation: its configuration and its records. ask: gives the password of the centre's key."""

    config: Config
    home: Home
    register: Register
    ask: Callable[[], str] | None = None
