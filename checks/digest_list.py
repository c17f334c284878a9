"""Text lists of digests: md5sum and its family, BSD text, SFV, hashdeep.

Takes the lines of a text, gives `Lines` and findings, relies on the table `LAYOUTS`: a layout is a name and a function
that looks at the first lines and gives the reader of its lines, or None. The layout is decided once for the file; a
line that then does not parse is kept with a defect. No line is dropped: each is blank, a comment of the layout, or
kept.
"""
from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import NamedTuple

from carriers.model import Finding

from .form import DigestLine, FormUnreadable, Lines, Scope
from .normalise import ALGORITHM_OF_DIGITS, DIGEST_DIGITS, algorithm_named

SAMPLE_LINES = 2000
MAX_LINES = 2_000_000
LONGEST_PATH = 32_767              # characters, of Windows; Linux has 4096 bytes
SHOWN = 80                         # characters of a bad line that a finding carries


class Entry(NamedTuple):
    """What one line says. digest: lower- or upper-case hex of a length that fits, else "" and `digits` tells."""

    path: str
    algorithm: str
    digest: str
    declared_size: str = ""
    digits: int = 0


Parse = Callable[[str], Sequence[Entry]]


class Reader(NamedTuple):
    """How the lines of one file are read: what begins a comment, and the parser (no entries = does not parse).

    quick: a pattern (digest, path) of the lines that have nothing to undo and nothing to doubt, for speed only.
    """

    comments: tuple[str, ...]
    parse: Parse
    quick: re.Pattern[str] | None = None
    algorithm_of: Mapping[int, str] = ALGORITHM_OF_DIGITS


class Layout(NamedTuple):
    """A kind of list. reader: given the first lines and the file's name, its reader, or None where it cannot be."""

    name: str
    reader: Callable[[Sequence[str], str], Reader | None]


def read_list(lines: Iterable[str], file_name: str) -> tuple[str, Lines, list[Finding]]:
    """Read a text list of digests.

    Returns: the layout's name, the lines, findings `form-line-malformed` and `form-digest-length`.
    Raises:  FormUnreadable form-unknown-layout (less than half of the lines parse in any layout), form-bomb.
    Source:  domain §3.9, §10.10; GNU coreutils `md5sum`, hashdeep 4.
    """
    source = iter(lines)
    sample = list(islice(source, SAMPLE_LINES))
    name, reader = _recognise(sample, file_name)
    quick = reader.quick.fullmatch if reader.quick else None
    listed, findings = Lines(), []
    batch = _Batch(listed, reader.algorithm_of)
    sound = bad = 0
    for line_no, text in enumerate(chain(sample, source), start=1):
        if line_no > MAX_LINES:
            raise FormUnreadable("form-bomb", file=file_name, limit=MAX_LINES)
        if quick and (match := quick(text)):
            batch.add(line_no, match)
            continue
        if not text or text.isspace() or text.startswith(reader.comments):
            continue
        batch.flush()
        entries = [entry for entry in reader.parse(text) if _plausible(entry.path)]
        sound, bad = (sound + 1, bad) if entries else (sound, bad + 1)
        for line, finding in _kept(line_no, text, entries):
            listed.append(line)
            if finding:
                findings.append(finding)
    batch.flush()
    if not listed or bad > sound + batch.count:
        raise FormUnreadable("form-unknown-layout", file=file_name)
    return name, listed, findings


def _recognise(sample: Sequence[str], file_name: str) -> tuple[str, Reader]:
    """The layout in which most of the first lines parse; the earlier in the table where two read as many."""
    best, most = None, 0
    for layout in LAYOUTS:
        reader = layout.reader(sample, file_name)
        if reader is None:
            continue
        content = [text for text in sample if text and not text.isspace() and not text.startswith(reader.comments)]
        parsed = sum(bool(reader.parse(text)) for text in content)
        if parsed > most and parsed * 2 >= len(content):
            best, most = (layout.name, reader), parsed
    if best is None:
        raise FormUnreadable("form-unknown-layout", file=file_name)
    return best


def _plausible(path: str) -> bool:
    return 0 < len(path) <= LONGEST_PATH and "\0" not in path and not path.isspace()


