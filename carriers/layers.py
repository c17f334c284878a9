"""The trees of one disc as one set of files: the union of their contents, and what they disagree about.

Takes the `Listing`s of the UDF, Joliet and primary volumes; gives `Files`, `Tree`s and findings. Relies on nothing
else: two records are the same file when their extents are, whatever each tree's rules did to the name.
"""
from __future__ import annotations

import re
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from carriers import mapped
from carriers.iso9660 import damaged
from carriers.model import Extent, Files, Finding, Tree
from carriers.volume import Listing

_MOST_CONTENT = 64              # times the carrier: names of one content (hard links) are read for each of them
_MOST_OF_ISO = 1 << 32          # bytes; a directory record's Data Length has 32 bits, ECMA-119 §9.1.4


class Reconciled(NamedTuple):
    """files: the union; a file's path comes from the first tree that shows it. trees: in the order of looking up."""

    files: Files
    trees: tuple[Tree, ...]
    findings: list[Finding]


def reconcile(listings: Sequence[tuple[str, Listing]]) -> Reconciled:
    """Join the listings of a disc.

    Args:    name and listing of each tree in the order of looking up: "UDF", "Joliet", "ISO 9660" (the primary volume,
             whose names are Rock Ridge's where it has those), then volumes beside these.
    Returns: findings `layers-differ` (a file that some trees only show; one name for two contents; two names for one
             content that no mapping explains, facts name: the other tree's), and of the names by which the files go
             `name-unsafe` and `name-undecodable`. What Joliet cannot show is not a file here.
    """
    if not listings:
        return Reconciled(Files(), (), [])
    links = {path for _, listing in listings for path in listing.no_files}
    union: _Union | None = None
    for name, listing in listings:
        if listing.iso_paths is None:
            listing = _without(listing, links - listing.no_files)
        if union is None:
            union = _Union(name, listing)
        else:
            union.join(name, listing)
    return union.reconciled() if union else Reconciled(Files(), (), [])


