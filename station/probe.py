"""Questions that a drive may never answer, each drive asked by a process of its own.

Takes a kind and a path, gives answers; run as `python -m station.probe KIND PATH` it answers a line of JSON for every
line it is sent; the line is the generation of the medium, and stands in the answer. A question that is stuck in the
kernel (state D) costs this process only: `Probes` goes on, and leaves behind what will not die.
"""
from __future__ import annotations

import errno
import fcntl
import json
import os
import select
import struct
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# Source: Linux, include/uapi/linux/cdrom.h, mtio.h, fs.h
CDROM_DRIVE_STATUS, CDSL_CURRENT = 0x5326, 0x7FFFFFFF
DRIVE_STATUS = {1: "empty", 2: "tray-open", 3: "not-ready", 4: "loaded"}
MTIOCGET, MTGET = 0x80306D02, struct.Struct("lllllii")
GMT_DR_OPEN, GMT_ONLINE, GMT_WR_PROT = 0x00040000, 0x01000000, 0x04000000
BLKGETSIZE64 = 0x80081272
FIRST_BYTES = 4096
TREE_ENTRIES = 200_000                              # of a package that are looked at to see whether it still grows
PARTIAL_ENDINGS = (".part", ".partial", ".crdownload", ".download", ".tmp", ".filepart")


# --- in the child --------------------------------------------------------------------------------------------------

