"""Lists that stand for a form or complete one: digest lists on the carrier, a bag, a folder that holds lists only.

Takes the names and contents of a carrier (or a folder that was handed in), gives a `SubmittedForm` whose lines know the
list they stand in; before anything is compared. Lists are followed one level deep: what a list says of other lists is
compared, not followed. Relies on `form_of` for the layouts and on `bagit.py` for bags.
Source: contract FORM; domain §1.1 (「数字摘要」 may be a digest file), §10.1 (P4).
"""
from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from carriers.model import CONTENT_BYTES, CarrierId, Files, Finding, Structure
from checks.bagit import DECLARATION, is_tag_file, not_followed, read_bag
from checks.bind import Choice, bind
from checks.digest_list import MAX_LINES
from checks.form import (
    Bag,
    FormList,
    FormUnreadable,
    Lines,
    Scope,
    SubmittedForm,
    form_of,
    read_form,
    received,
    sha256_of,
)
from checks.names import Names, is_digest_list, is_litter
from checks.normalise import is_classified

LISTS_AT_MOST = 10_000
LISTS_BYTES = 256 << 20             # of all lists of one reference
_ENTRIES_AT_MOST = 100_000          # looked at in a folder that is handed in as a form

_Content = Callable[[str], bytes | str]     # of a path; or the word that says why it cannot be had


class Shelf(NamedTuple):
    """Where lists lie: the names of files, and their contents.

    content: file number → its bytes, None = not to be had. absent: the word for that ("unreadable", "not-kept").
    """

    structure: Structure
    content: Callable[[int], bytes | None]
    absent: str = "unreadable"

    @property
    def files(self) -> Files:
        return self.structure.files if self.structure.files is not None else Files()


# ------------------------------------------------------------------------------------------------ on the carrier

def lists_on(structure: Structure) -> list[str]:
    """The files of a carrier that are lists of digests, or declare a bag, by their names.

    Litter aside, and what lies in the payload of a bag: the bag's own manifests speak of that.
    """
    paths = structure.files.paths if structure.files is not None else []
    bags = [path.rpartition("/")[0] for path in paths if _declares(path)]
    payloads = tuple(f"{bag}/data/".lstrip("/") for bag in bags)
    inside = {*bags}
    return sorted((path for path in paths if _declares(path) or (
        is_digest_list(path) and not is_litter(path) and not path.startswith(payloads)
        and not (path.rpartition("/")[0] in inside and is_tag_file(path.rpartition("/")[2])))), key=_in_order)


def form_on(shelf: Shelf, wanted: str, marked: str) -> SubmittedForm:
    """The reference that lies on the carrier itself. wanted: a list, a directory with lists or a bag, "" = all.

    marked: what the form's name begins with, so that it is not taken for one that was handed in.
    Returns: of a list that cannot be read the finding `check-not-run`, never fewer lines without a word.
    Raises:  FormUnreadable: form-not-on-carrier; what `form_of` raises of the one list that is asked for by name.
    """
    files, wanted = shelf.files, wanted.strip("/")
    number = Names(shelf.structure).find(wanted)[0] if wanted else -1
    if number >= 0 and not _declares(files.paths[number]):
        return replace(_only(files.paths[number], _content_of(shelf, {files.paths[number]: number})),
                       file_name=marked + files.paths[number])
    within = wanted.rpartition("/")[0] if number >= 0 else wanted
    paths = [path for path in lists_on(shelf.structure) if not within or path.startswith(within + "/")]
    if not paths:
        raise FormUnreadable("form-not-on-carrier", file=wanted)
    bags = {path.rpartition("/")[0] for path in paths if _declares(path)}
    numbers = {path: file_no for file_no, path in enumerate(files.paths)
               if path.rpartition("/")[0] in bags and is_tag_file(path.rpartition("/")[2])}
    tags = list(numbers)
    chosen = set(paths)
    numbers.update((path, file_no) for file_no, path in enumerate(files.paths) if path in chosen)
    gathered = _Gathered()
    gathered.take(paths, tags, _content_of(shelf, numbers))
    return gathered.form(marked + wanted)


