"""The metadata consumer: is the XML beside each record whole and well formed?

Takes the chunks of the pass, gives findings `metadata-damaged`; relies on `markup.py`. The files are gathered while
they are read, so that nothing is read twice or out of order; one larger than `FILE_BYTES` is said not to be checked.
Source: DA/T 70 3-1; domain §10.5 (a 密级 that is met in the middle of a pass stops it).
"""
from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

from carriers.model import Chunk, Finding, Structure

from .catalogues import classified_level, is_metadata, levels_in, words
from .entries import plain
from .markup import Broken, Handlers, decoded, walk

FILE_BYTES, OPEN_BYTES = 1 << 20, 32 << 20          # of one file; of all that are gathered at one time


class Metadata:
    """Consumer of one pass. classified: "" or the word of a 密级 with which the pass must not go on."""

    def __init__(self, structure: Structure) -> None:
        files = structure.files
        self._paths: Sequence[str] = files.paths if files is not None else []
        self._sizes: Sequence[int] = files.sizes if files is not None else []
        self._wanted: dict[int, int] = {}                      # file number → bytes
        self._open: dict[int, bytearray] = {}
        self._open_bytes = 0
        self._problems: dict[int, tuple[str, int, str, str]] = {}   # → reason, line, encoding declared, found
        self.classified = ""
        self._levels = frozenset(plain(text) for text in words()["fields"]["level"])
        self._obstacles: Mapping[int, str] = files.obstacles if files is not None else {}
        self._known = 0                                        # files looked at by name: more may come while reading
        self._look_at_names()

    def _look_at_names(self) -> None:
        for number in range(self._known, len(self._paths)):
            if is_metadata(self._paths[number]) and number not in self._obstacles:
                size = self._sizes[number]
                if 0 < size <= FILE_BYTES:
                    self._wanted[number] = size
                else:
                    self._problems[number] = ("not-checked" if size else "empty", 0, "", "")
        self._known = len(self._paths)

    def consume(self, chunk: Chunk) -> None:
        if self._known < len(self._paths):
            self._look_at_names()
        if not self._wanted:
            return
        for number, offset, at, length in chunk.parts:
            size = self._wanted.get(number)
            if size is None:
                continue
            if chunk.content is None:
                self._give_up(number)                          # its own finding says that it is not readable
            elif length == size:
                self._check(number, chunk.content[at:at + length])
            else:
                self._gather(number, offset, chunk.content[at:at + length])

    def _gather(self, number: int, offset: int, piece: bytes) -> None:
        gathered = self._open.setdefault(number, bytearray())
        if offset != len(gathered):
            self._give_up(number)
            return
        gathered += piece
        self._open_bytes += len(piece)
        if len(gathered) == self._wanted[number]:
            self._check(number, bytes(gathered))
        elif self._open_bytes > OPEN_BYTES:
            self._give_up(number)
            self._problems[number] = ("not-checked", 0, "", "")

    def _give_up(self, number: int) -> None:
        self._wanted.pop(number, None)
        self._open_bytes -= len(self._open.pop(number, b""))

    def _check(self, number: int, raw: bytes) -> None:
        self._give_up(number)
        text = ""
        try:
            text, encoding, declared = decoded(raw)
            if declared:
                self._problems[number] = ("encoding-declared", 0, declared, encoding)
            walk(text, Handlers(self._start, self._end))
        except Broken as broken:
            self._problems[number] = (broken.reason, broken.line, "", "")
            self.classified = self.classified or next(filter(None, map(classified_level, levels_in(text))), "")

    def _start(self, tag: str, attributes: Mapping[str, str]) -> bool:
        for name, value in attributes.items():
            if not name.isascii() and plain(name.rpartition(":")[2]) in self._levels:
                self._end(name, value)
        return not tag.isascii() and plain(tag.rpartition(":")[2]) in self._levels

    def _end(self, _: str, text: str) -> None:
        if text:
            self.classified = self.classified or classified_level(text)

    def save(self) -> dict[str, Any]:
        """The state for the journal."""
        return {"problems": [[n, *problem] for n, problem in self._problems.items()],
                "open": {str(n): base64.b64encode(raw).decode() for n, raw in self._open.items()}}

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Take up the last state of an earlier sitting; files that were read in it are not read again."""
        self._problems = {n: (reason, line, declared, encoding)
                          for n, reason, line, declared, encoding in saved["problems"]}
        self._open = {int(n): bytearray(base64.b64decode(raw)) for n, raw in saved["open"].items()}
        self._open_bytes = sum(map(len, self._open.values()))

    def findings(self) -> list[Finding]:
        """metadata-damaged, by file."""
        return [Finding("metadata-damaged", self._paths[n], None, {
            "reason": reason, "line": line, "declared": declared, "encoding": encoding, "bytes": self._sizes[n]})
                for n, (reason, line, declared, encoding) in sorted(self._problems.items())]
