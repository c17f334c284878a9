"""The results of the lines of one carrier, in columns: half a million are not made until they are asked for.

Takes what the lines are bound to and what was measured; gives a `LineResult` for each, relies on `Fixities`.
"""
from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from typing import overload

from carriers.model import Files
from checks.bind import Binding
from checks.fixity import Fixities
from checks.form import Lines
from checks.verdict import LineResult, LineState

STATES = tuple(LineState)
EQUAL, DIFFERS, UNREADABLE, MISSING, NOT_CHECKED = map(STATES.index, (
    LineState.EQUAL, LineState.DIFFERS, LineState.UNREADABLE, LineState.MISSING, LineState.NOT_CHECKED))


class Results(Sequence[LineResult]):
    """The results of the lines of one carrier; a LineResult is made when asked for.

    targets: as the binding's, after content was looked for. states: indices into LineState.
    """

    def __init__(self, lines: Lines, binding: Binding, files: Files, fixities: Fixities) -> None:
        self._lines = lines
        self._binding = binding
        self._files = files
        self._fixities = fixities
        self.targets = array("q", binding.targets)
        self.states = bytearray([NOT_CHECKED]) * len(self.targets)
        self.carrier_actuals: dict[int, str] = {}          # position → digest of the whole carrier

    def __len__(self) -> int:
        return len(self.targets)

    def __iter__(self) -> Iterator[LineResult]:
        """All results in order; three times as fast as asking for each, since half a million are written to a list."""
        lines, files, states = self._lines, self._files.paths, self.states
        columns = {name: self._fixities.hexes(name) for name in self._fixities.algorithms}
        none = [""] * self._fixities.count
        for position, (line, target) in enumerate(zip(self._binding.lines, self.targets, strict=True)):
            algorithm = lines.algorithm(line)
            actual = self.carrier_actuals.get(position)
            if actual is None:
                actual = columns.get(algorithm, none)[target] if target >= 0 else ""
            yield LineResult(lines.line_nos[line], lines.package_no(line),
                             files[target] if 0 <= target < len(files) else lines.paths[line], algorithm,
                             lines.digests[line].hex(), actual, STATES[states[position]], lines.list_of(line))

    @overload
    def __getitem__(self, index: int) -> LineResult: ...
    @overload
    def __getitem__(self, index: slice) -> list[LineResult]: ...
    def __getitem__(self, index: int | slice) -> LineResult | list[LineResult]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        position = index + len(self) if index < 0 else index
        line = self._lines[self._binding.lines[position]]
        target = self.targets[position]
        actual = self.carrier_actuals.get(position)
        if actual is None:
            actual = self._fixities.digest(target, line.algorithm).hex() if target >= 0 else ""
        path = self._files.paths[target] if 0 <= target < len(self._files) else line.path
        return LineResult(line.line_no, line.package_no, path, line.algorithm, line.digest, actual,
                          STATES[self.states[position]], self._lines.list_of(self._binding.lines[position]))
