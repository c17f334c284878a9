"""Lists in which lines speak of each other, as Windows tools write them: heads above digests, tables, records.

Takes the first lines, gives `Blocks` where they bear the mark of a layout, else None. What such a tool cut off, left
out or reported as failed is never guessed: it is kept as a line that cannot be trusted. Source: domain §10.10; output
of `certutil -hashfile`, `Get-FileHash`, `7z h`, `7z l -slt`, FastSum, Hash 1.0.4, HashMyFiles.
"""
from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import pairwise

from .line_lists import md5sum
from .list_lines import CUT_PATH, Blocks, Entry, Numbered, Said, entry_of, is_label, record_header, record_of
from .names import lost_agrees
from .normalise import algorithm_named

# --- certutil --------------------------------------------------------------------------------------------------
# A head that names algorithm and file, below it the digest, below that how it ended. Of Windows 7 and 8 the digest is
# in pairs; the same words with a digest in one piece are those of Windows 10, and then `file ` belongs to the name.

_HEAD = re.compile(r"(?P<tag>[A-Za-z0-9]{2,8}) (?:哈希[(（](?:文件|檔案) (?P<zh7>.+)[)）]|的 (?P<zh>.+) 哈希"
                   r"|hash of (?P<en>.+))[:：]\s*")
_IN_PAIRS = re.compile(r"[0-9A-Fa-f]{2}(?: [0-9A-Fa-f]{2})+")
_IN_ONE = re.compile(r"[0-9A-Fa-f]+")
_ENDED = re.compile(r"CertUtil: -hashfile (?:命令成功完成。?|command completed successfully\.?)\s*", re.IGNORECASE)
_PROMPT = re.compile(r"(?:PS )?[A-Za-z]:[^>]*>.*certutil.*", re.IGNORECASE)


def certutil(sample: Sequence[str], _file_name: str) -> Blocks | None:
    """Runs of `certutil -hashfile X ALG`, Chinese and English, one below the other."""
    return Blocks(_certutil) if any(map(_HEAD.fullmatch, sample)) else None


def _certutil(lines: Numbered) -> Iterator[Said]:
    head: tuple[int, str, re.Match[str]] | None = None
    for line_no, text in lines:
        text = text.strip()
        match = _HEAD.fullmatch(text)
        if head and text and (match or not _is_hex(text)):
            yield Said(head[0], head[1], reason="digest-empty", path=_name_below(head[2], False))
        if match:
            head = line_no, text, match
        elif head and _is_hex(text):
            in_pairs = " " in text
            tag = algorithm_named(head[2]["tag"]) or head[2]["tag"]
            yield Said(head[0], f"{head[1]} {text}", [entry_of(_name_below(head[2], in_pairs), tag,
                                                               text.replace(" ", ""))])
            head = None
        elif text:
            failed = text.startswith("CertUtil:") and "-hashfile" in text and not _ENDED.fullmatch(text)
            if (failed and not head) or not (text.startswith("CertUtil:") or _PROMPT.fullmatch(text)):
                yield Said(line_no, text)
            head = None
    if head:
        yield Said(head[0], head[1], reason="digest-empty", path=_name_below(head[2], False))


def _is_hex(text: str) -> bool:
    return (_IN_PAIRS.fullmatch(text) or _IN_ONE.fullmatch(text)) is not None


def _name_below(head: re.Match[str], in_pairs: bool) -> str:
    name = head["zh7"] or head["zh"] or head["en"]
    return name.removeprefix("file ") if head["en"] and in_pairs else name


# --- Get-FileHash, as the console shows it ---------------------------------------------------------------------

_PS_HEAD = re.compile(r"Algorithm +Hash +Path\s*")
_PS_RULE = re.compile(r"-{3,} +-{3,} +-{3,}\s*")


