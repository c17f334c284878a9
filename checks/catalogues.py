"""What a transfer carrier says of itself in its own files: 说明文件, 文件目录 or 目录文件, 案卷目录; where things lie.

Takes a carrier before its pass, gives `Enclosed` (what they say, small enough to be kept with the reading) and what
they contradict: each other, the files, and (`against`) the form. Relies on `description.py`, `entries.py`, `markup.py`
and the words of `carrier_catalogues.toml`. Only these few files are read before the pass, each of at most
`CONTENT_BYTES`.
Source: domain §2.2 (档发〔2012〕7号 附件2, DA/T 93-2022 附录B), §2.5; contract `metadata-damaged`, `catalogue-differs`.
"""
from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from carriers.model import CONTENT_BYTES, Carrier, Files, Finding, Structure

from .bind import Binding
from .description import Description, description_findings, measured, read_description
from .entries import EXAMPLES, Entries, Matching, entry_findings, key, plain, read_entries
from .form import SubmittedForm
from .markup import Broken, decoded
from .names import is_digest_list, is_litter
from .normalise import classified_word, declared_count
from .spoken import knows_one_carrier, reads_as_another, same_number

_FILE = Path(__file__).with_name("carrier_catalogues.toml")
_LAST = ("l", "L", "ｌ", "Ｌ")
READ_AT_MOST, BYTES_AT_MOST = 20, 4 * CONTENT_BYTES             # before the pass: files of a kind, bytes of all
_PIECES = ("description", "items", "volumes")


@cache
def words() -> Mapping[str, Any]:
    """The tables of `carrier_catalogues.toml`."""
    return tomllib.loads(_FILE.read_text(encoding="utf-8"))


@dataclass(frozen=True, slots=True)
class Enclosed:
    """What lies on a carrier to describe it. description: identifiers of 说明文件 → text, None = there is none.

    counts: "items", "volumes" → entries of that kind in a catalogue that could be read whole. other_lines: of 说明文件,
    the first that no label begins. classified: "" or the word of a 密级 that this station must not go on with.
    findings: what is true whatever form the carrier is compared with.
    """

    description: Mapping[str, str] | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    other_lines: tuple[str, ...] = ()
    classified: str = ""
    findings: tuple[Finding, ...] = ()

    def record(self) -> dict[str, Any]:
        """What the journal's `reading` line keeps; the findings stand among those of the reading."""
        return {"description": self.description, "counts": dict(self.counts), "other_lines": list(self.other_lines)}


def enclosed_from(record: Mapping[str, Any]) -> Enclosed:
    """`Enclosed.record` back; {} of a reading kept before there was one, which says that itself."""
    return Enclosed(record.get("description"), record.get("counts", {}), tuple(record.get("other_lines", ())))


def look_into(carrier: Carrier, structure: Structure) -> Enclosed:
    """Read 说明文件 and the catalogues of a carrier, hold them against each other and against its files.

    Raises: DriveLost, CarrierChanged.
    """
    layout = layout_of(structure)
    work = _Work(carrier, structure.files or Files(), layout)
    description = None
    for piece in _PIECES:
        numbers = layout.pieces[piece]
        for number in numbers[1:]:
            work.differs("several", work.files.paths[number], first=work.files.paths[numbers[0]])
    if layout.pieces["description"]:
        description = _description(work, layout.pieces["description"][0])
        work.classified = classified_level(description.values.get("level", "")) if description else ""
    for piece in _PIECES[1:]:
        for nth, number in enumerate(layout.pieces[piece][:READ_AT_MOST]):
            _read_catalogue(work, number, counts=nth == 0)
    for number in layout.unchosen[:READ_AT_MOST]:               # for their 密级 only
        _read_catalogue(work, number, counts=False)
    if work.classified:
        return Enclosed(classified=work.classified)
    there = sum(bool(layout.pieces[piece]) for piece in _PIECES[1:])
    if any(map(len, work.catalogues)) and len(work.catalogues) == there:      # by half of them nothing can be told
        _match(work, structure)
    counts = {kind: sum(c.count(kind) for c in work.catalogues) for kind in _PIECES[1:]}
    counts = {kind: count for kind, count in counts.items() if count}
    if description is not None:
        ours = measured(work.files, layout.holds_record, counts)
        path = work.files.paths[layout.pieces["description"][0]]
        work.findings += [replace(f, path=path)
                          for f in description_findings(description.values, ours, _codes(work), words())]
    return Enclosed(description and description.values, counts, description.other_lines if description else (), "",
                    tuple(work.findings))


