"""Hashing processes: the reading process hands content over in shared memory and goes on reading.

Takes content with the pieces to hash, gives digests later; relies on fork and on `hashstate`. Processes, not threads:
100 000 files of 8 KiB hash no faster in two threads than in one, since each digest is a fight for the interpreter's
lock. Content and results lie in slots of one anonymous shared mapping (never a carrier's); the pipes carry only short
messages, and no more answers may wait than a pipe holds, so neither side can block the other. Start them before
anything large is in memory.
"""
from __future__ import annotations

import mmap
import os
import select
import signal
import struct
from array import array
from collections.abc import Callable, Sequence
from multiprocessing import get_context
from multiprocessing.connection import Connection

from checks.fixity import DIGEST_BYTES
from checks.hashstate import Hash, new_hash, whole_digest

CONTENT_BYTES = 1 << 20                    # of one slot: the largest read that is handed over
MOST_PIECES = 1024                         # small files in one slot
_RESULT_BYTES = MOST_PIECES * sum(DIGEST_BYTES.values())
_SLOT_BYTES = CONTENT_BYTES + MOST_PIECES * 8 + _RESULT_BYTES
_SLOTS = 32
_MOST_WAITING = 64                         # answers of one process; a pipe holds 270 of them (unix(7), SO_SNDBUF)
_MESSAGE = struct.Struct("<cIIIIB")        # kind, slot, stream or count, at, length, flags
_LAST = 1

Taken = Callable[[bytes], None]


class Hashers:
    """Some processes that hash. Used as a context: they end with it, and by themselves if this process dies."""

    def __init__(self, algorithms: Sequence[str] = (), workers: int | None = None) -> None:
        self.algorithms = tuple(algorithms)
        count = workers or max(1, min(4, len(os.sched_getaffinity(0))))
        self._memory = mmap.mmap(-1, _SLOT_BYTES * _SLOTS)
        self._view = memoryview(self._memory)
        self._free = list(range(_SLOTS))
        self._users = [0] * _SLOTS
        self._load = [0] * count
        self._taken: dict[tuple[int, int], list[Taken]] = {}       # (worker, slot) → what waits for it, in order
        self._streams = 0
        self._owner: dict[int, int] = {}
        context = get_context("fork")
        pipes = [context.Pipe() for _ in range(count)]
        self._pipes: list[Connection] = [ours for ours, _ in pipes]
        self._processes = [context.Process(target=_work, args=(theirs, self._view, self.algorithms, self._pipes),
                                           daemon=True) for _, theirs in pipes]
        for process in self._processes:
            process.start()
        for _, theirs in pipes:
            theirs.close()
        self._workers = {pipe.fileno(): worker for worker, pipe in enumerate(self._pipes)}
        self._poll = select.poll()                             # kept: making one for each answer costs 50 µs
        for handle in (*self._workers, *(process.sentinel for process in self._processes)):
            self._poll.register(handle, select.POLLIN)

    def __enter__(self) -> Hashers:
        return self

    def __exit__(self, *_: object) -> None:
        for pipe in self._pipes:
            pipe.close()
        for process in self._processes:
            process.join()

    def use(self, algorithms: Sequence[str]) -> None:
        """Compute these from now on: which ones a list needs may be known only once the carrier is open.

        Not while a digest is running.
        """
        self.algorithms = tuple(algorithms)
        for pipe in self._pipes:
            pipe.send_bytes(_MESSAGE.pack(b"A", 0, 0, 0, 0, 0) + ",".join(algorithms).encode())

    def place(self, content: bytes) -> int:
        """Put content into a free slot, waiting for one if all are busy; `whole` and `feed` then name it."""
        if len(content) > CONTENT_BYTES:
            raise ValueError("more content than a slot holds")
        while not self._free:
            self._collect()
        slot = self._free.pop()
        self._users[slot] = 1
        base = slot * _SLOT_BYTES
        self._view[base:base + len(content)] = content
        return slot

    def release(self, slot: int) -> None:
        """All that concerns this slot has been handed over."""
        self._drop(slot)

    def whole(self, slot: int, ats: Sequence[int], lengths: Sequence[int], taken: Taken) -> None:
        """Hash pieces of a slot, each a whole file; taken: gets the digests, algorithm by algorithm."""
        base = slot * _SLOT_BYTES + CONTENT_BYTES
        packed = array("I", ats).tobytes() + array("I", lengths).tobytes()
        self._view[base:base + len(packed)] = packed
        worker = self._load.index(min(self._load))
        self._send(worker, slot, (b"W", slot, len(ats), 0, 0, 0), taken)

    def stream(self, algorithm: str, state: bytes | None = None) -> int:
        """A running digest that stays with one process; returns its number."""
        self._streams += 1
        worker = self._load.index(min(self._load)) if min(self._load) else self._streams % len(self._pipes)
        self._owner[self._streams] = worker
        number = self.algorithms.index(algorithm)
        self._pipes[worker].send_bytes(_MESSAGE.pack(b"N", 0, self._streams, number, len(state or b""), 0)
                                       + (state or b""))
        return self._streams

    def feed(self, stream: int, slot: int, piece: tuple[int, int], taken: Taken | None = None) -> None:
        """Go on with a running digest; taken: its value so far is wanted after this piece (it may still go on)."""
        at, length = piece
        self._send(self._owner[stream], slot, (b"F", slot, stream, at, length, _LAST if taken else 0),
                   taken or _nothing)

    def save(self, stream: int) -> bytes | None:
        """The state of a running digest once all handed over is done; None where it cannot be had."""
        self.drain()
        pipe = self._pipes[self._owner[stream]]
        pipe.send_bytes(_MESSAGE.pack(b"S", 0, stream, 0, 0, 0))
        return pipe.recv_bytes() or None

    def forget(self, stream: int) -> None:
        """A running digest is not needed any more."""
        self._pipes[self._owner.pop(stream)].send_bytes(_MESSAGE.pack(b"X", 0, stream, 0, 0, 0))

    def drain(self) -> None:
        """Wait until everything handed over is done."""
        while self._taken:
            self._collect()

    def _send(self, worker: int, slot: int, message: tuple[bytes, int, int, int, int, int], taken: Taken) -> None:
        while self._load[worker] >= _MOST_WAITING:             # a chunk of files in pieces is thousands of messages
            self._collect()
        self._users[slot] += 1
        self._load[worker] += 1
        self._taken.setdefault((worker, slot), []).append(taken)
        self._pipes[worker].send_bytes(_MESSAGE.pack(*message))

    def _collect(self) -> None:
        """Take at least one answer. Raises: RuntimeError where a process has died (a program error)."""
        ready = [self._workers.get(handle) for handle, _ in self._poll.poll()]
        if all(worker is None for worker in ready):
            raise RuntimeError("a hashing process ended before its work")
        for worker in ready:
            if worker is None:
                continue
            answer = self._pipes[worker].recv_bytes()
            kind, slot, count, _, _, _ = _MESSAGE.unpack_from(answer)
            waiting = self._taken[worker, slot]
            taken = waiting.pop(0)
            if not waiting:
                del self._taken[worker, slot]
            self._load[worker] -= 1
            if kind == b"W":
                base = slot * _SLOT_BYTES + CONTENT_BYTES + MOST_PIECES * 8
                taken(bytes(self._view[base:base + count]))
            else:
                taken(answer[_MESSAGE.size:])
            self._drop(slot)

    def _drop(self, slot: int) -> None:
        self._users[slot] -= 1
        if not self._users[slot]:
            self._free.append(slot)


