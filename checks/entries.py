"""The entries of a catalogue on a carrier, and whether each names files that are there and each file is named.

Takes the XML of 文件目录, 目录文件 or 案卷目录 and the carrier's files, gives entries and findings `catalogue-differs`;
relies on `markup.py` and on the words of `carrier_catalogues.toml`. An entry names files by 电子档案名称 (a name, a
path, several of them), else by 档号: a directory or a file of that name, or of a name that begins with it.
Source: domain §2.2; DA/T 70 1-11, 2-6, 4-3.
"""
from __future__ import annotations

import itertools
import re
import unicodedata
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from carriers.model import Finding

from .markup import Broken, Handlers, walk
from .names import relative

LONGEST = 1000                  # characters of a value that are kept; names and codes are shorter
EXAMPLES = 3


def plain(text: str) -> str:
    """A name or label as it is compared: half width, no white space, lower case."""
    if text.isascii():
        return "".join(text.split()).lower()
    return "".join(unicodedata.normalize("NFKC", text).split()).casefold()


_DOTS = str.maketrans(dict.fromkeys("·•・‧∙⋅●", "."))


def key(text: str) -> str:
    """A name of a file or a 档号 as it is compared: `plain`, all dots alike (domain §2.7), one separator of paths."""
    folded = plain(text)
    return folded.replace("\\", "/") if folded.isascii() else folded.translate(_DOTS).replace("\\", "/")


class Entries:
    """The entries of one catalogue in columns. counts: "items" or "volumes" → how many.

    numbers: 顺序号, -1 where it is none. parents: the entry that an entry lies within, -1 = none. names: as written.
    levels: each 密级 as written. root: the root element.
    """

    def __init__(self) -> None:
        self.kinds: list[str] = []
        self.numbers: array[int] = array("q")
        self.parents: array[int] = array("q")
        self.codes: list[str] = []
        self.names: list[str] = []
        self.levels: Counter[str] = Counter()
        self.root = ""

    def __len__(self) -> int:
        return len(self.codes)

    def count(self, kind: str) -> int:
        return self.kinds.count(kind)


class _Open(NamedTuple):
    """An entry whose end has not come yet."""

    depth: int
    entry: int
    values: dict[str, str]


def read_entries(text: str, words: Mapping[str, Mapping[str, Sequence[str]]]) -> tuple[Entries, Broken | None]:
    """The entries of a catalogue; of a damaged one those before the damage, with what is wrong.

    words: "elements" and "fields" of carrier_catalogues.toml.
    """
    entries = Entries()
    reading = _Reading(entries, words)
    try:
        walk(text, Handlers(reading.start, reading.end))
    except Broken as broken:
        return entries, broken
    return entries, None


class _Reading:
    """The handlers: what an element is depends on its local name only, so that wrappers and prefixes do not matter."""

    def __init__(self, entries: Entries, words: Mapping[str, Mapping[str, Sequence[str]]]) -> None:
        self._entries = entries
        self._kind_of = {plain(t): kind for kind in ("items", "volumes") for t in words["elements"][kind]}
        self._field_of = {plain(t): name for name, texts in words["fields"].items() for t in texts}
        self._meaning: dict[str, tuple[str, str]] = {}          # tag as written → (kind of entry, field)
        self._depth = 0
        self._open: list[_Open] = []

    def _means(self, tag: str) -> tuple[str, str]:
        local = plain(tag.rpartition(":")[2])
        self._meaning[tag] = meaning = (self._kind_of.get(local, ""), self._field_of.get(local, ""))
        return meaning

    def start(self, tag: str, attributes: Mapping[str, str]) -> bool:
        self._depth += 1
        kind, field = self._meaning.get(tag) or self._means(tag)
        opened = self._open
        if opened and self._depth == opened[-1].depth + 1 and field:
            return True
        if self._depth == 1:
            self._entries.root = tag.rpartition(":")[2][:LONGEST]
        elif kind:
            self._begin(kind, attributes)
        return False

    def _begin(self, kind: str, attributes: Mapping[str, str]) -> None:
        entries = self._entries
        opened = _Open(self._depth, len(entries), {})
        entries.kinds.append(kind)
        entries.parents.append(self._open[-1].entry if self._open else -1)
        entries.numbers.append(-1)
        entries.codes.append("")
        entries.names.append("")
        self._open.append(opened)
        for tag, value in attributes.items():
            if field := (self._meaning.get(tag) or self._means(tag))[1]:
                self._put(opened.values, field, value)

    def end(self, tag: str, text: str) -> None:
        opened = self._open[-1] if self._open else None
        if opened is not None:
            if self._depth == opened.depth + 1:
                if field := self._meaning[tag][1]:
                    self._put(opened.values, field, text)
            elif self._depth == opened.depth:
                self._finish(self._open.pop())
        self._depth -= 1

    def _put(self, values: dict[str, str], field: str, text: str) -> None:
        """The first value of a field counts; of 密级 every one."""
        value = text.strip()[:LONGEST]
        if field == "level":
            self._entries.levels[value] += 1
        elif value:
            values.setdefault(field, value)

    def _finish(self, opened: _Open) -> None:
        entries, values = self._entries, opened.values
        number = values.get("number", "")
        if number:
            digits = unicodedata.normalize("NFKC", number)
            entries.numbers[opened.entry] = int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 16 \
                else -1
        entries.codes[opened.entry] = values.get("code", "")
        entries.names[opened.entry] = values.get("name") or values.get("path", "")


