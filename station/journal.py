"""流水: the lines of one intake, from which a killed intake goes on and which its verdict is proven by.

Takes the moments of an intake, gives durable lines in `HOME/intakes/<number>/journal.jsonl`; relies on `home.py`.
First line `begin` (what is read, against what, by which plan), then `save` every half minute, `findings`, and `close`
with the verdict. The journal's hash leaves out its own closing line. While an intake is open, a marker with its name
lies in `HOME/intakes/.open`, locked by the process that works on it.
"""
from __future__ import annotations

import fcntl
import hashlib
import json
import os
import signal
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import zstandard

from station.home import Home, RegisterError, append_durably, kept, sync_folder, write_durably

Record = Mapping[str, Any]


def beside(work: Callable[[], str]) -> Callable[[], str]:
    """Do some work in a process of its own (forked: it has all that we have); the answer waits for its result.

    Raises (the answer): RegisterError as the work raised it; RuntimeError where the work failed otherwise.
    """
    context = get_context("fork")
    ours, theirs = context.Pipe(duplex=False)

    def run() -> None:
        try:
            theirs.send(("done", work(), {}))
        except RegisterError as refusal:
            theirs.send(("refused", refusal.code, refusal.facts))
    process = context.Process(target=run, daemon=True)
    process.start()
    theirs.close()

    def answer() -> str:
        try:
            how, result, facts = ours.recv()
        except EOFError as failure:
            raise RuntimeError("a process that wrote a list ended before its work") from failure
        finally:
            process.join()
        if how == "refused":
            raise RegisterError(result, **facts)
        return str(result)
    return answer


class Journal:
    """One intake's lines. Made by `begin` or `take_up`; holds the lock on its marker until `release`."""

    def __init__(self, home: Home, number: str, marker: int) -> None:
        self.home, self.number, self._marker = home, number, marker
        self.folder = home.intakes / number
        self.path = self.folder / "journal.jsonl"

    def write(self, kind: str, record: Record) -> None:
        """Append one line; on return it is on disk."""
        append_durably(self.path, raw_record({"type": kind, **record}) + b"\n")

    def records(self) -> Iterator[dict[str, Any]]:
        """The whole lines so far. A torn last line of a killed process was never acknowledged and is not one."""
        return read_journal(self.path)

    def closed(self) -> bool:
        """Whether the verdict is in it: only its register line may be missing."""
        return any(record["type"] == "close" for record in self.records())

    def mend(self) -> None:
        """Cut off a torn last line, so that the next one begins a line."""
        with kept(self.path):
            content = self.path.read_bytes()
            whole = content.rfind(b"\n") + 1
            if whole != len(content):
                os.truncate(self.path, whole)

    def sha256(self) -> str:
        """The hash of all lines but a closing one."""
        digest = hashlib.sha256()
        with kept(self.path), self.path.open("rb") as handle:
            for raw in handle:
                if raw.endswith(b"\n") and not raw.startswith(b'{"type":"close"'):
                    digest.update(raw)
        return digest.hexdigest()

    def write_list(self, name: str, rows: Iterator[str]) -> str:
        """Write a list beside the journal as JSON lines in zstd, whole or not at all. Returns its SHA-256."""
        compressor = zstandard.ZstdCompressor(level=1).compressobj()
        parts: list[bytes] = []
        batch: list[str] = []
        for row in rows:
            batch.append(row)
            if len(batch) == 5000:
                parts.append(compressor.compress(_lines(batch)))
                batch.clear()
        parts += [compressor.compress(_lines(batch)), compressor.flush()]
        return write_durably(self.folder / name, b"".join(parts))

    def close(self) -> None:
        """The intake is in the register: it is no longer open."""
        with kept(self.path):
            (self.home.intakes / ".open" / self.number).unlink(missing_ok=True)
            sync_folder(self.home.intakes / ".open")
        self.release()

    def release(self) -> None:
        """Let go of the marker; an intake that is not closed stays open."""
        if self._marker >= 0:
            os.close(self._marker)
            self._marker = -1


def begin(home: Home, station_id: str, record: Record) -> Journal:
    """A new intake: the next number of this year, its folder, its first line. All durable on return.

    Raises: RegisterError.
    """
    with home.locked(), kept(home.intakes):
        prefix = f"{station_id}-{datetime.now(UTC):%Y}-"
        names = (folder.name for folder in home.intakes.iterdir())
        taken = [int(n[len(prefix):]) for n in names if n.startswith(prefix) and n[len(prefix):].isdigit()]
        number = f"{prefix}{max(taken, default=0) + 1:06d}"
        (home.intakes / number).mkdir()
        (home.intakes / ".open").mkdir(exist_ok=True)
        marker = _lock(home.intakes / ".open" / number)
        sync_folder(home.intakes / ".open")
        sync_folder(home.intakes)
    if marker is None:
        raise RegisterError("intake-running", intake=number)
    journal = Journal(home, number, marker)
    journal.write("begin", {"intake": number, **record})
    return journal


def take_up(home: Home, goes_on: Callable[[Record], bool]) -> Journal | None:
    """The first open intake whose `begin` line says that it can be gone on with, or None.

    Raises: RegisterError("intake-running") where another process is working on it.
    """
    for number, first in open_intakes(home):
        if not goes_on(first):
            continue
        marker = _lock(home.intakes / ".open" / number)
        if marker is None:
            raise RegisterError("intake-running", intake=number)
        journal = Journal(home, number, marker)
        journal.mend()
        return journal
    return None