def followed(form: SubmittedForm, identity: CarrierId, shelf: Shelf, choice: Choice) -> SubmittedForm:
    """The form with the lines of every list on the carrier that it names (摘要对象: 摘要清单文件).

    A list that cannot be read is a `check-not-run`; its own line is compared like that of any file.
    """
    lines, asked = form.lines, dict[str, int]()
    binding = bind(form, identity, shelf.structure, replace(choice, root=None))
    if choice.root is not None and any(lines.scope(line) is Scope.LIST and target < 0 for line, target
                                       in zip(binding.lines, binding.targets, strict=True)):
        binding = bind(form, identity, shelf.structure, choice)
    gathered = _Gathered()
    gathered.lines.follow("", lines)
    for line, target in zip(binding.lines, binding.targets, strict=True):
        if lines.scope(line) is not Scope.LIST:
            continue
        if target >= 0:
            asked[shelf.files.paths[target]] = target
        else:
            gathered.findings.append(not_followed(lines.paths[line] or lines.package_no(line),
                                                  "untrusted" if line in lines.defects else "missing"))
    gathered.take(sorted(asked, key=_in_order), (), _content_of(shelf, asked))
    return replace(form, lines=gathered.lines, findings=(*form.findings, *gathered.findings),
                   lists=tuple(gathered.lists))


def _content_of(shelf: Shelf, numbers: dict[str, int]) -> _Content:
    """The content of a path, or the word that says why it cannot be had."""
    def content(path: str) -> bytes | str:
        if shelf.files.sizes[numbers[path]] > CONTENT_BYTES:
            return "too-large"
        raw = shelf.content(numbers[path])
        return shelf.absent if raw is None else raw
    return content


def _only(path: str, content: _Content) -> SubmittedForm:
    """The form that one file on the carrier is, with all that it says."""
    raw = content(path)
    if isinstance(raw, str):
        gathered = _Gathered()
        gathered.findings.append(not_followed(path, raw))
        return gathered.form(path.rpartition("/")[2])
    form = form_of(raw, path.rpartition("/")[2])
    lines = Lines()
    lines.follow(path, form.lines)
    findings = [_of_list(finding, path) for finding in form.findings]
    if _nests(form.lines):
        findings.append(not_followed(path, "nested"))
    return replace(form, lines=lines, findings=tuple(findings),
                   lists=(FormList(path, form.sha256, form.layout, len(form.lines), raw),))


def _declares(path: str) -> bool:
    """Whether a file is the declaration of a bag, at the root or one directory down."""
    return path.rpartition("/")[2].lower() == DECLARATION and path.count("/") <= 1


def _in_order(path: str) -> tuple[str, str]:
    directory, _, name = path.rpartition("/")
    return directory, name


# ------------------------------------------------------------------------------------------- a folder as a form

def read_reference(path: Path) -> SubmittedForm:
    """Read what was handed in: a form, the folder of a bag, or a folder that holds lists of digests and nothing else.

    Raises: FormUnreadable: as `read_form`, `read_bag`; form-folder-mixed.
    """
    if not path.is_dir():
        return read_form(path)
    top, lists = _folder(path)
    tags = [name for name in top if is_tag_file(name)]
    declared = [name for name in tags if name.lower() == DECLARATION]

    def content(name: str) -> bytes | str:
        return b"".join(received(path / name)[0])

    gathered = _Gathered(strict=True)
    gathered.take(declared or lists, tags, content)
    return gathered.form(path.resolve().name)


def _folder(path: Path) -> tuple[list[str], list[str]]:
    """The names of files at the top; the lists in it, none where it is a bag. Raises: FormUnreadable."""
    top: list[str] = []
    lists: list[str] = []
    other: list[str] = []
    queue, seen = [""], 0
    while queue:
        prefix = queue.pop()
        try:
            entries = sorted(os.scandir(path / prefix), key=lambda entry: entry.name)
        except OSError as error:
            raise FormUnreadable("form-denied", file=prefix or path.name) from error
        seen += len(entries)
        if seen > _ENTRIES_AT_MOST:
            raise FormUnreadable("form-bomb", file=path.name, limit=_ENTRIES_AT_MOST)
        for entry in entries:
            name = prefix + entry.name
            if entry.is_dir(follow_symlinks=False):
                queue.append(name + "/")
            elif not prefix and stat.S_ISREG(entry.stat(follow_symlinks=False).st_mode):
                top.append(name)
            if entry.is_file(follow_symlinks=False) and is_digest_list(name):
                lists.append(name)
            elif not entry.is_dir(follow_symlinks=False) and not is_litter(name):
                other.append(name)
        if not prefix and any(name.lower() == DECLARATION for name in top):
            return top, []
    if other or not lists:
        raise FormUnreadable("form-folder-mixed", file=path.name, examples="; ".join(other[:3]))
    return top, sorted(lists, key=_in_order)


