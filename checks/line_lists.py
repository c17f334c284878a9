"""Lists in which every line stands for itself: md5sum and its family, BSD text, SFV, hashdeep, fciv, name first.

Takes the first lines and the list's name, gives a `Reader`, or None where the layout cannot be. Source: domain §3.9,
§10.10; GNU coreutils `md5sum`, hashdeep 4.
"""
from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from .list_lines import Entry, Reader, entry_of
from .normalise import ALGORITHM_OF_DIGITS, DIGEST_DIGITS, algorithm_named

COMMENTS = ("#", ";", "//")
_HEAD_LINES = 10                    # among them a comment may name the algorithm; further down it names a file

# --- md5sum, sha1sum, sha256sum, sm3sum ------------------------------------------------------------------------
# `hex  path`, `hex *path`; tabs or one space are as good. Only the first word is a digest: names may begin like one.

_GAP = r"(?:(?> *+\t[ \t]*+\*?)| [ *]| )"
# TeraCopy and fsum name the algorithm before the asterisk: `hex ?SHA1*path`; no name on Windows holds either.
_MARKED = re.compile(r"\?([A-Za-z0-9-]{2,16})\*(.+)", re.DOTALL)
_QUICK = re.compile(r"([0-9A-Fa-f]{32}(?:[0-9A-Fa-f]{8}|[0-9A-Fa-f]{32})?)" + _GAP
                    + r"((?!\?[A-Za-z0-9-]{2,16}\*)[^\0]{0,32766}[^\0\s])")
# As the tools write it, and as no other layout begins.
_PLAIN = re.compile(r"\\?[0-9A-Fa-f]{32,64} [ *].+", re.DOTALL)
# Not what `md5sum` writes, though its lines look so: 7-Zip's table, which has a size before the name; fciv's with two
# digests; FastSum's true names in comments.
_BOTH_HEAD = re.compile(r"(?://)?[ \t]*MD5[ \t]+SHA-?1[ \t]*", re.IGNORECASE)
_FOREIGN = re.compile(r"-{6,}(?:[ \t]+-{2,})+[ \t]*|;\s*UTF8:.*|" + _BOTH_HEAD.pattern, re.IGNORECASE | re.DOTALL)
_BOTH = re.compile(r"([0-9A-Fa-f]{32}) ([0-9A-Fa-f]{40}) (\S.*)", re.DOTALL)
# Which of the two is the name is not to be told.
_EITHER = re.compile(r"[0-9A-Fa-f]{32,64} [0-9A-Fa-f]{32,64}\s*")
_GROUPED = "|".join(                       # in pairs, fours, eights, as certutil and people write; longest first
    rf"[0-9a-f]{{{wide}}}(?P<g{digits}_{wide}>[ :-])(?:[0-9a-f]{{{wide}}}(?P=g{digits}_{wide})){{{digits // wide - 2}}}"
    rf"[0-9a-f]{{{wide}}}" for digits in (64, 40, 32) for wide in (2, 4, 8))
_LENIENT = re.compile(
    r"(?P<escaped>\\?)(?:(?P<named>md-?5|sha-?1|sha(?:2?-)?256|sm-?3)\s?[:=]\s?)?(?:0x)?"
    rf"(?P<digest>{_GROUPED}|[0-9a-f]{{16,128}}){_GAP}(?P<path>.+)", re.IGNORECASE | re.DOTALL)
# What a spreadsheet leaves of a digest of digits only, saved as text.
_NUMBER = re.compile(r"(\d(?:\.\d{1,20})?[eE]\+\d{1,3})" + _GAP + r"(.+)", re.DOTALL)
_HALF_WIDTH = {0x3000: " ", **{code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}}
_ESCAPES = {"\\\\": "\\", "\\n": "\n", "\\r": "\r"}
_OF_64 = re.compile(r"(?P<sha256>sha(?:2?[-_ ])?256)|(?<![a-z0-9])sm[-_ ]?3(?![a-z0-9])|sm3sum", re.IGNORECASE)


def _unescaped(path: str) -> str:
    """A name that GNU tools escaped; "" where it holds an escape that they never write."""
    if re.sub(r"\\[\\nr]", "", path).count("\\"):
        return ""
    return re.sub(r"\\[\\nr]", lambda match: _ESCAPES[match[0]], path)


