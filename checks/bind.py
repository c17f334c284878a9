"""Binding: which lines of a form speak of this carrier, and which file each of them names; before anything is read.

Takes the form, what the carrier says it is, its structure and what a person chose; gives a `Binding` that the journal
locks. Names and sizes decide, never digests. Relies on `names.py` for paths and on `spoken.py` for numbers of carriers.
Source: domain §10.1, §10.3; contract "Binding".
"""
from __future__ import annotations

import hashlib
import json
import unicodedata
from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from carriers.model import CarrierId, Finding, Structure
from checks.form import ALGORITHMS, LINES_SHOWN, CarrierLine, Scope, SubmittedForm
from checks.names import (
    Names,
    Root,
    RootOffset,
    choose_root,
    has_lost,
    is_litter,
    is_refused,
    literal_prefix,
    lost_agrees,
    relative,
    shown_prefix,
    skeleton,
)
from checks.normalise import is_catalogue_name, size_agrees
from checks.spoken import Spoken, label_findings, number_key, spoken_lines

# What a line is bound to where it is not a file.
UNBOUND = -1            # nothing stands under its name
WHOLE_CARRIER = -2
LOST_NAME = -3          # its name lost characters: settled by digest, in its directory
UNTRUSTED = -4          # the line has a defect
UNSETTLED = -5          # what its digest covers cannot be computed in one pass, or is not to be told

_COMPARED_AT_MOST = 1_000_000       # names with lost characters against names of files


@dataclass(frozen=True, slots=True)
class Choice:
    """What a person chose on the command line. root: drop so many leading components, prepend this directory."""

    carrier_no: str = ""
    anchor: str = ""
    root: tuple[int, str] | None = None
    profile: str = "backup"
    form_on_carrier: bool = False


@dataclass(frozen=True, slots=True)
class Binding:
    """The lines of one carrier and what each is bound to. Columns run in step: targets[i] belongs to lines[i].

    lines: indices into the form's lines. targets: a file number, or one of the negative constants. left: lines that
    name no carrier and are not found here; the decision asks all carriers for them. lost: position → path under the
    root offset. either: positions whose digest may be the file's or the whole carrier's. named: files that a line
    names which cannot be checked: they are not unlisted, and answer no other line. row: this carrier's row of the
    载体目录. trees: in which tree names were found, counted. root_offset: as it is shown; offset: as it is applied.
    sha256: of all that decides a comparison.
    """

    anchor: str
    lines: array[int]
    targets: array[int]
    left: array[int] = field(default_factory=lambda: array("q"))
    lost: Mapping[int, str] = field(default_factory=dict)
    either: frozenset[int] = frozenset()
    named: frozenset[int] = frozenset()
    carrier_no: str = ""
    set_code: str = ""
    row: CarrierLine | None = None
    trees: Mapping[str, int] = field(default_factory=dict)
    root_offset: Mapping[str, str] = field(default_factory=lambda: {"dropped": "", "prepended": ""})
    offset: RootOffset = RootOffset()
    file_algorithms: tuple[str, ...] = ("md5", "sha256")
    carrier_algorithms: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    sha256: str = ""


