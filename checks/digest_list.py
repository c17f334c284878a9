"""Text lists of digests: from the first lines to one layout, from the layout to `Lines`.

Takes the lines of a text, gives `Lines` and findings, relies on the table `LAYOUTS`: a layout is a name and a function
that looks at the first lines and says how such a file is read, or None. The layout is decided once for the file; a
line that then does not parse is kept with a defect. No line is dropped: each is blank, a comment of the layout, or
kept.
"""
from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice

from carriers.model import Finding

from .form import DigestLine, FormUnreadable, Lines, Scope
from .line_lists import COMMENTS, bsd, digest_alone, fciv_both, hashdeep, md5sum, name_first, sfv
from .list_lines import Blocks, Entry, Layout, Numbered, Reader, Said, entry_of, is_plausible
from .normalise import DIGEST_DIGITS
from .windows_lists import archive_listing, certutil, fastsum, hash_table, powershell_table, records

SAMPLE_LINES, SAMPLE_COMMENTS = 2000, 200_000
MAX_LINES = 2_000_000
SHOWN = 80                         # characters of a bad line that a finding carries

# Those that bear a mark of their own come first, and no two of them fit one file; of the others, which are told by
# how many lines they can read, the earlier is taken where the writing of the lines leaves no doubt.
LAYOUTS = (
    Layout("certutil", certutil), Layout("powershell-table", powershell_table), Layout("7-zip", hash_table),
    Layout("7-zip-listing", archive_listing), Layout("fastsum", fastsum), Layout("records", records),
    Layout("hashdeep", hashdeep), Layout("bsd", bsd), Layout("fciv-both", fciv_both), Layout("md5sum", md5sum),
    Layout("sfv", sfv), Layout("name-first", name_first), Layout("digest-alone", digest_alone))


def read_list(lines: Iterable[str], file_name: str) -> tuple[str, Lines, list[Finding]]:
    """Read a text list of digests.

    Returns: the layout's name, the lines, findings `form-line-malformed`, `form-digest-length`,
             `form-digest-is-number`.
    Raises:  FormUnreadable form-unknown-layout (less than half of the lines parse in any layout, or two layouts read
             them differently), form-bomb.
    Source:  domain §3.9, §10.10; GNU coreutils `md5sum`, hashdeep 4.
    """
    source = iter(lines)
    sample = _sampled(source)
    name, reader = _recognise(sample, file_name)
    numbered = _bounded(chain(sample, source), file_name)
    keeper = Keeper(file_name)
    if isinstance(reader, Blocks):
        for said in reader.read(numbered):
            keeper.keep(said)
    else:
        _read_lines(numbered, reader, keeper)
    return name, keeper.lines, keeper.settled()


def _sampled(source: Iterator[str]) -> list[str]:
    """The first lines; comments are not counted, for an SFV begins with one for every file."""
    sample, counted = [], 0
    for text in islice(source, SAMPLE_COMMENTS):
        sample.append(text)
        counted += not text.startswith(COMMENTS)
        if counted == SAMPLE_LINES:
            break
    return sample


def _read_lines(numbered: Numbered, reader: Reader, keeper: Keeper) -> None:
    """Read a list line by line; lines that match the quick pattern are handed on a few thousand at a time."""
    quick = reader.quick.fullmatch if reader.quick else None
    batch = _Batch(keeper, reader.algorithm_of)
    for line_no, text in numbered:
        if quick and (match := quick(text)):
            if len(match[1]) in reader.algorithm_of:
                batch.add(line_no, match)
            else:
                batch.flush()
                keeper.keep(Said(line_no, text, [entry_of(match[2], "", match[1])]))
        elif text and not text.isspace() and not (text.startswith(reader.comments) and _is_comment(text, reader)):
            batch.flush()
            entries = [entry for entry in reader.parse(text) if is_plausible(entry.path)]
            keeper.keep(Said(line_no, text, entries, path="" if entries else _name_in(text)))
    batch.flush()


def _is_comment(text: str, reader: Reader) -> bool:
    """Whether a line that begins as a comment is one: not where it holds another line, nor in a layout that puts names
    first where a digest ends it, for a name may begin so too."""
    return "\r" not in text and not any(len(entry.digest) >= 32 for entry in reader.parse(text))


def _bounded(lines: Iterable[str], file_name: str) -> Iterator[tuple[int, str]]:
    for line_no, text in enumerate(lines, start=1):
        if line_no > MAX_LINES:
            raise FormUnreadable("form-bomb", file=file_name, limit=MAX_LINES)
        yield line_no, text


def _recognise(sample: Sequence[str], file_name: str) -> tuple[str, Reader | Blocks]:
    """The layout whose own mark the first lines bear, else the one in which most of them parse.

    Where two layouts read as many, the earlier in the table, if its writing is beyond doubt; a doubt is not guessed.
    """
    readers = [(layout.name, layout.reader(sample, file_name)) for layout in LAYOUTS]
    marked = [(name, reader) for name, reader in readers if isinstance(reader, Blocks)]
    if len(marked) == 1:
        return marked[0]
    best: list[tuple[str, Reader, list[str]]] = []
    most = 0
    for name, reader in () if marked else readers:
        if not isinstance(reader, Reader):
            continue
        content = [text for text in sample if text and not text.isspace() and not text.startswith(reader.comments)]
        parsed = [text for text in content if reader.parse(text)]
        if len(parsed) >= max(1, most) and len(parsed) * 2 >= len(content):
            best = best if len(parsed) == most else []
            best.append((name, reader, parsed))
            most = len(parsed)
    if not best:
        raise FormUnreadable("form-unknown-layout", file=file_name)
    name, reader, parsed = best[0]
    if len(best) > 1 and not (reader.plain and all(map(reader.plain.fullmatch, parsed))):
        raise FormUnreadable("form-unknown-layout", file=file_name)
    return name, reader


