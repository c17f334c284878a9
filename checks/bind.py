"""Binding: which lines of a form speak of this carrier, and which file each of them names; before anything is read.

Takes the form, what the carrier says it is, its structure and what a person chose; gives a `Binding` that the journal
locks. Names and sizes decide, never digests. Relies on `names.py` for paths and on `spoken.py` for numbers of carriers.
Source: domain §10.1, §10.3; contract "Binding".
"""
from __future__ import annotations

import hashlib
import json
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from carriers.model import CarrierId, Finding, Structure
from checks.bind_packages import bind_packages, join_parts
from checks.bind_paths import (
    LOST_NAME,
    UNBOUND,
    UNSETTLED,
    UNTRUSTED,
    WHOLE_CARRIER,
    Rooted,
    Work,
    bind_lost,
    bind_paths,
    fits,
    home_of,
    says_size,
    sort_out,
)
from checks.form import ALGORITHMS, LINES_SHOWN, CarrierLine, Scope, SubmittedForm
from checks.names import Names, RootOffset, literal_prefix, relative, shown_prefix
from checks.normalise import is_catalogue_name
from checks.spoken import Spoken, label_findings, spoken_lines

__all__ = ["LOST_NAME", "UNBOUND", "UNSETTLED", "UNTRUSTED", "WHOLE_CARRIER", "Binding", "Choice", "bind", "fits",
           "says_size"]


@dataclass(frozen=True, slots=True)
class Choice:
    """What a person chose on the command line. root: drop so many leading components, prepend this directory.

    lists: the reference lies on the carrier: the list of this name, those of this directory, "" = all; None = no.
    """

    carrier_no: str = ""
    anchor: str = ""
    root: tuple[int, str] | None = None
    profile: str = "backup"
    form_on_carrier: bool = False
    lists: str | None = None


@dataclass(frozen=True, slots=True)
class Binding:
    """The lines of one carrier and what each is bound to. Columns run in step: targets[i] belongs to lines[i].

    lines: indices into the form's lines. targets: a file number, or one of the negative constants. left: lines that
    name no carrier and are not found here; the decision asks all carriers for them. lost: position → path under the
    root offset. either: positions whose digest may be the file's or the whole carrier's. named: files that a line
    names which cannot be checked, or as one of several: they are not unlisted, and answer no other line. joined:
    files that are one package together, numbered as targets after all files. unsettled: position → why its files
    cannot be told. row: this carrier's row of the 载体目录. trees: in which tree names were found, counted.
    root_offset: of the form's own lines (else of its first list) as it is shown; offsets: as they are applied, by
    what lists have in common. sha256: of all that decides a comparison.
    """

    anchor: str
    lines: array[int]
    targets: array[int]
    left: array[int] = field(default_factory=lambda: array("q"))
    lost: Mapping[int, str] = field(default_factory=dict)
    either: frozenset[int] = frozenset()
    named: frozenset[int] = frozenset()
    joined: tuple[tuple[int, ...], ...] = ()
    unsettled: Mapping[int, str] = field(default_factory=dict)
    carrier_no: str = ""
    set_code: str = ""
    row: CarrierLine | None = None
    trees: Mapping[str, int] = field(default_factory=dict)
    root_offset: Mapping[str, str] = field(default_factory=lambda: {"dropped": "", "prepended": ""})
    offsets: Mapping[str, RootOffset] = field(default_factory=dict)
    file_algorithms: tuple[str, ...] = ("md5", "sha256")
    carrier_algorithms: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    sha256: str = ""

    def place(self, listed: str, path: str) -> str:
        """Where a path of a list ("" = the form itself) would lie on the carrier."""
        return self.offsets.get(home_of(listed), RootOffset()).apply(relative(path))


def bind(form: SubmittedForm | None, identity: CarrierId, structure: Structure, choice: Choice) -> Binding:
    """Bind a form to one carrier, by numbers, names and sizes.

    Without a form MD5 and SHA-256 are computed, so that a later form can be compared without reading again.
    Raises: ValueError where only reading will tell the files.
    """
    on_carrier = choice.form_on_carrier or choice.lists is not None
    anchor = "P5" if form is None else choice.anchor or ("P4" if on_carrier else "P3")
    names = Names(structure)
    findings = _anchor_findings(anchor)
    if form is None:
        findings += label_findings(identity, choice.carrier_no, ())
        return Binding(anchor, array("q"), array("q"), carrier_no=choice.carrier_no, findings=tuple(findings),
                       sha256=_sha256(anchor, "", choice.carrier_no))
    spoken, apart = _with_catalogue(form, names, spoken_lines(form, identity, choice.carrier_no, names))
    work = Work(form, names, spoken)
    sort_out(work)
    bind_paths(work, choice.root)
    join_parts(work)
    bind_packages(work)
    bind_lost(work)
    _leave(work)
    said, of_roots = {"dropped": "", "prepended": ""}, list[Finding]()
    for number, rooted in enumerate(work.roots.values()):
        dropped, root_findings = _root_said(work, rooted, choice.root is not None)
        of_roots += root_findings
        if not number:
            said = {"dropped": dropped, "prepended": rooted.root.offset.prepend}
    file_algorithms, carrier_algorithms = _algorithms(work)
    findings += [*spoken.findings, *apart, *work.findings, *of_roots, *_form_findings(work)]
    offsets = {home: rooted.root.offset for home, rooted in work.roots.items()}
    joined = tuple(work.joined)
    return Binding(anchor, work.lines, work.targets, work.left, work.lost, frozenset(work.either),
                   work.named, joined, work.unsettled, spoken.carrier_no, spoken.set_code, spoken.row,
                   work.trees, said, offsets, file_algorithms, carrier_algorithms, tuple(findings),
                   _sha256(anchor, form.sha256, [each.sha256 for each in form.lists], spoken.carrier_no, work.lines,
                           work.targets, sorted(work.named), sorted(work.lost.items()), sorted(work.either), joined,
                           sorted(offsets.items())))


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