def bind(form: SubmittedForm | None, identity: CarrierId, structure: Structure, choice: Choice) -> Binding:
    """Bind a form to one carrier, by numbers, names and sizes.

    Without a form MD5 and SHA-256 are computed, so that a later form can be compared without reading again.
    Raises: ValueError where only reading will tell the files.
    """
    anchor = "P5" if form is None else choice.anchor or ("P4" if choice.form_on_carrier else "P3")
    names = Names(structure)
    findings = _anchor_findings(anchor)
    if form is None:
        findings += label_findings(identity, choice.carrier_no, ())
        return Binding(anchor, array("q"), array("q"), carrier_no=choice.carrier_no, findings=tuple(findings),
                       sha256=_sha256(anchor, "", choice.carrier_no))
    spoken, apart = _with_catalogue(form, names, spoken_lines(form, identity, choice.carrier_no, names))
    work = _Work(form, names, spoken)
    _sort_out(work)
    root = _bind_paths(work, choice.root)
    _bind_packages(work)
    _bind_lost(work)
    _leave(work)
    dropped, root_findings = _root_said(work, root, choice.root is not None)
    file_algorithms, carrier_algorithms = _algorithms(work)
    findings += [*spoken.findings, *apart, *work.findings, *root_findings, *_form_findings(work)]
    said = {"dropped": dropped, "prepended": root.offset.prepend}
    return Binding(anchor, work.lines, work.targets, work.left, work.lost, frozenset(work.either),
                   frozenset(work.named), spoken.carrier_no, spoken.set_code, spoken.row, work.trees, said, work.offset,
                   file_algorithms, carrier_algorithms, tuple(findings),
                   _sha256(anchor, form.sha256, spoken.carrier_no, work.lines, work.targets, sorted(work.named),
                           sorted(work.lost.items()), sorted(work.either), said))


class _Work:
    """What binding has so far; `positions` are indices into `lines` and `targets`."""

    def __init__(self, form: SubmittedForm, names: Names, spoken: Spoken) -> None:
        self.form = form
        self.names = names
        self.spoken = spoken
        self.lines = spoken.lines
        self.targets = array("q", [UNBOUND]) * len(self.lines)
        self.left = spoken.left
        self.pathed: Sequence[int] = ()             # positions that name a file
        self.packages: list[int] = []               # positions that name a package only
        self.doubtful: list[int] = []               # positions with a path that cannot be checked
        self.lost: dict[int, str] = {}
        self.either: set[int] = set()
        self.named: set[int] = set()
        self.trees: dict[str, int] = {}
        self.offset = RootOffset()
        self.findings: list[Finding] = []

    def path(self, position: int) -> str:
        return self.form.lines.paths[self.lines[position]]

    def package_no(self, position: int) -> str:
        return self.form.lines.package_no(self.lines[position])

    def line_no(self, position: int) -> int:
        return self.form.lines.line_nos[self.lines[position]]


def _with_catalogue(form: SubmittedForm, names: Names, spoken: Spoken) -> tuple[Spoken, list[Finding]]:
    """The lines with those of the 目录 package that lies here after all, by a file of its own that says what it is.

    Any other file of that name is the physical package, another object: such a line is not compared with it, and the
    verdict says that it does not speak of it (domain §6.8).
    """
    lines = form.lines
    if not lines.has_scope(Scope.CATALOGUE):
        return spoken, []
    here, apart = list[int](), list[int]()
    listed = [line for line in range(len(lines)) if lines.scope(line) is Scope.CATALOGUE]
    bearers = names.packages(set(map(lines.package_no, listed)))
    for line in listed:
        path = relative(lines.paths[line])
        files = [names.find(path)[0]] if path else bearers.get(lines.package_no(line), [])
        own = len(files) == 1 and files[0] >= 0 and is_catalogue_name(names.files.paths[files[0]])
        (here if own else apart).append(line)
    if here:
        spoken = replace(spoken, lines=array("q", sorted([*spoken.lines, *here])))
    if not apart:
        return spoken, []
    shown = "、".join(dict.fromkeys(lines.paths[line] or lines.package_no(line) for line in apart[:LINES_SHOWN]))
    numbers = ",".join(str(lines.line_nos[line]) for line in apart[:LINES_SHOWN])
    return spoken, [Finding("form-catalogue-apart", facts={
        "lines": numbers, "count": len(apart), "content": shown, "indexes": ",".join(map(str, apart))})]


def _sort_out(work: _Work) -> None:
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
        elif scope is Scope.PARTS:
            work.targets[position] = UNSETTLED
            work.doubtful.append(position)
        elif lines.paths[line]:
            pathed.append(position)
        elif scope is Scope.LIST or not work.package_no(position):
            work.targets[position] = UNSETTLED
        else:
            work.packages.append(position)
    work.pathed = pathed


