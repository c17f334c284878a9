"""Carriers, forms and measurements made by hand, for the tests of binding and comparing."""
from __future__ import annotations

import hashlib
import zlib
from collections.abc import Mapping, Sequence

from carriers.model import Addressing, CarrierId, CarrierKind, Extent, FileEntry, Files, Structure, Tree
from checks.bind import Binding, Choice, bind
from checks.compare import Comparison, compare
from checks.fixity import Fixities, ReadState
from checks.form import CarrierLine, DigestLine, Lines, Scope, SubmittedForm

FORM_SHA256 = hashlib.sha256(b"the form").hexdigest()
ALGORITHMS = ("md5", "sha1", "sha256", "crc32")


def digest(content: bytes, algorithm: str = "md5") -> str:
    if algorithm == "crc32":
        return f"{zlib.crc32(content):08x}"
    return hashlib.new(algorithm, content).hexdigest()


def structure_of(contents: Mapping[str, bytes], trees: Mapping[str, Sequence[str]] | None = None,
                 same_extents: Mapping[str, str] | None = None) -> Structure:
    """A disc of these files. trees: further names of the same files, in the same order, "" = not in that tree."""
    files, at = Files(), 16
    starts: dict[str, int] = {}
    for path, content in contents.items():
        start = starts[path] = starts.get((same_extents or {}).get(path, ""), at)
        files.add(FileEntry(path, b"", len(content), (Extent(start, len(content)),) if content else ()))
        at += 1 + len(content) // 2048
    shown = {"Joliet": list(contents)} if trees is None else trees
    return Structure(tuple(shown), Addressing.BLOCKS, 2048, at, at * 2048, at, files, tuple(
        Tree(name, [p for p in paths if p], [n for n, p in enumerate(paths) if p]) for name, paths in shown.items()))


def fixities_of(contents: Mapping[str, bytes], algorithms: Sequence[str] = ALGORITHMS,
                states: Mapping[str, ReadState] | None = None, carrier: bytes | None = None) -> Fixities:
    fixities = Fixities(tuple(algorithms), len(contents))
    for number, (path, content) in enumerate(contents.items()):
        state = (states or {}).get(path, ReadState.COMPLETE)
        if state is ReadState.COMPLETE:
            fixities.put(number, {name: bytes.fromhex(digest(content, name)) for name in algorithms})
        fixities.states[number] = state
    if carrier is not None:
        fixities.carrier = {("md5", len(carrier)): digest(carrier),
                            ("md5", len(carrier) + 4096): digest(carrier + b"+")}
    return fixities


def line(path: str, content: bytes = b"", package_no: str = "", *, algorithm: str = "md5", scope: Scope = Scope.FILE,
         size: str = "", defect: str = "") -> DigestLine:
    return DigestLine(0, package_no, path, scope, algorithm, "" if defect else digest(content, algorithm), size, defect)


def form_of(*lines: DigestLine, carriers: Sequence[CarrierLine] = (), fields: Mapping[str, str] | None = None,
            file_name: str = "list.xlsx", findings: tuple = (), is_workbook: bool = True) -> SubmittedForm:
    columns = Lines()
    for number, each in enumerate(lines, 1):
        columns.append(each._replace(line_no=number))
    return SubmittedForm(file_name, FORM_SHA256, 8, "workbook", "", is_workbook, fields or {}, tuple(carriers), columns,
                         findings)


def listing(contents: Mapping[str, bytes], prefix: str = "") -> SubmittedForm:
    return form_of(*(line(prefix + path, content) for path, content in contents.items()))


def disc(label: str = "资料", serial: str = "", kind: CarrierKind = CarrierKind.DISC) -> CarrierId:
    return CarrierId(kind, "", label, serial, 0, "")


def bound(form: SubmittedForm | None, structure: Structure, identity: CarrierId | None = None, **choice: object
          ) -> Binding:
    return bind(form, identity or disc(), structure, Choice(**choice))  # type: ignore[arg-type]


def compared(form: SubmittedForm | None, contents: Mapping[str, bytes], fixities: Fixities | None = None,
             **choice: object) -> Comparison:
    structure = structure_of(contents)
    return compare(form, bound(form, structure, **choice), structure, fixities or fixities_of(contents))


def told(findings: Sequence[object]) -> list[tuple[str, str, dict[str, object]]]:
    return [(f.code, f.path, dict(f.facts)) for f in findings]  # type: ignore[attr-defined]


def codes(findings: Sequence[object]) -> list[str]:
    return [f.code for f in findings]  # type: ignore[attr-defined]