def _nothing(_: bytes) -> None:
    """Nobody waits for this answer."""


def _work(pipe: Connection, view: memoryview, algorithms: tuple[str, ...], parents: Sequence[Connection]) -> None:
    """One hashing process: answers every message in order until its pipe is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)               # the reading process decides when to stop
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    for other in parents:
        other.close()
    try:
        _answer(pipe, view, algorithms)
    except (EOFError, OSError):                                # the reading process has ended, or wants no more
        return


def _answer(pipe: Connection, view: memoryview, algorithms: tuple[str, ...]) -> None:
    whole = [whole_digest(name) for name in algorithms]
    streams: dict[int, Hash] = {}
    while True:
        message = pipe.recv_bytes()
        kind, slot, number, at, length, flags = _MESSAGE.unpack_from(message)
        base = slot * _SLOT_BYTES
        if kind == b"W":
            pipe.send_bytes(_MESSAGE.pack(b"W", slot, _hash_pieces(view, base, number, whole), 0, 0, 0))
        elif kind == b"F":
            streams[number].update(view[base + at:base + at + length])
            value = streams[number].digest() if flags & _LAST else b""
            pipe.send_bytes(_MESSAGE.pack(b"F", slot, number, 0, 0, 0) + value)
        elif kind == b"N":
            streams[number] = new_hash(algorithms[at], message[_MESSAGE.size:] if length else None)
        elif kind == b"S":
            pipe.send_bytes(streams[number].save() or b"")
        elif kind == b"X":
            del streams[number]
        elif kind == b"A":
            algorithms = tuple(message[_MESSAGE.size:].decode().split(","))
            whole = [whole_digest(name) for name in algorithms]


def _hash_pieces(view: memoryview, base: int, count: int, whole: Sequence[Callable[[memoryview], bytes]]) -> int:
    """Hash the pieces of a slot into its result area, algorithm by algorithm; returns the bytes written."""
    where = struct.unpack_from(f"={2 * count}I", view, base + CONTENT_BYTES)
    pieces = [view[base + at:base + at + length] for at, length in zip(where[:count], where[count:], strict=True)]
    digests = b"".join([digest(piece) for digest in whole for piece in pieces])
    result = base + CONTENT_BYTES + MOST_PIECES * 8
    view[result:result + len(digests)] = digests
    return len(digests)
