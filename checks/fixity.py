"""What was measured of each file: its digests, or why there is none. Columns by file number (100 bytes a file)."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum

DIGEST_BYTES = {"md5": 16, "sha1": 20, "sha256": 32, "sha512": 64, "sm3": 32, "crc32": 4}


class ReadState(IntEnum):
    """How far a file was read. Only COMPLETE has digests; the others are different answers and stay so."""

    NOT_READ = 0
    COMPLETE = 1
    UNREADABLE = 2          # a block of it failed
    TRUNCATED = 3           # part of it lies beyond what the carrier gives
    NO_CONTENT = 4          # its content is not to be had from this carrier (FileEntry.obstacle)
    NOT_ATTEMPTED = 5       # a block of it was not asked for: errors had cost enough; none of it is known to be bad


@dataclass(frozen=True, slots=True)
class Fixity:
    """One file's measured digests (algorithm → lower-case hex); empty unless complete."""

    path: str
    size_bytes: int
    digests: Mapping[str, str]
    complete: bool


@dataclass(slots=True)
class Fixities:
    """The digests of all files of one carrier, of files joined (numbered after them), and of the carrier itself."""

    algorithms: tuple[str, ...]
    count: int
    states: bytearray = field(init=False)
    columns: dict[str, bytearray] = field(init=False)
    carrier: dict[tuple[str, int], str] = field(default_factory=dict)      # (algorithm, range_bytes) → hex

    def __post_init__(self) -> None:
        self.states = bytearray(self.count)
        self.columns = {name: bytearray(DIGEST_BYTES[name] * self.count) for name in self.algorithms}

    def grow(self, count: int) -> None:
        """Room for so many files, where they become known one by one."""
        if count > self.count:
            self.states += bytes(count - self.count)
            for name, column in self.columns.items():
                column += bytes(DIGEST_BYTES[name] * (count - self.count))
            self.count = count

    def state(self, file_no: int) -> ReadState:
        return ReadState(self.states[file_no])

    def put(self, file_no: int, digests: Mapping[str, bytes]) -> None:
        """Record a file as completely read."""
        for name, digest in digests.items():
            width = DIGEST_BYTES[name]
            self.columns[name][file_no * width:(file_no + 1) * width] = digest
        self.states[file_no] = ReadState.COMPLETE

    def digest(self, file_no: int, algorithm: str) -> bytes:
        """The digest of a file, b"" where it is not complete or the algorithm was not computed."""
        if self.states[file_no] != ReadState.COMPLETE or algorithm not in self.columns:
            return b""
        width = DIGEST_BYTES[algorithm]
        return bytes(self.columns[algorithm][file_no * width:(file_no + 1) * width])

    def hexes(self, algorithm: str) -> list[str]:
        """The digests of all files as lower-case hex, "" where there is none; fast for half a million."""
        width, text, complete = 2 * DIGEST_BYTES[algorithm], self.columns[algorithm].hex(), ReadState.COMPLETE
        return [text[n * width:(n + 1) * width] if state == complete else "" for n, state in enumerate(self.states)]