# ------------------------------------------------------------------------------------------------------- paths

def _bind_paths(work: _Work, forced: tuple[int, str] | None) -> Root:
    """Bind every line that names a file; as the list stands if that binds all, else under one root offset."""
    written = [work.path(p) for p in work.pathed]
    rungs = bytearray(len(written))
    root = Root(RootOffset(), len(written), len(written), True)
    file_nos = work.names.find_as_written(written)
    if forced is not None or file_nos.count(UNBOUND):
        paths = list(map(relative, written))
        if forced is not None:
            root = root._replace(offset=RootOffset(forced[0], relative(forced[1])))
        else:
            _find(work.names, paths, root.offset, file_nos, rungs)
            root = _choose(work, paths, file_nos)
        if root.offset != RootOffset():
            file_nos, rungs = array("q", [UNBOUND]) * len(written), bytearray(len(written))
            _find(work.names, paths, root.offset, file_nos, rungs)
    work.offset = root.offset
    _refuse_climbing(work, written)
    _claim(work, written, file_nos, rungs)
    for position in work.doubtful:
        if work.path(position):
            file_no = work.names.find(work.offset.apply(relative(work.path(position))))[0]
            work.named.update([file_no] if file_no >= 0 else ())
    return root


def _find(names: Names, paths: Sequence[str], offset: RootOffset, file_nos: array[int], rungs: bytearray) -> None:
    """Fill in the files of relative paths that are not found yet."""
    names.find_all(paths if offset == RootOffset() else list(map(offset.apply, paths)), file_nos, rungs)


def _choose(work: _Work, paths: Sequence[str], file_nos: array[int]) -> Root:
    sizes = work.names.files.sizes
    declared = {}
    for position, path in zip(work.pathed, paths, strict=True):
        if size := work.form.lines.declared_size(work.lines[position]):
            declared[path] = size
    taken: set[int] = set()
    missed: dict[str, bool] = {}                                # path → whether no file is its own
    for path, file_no in zip(paths, file_nos, strict=True):
        if path and path not in missed:
            missed[path] = file_no < 0 or file_no in taken
            taken.add(file_no)
    return choose_root(work.names, list(missed), [path for path, has_none in missed.items() if has_none],
                       lambda path, file_no: fits(declared.get(path, ""), sizes[file_no]))


def fits(declared: str, size_bytes: int) -> bool:
    """Whether a size as written is this one; a text without a number says nothing and fits nothing."""
    if declared in (f"{size_bytes}B", str(size_bytes)):
        return True
    return says_size(declared) and size_agrees(declared, size_bytes) != ""


def says_size(declared: str) -> bool:
    """Whether a size as written has a number."""
    return any(map(str.isdecimal, declared if declared.isascii() else unicodedata.normalize("NFKC", declared)))


def _refuse_climbing(work: _Work, written: Iterable[str]) -> None:
    for position, path in zip(work.pathed, written, strict=True):
        if ".." in path and is_refused(path):
            work.targets[position] = UNTRUSTED
            work.findings.append(Finding("form-line-malformed", path, facts={
                "line": work.line_no(position), "content": path[:200], "reason": "dotdot"}))


