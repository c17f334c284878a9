"""The mirror of a metadata partition: is it what was read of the main file?

Takes what was relied upon, block by block; gives the finding that the mirror says otherwise. Relies on nothing that the
main file says. Only what was relied upon is compared: the free blocks of the two may differ. Source: UDF 2.60 §2.2.13.
"""
from __future__ import annotations

from array import array

import xxhash

from carriers.udf_descriptors import Volume

_COMPARED_BYTES = 64 << 20      # a copy that was not needed is not read to its end
_RUN_BYTES = 1 << 20


class Mirror:
    """What the mirror is expected to hold, and where."""

    def __init__(self, volume: Volume) -> None:
        self._volume = volume
        self._places, self._lengths, self._digests = array("q"), array("q"), array("Q")
        self._left = _COMPARED_BYTES

    def affords(self, length: int) -> bool:
        """Whether so many bytes of the mirror may still be read; they are paid for."""
        self._left -= length
        return self._left >= 0

    def expect(self, offset: int, content: bytes) -> None:
        """This was read from the main file; its copy lies at `offset`."""
        if content and self.affords(len(content)):
            self._places.append(offset)
            self._lengths.append(len(content))
            self._digests.append(xxhash.xxh3_64_intdigest(content))

    def compare(self) -> None:
        """Read the copies, ascending; each one that differs, or cannot be read, is noted. Raises: DriveLost."""
        run: list[int] = []
        for number in sorted(range(len(self._places)), key=self._places.__getitem__):
            if run and (self._places[number] != self._places[run[-1]] + self._lengths[run[-1]]
                        or self._places[number] - self._places[run[0]] >= _RUN_BYTES):
                self._compare_run(run)
                run = []
            run.append(number)
        if run:
            self._compare_run(run)

    def _compare_run(self, run: list[int]) -> None:
        volume, begin = self._volume, self._places[run[0]]
        content = volume.peek(begin, self._places[run[-1]] + self._lengths[run[-1]] - begin)
        for number in run:
            place, length = self._places[number], self._lengths[number]
            copy = volume.peek(place, length) if content is None else content[place - begin:place - begin + length]
            if copy is None:
                volume.note("metadata-file", "", place)
            elif xxhash.xxh3_64_intdigest(copy) != self._digests[number]:
                volume.differ("metadata-file", place)