def _named_64(sample: Sequence[str], file_name: str) -> str:
    """Which algorithm 64 digits are of, by the list's name, else by its comments; "" is a question (domain §3.9)."""
    for texts in ([file_name], [text for text in sample[:_HEAD_LINES] if text.startswith(COMMENTS)]):
        found = {"sha256" if match["sha256"] else "sm3" for text in texts for match in _OF_64.finditer(text)}
        if found:
            return found.pop() if len(found) == 1 else ""
    return ""


def _most(pattern: re.Pattern[str], sample: Sequence[str]) -> bool:
    """Whether at least half of the lines are of a writing."""
    found = sum(pattern.fullmatch(text) is not None for text in sample)
    return found > 0 and found * 2 >= sum(bool(text.strip()) and not text.startswith(COMMENTS) for text in sample)


def md5sum(sample: Sequence[str], file_name: str) -> Reader | None:
    """`hex  path`, `hex *path`, `\\hex  escaped path`, `hex ?ALG*path`, `MD5:hex  path`, digests in groups."""
    if any(map(_FOREIGN.fullmatch, sample)) or _most(_BOTH, sample) or _most(_EITHER, sample):
        return None
    named = _named_64(sample, file_name)
    algorithm_of = {**ALGORITHM_OF_DIGITS, **({64: named} if named else {})}

    def parse(text: str) -> list[Entry]:
        text = text.lstrip(" \t\ufeff")
        match = _LENIENT.fullmatch(text.translate(_HALF_WIDTH))
        if not match:
            lost = _NUMBER.fullmatch(text)
            return [Entry(lost[2], "", "", number=lost[1], column="1")] if lost else []
        digest = re.sub("[ :-]", "", match["digest"]).lower()
        path = text[match.start("path"):]
        if match["escaped"]:
            path = _unescaped(path)
        algorithm = algorithm_named(match["named"] or "") or algorithm_of.get(len(digest), "")
        if marked := _MARKED.fullmatch(path):
            algorithm, path = algorithm_named(marked[1]), marked[2]
            if not algorithm:
                return []
        return [entry_of(path, algorithm, digest)]

    return Reader(COMMENTS, parse, _QUICK, algorithm_of, _PLAIN)


# --- BSD, GNU --tag, openssl -----------------------------------------------------------------------------------
# `MD5 (path) = hex`, `SHA2-256(path)= hex`.

_TAGGED = re.compile(r"(\\?)([A-Za-z0-9][\w/-]{1,15}) ?\((.+)\) ?= ?([0-9A-Fa-f]{8,128})[ \t]*", re.DOTALL)


def bsd(_sample: Sequence[str], _file_name: str) -> Reader:
    """`MD5 (path) = hex`."""
    def parse(text: str) -> list[Entry]:
        match = _TAGGED.fullmatch(text.lstrip("\ufeff"))
        if not match:
            return []
        escaped, tag, path, digest = match.groups()
        return [entry_of(_unescaped(path) if escaped else path, algorithm_named(tag) or tag, digest)]

    return Reader(COMMENTS, parse, plain=_TAGGED)


# --- fciv -both ------------------------------------------------------------------------------------------------
# `md5 sha1 path` below `MD5 SHA-1` and a rule; with one algorithm fciv writes what md5sum writes.

def fciv_both(sample: Sequence[str], _file_name: str) -> Reader | None:
    """`md5 sha1 path`; only below fciv's own head is this told from a name that begins with 40 digits."""
    def parse(text: str) -> list[Entry]:
        match = _BOTH.fullmatch(text)
        return [entry_of(match[3], "md5", match[1]), entry_of(match[3], "sha1", match[2])] if match else []

    heads = tuple(text for text in sample if _BOTH_HEAD.fullmatch(text))
    return Reader(("//", "-----", *heads), parse) if heads else None


# --- names first -----------------------------------------------------------------------------------------------
# `path CRC32` (SFV) and `path hex` (Easy MD5 Creator). A line that ends in eight digits may also be a date: the file
# must be named .sfv, or some digest must have a letter.

_SFV = re.compile(r"(\S|\S.*\S)[ \t]+([0-9A-Fa-f]{8})[ \t]*", re.DOTALL)
_SFV_SIZE = re.compile(r"; +(\d{1,15})  \d\d:\d\d[.:]\d\d \d{4}-\d\d-\d\d \*?(.+)", re.DOTALL)
_NAME_FIRST = re.compile(r"([^\t]*[^\s:：=]) +([0-9A-Fa-f]{32}(?:[0-9A-Fa-f]{8}|[0-9A-Fa-f]{32})?)[ \t]*", re.DOTALL)
_FIRST_WORD = re.compile(r"(\d{1,9})[.、)]?\s+\S")
_LAST_WORD = re.compile(r".*\s[\d,.]+ ?(?:[KMGT]i?B?|B|bytes|字节)?", re.IGNORECASE | re.DOTALL)