def _claim(work: _Work, written: Sequence[str], file_nos: array[int], rungs: bytearray) -> None:
    """One file answers one line of each algorithm; a better rung goes first, then the earlier line.

    Only the same name in the same package is the same line again.
    """
    lines, count = work.form.lines, len(work.names.files)
    claims: dict[str, array[int]] = {}
    numbers = {number: number_key(number) for number in set(map(work.package_no, work.pathed))}
    several = len(set(numbers.values()) - {""}) > 1
    packages: dict[int, str] = {}                               # file → the package whose line it answers
    for rung in sorted(set(rungs)):
        found = 0
        for at, position in enumerate(work.pathed):
            file_no = file_nos[at]
            if rungs[at] != rung or file_no < 0:
                continue
            if several and (package := numbers[work.package_no(position)]) \
                    and packages.setdefault(file_no, package) != package:
                continue
            algorithm = lines.algorithm(work.lines[position])
            claimed = claims.get(algorithm)
            if claimed is None:
                claimed = claims[algorithm] = array("q", [-1]) * count
            first = claimed[file_no]
            if first < 0:
                claimed[file_no] = at
            elif relative(written[first]) != relative(written[at]):
                continue                                        # another name for a file that is answered for
            work.targets[position] = file_no
            found += 1
        if found:
            name = work.names.tree_name(rung)
            work.trees[name] = work.trees.get(name, 0) + found


def _bind_lost(work: _Work) -> None:
    """Mark unbound lines whose name lost characters and may be that of a file which no line names."""
    lost = [(position, path) for position in work.pathed if work.targets[position] == UNBOUND
            and has_lost(path := work.offset.apply(relative(work.path(position))))]
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


# ---------------------------------------------------------------------------------------------------- packages

def _bind_packages(work: _Work) -> None:
    """Bind lines that name no file: to the file called like the package, to the only file, else to the carrier.

    Of several packages without files of their names none is the whole carrier: their content is looked for instead.
    """
    numbers = Counter(work.package_no(p) for p in work.packages)
    bearers = work.names.packages([*numbers, *(work.package_no(p) for p in work.doubtful)])
    paths = work.names.files.paths
    any_file = any(bearers.get(number) for number in numbers)
    content = None if any_file or len(numbers) != 1 else _only_file(paths)
    for position in work.packages:
        number = work.package_no(position)
        files = bearers[number]
        if len(files) == 1:
            work.targets[position] = files[0]
        elif files:
            work.targets[position] = UNSETTLED
            work.named.update(files)
        elif content is not None:
            work.targets[position] = content
            work.either.add(position)
        elif work.spoken.is_number_of_carrier(number) or (not any_file and len(numbers) == 1):
            work.targets[position] = WHOLE_CARRIER
    for position in work.doubtful:
        work.named.update(bearers.get(work.package_no(position), ()))
        work.named.update(_parts_of(work, position))


def _only_file(paths: Sequence[str]) -> int | None:
    content = []
    for file_no, path in enumerate(paths):
        if not is_litter(path):
            content.append(file_no)
            if len(content) > 1:
                return None
    return content[0] if content else None


def _parts_of(work: _Work, position: int) -> Iterable[int]:
    """The files that are parts of a line over parts: `name.001`, `name.z01`, `name.part1.rar`."""
    line = work.lines[position]
    if work.form.lines.scope(line) is not Scope.PARTS:
        return ()
    stem = (work.offset.apply(relative(work.path(position))) or work.package_no(position)).rsplit(".", 1)[0]
    return [file_no for file_no, path in enumerate(work.names.files.paths) if path.startswith(stem + ".")]


# ---------------------------------------------------------------------------------------------------- the rest

def _leave(work: _Work) -> None:
    """Leave to the decision the lines that name no carrier and no file of this one: they may lie on another."""
    if not work.spoken.perhaps:
        return
    stays = [p for p, line in enumerate(work.lines)
             if line not in work.spoken.perhaps or work.targets[p] >= 0 or work.targets[p] == UNTRUSTED]
    place = {old: new for new, old in enumerate(stays)}
    staying = set(stays)
    work.left.extend(line for p, line in enumerate(work.lines) if p not in staying)
    work.lost = {place[p]: path for p, path in work.lost.items() if p in place}
    work.either = {place[p] for p in work.either if p in place}
    work.lines = array("q", [work.lines[p] for p in stays])
    work.targets = array("q", [work.targets[p] for p in stays])