class _Union:
    """The files of the trees so far. shown: file number → one bit for each tree that shows it."""

    def __init__(self, name: str, listing: Listing) -> None:
        self.files = listing.files
        self._names = [_tree_name(name, listing)]
        self._trees = list(_trees(name, listing, range(len(listing.files))))
        self._own = [len(listing.files)]            # how many files there were when each tree had been joined
        self._shown = array("B", [1]) * len(listing.files)
        self._clashes: set[str] = set()
        self._findings = _of_names(listing, None)

    def join(self, name: str, listing: Listing) -> None:
        """Add one more tree: pair its files with those that are known, append the others."""
        files, others = self.files, listing.files
        tree = _tree_name(name, listing)
        _restore_lost(files, others)
        numbers, clashes = _paired_by_path(files, others)
        apart = [i for i, number in enumerate(numbers) if number < 0]
        _pair_by_extents(files, others, numbers)
        if not tree.startswith("ISO 9660"):     # plain names are mapped, and may meet another file's by chance
            self._findings += [Finding("layers-differ", path, facts={
                "what": "other-content", "tree": self._names[0], "other": tree}) for path in sorted(clashes)]
            self._clashes |= clashes
            self._findings += self._other_names(others, [(numbers[i], i) for i in apart if numbers[i] >= 0], tree)
        lone = [i for i, number in enumerate(numbers) if number < 0]
        self._findings += _of_names(listing, set(lone))
        if lone:
            self._trees = [replace(t, paths=t.paths[:]) if t.paths is files.paths else t for t in self._trees]
        bit = 1 << len(self._names)
        for i in lone:
            numbers[i] = files.add(others[i])
        self._shown.frombytes(bytes(len(lone)))
        for number in numbers:
            self._shown[number] |= bit
        for i, obstacle in others.obstacles.items():            # Joliet does not say that content is compressed
            files.obstacles[numbers[i]] = obstacle
        self._names.append(tree)
        self._own.append(len(files))
        self._trees += _trees(name, listing, numbers)

    def reconciled(self) -> Reconciled:
        """All of it; with what not every tree shows."""
        for tree in self._trees[1:]:
            if tree.name.startswith("ISO 9660"):
                self._tell_crossed(tree)
        everywhere = (1 << len(self._names)) - 1
        differ = [] if self._shown.tobytes() == bytes((everywhere,)) * len(self._shown) else \
            [number for number, shown in enumerate(self._shown) if shown != everywhere]
        for number in differ:
            path = self.files.paths[number]
            if path not in self._clashes:
                here = [name for bit, name in enumerate(self._names) if self._shown[number] >> bit & 1]
                other = [name for name in self._names if name not in here]
                self._findings.append(Finding("layers-differ", path, facts={
                    "what": "only-here", "tree": ", ".join(here), "other": ", ".join(other)}))
        return Reconciled(self.files, tuple(self._trees), self._findings)

    def _tell_crossed(self, tree: Tree) -> None:
        """`layers-differ` where a tree of plain names shows one file under the very name of another.

        A name that was cut or mapped may meet another's by chance; one that every tree can hold does not need to.
        """
        paths, suspects = self.files.paths, list[tuple[int, str, str]]()
        places = [paths[number] for number in tree.file_nos]
        for number, path, shown, name, other in zip(tree.file_nos, places, tree.paths, _last_names(places),
                                                    _last_names(tree.paths), strict=True):
            if (name == other and (not path.isascii() or path.lower() == shown.lower())) or number >= self._own[0]:
                continue
            if other != name and _PLAIN.fullmatch(name):
                suspects.append((number, path.lower()[:len(path.lower()) - len(name)] + other, "/" + other))
            if all(map(_PLAIN.fullmatch, path.split("/"))):
                suspects.append((number, shown.lower(), shown.lower()))
        wanted, starts = {path for _, path, _ in suspects}, self.files.starts
        links: dict[int, set[str]] = {starts[number]: set() for number, _, _ in suspects}   # all names of such content
        bearers: dict[str, list[int]] = defaultdict(list)
        for number, path in enumerate(paths[:self._own[0]] if wanted else ()):
            if path.lower() in wanted:
                bearers[path.lower()].append(number)
            if starts[number] in links and starts[number] >= 0:
                links[starts[number]].update((path.lower(), "/" + path.lower().rpartition("/")[2]))
        for number, shown, own in suspects:
            named = bearers.get(shown, []) if own not in links[starts[number]] else []
            if named and all(self.files.extents(n) != self.files.extents(number) for n in named) \
                    and paths[named[0]] not in self._clashes:
                self._clashes.add(paths[named[0]])
                self._findings.append(Finding("layers-differ", paths[named[0]], facts={
                    "what": "other-content", "tree": self._names[0], "other": tree.name}))

    def _other_names(self, others: Files, pairs: list[tuple[int, int]], other: str) -> list[Finding]:
        """`layers-differ` where two trees name a file, or a directory above it, in ways that cannot be one name."""
        paths = self.files.paths
        wide = {name for number, i in pairs
                for name in _narrow_first(paths[number], others.paths[i], other)[1].split("/")}
        clashing = frozenset(form for name in wide for form in mapped.forms(name) if form != name)
        known: dict[tuple[str, str], bool] = {}
        found: dict[tuple[str, str], Finding] = {}
        for number, i in pairs:
            shown, path = paths[number], others.paths[i]
            if shown in self._clashes or path in self._clashes:
                continue
            ours, theirs = shown.split("/"), path.split("/")
            for depth, both in enumerate(zip(ours, theirs, strict=False), 1):
                if both not in known:
                    known[both] = both[0] == both[1] or mapped.may_be(*_narrow_first(*both, other), clashing)
                if not known[both]:
                    shown, path = "/".join(ours[:depth]), "/".join(theirs[:depth])
                    break
            else:
                if len(ours) == len(theirs):
                    continue
            tree = next(name for name, count in zip(self._names, self._own, strict=True) if number < count)
            found.setdefault((shown, path), Finding("layers-differ", shown, facts={
                "what": "other-name", "reason": "other-name", "tree": tree, "other": other, "name": path}))
        return list(found.values())


_PLAIN = re.compile(r"[A-Z0-9_]{1,8}(?:\.[A-Z0-9_]{1,3})?", re.IGNORECASE)          # ECMA-119 §10.1, level 1


def _last_names(paths: Sequence[str]) -> list[str]:
    """The last components in lower case; all at once, for there may be half a million."""
    return "/".join([path[path.rfind("/") + 1:] for path in paths]).lower().split("/") if paths else []


def _tree_name(name: str, listing: Listing) -> str:
    return "Rock Ridge" if name == "ISO 9660" and listing.iso_paths is not None else name