def _kept(line_no: int, text: str, entries: Sequence[Entry]) -> Iterator[tuple[DigestLine, Finding | None]]:
    """The lines that a text line becomes, each with its finding."""
    facts: dict[str, str | int]
    if not entries:
        code, path = "form-line-malformed", _name_in(text)
        facts = {"line": line_no, "content": text.strip()[:SHOWN], "reason": "layout"}
        yield DigestLine(line_no, "", path, Scope.FILE, "", "", "", code), Finding(code, path, facts=facts)
    for entry in entries:
        if entry.digest:
            yield DigestLine(line_no, "", entry.path, Scope.FILE, entry.algorithm, entry.digest,
                             entry.declared_size, ""), None
        else:
            code, known = "form-digest-length", entry.algorithm if entry.algorithm in DIGEST_DIGITS else ""
            facts = {"line": line_no, "length": entry.digits, "content": text.strip()[:SHOWN], "reason": ""}
            yield (DigestLine(line_no, "", entry.path, Scope.FILE, known, "", entry.declared_size, code),
                   Finding(code, entry.path, facts=facts))


_NAMES = tuple(re.compile(p) for p in (
    r"\\?[\w-]+ ?\((.+)\)", r"\\?\S{16,}(?:(?> *+\t[ \t]*+\*?)| [ *]?)(\S.*)", r"(.*\S)[ \t]+[0-9A-Fa-f]{4,}\s*"))


def _name_in(text: str) -> str:
    """The name that a line which does not parse seems to speak of, "" where none is recognisable."""
    for pattern in _NAMES:
        if (match := pattern.match(text)) and _plausible(match[1]):
            return match[1]
    return ""


class _Batch:
    """Lines found by the quick pattern, handed to `Lines` a few thousand at a time."""

    def __init__(self, lines: Lines, algorithm_of: Mapping[int, str]) -> None:
        self._lines, self._algorithm_of = lines, algorithm_of
        self.count = 0
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
            self._lines.extend(self._line_nos, self._paths, self._digests, self._algorithm_of)
            self.count += len(self._paths)
            self._line_nos, self._paths, self._digests = [], [], []


# --- md5sum, sha1sum, sha256sum, sm3sum ------------------------------------------------------------------------
# `hex  path`, `hex *path`; tabs or one space are as good. Only the first word is a digest: names may begin like one.

_GAP = r"(?:(?> *+\t[ \t]*+\*?)| [ *]| )"
# TeraCopy and fsum name the algorithm before the asterisk: `hex ?SHA1*path`; no name on Windows holds either.
_MARKED = re.compile(r"\?([A-Za-z0-9-]{2,16})\*(.+)", re.DOTALL)
_QUICK = re.compile(r"([0-9A-Fa-f]{32}(?:[0-9A-Fa-f]{8}|[0-9A-Fa-f]{32})?)" + _GAP
                    + r"((?!\?[A-Za-z0-9-]{2,16}\*)[^\0]{0,32766}[^\0\s])")
# Not what `md5sum` writes, though its lines look so: 7-Zip's table (a size before the name), fciv's with two digests,
# FastSum's with the true names in comments.
_FOREIGN = re.compile(r"-{6,}(?:[ \t]+-{2,})+[ \t]*|//[ \t]*MD5[ \t]+SHA-?1[ \t]*|;[ \t]*UTF8:.*",
                      re.IGNORECASE | re.DOTALL)
_GROUPED = "|".join(                       # in pairs, fours, eights, as certutil and people write; longest first
    rf"[0-9a-f]{{{wide}}}(?P<g{digits}_{wide}>[ :-])(?:[0-9a-f]{{{wide}}}(?P=g{digits}_{wide})){{{digits // wide - 2}}}"
    rf"[0-9a-f]{{{wide}}}" for digits in (64, 40, 32) for wide in (2, 4, 8))
_LENIENT = re.compile(
    r"(?P<escaped>\\?)(?:(?P<named>md-?5|sha-?1|sha2?-?256|sm-?3)\s?[:=]\s?)?(?:0x)?"
    rf"(?P<digest>{_GROUPED}|[0-9a-f]{{16,128}}){_GAP}(?P<path>.+)", re.IGNORECASE | re.DOTALL)
_HALF_WIDTH = {0x3000: " ", **{code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}}
_SM3_FILE = re.compile(r"(?<![a-z0-9])sm3(?![a-z0-9])|sm3sum", re.IGNORECASE)
_ESCAPES = {"\\\\": "\\", "\\n": "\n", "\\r": "\r"}


def _unescaped(path: str) -> str:
    """A name that GNU tools escaped; "" where it holds an escape that they never write."""
    if re.sub(r"\\[\\nr]", "", path).count("\\"):
        return ""
    return re.sub(r"\\[\\nr]", lambda match: _ESCAPES[match[0]], path)