class Keeper:
    """What a list said, as lines and findings; counts what could be read and what could not."""

    def __init__(self, file_name: str) -> None:
        self.lines = Lines()
        self._findings: list[Finding] = []
        self._file_name = file_name
        self._sound = self._bad = 0
        self._unnamed: list[tuple[int, str]] = []       # the first line whose digest may be SHA-256 or SM3
        self._unnamed_count = 0

    def keep(self, said: Said) -> None:
        """Keep what a line or a block says: a line for each digest, or one that cannot be trusted."""
        entries = [entry for entry in said.entries if is_plausible(entry.path)]
        if not entries:
            self._bad += 1
            self._malformed(said, said.path, said.reason)
            return
        self._sound += any(not entry.reason for entry in entries)
        self._bad += all(entry.reason != "" for entry in entries)
        for entry in entries:
            self._entry(said, entry)

    def add(self, line_nos: Sequence[int], paths: Sequence[str], digests: Sequence[str],
            algorithm_of: Mapping[int, str]) -> None:
        """Keep sound lines in bulk."""
        self.lines.extend(line_nos, paths, digests, algorithm_of)
        self._sound += len(paths)

    def settled(self) -> list[Finding]:
        """The findings. Raises: FormUnreadable form-unknown-layout where most lines could not be read."""
        if not self.lines or self._bad > self._sound:
            raise FormUnreadable("form-unknown-layout", file=self._file_name)
        for line_no, text in self._unnamed:
            self._findings.append(Finding("form-digest-length", facts={
                "line": line_no, "length": 64, "content": _content(text), "reason": "list-unnamed",
                "lines_unnamed": self._unnamed_count}))
        return self._findings

    def _entry(self, said: Said, entry: Entry) -> None:
        known = entry.algorithm if entry.algorithm in DIGEST_DIGITS else ""
        if entry.digest:
            self.lines.append(DigestLine(said.line_no, "", entry.path, Scope.FILE, entry.algorithm, entry.digest,
                                         entry.declared_size, ""))
        elif entry.reason:
            self._malformed(said, entry.path, entry.reason, entry.declared_size)
        elif entry.number:
            self._defect(said, entry._replace(algorithm=known), "form-digest-is-number", {
                "line": said.line_no, "row": said.line_no, "column": entry.column, "value": entry.number[:SHOWN],
                "package_no": ""})
        elif entry.digits == 64 and not entry.algorithm:
            self._unnamed = self._unnamed or [(said.line_no, said.text)]
            self._unnamed_count += 1
            self._defect(said, entry, "form-digest-length", None)
        else:
            self._defect(said, entry._replace(algorithm=known), "form-digest-length", {
                "line": said.line_no, "length": entry.digits, "content": _content(said.text), "reason": ""})

    def _malformed(self, said: Said, path: str, reason: str, size: str = "") -> None:
        self._defect(said, Entry(path if is_plausible(path) else "", "", "", size), "form-line-malformed", {
            "line": said.line_no, "content": _content(said.text), "reason": reason})

    def _defect(self, said: Said, entry: Entry, code: str, facts: dict[str, str | int] | None) -> None:
        self.lines.append(DigestLine(said.line_no, "", entry.path, Scope.FILE, entry.algorithm, "",
                                     entry.declared_size, code))
        if facts is not None:
            self._findings.append(Finding(code, entry.path, facts=facts))


def _content(text: str) -> str:
    return text.strip()[:SHOWN]


_NAMES = tuple(re.compile(p) for p in (
    r"\\?[\w-]+ ?\((.+)\)", r"\\?\S{16,}(?:(?> *+\t[ \t]*+\*?)| [ *]?)(\S.*)", r"(.*\S)[ \t]+[0-9A-Fa-f]{4,}\s*"))


def _name_in(text: str) -> str:
    """The name that a line which does not parse seems to speak of, "" where none is recognisable."""
    for pattern in _NAMES:
        if (match := pattern.match(text)) and is_plausible(match[1]):
            return match[1]
    return ""


class _Batch:
    """Lines found by the quick pattern, handed on a few thousand at a time."""

    def __init__(self, keeper: Keeper, algorithm_of: Mapping[int, str]) -> None:
        self._keeper, self._algorithm_of = keeper, algorithm_of
        self._line_nos: list[int] = []
        self._paths: list[str] = []
        self._digests: list[str] = []

    def add(self, line_no: int, match: re.Match[str]) -> None:
        digest, path = match.groups()
        self._line_nos.append(line_no)
        self._digests.append(digest)
        self._paths.append(path)
        if len(self._paths) >= 4096:
            self.flush()

    def flush(self) -> None:
        if self._paths:
            self._keeper.add(self._line_nos, self._paths, self._digests, self._algorithm_of)
            self._line_nos, self._paths, self._digests = [], [], []
