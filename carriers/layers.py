"""The trees of one disc as one set of files: the union of their contents, and what they disagree about.

Takes the `Listing`s of the Joliet and of the primary volume; gives `Files`, `Tree`s and findings. Relies on nothing
else: two records are the same file when their extents are, whatever each tree's rules did to the name.
"""
from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from carriers.model import Extent, Files, Finding, Tree
from carriers.volume import Listing


class Reconciled(NamedTuple):
    """files: the union; a file's path comes from the first tree that shows it. trees: in the order of looking up."""

    files: Files
    trees: tuple[Tree, ...]
    findings: list[Finding]


def reconcile(joliet: Listing | None, primary: Listing | None) -> Reconciled:
    """Join the listings of a disc.

    Returns: findings `layers-differ` (a file that one tree only shows; one name for two contents), and of the names
             by which the files go `name-unsafe` and `name-undecodable`. What Joliet cannot show is not a file here.
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
    if primary.iso_paths is not None:           # plain ISO names are mapped, and may meet another file's by chance
        findings += [Finding("layers-differ", path, facts={"what": "other-content", "tree": "Joliet", "other": other})
                     for path in clashes]
    _pair_by_extents(files, primary.files, numbers)
    matched = bytearray(shown)
    for number in numbers:
        if number >= 0:
            matched[number] = 1
    findings += [_only("Joliet", other, files.paths[number]) for number in range(shown) if not matched[number]]
    lone = [i for i, number in enumerate(numbers) if number < 0]
    joliet_paths: Sequence[str] = files.paths[:] if lone else files.paths
    findings += [_only(other, "Joliet", primary.files.paths[i]) for i in lone]
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


def _paired_by_path(files: Files, others: Files) -> tuple[array[int], list[str]]:
    """The file number of each of the others that has the same path and extents, else -1; paths of other content.

    Equal paths are made one string: half a million of them are 60 MB.
    """
    if (files.paths, files.starts, files.sizes, files.extents_of) == \
            (others.paths, others.starts, others.sizes, others.extents_of):
        return array("q", range(len(files))), []        # one order in both trees, as most discs are recorded
    number_of = dict(zip(files.paths, range(len(files.paths)), strict=True))
    numbers = array("q", bytes(8 * len(others)))
    clashes: list[str] = []
    paths, starts, sizes = files.paths, files.starts, files.sizes
    for i, (path, start, size) in enumerate(zip(others.paths, others.starts, others.sizes, strict=True)):
        number = number_of.get(path, -1)
        if number >= 0:
            others.paths[i] = paths[number]
            if starts[number] == start and sizes[number] == size \
                    and (start != -2 or files.extents(number) == others.extents(i)):
                del number_of[path]                 # one file answers once
            else:
                clashes.append(path)
                number = -1
        numbers[i] = number
    return numbers, clashes


def _pair_by_extents(files: Files, others: Files, numbers: array[int]) -> None:
    """Pair what is left over by extents, in sorted order where several share them (hard links, empty files)."""
    rest = [i for i, number in enumerate(numbers) if number < 0]
    if not rest:
        return
    taken = bytearray(len(files))
    for number in numbers:
        if number >= 0:
            taken[number] = 1
    free: dict[tuple[Extent, ...], list[int]] = defaultdict(list)
    for number in sorted((n for n in range(len(files)) if not taken[n]), key=files.paths.__getitem__, reverse=True):
        free[files.extents(number)].append(number)
    for i in sorted(rest, key=others.paths.__getitem__):
        candidates = free.get(others.extents(i))
        if candidates:
            numbers[i] = candidates.pop()


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
    intervals = sorted({(extent.start_lba, extent.length_bytes, number)
                        for number in range(len(files)) for extent in files.extents(number)})
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
               if extent.start_lba * block_bytes + extent.length_bytes > limit_bytes]
    return [found for found in lone if found[1].start_lba >= 0] + several


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
