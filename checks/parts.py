"""Parts of a package (分卷): which files a line over several parts speaks of, and in which order.

Takes what a form wrote in place of one file name, and the names of the carrier; gives files in the order of the parts,
or the reason why they cannot be told. Names decide, never digests. Relies on `parts.toml` for how parts are named.
Source: contract "Parts" (one digest over the parts in order); domain §3.8, §5.1.2.
"""
from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from checks.names import Names, fold

_BETWEEN = re.compile(r"[;；、\n|]|[,，](?!\d)")
_RANGE = re.compile(r"\s*(?:~|～|—+|–+|…+|\.{3}|至|到|-)\s*")
_RANGES_AT_MOST = 64                    # places in one cell at which a range may be cut in two
_NAMES_AT_MOST = 10_000                 # of parts in one cell


class Family(NamedTuple):
    """Files of one directory that are named as parts of one package, in their order. gap: a part is not there."""

    file_nos: tuple[int, ...]
    names: tuple[str, ...]
    gap: bool


class Parts(NamedTuple):
    """What a line over parts names. first: the name that is looked up for all of them, under the list's root offset.

    rest: the other names, where the form wrote each of them; whole: all are files of one family.
    """

    first: str
    rest: tuple[str, ...] = ()
    whole: bool = True


class Families:
    """The packages in parts of one carrier, by what they may be called."""

    def __init__(self, names: Names) -> None:
        self._called: dict[str, list[Family]] = defaultdict(list)
        self._of: dict[int, list[Family]] = defaultdict(list)
        for tree in names.trees:
            told = frozenset(self._of)                          # a later tree may have other, cut names for them
            for aliases, family in _families(tree.paths, tree.file_nos):
                if told.isdisjoint(family.file_nos):
                    for alias in aliases:
                        self._called[alias].append(family)
                    for file_no in family.file_nos:
                        self._of[file_no].append(family)

    def called(self, name: str) -> Sequence[Family]:
        """The packages that a name without directories may mean."""
        return self._called.get(fold(name), ())

    def read(self, written: str) -> Parts:
        """What a cell says: one package, several names, or a range of names."""
        directory, name = _split(written)
        if len({family.names[0] for family in self.called(name)}) == 1:
            return Parts(directory + self.called(name)[0].names[0])
        listed = [text.strip() for text in _BETWEEN.split(written) if text.strip()][:_NAMES_AT_MOST]
        if len(listed) > 1:
            directory = _split(listed[0])[0]
            return Parts(listed[0], tuple(text if _split(text)[0] else directory + text for text in listed[1:]), False)
        for match, _ in zip(_RANGE.finditer(written), range(_RANGES_AT_MOST), strict=False):
            begin, end = written[:match.start()], _split(written[match.end():])[1]
            directory, name = _split(begin)
            ends = fold(name), fold(_renumbered(name, end) or end)
            for family in self.called(name):
                if ends == (fold(family.names[0]), fold(family.names[-1])):
                    return Parts(directory + family.names[0])
        return Parts(written)

    def of(self, file_no: int) -> Sequence[Family]:
        """The packages of which a file is a part."""
        return self._of.get(file_no, ())


def last_name(written: str) -> str:
    """The last component of a path as written."""
    return _split(written)[1]


def _split(written: str) -> tuple[str, str]:
    """The directories of a path as written, with the separator, and its last component."""
    at = max(written.rfind("/"), written.rfind("\\")) + 1
    return written[:at], written[at:]


def _renumbered(name: str, number: str) -> str:
    """X.001 with 010 → X.010; "" where the name has no number at its end."""
    match = re.search(r"\d+(?=\D*$)", name)
    digits = number.lstrip(".")
    return name[:match.start()] + digits + name[match.end():] if match and digits.isdecimal() else ""


class _Pattern(NamedTuple):
    part: re.Pattern[str]
    names: tuple[str, ...]
    head: str
    last: str
    first: tuple[int, ...]


@cache
def _patterns() -> tuple[tuple[_Pattern, ...], tuple[str, ...]]:
    table: Mapping[str, Any] = tomllib.loads(Path(__file__).with_name("parts.toml").read_text(encoding="utf-8"))
    rows = tuple(_Pattern(re.compile(row["part"]), tuple(row["names"]), row.get("head", ""), row.get("last", ""),
                          tuple(row["first"])) for row in table["patterns"])
    return rows, tuple("." + extension for extension in table["archives"]["extensions"])


def _families(paths: Sequence[str], file_nos: Sequence[int]) -> Iterator[tuple[set[str], Family]]:
    """The families of one tree, with all that each may be called (folded)."""
    patterns, archives = _patterns()
    groups: dict[tuple[int, str, str, str], list[tuple[int, int, str]]] = defaultdict(list)
    plain: dict[tuple[str, str], tuple[int, str]] = {}
    for path, file_no in zip(paths, file_nos, strict=True):
        directory, _, name = path.rpartition("/")
        folded = fold(name)
        plain[directory, folded] = file_no, name
        for at, pattern in enumerate(patterns):
            if match := pattern.part.fullmatch(folded):
                found = match.groupdict("")
                groups[at, directory, found["base"], found.get("ext", "")].append(
                    (int(found["n"] or found["m"]), file_no, name))
    for (at, directory, base, ext), members in groups.items():
        pattern = patterns[at]
        ends = [plain.get((directory, text.format(base=base))) if text else None
                for text in (pattern.head, pattern.last)]
        family = _family(pattern, members, *ends)
        if len(family.file_nos) > 1:
            names = {text.format(base=base, ext=ext) for text in pattern.names}
            names |= {name.rpartition(".")[0] for name in names if name.endswith(archives)}
            yield names | set(map(fold, family.names)), family


def _family(pattern: _Pattern, members: list[tuple[int, int, str]], head: tuple[int, str] | None,
            last: tuple[int, str] | None) -> Family:
    """The members in the order of their numbers, 2 before 10; between those that have none."""
    members.sort()
    numbers = [number for number, _, _ in members]
    whole = numbers[0] in pattern.first and numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    ordered = [*([head] if head else []), *((file_no, name) for _, file_no, name in members), *([last] if last else [])]
    return Family(tuple(file_no for file_no, _ in ordered), tuple(name for _, name in ordered),
                  not whole or bool(pattern.head and not head) or bool(pattern.last and not last))