def answer(kind: str, path: Path, before: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """One look. "status" of drives: empty, tray-open, not-ready, loaded, "" = it does not say; errors by their name.

    before: the answer of the same medium, which is not read a second time.
    """
    try:
        if kind == "folder":
            return {"entries": list(entries(path))}
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        return _failed(error)
    try:
        if kind == "disk":
            return _disk(descriptor, before)
        return {"optical": _optical, "tape": _tape}[kind](descriptor)
    except OSError as error:
        return _failed(error)
    finally:
        os.close(descriptor)


def _failed(error: OSError) -> dict[str, Any]:
    name = errno.errorcode.get(error.errno or 0, "EIO")
    return {"status": "empty"} if error.errno == errno.ENOMEDIUM else {"status": "", "error": name}


def _optical(descriptor: int) -> dict[str, Any]:
    return {"status": DRIVE_STATUS.get(fcntl.ioctl(descriptor, CDROM_DRIVE_STATUS, CDSL_CURRENT), "")}


def _tape(descriptor: int) -> dict[str, Any]:
    state = MTGET.unpack(fcntl.ioctl(descriptor, MTIOCGET, bytes(MTGET.size)))[3]
    status = "empty" if state & GMT_DR_OPEN else "loaded" if state & GMT_ONLINE else "not-ready"
    return {"status": status, "write_protected": bool(state & GMT_WR_PROT)}


def _disk(descriptor: int, before: Mapping[str, Any] | None) -> dict[str, Any]:
    """Opening a card reader makes the kernel look whether a card is in it; the first block says whether it is read."""
    if not struct.unpack("Q", fcntl.ioctl(descriptor, BLKGETSIZE64, bytes(8)))[0]:
        return {"status": "empty"}
    if before is not None and before.get("status") == "loaded":
        return dict(before)
    try:
        return {"status": "loaded", "zeros": not any(os.pread(descriptor, FIRST_BYTES, 0))}
    except OSError as error:
        failed = _failed(error)
        return failed if failed["status"] else {**failed, "status": "loaded"}


def is_partial(name: str) -> bool:
    """A name that a download, an editor or a copy gives to what is not finished."""
    return name.startswith((".", "~$")) or name.endswith("~") or name.lower().endswith(PARTIAL_ENDINGS)


def entries(folder: Path) -> Iterator[dict[str, Any]]:
    """What lies in a folder, partial names too: [name, inode, newest change in ns, bytes], for each thing in it."""
    with os.scandir(folder) as found:
        for entry in found:
            with suppress(OSError):                            # taken away meanwhile
                fact = entry.stat()
                newest, size = fact.st_mtime_ns, fact.st_size
                if entry.is_dir():
                    newest, size = _tree(Path(entry.path))
                elif not entry.is_file():
                    continue
                yield {"name": entry.name, "inode": fact.st_ino, "newest_ns": newest, "bytes": size,
                       "folder": entry.is_dir()}


def _tree(folder: Path) -> tuple[int, int]:
    newest = size = count = 0
    for path, _, names in os.walk(folder):
        for each in (Path(path), *(Path(path, name) for name in names)):
            with suppress(OSError):
                fact = each.lstat()
                newest, size = max(newest, fact.st_mtime_ns), size + (fact.st_size if each.name in names else 0)
        count += 1 + len(names)
        if count > TREE_ENTRIES:
            break
    return newest, size


def serve(kind: str, path: Path) -> None:
    """Answer until nobody asks any more."""
    before: dict[str, Any] = {}
    for line in sys.stdin:
        generation = line.rstrip("\n")
        same = before if before.get("generation") == generation else None
        before = {**answer(kind, path, same), "generation": generation}
        print(json.dumps(before), flush=True)


# --- in the parent -------------------------------------------------------------------------------------------------

@dataclass(slots=True)
class _Child:
    process: subprocess.Popen[bytes]
    asked: float | None = None                      # since when it owes an answer
    pieces: bytes = b""


class Probes:
    """A child for each drive. `ask` returns at once; `answers` are the last ones that came."""

    def __init__(self) -> None:
        self._children: dict[tuple[str, str], _Child] = {}
        self._left: list[subprocess.Popen[bytes]] = []
        self.answers: dict[tuple[str, str], Mapping[str, Any]] = {}

    def ask(self, wanted: Mapping[tuple[str, str], str], now: float) -> None:
        """Ask each of these (kind, path) → generation that owes no answer; dismiss the others. now: monotonic seconds.
        """
        for key in self._children.keys() - wanted.keys():
            self._dismiss(key)
        for key, generation in wanted.items():
            child = self._children.get(key)
            if child is None or child.process.poll() is not None:
                child = self._children[key] = _Child(_started(*key))
            if child.asked is None and child.process.stdin is not None:
                child.asked = now
                with suppress(BrokenPipeError):
                    child.process.stdin.write(generation.encode() + b"\n")
        self._left = [process for process in self._left if process.poll() is None]

    def collect(self) -> bool:
        """Take in what has been answered. Returns: whether anything new was."""
        any_new = False
        for key, child in self._children.items():
            while child.process.stdout is not None and select.select([child.process.stdout], [], [], 0)[0]:
                piece = os.read(child.process.stdout.fileno(), 1 << 16)
                if not piece:                                  # it died: asked again by a new one
                    break
                child.pieces += piece
                *lines, child.pieces = child.pieces.split(b"\n")
                if lines:
                    said, child.asked = json.loads(lines[-1]), None
                    any_new = any_new or said != self.answers.get(key)
                    self.answers[key] = said
        return any_new

    def owing(self, now: float) -> dict[tuple[str, str], float]:
        """Since how many seconds each owes an answer."""
        return {key: now - child.asked for key, child in self._children.items() if child.asked is not None}

    def descriptors(self) -> list[int]:
        """What becomes readable when an answer comes."""
        return [child.process.stdout.fileno() for child in self._children.values()
                if child.process.stdout is not None and child.asked is not None and child.process.poll() is None]

    def close(self) -> None:
        """Dismiss all; nobody is waited for."""
        for key in list(self._children):
            self._dismiss(key)

    def _dismiss(self, key: tuple[str, str]) -> None:
        process = self._children.pop(key).process
        self.answers.pop(key, None)
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
        process.kill()
        self._left.append(process)


def _started(kind: str, path: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "station.probe", kind, path], stdin=subprocess.PIPE,
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0, start_new_session=True)


if __name__ == "__main__":
    serve(sys.argv[1], Path(sys.argv[2]))
