"""The readability consumer: what was read, what failed, what was slow; the surface of the carrier.

Takes every chunk with its time, gives coverage, a surface of at most 1000 points, and findings; relies on the plan
for what was wanted. "Not attempted" is never counted as read.
"""
from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any

from carriers.model import HOLE, Chunk, Extent, Finding, Structure
from checks.verdict import CoverageSums, Speed

POINTS = 1000
RUN_OUT_BLOCKS = 16          # unreadable link and run-out blocks after a recorded volume are no damage, up to this many


@dataclass(frozen=True, slots=True)
class SlowRule:
    """A read is slow that took at least `seconds` and had less than 1/`factor` of the median rate of the pass."""

    seconds: float = 0.5
    factor: float = 8.0


class Readability:
    """Consumer of one pass over one structure."""

    def __init__(self, structure: Structure, planned_bytes: int, slow: SlowRule) -> None:
        self._structure, self._planned, self._slow = structure, planned_bytes, slow
        self._read_bytes = 0
        self._seconds = 0.0
        self._bad: list[tuple[Extent, tuple[int, ...]]] = []
        self._skipped: list[tuple[Extent, tuple[int, ...]]] = []
        self._unstable: list[tuple[Extent, tuple[int, ...], int]] = []
        self._rates: list[tuple[Extent, float, float]] = []
        self._unseen_from = structure.blocks - structure.unseen_blocks if structure.unseen_blocks else 0
        self._after: list[int] = []                              # first and number of blocks that hold unclaimed data
        self._bucket_bytes = max(1, -(-structure.blocks // POINTS)) * structure.block_bytes
        self._buckets: dict[int, list[float]] = {}               # first byte // bucket → [bytes, seconds, bad blocks]

    @property
    def read_bytes(self) -> int:
        return self._read_bytes

    @property
    def unreadable_bytes(self) -> int:
        return sum(extent.length_bytes for extent, _ in self._bad)

    def consume(self, chunk: Chunk) -> None:
        extent = chunk.extent
        if extent.start_lba == HOLE:                             # zeros by rule: nothing was asked of the medium
            return
        if not chunk.attempts:
            self._skipped.append((extent, self._files_in(chunk)))
            self._seconds += chunk.seconds
            return
        bucket = self._buckets.setdefault(extent.start_lba * self._structure.block_bytes // self._bucket_bytes,
                                          [0, 0.0, 0])
        bucket[1] += chunk.seconds
        self._seconds += chunk.seconds
        if chunk.content is None:
            self._bad.append((extent, self._files_in(chunk)))
            bucket[2] += -(-extent.length_bytes // self._structure.block_bytes)
            return
        length = len(chunk.content)
        if self._unseen_from and not chunk.parts:
            skipped = max(0, self._unseen_from - extent.start_lba)
            self._look(extent.start_lba + skipped, chunk.content[skipped * self._structure.block_bytes:])
        self._read_bytes += length
        bucket[0] += length
        if chunk.attempts > 1:
            self._unstable.append((extent, self._files_in(chunk), chunk.attempts))
        if chunk.seconds >= self._slow.seconds:
            self._rates.append((extent, chunk.seconds, length / chunk.seconds / 1e6))

    def reached_end(self) -> int:
        """All was asked for that there is, which a pass found out only on its way. Returns: how many bytes."""
        self._planned = self._read_bytes + self.unreadable_bytes
        return self._planned

    def save(self) -> dict[str, Any]:
        """The state for the journal: sums and every extent that was not simply good."""
        return {"read_bytes": self._read_bytes, "seconds": self._seconds, "bad": self._bad, "skipped": self._skipped,
                "unstable": self._unstable, "slow": self._rates, "after": self._after,
                "surface": {str(k): v for k, v in self._buckets.items()}}

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Take up the last state of an earlier sitting."""
        self._read_bytes, self._seconds = saved["read_bytes"], saved["seconds"]
        self._bad = [(Extent(*e), tuple(f)) for e, f in saved["bad"]]
        self._skipped = [(Extent(*e), tuple(f)) for e, f in saved.get("skipped", ())]
        self._unstable = [(Extent(*e), tuple(f), n) for e, f, n in saved["unstable"]]
        self._rates = [(Extent(*e), s, r) for e, s, r in saved["slow"]]
        self._after = list(saved["after"])
        self._buckets = {int(k): list(v) for k, v in saved["surface"].items()}

    def coverage(self, lost_bytes: int) -> CoverageSums:
        """lost_bytes: content that lies beyond the carrier and was never asked for."""
        unreadable = self.unreadable_bytes
        missing = max(0, self._planned - self._read_bytes - unreadable)
        return CoverageSums(self._planned + lost_bytes, self._read_bytes, unreadable, missing + lost_bytes)

    def speed(self) -> Speed:
        points = sorted(self._buckets.items())
        rates = [n / s / 1e6 for _, (n, s, _) in points if s > 0 and n > 0]
        surface = tuple((k * self._bucket_bytes, round(n / s / 1e6, 2) if s > 0 else 0.0, int(bad))
                        for k, (n, s, bad) in points)
        mean = self._read_bytes / self._seconds / 1e6 if self._seconds > 0 else 0.0
        return Speed(round(self._seconds, 3), round(mean, 2), round(min(rates, default=0.0), 2),
                     round(max(rates, default=0.0), 2), surface)

    def findings(self, place_of: Callable[[int], str]) -> list[Finding]:
        """What reading showed: blocks unreadable, unstable, slow, run-out, or holding data that no structure claims.

        place_of: file number → "listed" or "elsewhere".
        """
        files = self._structure.files
        found = []
        for extent, numbers in _merged(self._bad, self._structure.block_bytes):
            if not numbers and self._is_run_out(extent):
                found.append(Finding("run-out", "", extent, self._facts(extent)))
            elif not numbers:
                place = "structure" if self._in_structure(extent) else "elsewhere"
                found.append(Finding("block-unreadable", "", extent, {**self._facts(extent), "place": place}))
            for number in numbers:
                found.append(Finding("block-unreadable", files.paths[number] if files else "", extent,
                                     {**self._facts(extent), "place": place_of(number)}))
        for extent, numbers, attempts in self._unstable:
            path = files.paths[numbers[0]] if files and numbers else ""
            found.append(Finding("block-unstable", path, extent, {**self._facts(extent), "attempts": attempts}))
        found += self._not_attempted()
        if self._after:
            found.append(Finding("structure-damaged", "", Extent(self._after[0], self._structure.block_bytes),
                                 {"what": "data-after-volume", "count": self._after[1]}))
        usual = median([n / s / 1e6 for n, s, _ in self._buckets.values() if s > 0 and n > 0] or [0.0])
        slow = [(e, ()) for e, _, rate in self._rates if rate < usual / self._slow.factor]
        for extent, _ in _merged(slow, self._structure.block_bytes):
            found.append(Finding("block-slow", "", extent, self._facts(extent)))
        return found

    def _not_attempted(self) -> list[Finding]:
        """One finding for all that was left because errors had cost enough. Its extent: the first such place."""
        places = _merged([(extent, ()) for extent, _ in self._skipped], self._structure.block_bytes)
        if not places:
            return []
        numbers = {number for _, concerned in self._skipped for number in concerned}
        return [Finding("check-not-run", "", places[0][0], {
            "check": "usability", "reason": "errors", "places": len(places), "files": len(numbers),
            "lba": places[0][0].start_lba, "bytes": sum(extent.length_bytes for extent, _ in places)})]

    def _files_in(self, chunk: Chunk) -> tuple[int, ...]:
        """The files of a chunk; joined files are their parts."""
        count = len(self._structure.files or ())
        return tuple(sorted({part.file_no for part in chunk.parts if part.file_no < count}))

    def _look(self, lba: int, content: bytes) -> None:
        """Count blocks after the volume that are not empty: data that no structure claims."""
        size = self._structure.block_bytes
        if content.count(0) == len(content):
            return
        used = [lba + at // size for at in range(0, len(content), size) if any(content[at:at + size])]
        self._after = [self._after[0], self._after[1] + len(used)] if self._after else [used[0], len(used)]

    def _is_run_out(self, extent: Extent) -> bool:
        """Whether blocks without files are those that a recorder leaves: few after the volume, or between sessions."""
        block, begin = self._structure.block_bytes, extent.start_lba
        end = begin * block + extent.length_bytes
        return (0 < self._structure.volume_blocks <= begin and extent.length_bytes <= RUN_OUT_BLOCKS * block) \
            or any(link.start_lba <= begin and end <= link.start_lba * block + link.length_bytes
                   for link in self._structure.links)

    def _in_structure(self, extent: Extent) -> bool:
        block, end = self._structure.block_bytes, extent.start_lba * self._structure.block_bytes + extent.length_bytes
        return any(e.start_lba * block < end and e.start_lba * block + e.length_bytes > extent.start_lba * block
                   for e in self._structure.structure_extents)

    def _facts(self, extent: Extent) -> dict[str, str | int]:
        block = self._structure.block_bytes
        return {"lba": extent.start_lba, "blocks": -(-extent.length_bytes // block), "bytes": extent.length_bytes}


def _merged(extents: Iterable[tuple[Extent, tuple[int, ...]]], block_bytes: int
            ) -> list[tuple[Extent, tuple[int, ...]]]:
    """Runs that touch and concern the same files as one."""
    merged: list[tuple[Extent, tuple[int, ...]]] = []
    for extent, numbers in sorted(extents):
        if merged and merged[-1][1] == numbers:
            start_lba, length_bytes, *_ = merged[-1][0]
            if start_lba * block_bytes + length_bytes == extent.start_lba * block_bytes:
                merged[-1] = (Extent(start_lba, length_bytes + extent.length_bytes), numbers)
                continue
        merged.append((extent, numbers))
    return merged
