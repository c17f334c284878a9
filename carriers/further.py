"""A further tree of a disc whose files are known already: the same contents under other names, or something else too.

Takes the `Listing` of one more volume and the trees that are joined; gives its `Tree`. Relies on extents alone, as
`layers` does.
"""
from __future__ import annotations

from collections import defaultdict

from carriers.layers import Reconciled
from carriers.model import Extent, Finding, Tree
from carriers.volume import Listing


def matched(name: str, listing: Listing, joined: Reconciled, no_files: set[str]) -> tuple[Tree, list[Finding]]:
    """The tree of a listing over the files that are joined.

    no_files: paths of links and the like; empty files stand for them where there is no Rock Ridge.
    Returns: `file-system-unknown` where it shows content that the others do not have (that is not read);
             `layers-differ` for every file that it does not show.
    """
    files = joined.files
    free: dict[tuple[Extent, ...], list[int]] = defaultdict(list)
    for number in reversed(range(len(files))):
        free[files.extents(number)].append(number)
    paths: list[str] = []
    numbers: list[int] = []
    strange = False
    for i, path in enumerate(listing.files.paths):
        candidates = free.get(listing.files.extents(i))
        if candidates:
            paths.append(path)
            numbers.append(candidates.pop())
        elif listing.files.sizes[i] or not no_files:
            strange = True
    findings = [Finding("file-system-unknown", facts={"layer": name, "reason": "beside"})] if strange else []
    first = joined.trees[0].name if joined.trees else ""
    lone = sorted(number for left in free.values() for number in left)
    return Tree(name, paths, numbers), findings + [Finding("layers-differ", files.paths[number], facts={
        "what": "only-here", "tree": first, "other": name}) for number in lone]