# ------------------------------------------------------------------------------------------------------- where

class Layout(NamedTuple):
    """The storage structure: pieces by what they are → file numbers; the directory that it all lies in, "" or "x/".

    records, other: the directories 电子档案 and 其他 as they are spelt, with what is above them ("x/电子档案/"), ""
    = none. rivals: directories that look like such a structure each, where none lies at the root; unchosen: their
    catalogues.
    """

    pieces: Mapping[str, Sequence[int]]
    root: str = ""
    records: str = ""
    other: str = ""
    rivals: tuple[str, ...] = ()
    unchosen: tuple[int, ...] = ()

    @property
    def is_there(self) -> bool:
        return any(self.pieces.values()) or bool(self.records)

    def holds_record(self, path: str) -> bool:
        """Whether a file is of a record: below 电子档案, or in any directory but 其他 where there is none."""
        if self.records:
            return path.startswith(self.records)
        below = path[len(self.root):] if path.startswith(self.root) else ""
        return "/" in below and not (self.other and path.startswith(self.other))


def layout_of(structure: Structure) -> Layout:
    """The storage structure of a carrier: at its root, or one directory down where only one directory has it."""
    paths = structure.files.paths if structure.files is not None else []
    piece_of = {plain(name): piece for piece, names in words()["pieces"].items() for name in names}
    inside = {plain(name) for names in words()["directories"].values() for name in names}
    found: dict[str, dict[str, list[int]]] = {}
    for number, path in enumerate(paths):
        directory, _, name = path.rpartition("/")
        if "/" not in directory and not name.isascii() and (piece := piece_of.get(plain(name))) \
                and plain(directory) not in inside:
            found.setdefault(directory, {name: [] for name in _PIECES})[piece].append(number)
    rivals = tuple(sorted(found)) if "" not in found and len(found) > 1 else ()
    top = next(iter(found)) if len(found) == 1 else ""
    pieces = {name: [] for name in _PIECES} if rivals else found.get(top, {name: [] for name in _PIECES})
    root = f"{top}/" if top else ""
    cut = len(root)
    spelt = {plain(part): part for part in {path[cut:].partition("/")[0] for path in paths
                                            if path.startswith(root) and path.find("/", cut) >= 0}}
    records, other = (next((f"{root}{spelt[plain(n)]}/" for n in words()["directories"][what] if plain(n) in spelt), "")
                      for what in ("records", "other"))
    unchosen = tuple(number for name in rivals for piece in _PIECES[1:] for number in found[name][piece])
    return Layout(pieces, root, records, other, rivals, unchosen)


def is_metadata(path: str) -> bool:
    """Whether a file is the metadata of a record by its name: 电子档案*元数据.XML."""
    if path[-1:] not in _LAST or path.isascii():               # nearly all files of a carrier end here
        return False
    name, rule = plain(path.rpartition("/")[2]), words()["metadata"]
    return name.startswith(rule["prefix"]) and name.endswith(rule["suffix"])


# ----------------------------------------------------------------------------------------------------- reading

class _Work:
    """What looking has so far. catalogues: those that could be read whole and count."""

    def __init__(self, carrier: Carrier, files: Files, layout: Layout) -> None:
        self.carrier = carrier
        self.files = files
        self.layout = layout
        self.catalogues: list[Entries] = []
        self.classified = ""
        self.bytes_left = BYTES_AT_MOST
        self.findings: list[Finding] = []

    def differs(self, reason: str, path: str = "", **facts: str | int) -> None:
        self.findings.append(Finding("catalogue-differs", path, None, {"reason": reason, **facts}))

    def damaged(self, reason: str, path: str, **facts: str | int) -> None:
        self.findings.append(Finding("metadata-damaged", path, None, {"reason": reason, **facts}))

    def content(self, number: int) -> bytes | None:
        """A file whole; where it cannot be had, that is said."""
        path, size = self.files.paths[number], self.files.sizes[number]
        too_large = size > min(CONTENT_BYTES, self.bytes_left)
        raw = None if number in self.files.obstacles or too_large else self.carrier.content(number)
        if raw is None:
            self.damaged("not-checked" if too_large else "unread", path, bytes=size)
        else:
            self.bytes_left -= size
        return raw


def _description(work: _Work, number: int) -> Description | None:
    raw, path = work.content(number), work.files.paths[number]
    description = read_description(raw, words()["labels"]) if raw is not None else None
    if raw is not None and description is None:
        work.damaged("encoding", path, line=1)
    return description