def _trees(name: str, listing: Listing, numbers: Sequence[int]) -> Iterator[Tree]:
    yield Tree(_tree_name(name, listing), listing.files.paths, numbers)
    if name == "ISO 9660" and listing.iso_paths is not None:
        yield Tree("ISO 9660", listing.iso_paths, numbers)


def _narrow_first(shown: str, path: str, other: str) -> tuple[str, str]:
    """Two names, the one that may have been made of the other first: Joliet's always, UDF's before Rock Ridge's."""
    return (path, shown) if other == "Joliet" else (shown, path)


def _restore_lost(files: Files, others: Files) -> None:
    """Where a tree has only the name of a file left and the other tree knows where it lies, take it from there."""
    lost = {files.paths[number]: number for number, code in files.obstacles.items()
            if code == "structure-damaged" and not files.starts[number] >= 0 and number not in files.extents_of}
    for i, path in enumerate(others.paths if lost else ()):
        number = lost.get(path, -1)
        if number >= 0 and i not in others.obstacles:
            del files.obstacles[number]
            files.sizes[number], files.starts[number] = others.sizes[i], others.starts[i]
            if others.starts[i] == -2:
                files.extents_of[number] = others.extents(i)


def _without(listing: Listing, links: set[str]) -> Listing:
    """The listing without the empty files that some tools put where Rock Ridge has a link or a device."""
    paths, sizes = listing.files.paths, listing.files.sizes
    dropped = {i for i, path in enumerate(paths) if path in links and not sizes[i]} if links else set()
    if not dropped:
        return listing
    kept = Listing(findings=listing.findings, directories=listing.directories)
    unsafe = set(listing.unsafe)
    for i, entry in enumerate(listing.files):
        if i not in dropped:
            number = kept.files.add(entry)
            kept.unsafe += [number] if i in unsafe else []
    return kept


def _paired_by_path(files: Files, others: Files) -> tuple[array[int], set[str]]:
    """The file number of each of the others that has the same path and extents, else -1; paths of other content.

    Equal paths are made one string: half a million of them are 60 MB.
    """
    if (files.paths, files.starts, files.sizes, files.extents_of) == \
            (others.paths, others.starts, others.sizes, others.extents_of):
        return array("q", range(len(files))), set()     # one order in both trees, as most discs are recorded
    number_of = dict(zip(files.paths, range(len(files.paths)), strict=True))
    numbers = array("q", bytes(8 * len(others)))
    clashes: set[str] = set()
    paths, starts, sizes = files.paths, files.starts, files.sizes
    for i, (path, start, size) in enumerate(zip(others.paths, others.starts, others.sizes, strict=True)):
        number = number_of.get(path, -1)
        if number >= 0:
            others.paths[i] = paths[number]
            same = starts[number] == start and sizes[number] == size \
                and (start != -2 or files.extents(number) == others.extents(i))
            if same or (size < _MOST_OF_ISO and _is_limited(files.extents(number), others.extents(i))):
                del number_of[path]                 # one file answers once
            else:
                clashes.add(path)
                number = -1
        numbers[i] = number
    return numbers, clashes


def _is_limited(extents: tuple[Extent, ...], others: tuple[Extent, ...]) -> bool:
    """Whether the other tree shows of a file of 4 GiB and more what its 32 bits can hold of the size.

    As `genisoimage -udf -allow-limited-size` records it: the low 32 bits of the size that UDF has.
    """
    size = sum(e.length_bytes for e in extents)
    return size >= _MOST_OF_ISO and len(others) == 1 and others[0].start_lba == extents[0].start_lba \
        and others[0].length_bytes == size % _MOST_OF_ISO


def _pair_by_extents(files: Files, others: Files, numbers: array[int]) -> None:
    """Pair what is left over by extents; where several share them (hard links, empty files), those of like names first.

    In sorted order, which mapping and cutting keep.
    """
    rest = [i for i, number in enumerate(numbers) if number < 0]
    if not rest:
        return
    taken = bytearray(len(files))
    for number in numbers:
        if number >= 0:
            taken[number] = 1
    left = sorted((n for n in range(len(files)) if not taken[n]), key=files.paths.__getitem__, reverse=True)
    rest.sort(key=others.paths.__getitem__)
    for like in (mapped.key, lambda _: ""):
        free: dict[tuple[str, tuple[Extent, ...]], list[int]] = defaultdict(list)
        for number in left:
            extents = files.extents(number)
            here = free[like(files.paths[number]), extents]
            here.append(number)
            if files.sizes[number] >= _MOST_OF_ISO:             # what the tree with 32 bits says of it
                short = Extent(extents[0].start_lba, files.sizes[number] % _MOST_OF_ISO)
                free[like(files.paths[number]), (short,)] = here
        for i in rest:
            candidates = free.get((like(others.paths[i]), others.extents(i)))
            if candidates:
                numbers[i] = candidates.pop()
                taken[numbers[i]] = 1
        left = [n for n in left if not taken[n]]
        rest = [i for i in rest if numbers[i] < 0]


