"""Which accepted intake holds this content: an index over the registers and their file lists, to be thrown away freely.

Takes register lines and `files.jsonl.zst` of accepted intakes, gives candidates; relies on sqlite3. Never evidence:
of each digest it keeps 64 bits, and whoever asks proves a candidate against the list itself.
"""
from __future__ import annotations

import hashlib
import json
import os
import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from station.home import Home, RegisterError, kept
from station.journal import read_list_texts

_NAME = "attest-1.sqlite"                         # another layout gets another number
_DIGESTS = re.compile(r'"sha256":"([0-9a-f]{64})"')
_CACHE_KIB = 131_072                              # 10 million random keys want their tree in memory while it grows
_LAYOUT = """
CREATE TABLE IF NOT EXISTS state (station TEXT PRIMARY KEY, line_begin INTEGER, line_end INTEGER, head TEXT);
CREATE TABLE IF NOT EXISTS intake (id INTEGER PRIMARY KEY, station TEXT, number TEXT, carrier_no TEXT, content TEXT,
                                   files_sha256 TEXT, certificate TEXT, UNIQUE (station, number));
CREATE INDEX IF NOT EXISTS intake_content ON intake (content);
CREATE TABLE IF NOT EXISTS digest (prefix INTEGER, intake INTEGER, PRIMARY KEY (prefix, intake)) WITHOUT ROWID;
"""


class Candidate(NamedTuple):
    """An accepted intake that may hold the content; certificate: the 检验表 that accepted it."""

    station: str
    intake: str
    certificate: str


def candidates(home: Home, *, file_sha256: str = "", content_sha256: str = "") -> list[Candidate]:
    """The accepted intakes with a file of this digest, or with this content as a whole, oldest first.

    Brings the index up to the registers first. Raises: RegisterError.
    """
    with _opened(home) as table:
        if content_sha256:
            rows = table.execute("SELECT station, number, certificate FROM intake WHERE content = ? AND certificate"
                                 " IS NOT NULL ORDER BY id", (content_sha256,))
        else:
            rows = table.execute("SELECT station, number, certificate FROM digest JOIN intake ON intake = id"
                                 " WHERE prefix = ? ORDER BY id", (_prefix(file_sha256),))
        return [Candidate(*row) for row in rows]


@contextmanager
def _opened(home: Home) -> Iterator[sqlite3.Connection]:
    """The index, up to date; a damaged one is made anew, and where none can be kept it is made in memory."""
    path = home.index / _NAME
    try:
        home.index.mkdir(exist_ok=True)
        place = str(path) if os.access(home.index, os.W_OK) else ":memory:"
    except OSError:
        place = ":memory:"
    try:
        table = _connected(home, place)
    except sqlite3.OperationalError as failure:
        raise RegisterError("index-unusable", path=str(path), reason=str(failure)) from failure
    except sqlite3.DatabaseError:                              # not a data base, or a broken one
        with kept(path):
            path.unlink()
        table = _connected(home, place)
    with closing(table):
        yield table


def _connected(home: Home, place: str) -> sqlite3.Connection:
    table = sqlite3.connect(place, timeout=600, isolation_level=None)
    try:
        table.executescript(f"PRAGMA synchronous = FULL; PRAGMA cache_size = -{_CACHE_KIB};{_LAYOUT}")
        table.execute("BEGIN IMMEDIATE")
        if not all(_still_so(home, row) for row in table.execute("SELECT * FROM state")):
            table.executescript("DELETE FROM state; DELETE FROM intake; DELETE FROM digest;")   # ends the transaction
            table.execute("BEGIN IMMEDIATE")
        for path in sorted(home.register.glob("*.jsonl")):
            _follow(table, home, path)
        table.execute("COMMIT")
    except BaseException:
        table.close()
        raise
    return table


def _still_so(home: Home, state: tuple[str, int, int, str]) -> bool:
    """Whether the register still has, where it was, the line up to which it was followed."""
    station, begin, end, head = state
    path = home.register / f"{station}.jsonl"
    if not path.exists():
        return False
    with kept(path), path.open("rb") as handle:
        handle.seek(begin)
        return hashlib.sha256(handle.read(end - begin).removesuffix(b"\n")).hexdigest() == head


def _follow(table: sqlite3.Connection, home: Home, path: Path) -> None:
    """Take in the lines of a register that came since."""
    row = table.execute("SELECT line_begin, line_end FROM state WHERE station = ?", (path.stem,)).fetchone()
    begin, end = row or (0, 0)
    last = b""
    with kept(path), path.open("rb") as handle:
        handle.seek(end)
        for raw in handle:
            if not raw.endswith(b"\n"):
                break
            begin, end, last = end, end + len(raw), raw
            if b'"type":"verdict"' in raw or b'"type":"decision"' in raw:
                _take(table, home, path.stem, _parsed(path, raw))
    if last:
        table.execute("INSERT OR REPLACE INTO state VALUES (?, ?, ?, ?)",
                      (path.stem, begin, end, hashlib.sha256(last[:-1]).hexdigest()))


def _parsed(path: Path, raw: bytes) -> Mapping[str, Any]:
    try:
        line: Mapping[str, Any] = json.loads(raw)
    except ValueError as failure:
        raise RegisterError("register-broken", path=str(path), line=0) from failure
    return line


def _take(table: sqlite3.Connection, home: Home, station: str, line: Mapping[str, Any]) -> None:
    """A verdict is noted; a decision accepts its intakes, except those of the carriers that it sends back."""
    if line["type"] == "verdict":
        table.execute("INSERT OR IGNORE INTO intake (station, number, carrier_no, content, files_sha256)"
                      " VALUES (?, ?, ?, ?, ?)", (station, line["intake"], line["carrier_no"], line["content_sha256"],
                                                  line["files_sha256"]))
    elif line["type"] == "decision":
        for intake in line["intakes"]:
            row = table.execute("SELECT id, carrier_no FROM intake WHERE station = ? AND number = ? AND certificate"
                                " IS NULL", (station, intake)).fetchone()
            if row and row[1] not in line["returned"]:
                table.execute("UPDATE intake SET certificate = ? WHERE id = ?", (line["number"], row[0]))
                _digest_rows(table, row[0], home.intakes / intake / "files.jsonl.zst")


def _digest_rows(table: sqlite3.Connection, intake: int, path: Path) -> None:
    """A list that is gone gives no rows: its content cannot be proven any more, and the audit says so."""
    if path.is_file():
        for text in read_list_texts(path):
            table.executemany("INSERT OR IGNORE INTO digest VALUES (?, ?)",
                              [(prefix, intake) for prefix in sorted(map(_prefix, _DIGESTS.findall(text)))])


def _prefix(sha256: str) -> int:
    return int.from_bytes(bytes.fromhex(sha256[:16]), "big", signed=True)