# -------------------------------------------------------------------------------------------------- what they say

class _Gathered:
    """Lists as they are taken up, with all their lines. strict: what cannot be read is refused, not noted."""

    def __init__(self, *, strict: bool = False) -> None:
        self.lines = Lines()
        self.lists: list[FormList] = []
        self.bags: list[Bag] = []
        self.findings: list[Finding] = []
        self.level = ""
        self._strict = strict
        self._bytes = 0

    def take(self, paths: Sequence[str], tags: Iterable[str], content: _Content) -> None:
        """Take up lists, and the bags among them (tags: the files at the top of bags)."""
        for path in paths:
            directory, _, name = path.rpartition("/")
            if name.lower() == DECLARATION:
                self._bag(directory, [tag.rpartition("/")[2] for tag in tags if tag.rpartition("/")[0] == directory],
                          content)
                continue
            why = self._list(path, content)
            if why:
                self.findings.append(not_followed(path, why))

    def form(self, name: str) -> SubmittedForm:
        """All of it as one form, identified by its only list, or by the names and digests of all."""
        fields = {"security_level": self.level} if self.level else {}
        only = self.lists[0] if len(self.lists) == 1 and not self.bags else None
        layout = only.layout if only else "bag" if self.bags else "lists"
        return SubmittedForm(name, only.sha256 if only else sha256_of(names_of(self.lists)),
                             sum(len(each.content) for each in self.lists), layout, "", False, fields, (), self.lines,
                             tuple(self.findings), tuple(self.lists), tuple(self.bags))

    def _room(self, raw: bytes) -> bool:
        self._bytes += len(raw)
        return len(self.lists) < LISTS_AT_MOST and self._bytes <= LISTS_BYTES

    def _list(self, path: str, content: _Content) -> str:
        """Take up one list; "" or the word that says why it cannot be."""
        if len(self.lists) >= LISTS_AT_MOST:
            return "too-many"
        raw = content(path)
        if isinstance(raw, str):
            return raw
        if not self._room(raw):
            return "too-many"
        try:
            form = form_of(raw, path.rpartition("/")[2])
        except FormUnreadable as refusal:
            if self._strict:
                raise
            return refusal.code
        if len(self.lines) + len(form.lines) > MAX_LINES:
            return "too-many"
        self.lines.follow(path, form.lines)
        self.lists.append(FormList(path, form.sha256, form.layout, len(form.lines), raw))
        self.findings += [_of_list(f, path) for f in form.findings if f.code != "form-field-missing"]
        if is_classified(form.fields.get("security_level", "")):
            self.level = form.fields["security_level"]
        return "nested" if _nests(form.lines) else ""

    def _bag(self, directory: str, names: Iterable[str], content: _Content) -> None:
        def had(path: str) -> bytes | None:
            raw = content(path)
            return raw if isinstance(raw, bytes) and self._room(raw) else None

        bag = read_bag(directory, names, had)
        self.bags.append(bag.bag)
        self.findings += bag.findings
        for listed, lines in bag.lists:
            if len(self.lines) + len(lines) > MAX_LINES:
                self.findings.append(not_followed(listed.path, "too-many"))
                continue
            self.lines.follow(listed.path, lines)
            self.lists.append(listed)


def names_of(lists: Iterable[FormList]) -> bytes:
    """What identifies several lists together: the text `sha256  path` of each, by path; its SHA-256 is the form's."""
    return "".join(f"{each.sha256}  {each.path}\n" for each in sorted(lists)).encode("utf-8", "surrogatepass")


def _nests(lines: Lines) -> bool:
    return any(lines.scope(index) is Scope.LIST for index in range(len(lines)))


def _of_list(finding: Finding, path: str) -> Finding:
    return replace(finding, facts={**finding.facts, "list": path})
