"""The trees of one disc as one set of files: the union of their contents, and what they disagree about.

Takes the `Listing`s of the Joliet and of the primary volume; gives `Files`, `Tree`s and findings. Relies on nothing
else: two records are the same file when their extents are, whatever each tree's rules did to the name.
"""
from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from carriers import mapped
from carriers.model import HOLE, Extent, Files, Finding, Tree
from carriers.volume import Listing


class Reconciled(NamedTuple):
    """files: the union; a file's path comes from the first tree that shows it. trees: in the order of looking up."""

    files: Files
    trees: tuple[Tree, ...]
    findings: list[Finding]


def reconcile(joliet: Listing | None, primary: Listing | None) -> Reconciled:
    """Join the listings of a disc.

    Returns: findings `layers-differ` (a file that one tree only shows; one name for two contents; two names for one
             content that no mapping explains, facts name: the other tree's), and of the names by which the files go
             `name-unsafe` and `name-undecodable`. What Joliet cannot show is not a file here.
    """
    if joliet is None and primary is None:
        return Reconciled(Files(), (), [])
    if joliet is None or primary is None:
        only = joliet or primary or Listing()
        numbers = range(len(only.files))
        trees = _primary_trees(only, numbers) if joliet is None else (Tree("Joliet", only.files.paths, numbers),)
        return Reconciled(only.files, trees, _of_names(only, None))
    return _joined(_without(joliet, primary.no_files), primary)


def _joined(joliet: Listing, primary: Listing) -> Reconciled:
    files, shown = joliet.files, len(joliet.files)
    other = "ISO 9660" if primary.iso_paths is None else "Rock Ridge"
    findings = _of_names(joliet, None)
    numbers, clashes = _paired_by_path(files, primary.files)
    others = [i for i, number in enumerate(numbers) if number < 0]
    _pair_by_extents(files, primary.files, numbers)
    if primary.iso_paths is None:               # plain ISO names are mapped, and may meet another file's by chance
        clashes = set()
    else:
        findings += [Finding("layers-differ", path, facts={"what": "other-content", "tree": "Joliet", "other": other})
                     for path in sorted(clashes)]
        findings += _other_names(files, primary.files,
                                 [(numbers[i], i) for i in others if numbers[i] >= 0], clashes)
    matched = bytearray(shown)
    for number in numbers:
        if number >= 0:
            matched[number] = 1
    findings += [_only("Joliet", other, files.paths[number]) for number in range(shown)
                 if not matched[number] and files.paths[number] not in clashes]
    lone = [i for i, number in enumerate(numbers) if number < 0]
    joliet_paths: Sequence[str] = files.paths[:] if lone else files.paths
    findings += [_only(other, "Joliet", primary.files.paths[i]) for i in lone if primary.files.paths[i] not in clashes]
    findings += _of_names(primary, set(lone))
    for i in lone:
        numbers[i] = files.add(primary.files[i])
    for i, obstacle in primary.files.obstacles.items():         # Joliet does not say that content is compressed
        files.obstacles[numbers[i]] = obstacle
    return Reconciled(files, (Tree("Joliet", joliet_paths, range(shown)), *_primary_trees(primary, numbers)), findings)


def _without(joliet: Listing, no_files: set[str]) -> Listing:
    """The listing without the empty files that some tools put where Rock Ridge has a link or a device."""
    paths, sizes = joliet.files.paths, joliet.files.sizes
    dropped = {i for i, path in enumerate(paths) if path in no_files and not sizes[i]} if no_files else set()
    if not dropped:
        return joliet
    kept = Listing(findings=joliet.findings, directories=joliet.directories)
    unsafe = set(joliet.unsafe)
    for i, entry in enumerate(joliet.files):
        if i not in dropped:
            number = kept.files.add(entry)
            kept.unsafe += [number] if i in unsafe else []
    return kept


def _primary_trees(primary: Listing, numbers: Sequence[int]) -> tuple[Tree, ...]:
    if primary.iso_paths is None:
        return (Tree("ISO 9660", primary.files.paths, numbers),)
    return Tree("Rock Ridge", primary.files.paths, numbers), Tree("ISO 9660", primary.iso_paths, numbers)


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
            if starts[number] == start and sizes[number] == size \
                    and (start != -2 or files.extents(number) == others.extents(i)):
                del number_of[path]                 # one file answers once
            else:
                clashes.add(path)
                number = -1
        numbers[i] = number
    return numbers, clashes


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
            free[like(files.paths[number]), files.extents(number)].append(number)
        for i in rest:
            candidates = free.get((like(others.paths[i]), others.extents(i)))
            if candidates:
                numbers[i] = candidates.pop()
                taken[numbers[i]] = 1
        left = [n for n in left if not taken[n]]
        rest = [i for i in rest if numbers[i] < 0]


def _other_names(files: Files, others: Files, pairs: list[tuple[int, int]], clashes: set[str]) -> list[Finding]:
    """`layers-differ` where Joliet and Rock Ridge name a file, or a directory above it, in ways that cannot be one."""
    names = {name for _, i in pairs for name in others.paths[i].split("/")}
    clashing = frozenset(form for name in names for form in mapped.forms(name) if form != name)
    known: dict[tuple[str, str], bool] = {}
    found: dict[tuple[str, str], Finding] = {}
    for number, i in pairs:
        shown, path = files.paths[number], others.paths[i]
        if shown in clashes or path in clashes:
            continue
        ours, theirs = shown.split("/"), path.split("/")
        for depth, both in enumerate(zip(ours, theirs, strict=False), 1):
            if both not in known:
                known[both] = both[0] == both[1] or mapped.may_be(*both, clashing)
            if not known[both]:
                shown, path = "/".join(ours[:depth]), "/".join(theirs[:depth])
                break
        else:
            if len(ours) == len(theirs):
                continue
        found.setdefault((shown, path), Finding("layers-differ", shown, facts={
            "what": "other-name", "reason": "other-name", "tree": "Joliet", "other": "Rock Ridge", "name": path}))
    return list(found.values())


def _only(tree: str, other: str, path: str) -> Finding:
    return Finding("layers-differ", path, facts={"what": "only-here", "tree": tree, "other": other})


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
                        if extent.start_lba != HOLE})
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


def _beyond(files: Files, block_bytes: int, limit_bytes: int) -> list[tuple[int, Extent]]:
    lone = [(number, Extent(start, size)) for number, (start, size)
            in enumerate(zip(files.starts, files.sizes, strict=True)) if start * block_bytes + size > limit_bytes]
    several = [(number, extent) for number, extents in files.extents_of.items() for extent in extents
               if extent.start_lba != HOLE
               and extent.start_lba * block_bytes + extent.skip_bytes + extent.length_bytes > limit_bytes]
    return [found for found in lone if found[1].start_lba >= 0] + several


def occupied_blocks(files: Files, structure: Iterable[Extent], block_bytes: int, limit: int) -> int:
    """The first block after all files and the structure; what ends beyond the block `limit` lies elsewhere."""
    ends = [start - -size // block_bytes for start, size in zip(files.starts, files.sizes, strict=True) if start >= 0]
    ends += [e.start_lba - -(e.skip_bytes + e.length_bytes) // block_bytes
             for extents in (structure, *files.extents_of.values()) for e in extents if e.start_lba != HOLE]
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