# ------------------------------------------------------------------------------------------- entries among themselves

def entry_findings(entries: Entries, path: str) -> Iterator[Finding]:
    """What the entries of one catalogue say against each other: 顺序号 with gaps or twice or none, 档号 twice."""
    def differs(reason: str, count: int, examples: Iterable[object]) -> Finding:
        shown = ", ".join(map(str, examples))
        return Finding("catalogue-differs", path, None, {"reason": reason, "count": count, "examples": shown})

    met: Counter[tuple[str, str]] = Counter()
    twice: list[str] = []
    for kind, code in zip(entries.kinds, entries.codes, strict=True):
        met[kind, key(code)] += 1
        if code and met[kind, key(code)] == 2:
            twice.append(code)
    if twice:
        yield differs("code-double", len(twice), twice[:EXAMPLES])
    unnumbered = [n for n, number in enumerate(entries.numbers) if number < 0]
    if unnumbered:
        yield differs("number-missing", len(unnumbered), [n + 1 for n in unnumbered[:EXAMPLES]])
    rows: dict[tuple[str, int], list[int]] = {}                 # 顺序号 begins anew inside each 案卷
    for kind, parent, number in zip(entries.kinds, entries.parents, entries.numbers, strict=True):
        if number >= 0:
            rows.setdefault((kind, parent), []).append(number)
    doubles, gaps = list[tuple[int, int]](), list[tuple[int, int]]()
    for numbers in rows.values():                               # a carrier may go on where the one before it ended
        numbers.sort()
        for before, number in zip(numbers, numbers[1:], strict=False):
            if number == before:
                doubles.append((number, number))
            elif number > before + 1:
                gaps.append((before + 1, number - 1))
    for reason, spans in (("number-double", doubles), ("number-gap", gaps)):
        if spans:
            count = sum(last - first + 1 for first, last in spans)
            yield differs(reason, count, itertools.starmap(_span, spans[:EXAMPLES]))


def _span(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}-{last}"


# ---------------------------------------------------------------------------------------------- entries and the files

_PARTS = re.compile(r"[;；,，、|\n]+")
_ENDS = re.compile(r"[-_.(\[~ ]")            # what may follow a 档号 in a longer name
_SUFFIXED = re.compile(r".*\.[a-z][a-z0-9]{1,4}", re.DOTALL)