def open_intakes(home: Home) -> Iterator[tuple[str, dict[str, Any]]]:
    """Number and `begin` line of every intake that was begun and has no verdict in the register."""
    folder = home.intakes / ".open"
    for marker in sorted(folder.iterdir()) if folder.is_dir() else []:
        first = next(read_journal(home.intakes / marker.name / "journal.jsonl"), None)
        if first is not None:
            yield marker.name, first


def set_aside(home: Home, number: str, record: Callable[[], object]) -> None:
    """End an open intake without a verdict: `record` keeps why, then it is no longer open; its journal stays.

    Raises: RegisterError("intake-running") where a process is working on it, or as `record` does.
    """
    marker = _lock(home.intakes / ".open" / number)
    if marker is None:
        raise RegisterError("intake-running", intake=number)
    journal = Journal(home, number, marker)
    try:
        record()
        journal.close()
    finally:
        journal.release()


def vouched(path: Path, line: Record) -> dict[str, Any] | None:
    """The closing record of a journal that is what a register line says of it; None where anything was altered.

    The journal's hash leaves out its closing line, which has a hash of its own; there is one, and it is the last.
    """
    if not path.is_file():
        return None
    with kept(path):
        *rows, closing = path.read_bytes().split(b"\n")[:-1] or [b""]
    whole = (hashlib.sha256(b"".join(row + b"\n" for row in rows)).hexdigest() == line["journal_sha256"]
             and hashlib.sha256(closing).hexdigest() == line["verdict_sha256"])
    if not whole or path.stat().st_size != sum(len(row) + 1 for row in (*rows, closing)):
        return None
    record: dict[str, Any] = json.loads(closing)
    return record


def read_journal(path: Path) -> Iterator[dict[str, Any]]:
    """The whole lines of a journal.

    Raises: RegisterError("journal-broken") where one of them is not a record.
    """
    if not path.exists():
        return
    with kept(path), path.open("rb") as handle:
        for number, raw in enumerate(handle, 1):
            if not raw.endswith(b"\n"):
                return
            try:
                record = json.loads(raw.decode())
            except ValueError as failure:
                raise RegisterError("journal-broken", path=str(path), line=number) from failure
            yield record


def read_list_texts(path: Path) -> Iterator[str]:
    """The rows of a list beside a journal as texts of many rows each, parted by line ends, none at the end.

    Raises: RegisterError("journal-broken") where it is missing or damaged.
    """
    try:
        with path.open("rb") as handle, zstandard.ZstdDecompressor().stream_reader(handle) as reader:
            rest = b""
            while part := reader.read(1 << 20):
                whole, end, rest = (rest + part).rpartition(b"\n")
                if end and whole:
                    yield whole.decode()
    except (OSError, zstandard.ZstdError, ValueError) as failure:
        raise RegisterError("journal-broken", path=str(path), line=0) from failure


def read_list(path: Path) -> Iterator[dict[str, Any]]:
    """The rows of a list beside a journal. Raises: RegisterError("journal-broken")."""
    for text in read_list_texts(path):
        try:
            rows: list[dict[str, Any]] = json.loads("[" + text.replace("\n", ",") + "]")
        except ValueError as failure:
            raise RegisterError("journal-broken", path=str(path), line=0) from failure
        yield from rows


def _lock(path: Path) -> int | None:
    """The marker, locked and with our name in it; None where a process that can still write holds it."""
    with kept(path):
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)                     # one at a time takes a dead process's marker away
        handle = _claimed(path)
        if handle is None and _never_returns(path.read_text()):
            path.unlink()                                      # its lock stays with it, on a file without a name
            handle = _claimed(path)
        return handle
    finally:
        os.close(folder)


def _claimed(path: Path) -> int | None:
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    os.ftruncate(handle, 0)
    os.pwrite(handle, f"{os.getpid()} {_of_process(os.getpid())[0]}".encode(), 0)
    return handle


def _never_returns(holder: str) -> bool:
    """Whether the process of a marker was killed and only the kernel still has it: it will write nothing any more.

    It hangs in a drive (state D); SIGKILL waits for it, and no step of its own comes before that.
    """
    pid, _, started = holder.partition(" ")
    if not (pid.isdigit() and started):                        # of a version that left no name
        return False
    begun, is_killed = _of_process(int(pid))
    return begun == started and is_killed


def _of_process(pid: int) -> tuple[str, bool]:
    """When a process began (proc(5), stat: field 22) and whether SIGKILL waits for it (status: SigPnd); "" = gone."""
    try:
        begun = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
        pending = Path(f"/proc/{pid}/status").read_text().partition("\nSigPnd:")[2].split()[0]
    except (OSError, IndexError):
        return "", False
    return begun, bool(int(pending, 16) >> (signal.SIGKILL - 1) & 1)


def raw_record(record: Record) -> bytes:
    """A record as the bytes of its line, without the line end; a byte that is no text becomes JSON's own \\udc80."""
    return json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "backslashreplace")


def _lines(rows: list[str]) -> bytes:
    return "".join(f"{row}\n" for row in rows).encode("utf-8", "backslashreplace")