def powershell_table(sample: Sequence[str], _file_name: str) -> Blocks | None:
    """`Get-FileHash … > list.txt`: a table whose columns stand below their heads, cut where the console ends."""
    marked = any(_PS_HEAD.fullmatch(head) and _PS_RULE.fullmatch(rule) for head, rule in pairwise(sample))
    return Blocks(_powershell) if marked else None


def _powershell(lines: Numbered) -> Iterator[Said]:
    at_hash = at_path = 0
    held: Said | None = None                    # until the next line shows that its path ended with it
    for line_no, text in lines:
        if held and text.strip() and not text[:at_path].strip():
            path = held.entries[0].path if held.entries else held.path
            held = Said(held.line_no, text.strip(), reason="cut", path=path)
            continue
        if held:
            yield held
            held = None
        if _PS_HEAD.fullmatch(text):
            at_hash, at_path = text.index("Hash"), text.index("Path")
        elif text.strip() and not _PS_RULE.fullmatch(text):
            held = _powershell_row(line_no, text, at_hash, at_path)
    if held:
        yield held


def _powershell_row(line_no: int, text: str, at_hash: int, at_path: int) -> Said:
    cells = text[:at_hash], text[at_hash:at_path], text[at_path:].rstrip()
    apart = all(cell[-1:] == " " and not cell[:1].isspace() for cell in cells[:2])
    if not apart or not cells[2] or cells[2][0].isspace():
        return Said(line_no, text)
    tag, digest, path = map(str.strip, cells)
    entry = entry_of(path, algorithm_named(tag), digest)
    if entry.digest and _IN_ONE.fullmatch(digest) and not CUT_PATH.search(path):
        return Said(line_no, "", [entry])
    return record_of(line_no, [("Algorithm", tag), ("Hash", digest), ("Path", path)])


# --- 7-Zip -----------------------------------------------------------------------------------------------------
# `7z h`: a table between two rules. Its last line and those below are totals: no digests of files.

_7Z_HEAD = re.compile(r"(?:[A-Z0-9-]{3,12} +)+Size  Name\s*")
_7Z_RULE = re.compile(r"-{8,}(?: -{8,})* -{13}  -{12}\s*")
_7Z_SAYS = re.compile(
    r"7-Zip.*|p7zip.*|Scanning.*|(?:\d+ folders?, )?\d+ files?, \d+ bytes.*|(?:Folders|Files|Size|Alternate[ \w]*): .*"
    r"|[A-Z0-9a-z-]{3,12} +for (?:data|names|data and names|streams and names): .*|Everything is Ok|\s*")
_7Z_TOTALS = re.compile(r"(?:[0-9A-Fa-f]{8,}(?:-[0-9A-Fa-f]{8})? +)+\d+\s*")


def hash_table(sample: Sequence[str], _file_name: str) -> Blocks | None:
    """`7z h -scrc…`: digests, size, name."""
    marked = any(_7Z_HEAD.fullmatch(head) and _7Z_RULE.fullmatch(rule) for head, rule in pairwise(sample))
    return Blocks(_hash_table) if marked else None


def _hash_table(lines: Numbered) -> Iterator[Said]:
    names: list[str] = []
    spans: list[tuple[int, int]] = []           # of the columns; none outside a table
    totals = False
    for line_no, text in lines:
        if _7Z_HEAD.fullmatch(text):
            names, spans = text.split()[:-2], []
        elif _7Z_RULE.fullmatch(text):
            totals = bool(spans)
            spans = [] if spans else [match.span() for match in re.finditer("-+", text)]
            if not totals and len(spans) != len(names) + 2:
                yield Said(line_no, text)
        elif spans:
            yield from _hash_row(line_no, text, names, spans)
        elif not _7Z_SAYS.fullmatch(text) and not (totals and _7Z_TOTALS.fullmatch(text)):
            yield Said(line_no, text)


