"""The hashing consumer: fixities of all files, and of the whole carrier where the form asks, from the one pass.

Takes chunks in the order of the plan, gives `Fixities`; relies on `hashers` to hash beside the reading. Small files
go in batches to whichever process is free; the digests of a file that spans several reads stay with one process each,
so that order is kept and two algorithms run side by side.
"""
from __future__ import annotations

import base64
from array import array
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from carriers.model import Chunk, FilePart, Structure
from checks.fixity import DIGEST_BYTES, Fixities, ReadState
from checks.hashers import MOST_PIECES, Hashers
from checks.hashstate import whole_digest


class _Running:
    """The running digests of one file, or of the carrier: algorithm → stream of the hashers."""

    def __init__(self, streams: Mapping[str, int], done_bytes: int = 0) -> None:
        self.streams, self.done_bytes = dict(streams), done_bytes


class Digests:
    """Consumer. carrier_ranges: byte counts at which the digest of the whole carrier is kept (none = not computed).

    joined: groups of files of which each is a file of its own too, as in the plan; one that cannot be had whole
    (a file of it has no content) has no digest. The structure's files may become more while they are read.
    """

    def __init__(self, hashers: Hashers, structure: Structure, fixities: Fixities, *,
                 joined: Sequence[Sequence[int]] = (), carrier_algorithms: Iterable[str] = (),
                 carrier_ranges: Iterable[int] = ()) -> None:
        self.fixities = fixities
        self._hashers = hashers
        sizes = structure.files.sizes if structure.files is not None else array("q")
        self._sizes: Sequence[int] = sizes + array("q", [sum(sizes[n] for n in parts) for parts in joined]) \
            if joined else sizes
        self._block_bytes = structure.block_bytes
        self._ranges = sorted(set(carrier_ranges))
        self._open: dict[int, _Running] = {}
        self._pending: dict[int, dict[str, bytes]] = {}
        self._completed: list[int] = []
        self._carrier = _Running({name: hashers.stream(name) for name in carrier_algorithms})

    def consume(self, chunk: Chunk) -> None:
        """Hand one chunk over; waits only while the hashers are all their slots behind.

        Raises: RuntimeError where a hashing process died, or the plan broke its promise (program errors).
        """
        self.fixities.grow(len(self._sizes))
        if chunk.content is None:
            for part in chunk.parts:
                if chunk.attempts:
                    self.lose(part.file_no, ReadState.UNREADABLE)
                elif self.fixities.states[part.file_no] == ReadState.NOT_READ:
                    self.lose(part.file_no, ReadState.NOT_ATTEMPTED)
            self._end(self._carrier)                           # no digest of a carrier that was not read whole
            return
        feeds_carrier = bool(self._carrier.streams) \
            and chunk.extent.start_lba * self._block_bytes == self._carrier.done_bytes
        if not chunk.parts and not feeds_carrier:
            return
        slot = self._hashers.place(chunk.content)
        small: list[FilePart] = []
        sizes, states = self._sizes, self.fixities.states
        for part in chunk.parts:
            if part[3] == sizes[part[0]]:                      # the whole file lies in this chunk
                small.append(part)
            elif states[part[0]] == ReadState.NOT_READ:
                self._continue(part, slot)
        if small:
            self._whole(small, slot, chunk.content)
        if feeds_carrier:
            self._feed_carrier(slot, len(chunk.content))
        self._hashers.release(slot)

    def lose(self, file_no: int, state: ReadState) -> None:
        """Say that a file will not be complete: a block failed, it is cut off, its content is not there."""
        running = self._open.pop(file_no, None)
        if running is not None:
            self._end(running)
        self._pending.pop(file_no, None)
        self.fixities.states[file_no] = state
        self._completed.append(file_no)

    def empty(self, file_nos: Iterable[int]) -> None:
        """Record files of no bytes: nothing has to be read for them."""
        digests = {name: whole_digest(name)(memoryview(b"")) for name in self.fixities.algorithms}
        for file_no in file_nos:
            self.fixities.put(file_no, digests)
            self._completed.append(file_no)

    def copy(self, links: Mapping[int, int]) -> None:
        """Give files the digests of those whose content they have too; after the pass. links: file → the other."""
        self._hashers.drain()
        self.fixities.grow(len(self._sizes))
        for file_no, of in links.items():
            state = self.fixities.state(of)
            if state is ReadState.COMPLETE:
                self.fixities.put(file_no, {a: self.fixities.digest(of, a) for a in self.fixities.algorithms})
            else:
                self.fixities.states[file_no] = state

    def save(self) -> dict[str, Any] | None:
        """The state for the journal, after all that was handed over is done; None while a state cannot be had (SM3).

        Returns: {"done": [[file_no, state, hex…]], "open": [[file_no, done_bytes, {algorithm: base64}]], "carrier": …}
        `done` holds only what came since the last state that was not None.
        """
        self._hashers.drain()
        opened = []
        for file_no, running in self._open.items():
            states = self._states(running)
            if states is None:
                return None
            opened.append([file_no, running.done_bytes, states])
        carrier = self._states(self._carrier)
        if carrier is None:
            return None
        done, self._completed = self._completed, []
        return {"done": [[n, self.fixities.states[n], *self._hexes(n)] for n in done], "open": opened,
                "carrier": [self._carrier.done_bytes, carrier],
                "ranges": [[a, b, h] for (a, b), h in self.fixities.carrier.items()]}

    def restore(self, saved: Iterable[Mapping[str, Any]]) -> None:
        """Take up the states of an earlier sitting, oldest first; the last one's open digests go on."""
        self.fixities.grow(len(self._sizes))
        last: Mapping[str, Any] | None = None
        for last in saved:
            for file_no, state, *hexes in last["done"]:
                if state == ReadState.COMPLETE:
                    self.fixities.put(file_no, {a: bytes.fromhex(h) for a, h
                                                in zip(self.fixities.algorithms, hexes, strict=True)})
                else:
                    self.fixities.states[file_no] = state
        if last is None:
            return
        for file_no, done_bytes, states in last["open"]:
            self._open[file_no] = self._resumed(states, done_bytes)
        self._end(self._carrier)
        self._carrier = self._resumed(last["carrier"][1], last["carrier"][0])
        self.fixities.carrier.update({(a, b): h for a, b, h in last["ranges"]})

    def finish(self) -> Fixities:
        """All that was measured. A file still open was never read to its end and has no digest."""
        self._hashers.drain()
        return self.fixities

    def _continue(self, part: FilePart, slot: int) -> None:
        file_no, offset, at, length = part
        running = self._open.get(file_no)
        if running is None:
            running = _Running({name: self._hashers.stream(name) for name in self.fixities.algorithms})
            self._open[file_no] = running
        if running.done_bytes != offset:
            raise RuntimeError(f"file {file_no}: at {running.done_bytes}, not {offset}")
        running.done_bytes += length
        last = running.done_bytes == self._sizes[file_no]
        for algorithm, stream in running.streams.items():
            if last:
                self._hashers.feed(stream, slot, (at, length),
                                   lambda digest, name=algorithm: self._take(file_no, name, digest))  # type: ignore[misc]
            else:
                self._hashers.feed(stream, slot, (at, length))
        if last:
            self._end(self._open.pop(file_no))

    def _take(self, file_no: int, algorithm: str, digest: bytes) -> None:
        if self.fixities.states[file_no] != ReadState.NOT_READ:
            return
        digests = self._pending.setdefault(file_no, {})
        digests[algorithm] = digest
        if len(digests) == len(self.fixities.algorithms):
            self.fixities.put(file_no, self._pending.pop(file_no))
            self._completed.append(file_no)

    def _whole(self, parts: Sequence[FilePart], slot: int, content: bytes) -> None:
        here, rest = parts[:MOST_PIECES], parts[MOST_PIECES:]
        numbers = [part[0] for part in here]
        self._hashers.whole(slot, [part[2] for part in here], [part[3] for part in here],
                            lambda digests: self._take_whole(numbers, digests))
        if rest:                                               # hard links by the thousand: a slot of their own
            again = self._hashers.place(content)
            self._whole(rest, again, content)
            self._hashers.release(again)

    def _take_whole(self, numbers: Sequence[int], digests: bytes) -> None:
        """Digests of many files, algorithm by algorithm; one copy where the files' numbers follow each other."""
        fixities, count, at = self.fixities, len(numbers), 0
        first = numbers[0]
        together = numbers[-1] - first == count - 1 and list(range(first, first + count)) == numbers
        for name in fixities.algorithms:
            width, column = DIGEST_BYTES[name], fixities.columns[name]
            if together:
                column[first * width:(first + count) * width] = digests[at:at + count * width]
            else:
                for index, number in enumerate(numbers):
                    begin = at + index * width
                    column[number * width:(number + 1) * width] = digests[begin:begin + width]
            at += count * width
        for number in numbers:
            fixities.states[number] = ReadState.COMPLETE
        self._completed.extend(numbers)

    def _feed_carrier(self, slot: int, length: int) -> None:
        """Feed the carrier's digests, keeping their value where a range ends inside or at the end of this chunk."""
        start = self._carrier.done_bytes
        ends = [r for r in self._ranges if start < r <= start + length]
        self._carrier.done_bytes = start + length
        for algorithm, stream in self._carrier.streams.items():
            at = start
            for end in ends:
                self._hashers.feed(stream, slot, (at - start, end - at),
                                   lambda digest, key=(algorithm, end): self._keep(key, digest))  # type: ignore[misc]
                at = end
            if at < start + length:
                self._hashers.feed(stream, slot, (at - start, start + length - at))

    def _keep(self, key: tuple[str, int], digest: bytes) -> None:
        self.fixities.carrier[key] = digest.hex()

    def _states(self, running: _Running) -> dict[str, str] | None:
        states = {name: self._hashers.save(stream) for name, stream in running.streams.items()}
        kept = {name: base64.b64encode(state).decode() for name, state in states.items() if state is not None}
        return kept if len(kept) == len(states) else None

    def _resumed(self, states: Mapping[str, str], done_bytes: int) -> _Running:
        return _Running({a: self._hashers.stream(a, base64.b64decode(s)) for a, s in states.items()}, done_bytes)

    def _end(self, running: _Running) -> None:
        for stream in running.streams.values():
            self._hashers.forget(stream)
        running.streams.clear()

    def _hexes(self, file_no: int) -> list[str]:
        if self.fixities.states[file_no] != ReadState.COMPLETE:
            return []
        return [self.fixities.digest(file_no, name).hex() for name in self.fixities.algorithms]