def _codes(work: _Work) -> frozenset[str] | None:
    """The 档号 of all entries, None where there are none to look one up in."""
    return frozenset(key(code) for c in work.catalogues for code in c.codes) or None


def _read_catalogue(work: _Work, number: int, *, counts: bool) -> None:
    """One catalogue; of one that does not count only its 密级 are looked at."""
    raw, path = work.content(number), work.files.paths[number]
    if raw is None:
        return
    try:
        text, encoding, declared = decoded(raw)
    except Broken as broken:
        work.damaged(broken.reason, path, line=broken.line)
        return
    entries, problem = read_entries(text, words())
    levels: Iterable[str] = entries.levels
    if problem is not None:
        levels = [*levels, *levels_in(text)]
    work.classified = work.classified or next(filter(None, map(classified_level, levels)), "")
    if not counts:
        return
    if declared:
        work.damaged("encoding-declared", path, declared=declared, encoding=encoding)
    if problem is not None:
        work.damaged(problem.reason, path, line=problem.line)
        return
    if plain(entries.root) not in map(plain, words()["elements"]["roots"]):
        work.damaged("root", path, element=entries.root)
        if not len(entries):
            return
    _check_entries(work, entries, path)
    work.catalogues.append(entries)


def levels_in(text: str) -> Iterator[str]:
    """Every 密级 that a damaged text still shows."""
    for match in re.finditer(f"{words()['levels']['mark']}[^<>]{{0,20}}>([^<>]{{0,50}})", text):
        yield match[1]


def classified_level(text: str) -> str:
    """The word that makes a written 密级 one that this station must not go on with, "" where it is none.

    Never the text itself: it may hold names (domain §10.5).
    """
    value = plain(text)
    if value in words()["levels"]["classified"]:
        return value
    return classified_word(text)


def _check_entries(work: _Work, entries: Entries, path: str) -> None:
    if not len(entries):
        work.differs("no-entries", path)
    work.findings += entry_findings(entries, path)
    known = {plain(text) for text in words()["levels"]["open"]}
    unknown = [text for text in entries.levels if text and plain(text) not in known]
    if unknown:
        count, examples = sum(entries.levels[text] for text in unknown), ", ".join(unknown[:EXAMPLES])
        work.findings.append(Finding("security-level-unknown", path, None, {"count": count, "examples": examples}))
    unnamed = [n + 1 for n, code in enumerate(entries.codes) if not code and not entries.names[n]]
    if unnamed:
        work.differs("entry-unnamed", path, count=len(unnamed), examples=", ".join(map(str, unnamed[:EXAMPLES])))


# ------------------------------------------------------------------------------------- catalogues and the files

def _match(work: _Work, structure: Structure) -> None:
    """Entries against the files of records, by their names in every tree (Joliet cuts long ones)."""
    layout, paths = work.layout, work.files.paths
    records = {n for n, path in enumerate(paths) if layout.holds_record(path) and not is_litter(path)}
    matching, named = Matching(work.catalogues), set[int]()
    cut = len(layout.root)
    for number in sorted(records):
        if matching.take(paths[number][cut:], number):
            named.add(number)
    for tree in structure.trees if len(named) < len(records) or any(matching.without_files()) else ():
        for path, number in zip(tree.paths, tree.file_nos, strict=True):
            if number in records and path != paths[number] and path.startswith(layout.root) \
                    and matching.take(path[cut:], number):
                named.add(number)
    described = {n: matching.by_code(_described(paths[n])) for n in records if is_metadata(paths[n])}
    named.update(number for number, entries in described.items() if entries)
    for entry, name in matching.without_files():
        work.differs("entry-without-file", name, entry=entry + 1)
    for name, count, files in matching.shared_names():
        work.differs("name-shared", name, entries=count, files=files)
    _tell_unnamed(work, sorted(records - named), named)
    _tell_metadata(work, matching, described)


def _described(path: str) -> str:
    """What the name of a metadata file says between its two words: mostly the 档号."""
    rule, name = words()["metadata"], key(path.rpartition("/")[2])
    return name.removeprefix(rule["prefix"]).removesuffix(rule["suffix"])


def _tell_unnamed(work: _Work, unnamed: Sequence[int], named: Iterable[int]) -> None:
    """Files that no entry names; metadata belong to the records beside them."""
    paths = work.files.paths
    directories = {paths[number].rpartition("/")[0] for number in named}
    for number in unnamed:
        path = paths[number]
        if not (is_digest_list(path) or (is_metadata(path) and path.rpartition("/")[0] in directories)):
            work.differs("file-without-entry", path, bytes=work.files.sizes[number])


