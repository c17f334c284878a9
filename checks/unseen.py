"""What could not be looked at: where findings about the carrier leave open whether a listed file is there.

Takes the findings of a carrier and the paths that nothing was found for; gives the state of their lines, and the
findings again with what they cost the form; and says so where a carrier shows no file at all. Relies on `names.py`
for how names are compared.
Source: contract "Finding codes" (`structure-damaged`, `encrypted`); house §6.2: not checked, unreadable and different
are three answers, and a file that could not be looked for is not missing.
"""
from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from carriers.model import Finding, Structure
from checks.names import fold, is_litter
from checks.verdict import LineState

_NOT_LOOKED_INTO = frozenset({"file-system-unknown", "encrypted"})
_NO_FILES_SAID = frozenset({"blank", "file-system-unknown", "encrypted", "structure-damaged"})
# Damage that hides no file: each was still listed, or the directories were walked without it.
_HIDES_NOTHING = frozenset({"descriptor-terminator", "volume-space-size", "path-table", "duplicate-name",
                            "multi-extent", "data-after-volume", "anchor", "volume-descriptor-sequence",
                            "volume-recognition", "integrity-descriptor", "sparing-table", "metadata-file",
                            "symbolic-link", "partition-overlap", "ltfs-label", "ltfs-data-after-index", "ltfs-record"})
_EXAMPLES = 3


class Unseen:
    """The places of one carrier that could not be looked at, and what is listed there."""

    def __init__(self, found: Iterable[Finding]) -> None:
        self._found = tuple(found)
        self._below: dict[str, list[int]] = {}                 # folded directory → findings; "" = the whole carrier
        self._lines: dict[int, int] = {}                       # finding → lines that it hides, litter aside
        self._examples: dict[int, list[str]] = {}
        self._lost: set[int] = set()                           # findings that are about a listed file itself
        for number, finding in enumerate(self._found):
            damaged = finding.code == "structure-damaged" and finding.facts.get("what") not in _HIDES_NOTHING
            waits = finding.code == "session-open" and finding.facts.get("place") == "journal"
            if damaged or waits or finding.code in _NOT_LOOKED_INTO:
                self._below.setdefault(fold(finding.path), []).append(number)

    def hide(self, path: str) -> LineState | None:
        """What is to be said of a listed path that nothing was found for; None where it was looked for in vain.

        path: relative, under the root offset; "" of a line that names no path, which may lie anywhere.
        Returns: UNREADABLE where blocks of a directory above it could not be read, else NOT_CHECKED.
        """
        if not self._below:
            return None
        hiding = [n for place in (_above(fold(path)) if path else self._below) for n in self._below.get(place, ())]
        return self._count(hiding, path) if hiding else None

    def lose(self, path: str) -> LineState:
        """What is to be said of a listed file that is there, and whose content damage to the structure has lost."""
        losing = [n for n in self._below.get(fold(path), ()) if self._found[n].code == "structure-damaged"]
        self._lost.update(losing)
        return self._count(losing, path)

    def _count(self, findings: list[int], path: str) -> LineState:
        """One more listed path that these findings keep from being looked at."""
        for number in () if is_litter(path) else findings:
            self._lines[number] = self._lines.get(number, 0) + 1
            examples = self._examples.setdefault(number, [])
            if len(examples) < _EXAMPLES:
                examples.append(path)
        unreadable = any(self._found[n].facts.get("what") == "unreadable-block" for n in findings)
        return LineState.UNREADABLE if unreadable else LineState.NOT_CHECKED

    def told(self, *, whole_equal: bool) -> tuple[Finding, ...]:
        """The findings, those of damage that hides listed files and of encryption with their `place`.

        whole_equal: whether a listed digest of the whole carrier was met, which vouches for what cannot be looked into.
        """
        told = list(self._found)
        for number, finding in enumerate(told):
            if finding.code == "encrypted" and whole_equal:
                told[number] = replace(finding, facts={**finding.facts, "place": "digest"})
            elif finding.code == "structure-damaged" and number in self._lines:
                told[number] = replace(finding, facts={
                    **finding.facts, "place": "listed", "reason": "lost" if number in self._lost else "listed",
                    "lines": self._lines[number],
                    "examples": "; ".join(filter(None, self._examples[number]))})
        return tuple(told)


def _above(path: str) -> Iterable[str]:
    """The directories that a path lies below, the carrier's root ("") last."""
    while path:
        path = path.rpartition("/")[0]
        yield path


def check_structure(structure: Structure, findings: Iterable[Finding] = ()) -> tuple[Finding, ...]:
    """A carrier on which no file is found never passes: `structure-damaged`, unless `findings` say why already."""
    if structure.files is None or len(structure.files) or any(f.code in _NO_FILES_SAID for f in findings):
        return ()
    return (Finding("structure-damaged", facts={"reason": "no-files", "place": ""}),)