def _hash_row(line_no: int, text: str, names: Sequence[str], spans: Sequence[tuple[int, int]]) -> Iterator[Said]:
    """A row of the table; a folder has a name and nothing else."""
    at_name = spans[-1][0]
    gaps = {text[end:start] for (_, end), (start, _) in pairwise(spans)}
    size, *cells = [text[start:end].strip() for start, end in (spans[-2], *spans[:-2])]
    name = text[at_name:]
    if len(spans) != len(names) + 2 or not text[:at_name].strip():
        if not name or len(spans) != len(names) + 2:
            yield Said(line_no, text)
        return
    whole = all(len(cell) == end - start for cell, (start, end) in zip(cells, spans, strict=False))
    if gaps - {" ", "  "} or not whole or not size.isdigit() or not all(map(_IN_ONE.fullmatch, cells)):
        yield Said(line_no, text, path=name)
        return
    known = [(algorithm_named(tag), cell) for tag, cell in zip(names, cells, strict=True)]
    entries = [entry_of(name, kind, cell, f"{size}B") for kind, cell in known if kind]
    yield Said(line_no, text, entries or [entry_of(name, names[0], cells[0], f"{size}B")])


_ITEMS = re.compile(r"-{10}\s*")
_PROPERTY = re.compile(r"([A-Z][A-Za-z0-9 -]{0,40}) = ?(.*)", re.DOTALL)


def archive_listing(sample: Sequence[str], _file_name: str) -> Blocks | None:
    """`7z l -slt`: the properties of each file in an archive, CRC among them."""
    marked = any(_ITEMS.fullmatch(rule) and item.startswith("Path = ") for rule, item in pairwise(sample))
    return Blocks(_archive_listing) if marked else None


def _archive_listing(lines: Numbered) -> Iterator[Said]:
    in_items = False
    for block in _runs(lines, _ITEMS.fullmatch):
        first, text = block[0]
        if _ITEMS.fullmatch(text):
            in_items = True
        elif text.startswith(("Listing archive: ", "--")):
            in_items = False
        elif in_items:
            found = [_PROPERTY.fullmatch(line) for _, line in block]
            pairs = [("CRC32" if match[1] == "CRC" else match[1], match[2]) for match in found if match]
            shown = dict(pairs)
            folder = shown.get("Folder") == "+" or shown.get("Attributes", "").startswith("D")
            if len(pairs) != len(block):
                yield Said(first, text, path=shown.get("Path", ""))
            elif not folder or shown.get("CRC32") or shown.get("Size", "0") not in ("", "0"):
                yield record_of(first, pairs)


# --- records of labelled values --------------------------------------------------------------------------------
# Hash 1.0.4 (文件/大小/修改时间/MD5/SHA1/CRC32), HashMyFiles (between rules), Get-FileHash | Format-List and their
# kin: by their labels, whatever the order. A blank line or a rule ends a record; so does its first label, come again.

_PAIR = re.compile(r"([^\s:：=][^:：=\\/]{0,40}?)\s*+[:：](?:\s(.*)|)", re.DOTALL)
_RULE = re.compile(r"\s*[=*_-]{8,}\s*")


def records(sample: Sequence[str], _file_name: str) -> Blocks | None:
    """Blocks of `label: value` lines that name a file and its digests."""
    marked = any(said.entries and any(e.digest or e.digits for e in said.entries)
                 for said in _records(enumerate(sample, start=1)))
    return Blocks(_records) if marked else None


def _records(lines: Numbered) -> Iterator[Said]:
    for block in _runs(lines, _RULE.fullmatch):
        if _RULE.fullmatch(block[0][1]):
            continue
        found = [_PAIR.fullmatch(text) for _, text in block]
        pairs = [(match[1], match[2] or "") for match in found if match]
        if len(pairs) != len(block):
            yield from _broken(block, found, pairs)
            continue
        starts = [at for at, (label, _) in enumerate(pairs) if label == pairs[0][0]]
        if not any(is_label(label) for label, _ in pairs):
            starts = [0]
        for start, end in pairwise([*starts, len(pairs)]):
            yield record_of(block[start][0], pairs[start:end])