def _leave(work: Work) -> None:
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
    work.named_by = {place[p]: files for p, files in work.named_by.items() if p in place}
    work.unsettled = {place[p]: reason for p, reason in work.unsettled.items() if p in place}
    work.roots = {home: rooted._replace(positions=[place[p] for p in rooted.positions if p in place])
                  for home, rooted in work.roots.items()}
    work.lines = array("q", [work.lines[p] for p in stays])
    work.targets = array("q", [work.targets[p] for p in stays])


def _root_said(work: Work, rooted: Rooted, forced: bool) -> tuple[str, list[Finding]]:
    """What of the paths of a list was not compared, and the findings about it."""
    root = rooted.root
    paths = [path for p in rooted.positions if work.targets[p] != UNTRUSTED
             and (path := work.form.lines.paths[work.lines[p]])]
    if root.rivals:
        rival = root.rivals[0]
        shown = "; ".join(f"{p} → {o.apply(relative(p))}" for p in paths[:1] for o in root.rivals[:3])
        return _dropped(paths, 0), [_unconfirmed(_dropped(paths, rival.drop), rival, rooted, shown)]
    dropped = _dropped(paths, root.offset.drop)
    if not root.settled:
        shown = "; ".join(f"{p} → {root.offset.apply(relative(p))}" for p in paths[:3])
        return dropped, [_unconfirmed(dropped, root.offset, rooted, shown)]
    usual = RootOffset(0, home_of(rooted.listed).lstrip("/"))
    if root.offset != usual and (root.offset.prepend or forced) or dropped:
        facts = {"dropped": dropped, "prepended": root.offset.prepend, "reason": _way(dropped, root.offset)}
        return dropped, [Finding("path-root-shifted", facts=_of_list(rooted, facts))]
    return dropped, []


def _unconfirmed(dropped: str, offset: RootOffset, rooted: Rooted, examples: str) -> Finding:
    root = rooted.root
    return Finding("path-root-unconfirmed", facts=_of_list(rooted, {
        "dropped": dropped, "prepended": offset.prepend, "bound": root.bound, "listed": root.listed,
        "examples": examples, "root": f"{offset.drop}:{offset.prepend}",
        "reason": "rivals" if root.rivals else _way(dropped, offset)}))


def _way(dropped: str, offset: RootOffset) -> str:
    """How a root is spoken of: folders of the list stand for the carrier's root, or the list begins within one."""
    return "top" if not offset.prepend else "" if dropped else "within"


def _of_list(rooted: Rooted, facts: Mapping[str, str | int]) -> dict[str, str | int]:
    return {**facts, "list": rooted.listed} if rooted.listed else dict(facts)


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


def _algorithms(work: Work) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The algorithms needed of every file (SHA-256 always) and of the whole carrier."""
    lines = work.form.lines
    if not work.lines:
        files, whole = set(lines.algorithms()), set[str]()
    else:
        whole = {lines.algorithm(line) for p, (line, target) in enumerate(zip(work.lines, work.targets, strict=True))
                 if target == WHOLE_CARRIER or p in work.either}
        files = {lines.algorithm(line) for line, target in zip(work.lines, work.targets, strict=True)
                 if target not in (WHOLE_CARRIER, UNTRUSTED)}
    ordered = [name for name in ALGORITHMS if name]
    return (tuple(a for a in ordered if a in files or a == "sha256"), tuple(a for a in ordered if a in whole))


def _anchor_findings(anchor: str) -> list[Finding]:
    if anchor == "P4":
        return [Finding("reference-on-carrier-only")]
    if anchor == "P5":
        return [Finding("check-not-run", facts={"check": "accuracy", "reason": "no-form"})]
    return []


def _form_findings(work: Work) -> Iterable[Finding]:
    """The form's own findings, those about lines of other carriers left out."""
    found = work.form.findings
    if len(work.lines) < len(work.form.lines):
        mine = {(work.form.lines.list_of(line), str(work.form.lines.line_nos[line])) for line in work.lines}
        # "line": one; "lines": several of one name, "3,7"
        found = tuple(f for f in found if "line" not in f.facts and "lines" not in f.facts
                      or (f.facts.get("list", ""), str(f.facts.get("line", f.facts.get("lines"))).split(",")[0])
                      in mine)
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