def _root_said(work: _Work, root: Root, forced: bool) -> tuple[str, list[Finding]]:
    """What of the listed paths was not compared, and the findings about it."""
    paths = [work.form.lines.paths[line] for line, target in zip(work.lines, work.targets, strict=True)
             if target != UNTRUSTED and work.form.lines.paths[line]]
    if root.rivals:
        rival = root.rivals[0]
        shown = "; ".join(f"{p} → {o.apply(relative(p))}" for p in paths[:1] for o in root.rivals[:3])
        return _dropped(paths, 0), [_unconfirmed(_dropped(paths, rival.drop), rival, root, shown)]
    dropped = _dropped(paths, root.offset.drop)
    if not root.settled:
        shown = "; ".join(f"{p} → {root.offset.apply(relative(p))}" for p in paths[:3])
        return dropped, [_unconfirmed(dropped, root.offset, root, shown)]
    if dropped or root.offset.prepend or (forced and root.offset != RootOffset()):
        return dropped, [Finding("path-root-shifted", facts={"dropped": dropped, "prepended": root.offset.prepend})]
    return dropped, []


def _unconfirmed(dropped: str, offset: RootOffset, root: Root, examples: str) -> Finding:
    return Finding("path-root-unconfirmed", facts={
        "dropped": dropped, "prepended": offset.prepend, "bound": root.bound, "listed": root.listed,
        "examples": examples, "root": f"{offset.drop}:{offset.prepend}", "reason": "rivals" if root.rivals else ""})


def _dropped(paths: Sequence[str], drop: int) -> str:
    """What is left out of the paths as written, each way of writing it once, at most three."""
    prefixes: dict[str, None] = {}
    last = ""
    for path in paths:
        if (last and path.startswith(last)) or not (drop or path[1:2] == ":" or path[0] in "\\/"):
            continue
        last = literal_prefix(path, drop)
        prefixes[shown_prefix(last)] = None
        if len(prefixes) > 3:
            break
    return " | ".join([p for p in prefixes if p][:3])


def _algorithms(work: _Work) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The algorithms needed of every file (SHA-256 always) and of the whole carrier."""
    lines = work.form.lines
    if not work.lines:
        files, whole = set(lines.algorithms()), set[str]()
    else:
        whole = {lines.algorithm(line) for p, (line, target) in enumerate(zip(work.lines, work.targets, strict=True))
                 if target == WHOLE_CARRIER or p in work.either}
        files = {lines.algorithm(line) for p, (line, target) in enumerate(zip(work.lines, work.targets, strict=True))
                 if target not in (WHOLE_CARRIER, UNTRUSTED)}
    ordered = [name for name in ALGORITHMS if name]
    return (tuple(a for a in ordered if a in files or a == "sha256"), tuple(a for a in ordered if a in whole))


def _anchor_findings(anchor: str) -> list[Finding]:
    if anchor == "P4":
        return [Finding("reference-on-carrier-only")]
    if anchor == "P5":
        return [Finding("check-not-run", facts={"check": "accuracy", "reason": "no-form"})]
    return []


def _form_findings(work: _Work) -> Iterable[Finding]:
    """The form's own findings, those about lines of other carriers left out."""
    found = work.form.findings
    if len(work.lines) < len(work.form.lines):
        mine = {str(work.form.lines.line_nos[line]) for line in work.lines}
        # "line": one; "lines": several of one name, "3,7"
        found = tuple(f for f in found if "line" not in f.facts and "lines" not in f.facts
                      or str(f.facts.get("line", f.facts.get("lines"))).split(",")[0] in mine)
    yield from found
    if work.lines or work.spoken.findings_say_why or any(f.code == "form-no-lines" for f in found):
        return
    reason = "none-here" if work.form.lines else "empty"
    yield Finding("form-no-lines", facts={"reason": reason, "label": work.spoken.carrier_no, "choices": ""})


def _sha256(*parts: object) -> str:
    """Identity of a binding; arrays as the bytes they are, all else as JSON."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part if isinstance(part, array) else json.dumps(part).encode())
        digest.update(b"\n")
    return digest.hexdigest()