def sfv(sample: Sequence[str], file_name: str) -> Reader | None:
    """`path CRC32`; sizes where the comments above have them, as WIN-SFV32 and QuickSFV write."""
    sizes = {match[2]: f"{match[1]}B" for text in sample if text[:1] == ";" and (match := _SFV_SIZE.fullmatch(text))}

    def parse(text: str) -> list[Entry]:
        match = _SFV.fullmatch(text.lstrip("\ufeff"))
        if not match or match[1][-1] in ":：":
            return []
        return [entry_of(match[1], "crc32", match[2], sizes.get(match[1], ""))]

    reader = Reader((";",), parse)
    named = file_name.lower().endswith(".sfv")
    return reader if named or any(not e.digest.isdigit() for text in sample for e in parse(text)) else None


def name_first(sample: Sequence[str], file_name: str) -> Reader | None:
    """`path hex`, as Easy MD5 Creator writes; not where a running number or a size stands beside every name."""
    if _most(_PLAIN, sample) or _most(_EITHER, sample):
        return None
    named = _named_64(sample, file_name)
    algorithm_of = {**ALGORITHM_OF_DIGITS, **({64: named} if named else {})}

    def parse(text: str) -> list[Entry]:
        match = _NAME_FIRST.fullmatch(text.lstrip("\ufeff"))
        return [entry_of(match[1], algorithm_of.get(len(match[2]), ""), match[2])] if match else []

    paths = [entry.path for text in sample if not text.startswith(COMMENTS) for entry in parse(text)]
    numbers = [int(match[1]) for path in paths if (match := _FIRST_WORD.match(path))]
    if len(numbers) == len(paths) and all(b - a == 1 for a, b in pairwise(numbers)):
        return None
    return None if all(map(_LAST_WORD.fullmatch, paths)) else Reader(COMMENTS, parse)


# --- a digest alone --------------------------------------------------------------------------------------------

_ALONE = re.compile(r"[0-9A-Fa-f]{32,64}")


def digest_alone(sample: Sequence[str], file_name: str) -> Reader | None:
    """One digest in X.md5, X.sha1, X.sha256, X.sm3 and nothing else: it is the one of X (HashCheck, MD5 tools)."""
    content = [text for text in sample if text.strip() and not text.startswith(COMMENTS)]
    stem, _, extension = file_name.rpartition(".")
    algorithm = algorithm_named(extension)
    if len(content) != 1 or not stem or DIGEST_DIGITS.get(algorithm) != len(content[0].strip()):
        return None

    def parse(text: str) -> list[Entry]:
        return [entry_of(stem, algorithm, text.strip())] if _ALONE.fullmatch(text.strip()) else []

    return Reader(COMMENTS, parse)


# --- hashdeep --------------------------------------------------------------------------------------------------
# `%%%% HASHDEEP-1.0`, `%%%% size,md5,sha256,filename`, `## comments`, then the columns; the name is last, unquoted.

def hashdeep(sample: Sequence[str], _file_name: str) -> Reader | None:
    """`size,md5,sha256,path` below hashdeep's own head."""
    if len(sample) < 2 or not sample[0].startswith("%%%% HASHDEEP-") or not sample[1].startswith("%%%% size,"):
        return None
    columns = sample[1][5:].strip().split(",")
    if columns[-1] != "filename":
        return None
    kinds = [algorithm_named(column) for column in columns]

    written = ",".join(["([0-9]+)", *("([0-9A-Fa-f]+)" if kind else "([^,]*)" for kind in kinds[1:-1]), "(.*)"])
    line, digests = re.compile(written, re.DOTALL), [(at, kind) for at, kind in enumerate(kinds) if kind]

    def parse(text: str) -> list[Entry]:
        match = line.fullmatch(text)
        if not match:
            return []
        cells = match.groups()
        return [entry_of(cells[-1], kind, cells[at], f"{cells[0]}B") for at, kind in digests]

    return Reader(("##", sample[0], sample[1]), parse)
