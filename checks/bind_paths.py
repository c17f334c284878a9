"""Binding paths: which file each line names, list by list; the root offset of each list; names that lost characters.

Takes the lines that speak of one carrier and its names; fills in the targets of a `Work`. A list on the carrier is
read from its own directory first. Relies on `names.py` for paths, on `parts.py` for names of parts.
Source: domain §10.3.
"""
from __future__ import annotations

import unicodedata
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

from carriers.model import Finding
from checks.form import Scope, SubmittedForm
from checks.names import Names, Root, RootOffset, choose_root, has_lost, is_refused, lost_agrees, relative, skeleton
from checks.normalise import size_agrees
from checks.parts import Families, Parts
from checks.spoken import Spoken, number_key

# What a line is bound to where it is not a file.
UNBOUND = -1            # nothing stands under its name
WHOLE_CARRIER = -2
LOST_NAME = -3          # its name lost characters: settled by digest, in its directory
UNTRUSTED = -4          # the line has a defect
UNSETTLED = -5          # what its digest covers is not to be told

_COMPARED_AT_MOST = 1_000_000       # names with lost characters against names of files
_ROOTS_AT_MOST = 32                 # lists for which another root is looked for


class Rooted(NamedTuple):
    """The lists of one directory (or the form itself) with their root. listed: its name, for findings."""

    listed: str
    positions: Sequence[int]
    root: Root


class Work:
    """What binding has so far; `positions` are indices into `lines` and `targets`."""

    def __init__(self, form: SubmittedForm, names: Names, spoken: Spoken) -> None:
        self.form = form
        self.names = names
        self.spoken = spoken
        self.lines = spoken.lines
        self.targets = array("q", [UNBOUND]) * len(self.lines)
        self.left = spoken.left
        self.pathed: Sequence[int] = ()             # positions that name a file, or the first of several
        self.parts: dict[int, Parts] = {}           # positions of lines over several parts that name them
        self.packages: list[int] = []               # positions that name a package only
        self.lists: list[int] = []                  # positions that speak of a list without naming it
        self.doubtful: list[int] = []               # positions with a path that cannot be checked
        self.lost: dict[int, str] = {}
        self.either: set[int] = set()
        self.named_by: dict[int, set[int]] = {}     # position → files that it names and does not answer for alone
        self.joined: dict[tuple[int, ...], int] = {}            # files → the number of what they are together
        self.unsettled: dict[int, str] = {}         # position → why its files are not to be told
        self.trees: dict[str, int] = {}
        self.roots: dict[str, Rooted] = {}
        self.findings: list[Finding] = []

    @cached_property
    def families(self) -> Families:
        return Families(self.names)

    @property
    def named(self) -> frozenset[int]:
        """All files that a line names so."""
        return frozenset().union(*self.named_by.values())

    def name(self, position: int, file_nos: Sequence[int]) -> None:
        """Say that a line names files, which are then not unlisted."""
        if file_nos:
            self.named_by.setdefault(position, set()).update(file_nos)

    def path(self, position: int) -> str:
        """The path that is looked up for a line."""
        parts = self.parts.get(position)
        return parts.first if parts is not None else self.form.lines.paths[self.lines[position]]

    def package_no(self, position: int) -> str:
        return self.form.lines.package_no(self.lines[position])

    def line_no(self, position: int) -> int:
        return self.form.lines.line_nos[self.lines[position]]

    def facts(self, position: int, **facts: str | int) -> dict[str, str | int]:
        """Facts of a finding about a line: its number, and the list that it stands in."""
        listed = self.form.lines.list_of(self.lines[position])
        return {"line": self.line_no(position), **({"list": listed} if listed else {}), **facts}

    def place(self, position: int, path: str) -> str:
        """Where a path of this line would lie on the carrier."""
        rooted = self.roots.get(home_of(self.form.lines.list_of(self.lines[position])))
        return (rooted.root.offset if rooted else RootOffset()).apply(relative(path))


def home_of(listed: str) -> str:
    """What lists have in common that share a root: their directory; "" for the form's own lines."""
    return "/" + listed.rpartition("/")[0] if listed else ""