def _tell_metadata(work: _Work, matching: Matching, metadata: Mapping[int, Sequence[int]]) -> None:
    """Records without metadata XML: named after their 档号, or beside their files, or above them.

    metadata: file → the entries that it names.
    """
    paths = work.files.paths
    described = {entry for entries in metadata.values() for entry in entries}
    directories = {paths[number].rpartition("/")[0] for number, entries in metadata.items() if not entries}
    if not metadata and matching.first_file:
        work.differs("no-metadata")
        return
    top = len(work.layout.records or work.layout.root)
    for entry, number in sorted(matching.first_file.items()):
        directory = paths[number].rpartition("/")[0]
        while directory not in directories and len(directory) > top:
            directory = directory.rpartition("/")[0]
        if entry not in described and directory not in directories:
            entries, n = matching.entries[entry]
            work.differs("entry-without-metadata", entries.codes[n] or entries.names[n], entry=entry + 1)


# ------------------------------------------------------------------------------------------- against the form

def against(enclosed: Enclosed, structure: Structure, form: SubmittedForm | None, binding: Binding, profile: str
            ) -> Iterator[Finding]:
    """What the form, the profile and the carrier's number make of what lies on the carrier.

    A transfer must have the storage structure; in a backup nothing is expected of an opaque package's carrier, and
    件数 and 卷数 stay 「申报数」 (domain §10.8).
    """
    if profile != "transfer" and enclosed.description is None:
        return
    layout = layout_of(structure)
    if profile == "transfer":
        yield from _structure_findings(layout, structure.files or Files())
        if form is not None:
            yield from _count_findings(enclosed, form)
    if enclosed.description is None:
        return
    described = enclosed.description
    path = next((structure.files.paths[n] for n in layout.pieces["description"][:1] if structure.files), "")
    if digest := described.get("digest"):
        yield Finding("catalogue-noted", path, None, {"reason": "digest", "digest": digest})
    number = described.get("carrier_no", "")
    if number and binding.carrier_no and not same_number(number, binding.carrier_no):
        facts: dict[str, str | int] = {"number": binding.carrier_no, "label": number}
        if form is not None and reads_as_another(number, binding.carrier_no, form):
            yield Finding("carrier-number-differs", path, None, {"reason": "description", **facts})
        else:
            yield Finding("catalogue-differs", path, None, {"reason": "carrier-no", **facts})
    unit, wanted = plain(described.get("unit_name", "")), form.fields.get("unit_name", "") if form else ""
    if unit and wanted and unit not in plain(wanted) and plain(wanted) not in unit:
        yield Finding("catalogue-differs", path, None, {"reason": "unit", "described": described["unit_name"],
                                                        "wanted": wanted})


def _structure_findings(layout: Layout, files: Files) -> Iterator[Finding]:
    """What a transfer carrier lacks, and what lies where nothing may lie."""
    def differs(reason: str, path: str, **facts: str | int) -> Finding:
        return Finding("catalogue-differs", path, None, {"reason": reason, **facts})

    if layout.rivals:
        yield differs("rivals", "", count=len(layout.rivals), examples=", ".join(layout.rivals[:EXAMPLES]))
        return
    names = words()["pieces"]
    if not layout.pieces["description"]:
        yield differs("piece-missing", str(names["description"][0]))
    if not layout.pieces["items"] and not layout.pieces["volumes"]:
        yield differs("catalogue-missing", "")
    if not layout.is_there:
        return
    known = {number for numbers in layout.pieces.values() for number in numbers}
    formats = frozenset(words()["formats"]["other"])
    for number, path in enumerate(files.paths):
        if number in known or is_litter(path) or is_digest_list(path):
            continue
        if layout.other and path.startswith(layout.other):
            if path.rpartition("/")[2].rpartition(".")[2].lower() not in formats:
                yield differs("other-format", path)
        elif not layout.holds_record(path):
            yield differs("outside", path)


def _count_findings(enclosed: Enclosed, form: SubmittedForm) -> Iterator[Finding]:
    """Entries against 件数 and 卷数: equal where the form speaks of one carrier, never more than it says."""
    for kind, name in (("items", "item_count"), ("volumes", "volume_count")):
        declared, count = declared_count(form.fields.get(name, "")), enclosed.counts.get(kind)
        if declared is not None and count is not None and (
                count > declared or (count < declared and knows_one_carrier(form))):
            yield Finding("form-count-differs", facts={"what": kind, "reason": kind, "declared": declared,
                                                       "actual": count})
