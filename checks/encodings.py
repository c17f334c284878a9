"""Names whose encoding is not recorded: which of the encodings that they may be in is the one that the form names.

Takes a form, a structure and its findings; gives them again with the names so decoded. Before anything is read, by
names alone; the names as recorded stay with the files. Relies on nothing but the nouns.
Source: domain §10.3 (names); Rock Ridge and ISO 9660 record no encoding, a mastering tool wrote what its system used.
"""
from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from copy import copy
from dataclasses import replace

from carriers.model import NAME_ENCODINGS, Files, Finding, Structure, Tree
from checks.form import SubmittedForm
from checks.names import fold


def named_as_listed(form: SubmittedForm | None, structure: Structure, found: tuple[Finding, ...]
                    ) -> tuple[Structure, tuple[Finding, ...]]:
    """The structure with its guessed names in the encoding in which most of them stand on the form.

    One encoding for all of them; the guess of the carrier stays where no other names more, and for a name that the
    other cannot be. Findings follow the names.
    """
    files = structure.files
    if form is None or files is None or not files.raw_names:
        return structure, found
    guesses = {raw: text for pairs in _pairs(files) for raw, text in pairs if _is_guess(raw, text)}
    listed = {fold(name) for path in form.lines.paths for name in path.replace("\\", "/").split("/")}
    best, most = "", sum(fold(text) in listed for text in guesses.values())
    for encoding in NAME_ENCODINGS:
        count = sum(fold(_decoded(raw, encoding, "")) in listed for raw in guesses)
        if count > most:
            best, most = encoding, count
    if not best:
        return structure, found
    named = {raw: _decoded(raw, best, text) for raw, text in guesses.items()}
    return _renamed(structure, files, found, (best, named))


def undecodable(files: Files, file_no: int, path: str) -> dict[str, str]:
    """The reason why a listed path may be that of a file: its name is a guess, all other components are the same."""
    if file_no not in files.raw_names:
        return {}
    raws, shown, listed = files.raw_names[file_no].split(b"/"), files.paths[file_no].split("/"), path.split("/")
    may_be = len(raws) == len(shown) == len(listed) and all(
        _is_guess(raw, name) or fold(name) == fold(other) for raw, name, other in zip(raws, shown, listed, strict=True))
    return {"reason": "undecodable"} if may_be else {}


def _pairs(files: Files) -> Iterator[list[tuple[bytes, str]]]:
    """Of every file with a guessed name: its components as recorded and as shown."""
    for file_no, raw in files.raw_names.items():
        yield list(zip(raw.split(b"/"), files.paths[file_no].split("/"), strict=False))


def _is_guess(raw: bytes, text: str) -> bool:
    return raw != text.encode("utf-8", "surrogatepass")


def _decoded(raw: bytes, encoding: str, otherwise: str) -> str:
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError:
        return otherwise


def _renamed(structure: Structure, files: Files, found: Iterable[Finding], choice: tuple[str, Mapping[bytes, str]]
             ) -> tuple[Structure, tuple[Finding, ...]]:
    """Structure and findings under other names. choice: the encoding, and components as recorded → as shown now."""
    encoding, named = choice
    renamed, paths = copy(files), files.paths[:]
    place: dict[str, str] = {}                                  # paths of files and directories: before → now
    for file_no, pairs in zip(files.raw_names, _pairs(files), strict=True):
        before = after = ""
        for raw, text in pairs:
            before, after = f"{before}/{text}", f"{after}/{named.get(raw, text) if _is_guess(raw, text) else text}"
            place[before[1:]] = after[1:]
        paths[file_no] = after[1:]
    renamed.paths = paths
    trees = tuple(Tree(tree.name, paths if tree.paths is files.paths else
                       [paths[n] if path == files.paths[n] else path
                        for path, n in zip(tree.paths, tree.file_nos, strict=True)], tree.file_nos)
                  for tree in structure.trees)
    findings = tuple(_moved(finding, place, encoding) for finding in found)
    return replace(structure, files=renamed, trees=trees), findings


def _moved(finding: Finding, place: Mapping[str, str], encoding: str) -> Finding:
    path = place.get(finding.path, finding.path)
    if finding.code == "name-undecodable" and path != finding.path:
        return replace(finding, path=path, facts={**finding.facts, "encoding": encoding})
    return replace(finding, path=path)