def sort_out(work: Work) -> None:
    """Tell lines that name files from those that name packages, the whole carrier, or cannot be checked."""
    lines = work.form.lines
    if not lines.defects and all(map(lines.paths.__getitem__, work.lines)) \
            and set(map(lines.scope, work.lines)) <= {Scope.FILE}:
        work.pathed = range(len(work.lines))
        return
    pathed = []
    for position, line in enumerate(work.lines):
        scope = lines.scope(line)
        if line in lines.defects:
            work.targets[position] = UNTRUSTED
            work.doubtful.append(position)
        elif scope is Scope.CARRIER:
            work.targets[position] = WHOLE_CARRIER
        elif lines.paths[line]:
            pathed.append(position)
            if scope is Scope.PARTS:
                work.parts[position] = work.families.read(lines.paths[line])
        elif scope is Scope.LIST:
            work.lists.append(position)
        elif not work.package_no(position):
            work.targets[position] = UNSETTLED
        else:
            work.packages.append(position)
    work.pathed = pathed


# ------------------------------------------------------------------------------------------------------- paths

def bind_paths(work: Work, forced: tuple[int, str] | None) -> None:
    """Bind every line that names a file; as each list stands if that binds all, else under one root offset."""
    groups = list(_by_home(work))
    tries = _ROOTS_AT_MOST
    for home, listed, positions in groups:
        written = [work.path(p) for p in positions]
        rungs = bytearray(len(written))
        as_it_stands = RootOffset(0, home.lstrip("/"))
        file_nos = work.names.find_as_written(written) if not as_it_stands.prepend \
            else array("q", [UNBOUND]) * len(written)
        root = Root(as_it_stands, len(written), len(written), True)
        paths: list[str] = []
        if file_nos.count(UNBOUND):
            paths = list(map(relative, written))
            _find(work.names, paths, as_it_stands, file_nos, rungs)
        if file_nos.count(UNBOUND) or (forced is not None and len(groups) == 1):
            paths = paths or list(map(relative, written))
            if forced is not None:
                root = root._replace(offset=RootOffset(forced[0], relative(forced[1])))
            elif tries:
                tries -= 1
                root = _choose(work, positions, paths, file_nos, as_it_stands)
            if root.offset != as_it_stands:
                file_nos, rungs = array("q", [UNBOUND]) * len(written), bytearray(len(written))
                _find(work.names, paths, root.offset, file_nos, rungs)
                if forced is None:              # no file is missing that stands under the very path that is listed
                    _find(work.names, paths, as_it_stands, file_nos, rungs)
        work.roots[home] = Rooted(listed, positions, root)
        _refuse_climbing(work, positions, written)
        _claim(work, positions, written, (file_nos, rungs))
    for position in work.doubtful:
        if work.path(position):
            file_no = work.names.find(work.place(position, work.path(position)))[0]
            work.name(position, [file_no] if file_no >= 0 else ())


def _by_home(work: Work) -> Iterator[tuple[str, str, Sequence[int]]]:
    """The positions that name files, together for all lists of one directory (lists are in that order)."""
    groups: dict[str, tuple[str, list[Sequence[int]]]] = {}
    for listed, indices in work.form.lines.by_list():
        first, end = bisect_left(work.lines, indices.start), bisect_left(work.lines, indices.stop)
        begin, stop = bisect_left(work.pathed, first), bisect_left(work.pathed, end)
        groups.setdefault(home_of(listed), (listed, []))[1].append(work.pathed[begin:stop])
    for home, (listed, slices) in groups.items():
        positions = slices[0] if len(slices) == 1 else [p for part in slices for p in part]
        if positions:
            yield home, listed, positions


def _find(names: Names, paths: Sequence[str], offset: RootOffset, file_nos: array[int], rungs: bytearray) -> None:
    """Fill in the files of relative paths that are not found yet."""
    names.find_all(paths if offset == RootOffset() else list(map(offset.apply, paths)), file_nos, rungs)