def _md5sum(sample: Sequence[str], file_name: str) -> Reader | None:
    if any(map(_FOREIGN.fullmatch, sample)):
        return None
    # 64 digits are SHA-256 as `sha256sum` writes them, unless the list's own name says SM3.
    algorithm_of = {**ALGORITHM_OF_DIGITS, 64: "sm3" if _SM3_FILE.search(file_name) else "sha256"}

    def parse(text: str) -> list[Entry]:
        text = text.lstrip(" \t\ufeff")
        match = _LENIENT.fullmatch(text.translate(_HALF_WIDTH))
        if not match:
            return []
        digest = re.sub("[ :-]", "", match["digest"]).lower()
        path = text[match.start("path"):]
        if match["escaped"]:
            path = _unescaped(path)
        algorithm = algorithm_named(match["named"] or "") or algorithm_of.get(len(digest), "")
        if marked := _MARKED.fullmatch(path):
            algorithm, path = algorithm_named(marked[1]), marked[2]
            if not algorithm:
                return []
        fits = DIGEST_DIGITS.get(algorithm) == len(digest)
        return [Entry(path, algorithm, digest if fits else "", digits=len(digest))]

    return Reader(("#", ";", "//"), parse, _QUICK, algorithm_of)


# --- BSD, GNU --tag, openssl -----------------------------------------------------------------------------------
# `MD5 (path) = hex`, `SHA2-256(path)= hex`.

_TAGGED = re.compile(r"(\\?)([A-Za-z0-9][\w/-]{1,15}) ?\((.+)\) ?= ?([0-9A-Fa-f]{8,128})[ \t]*", re.DOTALL)


def _bsd(_sample: Sequence[str], _file_name: str) -> Reader:
    def parse(text: str) -> list[Entry]:
        match = _TAGGED.fullmatch(text.lstrip("\ufeff"))
        if not match:
            return []
        escaped, tag, path, digest = match.groups()
        algorithm = algorithm_named(tag)
        fits = DIGEST_DIGITS.get(algorithm) == len(digest)
        return [Entry(_unescaped(path) if escaped else path, algorithm or tag, digest if fits else "",
                      digits=len(digest))]

    return Reader(("#", ";", "//"), parse)


# --- SFV -------------------------------------------------------------------------------------------------------
# `path CRC32`. A line that ends in eight digits may also be a date: the file must be named .sfv, or some digest must
# have a letter.

_SFV = re.compile(r"(\S|\S.*\S)[ \t]+([0-9A-Fa-f]{8})[ \t]*", re.DOTALL)


def _sfv(sample: Sequence[str], file_name: str) -> Reader | None:
    def parse(text: str) -> list[Entry]:
        match = _SFV.fullmatch(text.lstrip("\ufeff"))
        return [Entry(match[1], "crc32", match[2])] if match and match[1][-1] not in ":：" else []

    reader = Reader((";",), parse)
    named = file_name.lower().endswith(".sfv")
    return reader if named or any(not e.digest.isdigit() for text in sample for e in parse(text)) else None


# --- hashdeep --------------------------------------------------------------------------------------------------
# `%%%% HASHDEEP-1.0`, `%%%% size,md5,sha256,filename`, `## comments`, then the columns; the name is last, unquoted.

def _hashdeep(sample: Sequence[str], _file_name: str) -> Reader | None:
    if len(sample) < 2 or not sample[0].startswith("%%%% HASHDEEP-") or not sample[1].startswith("%%%% size,"):
        return None
    columns = sample[1][5:].strip().split(",")
    if columns[-1] != "filename":
        return None
    kinds = [algorithm_named(column) for column in columns]

    def parse(text: str) -> list[Entry]:
        cells = text.split(",", len(columns) - 1)
        if len(cells) != len(columns) or not (cells[0].isascii() and cells[0].isdigit()):
            return []
        entries = []
        for kind, cell in zip(kinds, cells, strict=True):
            if kind and not re.fullmatch("[0-9A-Fa-f]+", cell):
                return []
            if kind:
                fits = len(cell) == DIGEST_DIGITS[kind]
                entries.append(Entry(cells[-1], kind, cell if fits else "", f"{cells[0]}B", len(cell)))
        return entries

    return Reader(("##", sample[0], sample[1]), parse)


LAYOUTS = (Layout("hashdeep", _hashdeep), Layout("bsd", _bsd), Layout("md5sum", _md5sum), Layout("sfv", _sfv))