def _of_names(listing: Listing, only: set[int] | None) -> list[Finding]:
    """What is to be said of the names of a listing's files (only: of these)."""
    paths = listing.files.paths
    unsafe = [Finding("name-unsafe", paths[i]) for i in listing.unsafe if only is None or i in only]
    return unsafe + [Finding("name-undecodable", paths[i], facts={"encoding": encoding})
                     for i, encoding in listing.guessed.items() if only is None or i in only]


def check_extents(files: Files, block_bytes: int, limit_bytes: int) -> list[Finding]:
    """Where the files lie: `extent-outside` beyond `limit_bytes`, `extents-overlap` where two share a part only.

    limit_bytes: what the volume claims or the carrier gives, the larger. Files of equal extents are normal.
    """
    findings = [Finding("extent-outside", files.paths[number], extent, {"limit_bytes": limit_bytes})
                for number, extent in _beyond(files, block_bytes, limit_bytes)]
    if _ascending(files, block_bytes):
        return findings
    intervals = sorted({(extent.start_lba, extent.skip_bytes + extent.length_bytes, number)
                        for number in range(len(files)) for extent in files.extents(number)
                        if extent.start_lba >= 0})
    last = (-1, 0, -1)
    end = 0                                     # first block after the one of `last`
    for start, length, number in intervals:
        stop = start + -(-length // block_bytes)
        if start < end and (start, length) != last[:2]:
            findings.append(Finding("extents-overlap", files.paths[number], Extent(start, length),
                                    {"other": files.paths[last[2]]}))
        if stop > end:
            last, end = (start, length, number), stop
    return findings


def bound_content(files: Files, block_bytes: int, carrier_bytes: int) -> list[Finding]:
    """Files that show the same blocks so often that reading would have no end are not read: `structure-damaged`."""
    left, found = _MOST_CONTENT * carrier_bytes, list[Finding]()
    if sum(files.sizes) <= left:
        return found
    for number, path in enumerate(files.paths):
        size = 0 if number in files.obstacles else sum(
            max(0, min(e.length_bytes, carrier_bytes - e.start_lba * block_bytes)) if e.start_lba >= 0
            else e.length_bytes for e in files.extents(number))
        if size > left:
            files.obstacles[number] = "structure-damaged"
            found.append(damaged("too-many-extents", path))
        else:
            left -= size
    return found


def _beyond(files: Files, block_bytes: int, limit_bytes: int) -> list[tuple[int, Extent]]:
    lone = [(number, Extent(start, size)) for number, (start, size)
            in enumerate(zip(files.starts, files.sizes, strict=True)) if start * block_bytes + size > limit_bytes]
    several = [(number, extent) for number, extents in files.extents_of.items() for extent in extents
               if extent.start_lba >= 0
               and extent.start_lba * block_bytes + extent.skip_bytes + extent.length_bytes > limit_bytes]
    return [found for found in lone if found[1].start_lba >= 0] + several


def occupied_blocks(files: Files, structure: Iterable[Extent], block_bytes: int, limit: int) -> int:
    """The first block after all files and the structure; what ends beyond the block `limit` lies elsewhere."""
    ends = [start - -size // block_bytes for start, size in zip(files.starts, files.sizes, strict=True) if start >= 0]
    ends += [e.start_lba - -(e.skip_bytes + e.length_bytes) // block_bytes
             for extents in (structure, *files.extents_of.values()) for e in extents if e.start_lba >= 0]
    end = max(ends, default=0)
    return end if end <= limit else max((end for end in ends if end <= limit), default=0)


def _ascending(files: Files, block_bytes: int) -> bool:
    """Whether all files lie one after the other, as most discs are recorded; the quick answer to "do they overlap?"."""
    if files.extents_of:
        return False
    order = sorted(zip(files.starts, files.sizes, strict=True))
    end = 0
    for start, size in order:
        if start < 0:
            continue
        if start < end:
            return False
        end = start + -(-size // block_bytes)
    return True