def _broken(block: Sequence[tuple[int, str]], found: Sequence[object], pairs: Sequence[tuple[str, str]]
            ) -> Iterator[Said]:
    """A record with lines that are no pairs: indented ones go on with a value that the console broke, so it is cut."""
    if pairs:
        named = next((value for label, value in pairs if record_header((label, "MD5"))), "")
        yield Said(block[0][0], " | ".join(text for _, text in block[:8]), reason="cut", path=named.strip())
    for (line_no, text), match in zip(block, found, strict=True):
        if not match and not (pairs and text[0].isspace()):
            yield Said(line_no, text)


def _runs(lines: Numbered, is_rule: Callable[[str], object]) -> Iterator[list[tuple[int, str]]]:
    """The lines between blank ones; a rule is a run of its own."""
    block: list[tuple[int, str]] = []
    for line_no, text in lines:
        alone = is_rule(text)
        if block and (alone or not text.strip()):
            yield block
            block = []
        if alone:
            yield [(line_no, text)]
        elif text.strip():
            block.append((line_no, text))
    if block:
        yield block


# --- FastSum ---------------------------------------------------------------------------------------------------
# `hex *name` in the system's code page; where that cannot write a name, `; UTF8: name` beside the line has it.

_TRUE_NAME = re.compile(r";\s*UTF8:\s?(.+)", re.IGNORECASE | re.DOTALL)


def fastsum(sample: Sequence[str], file_name: str) -> Blocks | None:
    """Lines as md5sum's, with the true names in comments: all before their lines, or all after them."""
    if not any(map(_TRUE_NAME.fullmatch, sample)):
        return None
    reader = md5sum((), file_name)
    if reader is None:
        return None
    lines = [text for text in sample if text.strip() and (not text.startswith(";") or _TRUE_NAME.fullmatch(text))]
    votes = [0, 0]                              # for names above their lines, and below
    for at, text in enumerate(lines):
        if match := _TRUE_NAME.fullmatch(text):
            votes[0] += _agree(reader.parse, lines[at + 1:at + 2], match[1])
            votes[1] += _agree(reader.parse, lines[at - 1:at] if at else (), match[1])
    return Blocks(partial(_fastsum, reader.parse, votes[0] > votes[1])) if votes[0] != votes[1] else None


def _agree(parse: Callable[[str], Sequence[Entry]], line: Sequence[str], true_name: str) -> bool:
    return any(lost_agrees(entry.path, true_name.rstrip()) for text in line for entry in parse(text))


def _fastsum(parse: Callable[[str], Sequence[Entry]], before: bool, lines: Numbered) -> Iterator[Said]:
    held: list[tuple[int, str]] = []            # a true name, or a line, that waits for its fellow
    for line_no, text in lines:
        match = _TRUE_NAME.fullmatch(text)
        if not text.strip() or (text.startswith(";") and not match):
            continue
        if bool(match) is before:
            yield from _alone(parse, held)
            held = [(line_no, text)]
        elif before:
            yield _paired(parse, (line_no, text), held.pop()[1] if held else "")
        elif held:
            yield _paired(parse, held.pop(), text)
        else:
            yield Said(line_no, text)
    yield from _alone(parse, held)


def _alone(parse: Callable[[str], Sequence[Entry]], held: Sequence[tuple[int, str]]) -> Iterator[Said]:
    for line_no, text in held:
        yield Said(line_no, text) if _TRUE_NAME.fullmatch(text) else _paired(parse, (line_no, text), "")


def _paired(parse: Callable[[str], Sequence[Entry]], line: tuple[int, str], comment: str) -> Said:
    """A line under its true name; where the two names cannot be one, neither is believed."""
    entries = parse(line[1])
    match = _TRUE_NAME.fullmatch(comment)
    if not match or not entries:
        return Said(*line, entries)
    true_name = match[1].rstrip()
    if any(not lost_agrees(entry.path, true_name) for entry in entries):
        return Said(*line, reason="names-differ", path=true_name)
    return Said(*line, [entry._replace(path=true_name) for entry in entries])