class Matching:
    """Entries of all catalogues of a carrier against the names of its files.

    A file answers every entry that names it. answered: which entries have a file; first_file: entry → one of them.
    """

    def __init__(self, catalogues: Iterable[Entries]) -> None:
        self.entries = [(entries, n) for entries in catalogues for n in range(len(entries))]
        self.answered = bytearray(len(self.entries))
        self.first_file: dict[int, int] = {}
        self._tokens: dict[str, list[int]] = {}                 # a name that entries give → those entries
        self._seen: set[str] = set()                            # … of a file or directory that is there
        self._bearers: Counter[str] = Counter()                 # … → files of exactly that name
        self._codes: dict[str, dict[str, list[int]]] = {"items": {}, "volumes": {}}
        self._directories: dict[str, tuple[int, ...]] = {}
        for number, (entries, n) in enumerate(self.entries):
            whole, parts = _names_of(entries, n)
            for token in {whole, *parts} - {""}:
                self._tokens.setdefault(token, []).append(number)
            if code := key(entries.codes[n]):
                self._codes[entries.kinds[n]].setdefault(code, []).append(number)
        self._slashed = any("/" in token for token in self._tokens)

    def take(self, path: str, file_no: int) -> bool:
        """A file, by a path below the root of the storage structure; whether an entry names it."""
        directory, _, last = key(path).rpartition("/")
        found = list(self._in_directory(directory)) if directory else []
        for token in _ends(f"{directory}/{last}") if self._slashed and directory else (last,):
            if numbers := self._tokens.get(token):
                found += numbers
                self._seen.add(token)
                self._bearers[token] += 1
            if numbers := self._tokens.get(token.rpartition(".")[0]):
                found += numbers
                self._seen.add(token.rpartition(".")[0])
        found += self.by_code(last.rpartition(".")[0] or last)
        for number in found:
            if not self.answered[number]:
                self.answered[number] = 1
                self.first_file[number] = file_no
        return bool(found)

    def _in_directory(self, directory: str) -> tuple[int, ...]:
        """The entries that name a directory, or one above it."""
        known = self._directories.get(directory)
        if known is None:
            above, _, name = directory.rpartition("/")
            mine = self.by_code(name)
            for token in _ends(directory) if self._slashed else (name,):
                if numbers := self._tokens.get(token):
                    mine += numbers
                    self._seen.add(token)
            known = tuple(dict.fromkeys((*mine, *(self._in_directory(above) if above else ()))))
            self._directories[directory] = known
        return known

    def by_code(self, name: str) -> list[int]:
        """The entries of each kind whose 档号 is this name, or the longest that it begins with before a separator."""
        found: list[int] = []
        for codes in self._codes.values():
            numbers = codes.get(name)
            if numbers is None and codes:
                starts = reversed([match.start() for match in _ENDS.finditer(name)])
                numbers = next((codes[name[:at]] for at in starts if name[:at] in codes), None)
            found += numbers or ()
        return found

    def without_files(self) -> Iterator[tuple[int, str]]:
        """Entries that no file answers: number, and the name that was looked for.

        A 电子档案名称 without a suffix is a title as often as a file: there the files of its 档号 will do.
        """
        for number, (entries, n) in enumerate(self.entries):
            whole, parts = _names_of(entries, n)
            if not whole:
                if entries.codes[n] and not self.answered[number]:
                    yield number, entries.codes[n]
            elif whole not in self._seen:
                absent = [p for p in parts if p not in self._seen and (_SUFFIXED.fullmatch(p) or
                                                                       not self.answered[number])]
                if absent:
                    yield number, entries.names[n] if len(parts) == 1 else absent[0]

    def shared_names(self) -> Iterator[tuple[str, int, int]]:
        """File names that other than as many files bear as entries of a kind give: (name, entries, files)."""
        for token, files in self._bearers.items():
            if not _SUFFIXED.fullmatch(token):
                continue
            first, n = self.entries[self._tokens[token][0]]
            written = first.names[n] if key(first.names[n]) == token else token
            kinds = Counter(entries.kinds[m] for entries, m in map(self.entries.__getitem__, self._tokens[token]))
            for count in kinds.values():
                if count != files:
                    yield written, count, files


def _names_of(entries: Entries, n: int) -> tuple[str, tuple[str, ...]]:
    """The 电子档案名称 of an entry as a whole, and its parts where it gives several."""
    if not entries.names[n]:
        return "", ()
    whole = key(relative(entries.names[n])).strip("/")
    return whole, tuple(part for piece in _PARTS.split(whole) if (part := piece.strip("/")))


def _ends(path: str) -> Iterator[str]:
    """A path, and what is left of it without its first directories."""
    while path:
        yield path
        path = path.partition("/")[2]