def _choose(work: Work, positions: Sequence[int], paths: Sequence[str], file_nos: array[int],
            as_it_stands: RootOffset) -> Root:
    """The root offset of a list that does not bind as it stands, `file_nos` being what it finds so."""
    sizes = work.names.files.sizes
    declared = {}
    for position, path in zip(positions, paths, strict=True):
        if position not in work.parts and (size := work.form.lines.declared_size(work.lines[position])):
            declared[path] = size
    missed = _missed(paths, file_nos)
    bound = len(missed) - sum(missed.values())
    if as_it_stands != RootOffset():                            # from the root of the carrier, as any list
        file_nos, rungs = array("q", [UNBOUND]) * len(paths), bytearray(len(paths))
        _find(work.names, paths, RootOffset(), file_nos, rungs)
        missed = _missed(paths, file_nos)
    root = choose_root(work.names, list(missed), [path for path, has_none in missed.items() if has_none],
                       lambda path, file_no: fits(declared.get(path, ""), sizes[file_no]))
    if as_it_stands != RootOffset() and bound >= root.bound:
        return Root(as_it_stands, bound, len(missed), True)
    return root


def _missed(paths: Sequence[str], file_nos: array[int]) -> dict[str, bool]:
    """Each path once → whether no file is its own."""
    taken: set[int] = set()
    missed: dict[str, bool] = {}
    for path, file_no in zip(paths, file_nos, strict=True):
        if path and path not in missed:
            missed[path] = file_no < 0 or file_no in taken
            taken.add(file_no)
    return missed


def fits(declared: str, size_bytes: int) -> bool:
    """Whether a size as written is this one; a text without a number says nothing and fits nothing."""
    if declared in (f"{size_bytes}B", str(size_bytes)):
        return True
    return says_size(declared) and size_agrees(declared, size_bytes) != ""


def says_size(declared: str) -> bool:
    """Whether a size as written has a number."""
    return any(map(str.isdecimal, declared if declared.isascii() else unicodedata.normalize("NFKC", declared)))


def _refuse_climbing(work: Work, positions: Iterable[int], written: Iterable[str]) -> None:
    for position, path in zip(positions, written, strict=True):
        if ".." in path and is_refused(path):
            work.targets[position] = UNTRUSTED
            work.findings.append(Finding("form-line-malformed", path, facts=work.facts(
                position, content=path[:200], reason="dotdot")))


def _claim(work: Work, positions: Sequence[int], written: Sequence[str], found: tuple[array[int], bytearray]) -> None:
    """One file answers one line of each list and algorithm; a better rung goes first, then the earlier line.

    Only the same name in the same package is the same line again. A line over several parts claims none of them.
    """
    lines, (file_nos, rungs) = work.form.lines, found
    claims: dict[tuple[str, str, bool], dict[int, int]] = {}
    numbers = {number: number_key(number) for number in set(map(work.package_no, positions))}
    several = len(set(numbers.values()) - {""}) > 1
    packages: dict[int, str] = {}                               # file → the package whose line it answers
    for rung in sorted(set(rungs)):
        bound = 0
        for at, position in enumerate(positions):
            file_no = file_nos[at]
            if rungs[at] != rung or file_no < 0:
                continue
            if several and (package := numbers[work.package_no(position)]) \
                    and packages.setdefault(file_no, package) != package:
                continue
            line = work.lines[position]
            key = lines.list_of(line), lines.algorithm(line), position in work.parts
            first = claims.setdefault(key, {}).setdefault(file_no, at)
            if first != at and relative(written[first]) != relative(written[at]):
                continue                                        # another name for a file that is answered for
            work.targets[position] = file_no
            bound += 1
        if bound:
            name = work.names.tree_name(rung)
            work.trees[name] = work.trees.get(name, 0) + bound


def bind_lost(work: Work) -> None:
    """Mark unbound lines whose name lost characters and may be that of a file which no line names."""
    lost = [(position, path) for position in work.pathed if work.targets[position] == UNBOUND
            and has_lost(path := work.place(position, work.path(position)))]
    if not lost:
        return
    taken = work.named.union(work.targets)
    free: dict[str, list[str]] = {}
    for file_no, path in enumerate(work.names.files.paths):
        if file_no not in taken:
            free.setdefault(skeleton(path), []).append(path)
    compared = 0
    for position, path in lost:
        near = free.get(skeleton(path), [])
        compared += len(near)
        # "…" leaves out any letters, so its skeleton says nothing; the digest will decide
        if "…" in path or compared > _COMPARED_AT_MOST or any(lost_agrees(path, other) for other in near):
            work.targets[position] = LOST_NAME
            work.lost[position] = path
