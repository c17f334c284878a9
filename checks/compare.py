"""Comparing: every line of the form against what was measured, after reading; every line ends in exactly one state.

Takes the form, its binding, the structure and the fixities; gives a `Comparison`. Names are settled already
(`bind.py`); only where nothing stands under a listed name is content looked for by digest. Unlisted files are told over
the whole carrier. Relies on `names.py` for litter. Source: contract "States of a form line"; domain §10.3-10.5.
"""
from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from carriers.model import Addressing, Files, Finding, Structure
from checks.bagit import payload_findings
from checks.bind import LOST_NAME, UNBOUND, UNSETTLED, UNTRUSTED, WHOLE_CARRIER, Binding, fits, says_size
from checks.encodings import undecodable
from checks.fixity import DIGEST_BYTES, Fixities, ReadState
from checks.form import Lines, Scope, SubmittedForm
from checks.names import is_digest_list, is_litter, lost_agrees, nfc, relative
from checks.normalise import declared_count
from checks.results import DIFFERS, EQUAL, MISSING, NOT_CHECKED, STATES, UNREADABLE, Results
from checks.spoken import knows_one_carrier
from checks.unseen import Unseen
from checks.verdict import CarrierDigest, Counts

_LIST_BYTES = 64 << 20          # a list of digests is no larger, whatever a file is called


@dataclass(frozen=True, slots=True)
class Comparison:
    """What became of the lines, and what is to be said of it.

    carrier_digest: the digest of the whole carrier over the range that a line matched, else over the first; None
    where no line asks for one. found: the carrier's findings again, with what they cost the form.
    """

    results: Results
    findings: tuple[Finding, ...]
    counts: Counts
    carrier_digest: CarrierDigest | None = None
    found: tuple[Finding, ...] = ()


def compare(form: SubmittedForm | None, binding: Binding, structure: Structure, fixities: Fixities,
            found: Iterable[Finding] = ()) -> Comparison:
    """Compare the bound lines with the measured digests.

    Args:    found: what is known of the carrier already; what could not be looked at is not missing.
    Raises: ValueError where the structure does not know its files.
    """
    if structure.files is None:
        raise ValueError("a comparison needs the files")
    work, unseen = _Work(form, binding, structure, fixities), Unseen(found)
    _compare_files(work, unseen)
    carrier_digest = _compare_carrier(work, unseen)
    _settle(work, unseen)
    unlisted = _tell_unlisted(work)
    _tell_not_run(work)
    _tell_weak(work)
    _tell_sizes(work)
    _tell_counts(work)
    _tell_totals(work)
    _tell_duplicates(work)
    if form is not None and form.bags:
        targets = dict(zip(binding.lines, work.results.targets, strict=True))
        work.findings += payload_findings(form, targets, work.files)
    states = Counter(work.results.states)
    counts = Counts(len(work.results), states[EQUAL], states[DIFFERS], states[MISSING], states[UNREADABLE],
                    states[NOT_CHECKED], unlisted, len(work.files), sum(work.files.sizes),
                    len(set(map(work.lines.package_no, binding.lines)) - {""}))
    whole_equal = any(work.results.states[p] == EQUAL for p in work.results.carrier_actuals)
    return Comparison(work.results, tuple(work.findings), counts, carrier_digest,
                      unseen.told(whole_equal=whole_equal))


class _Work:
    """What comparing has so far. places: (algorithm, digest) → files, for the digests that are looked for."""

    def __init__(self, form: SubmittedForm | None, binding: Binding, structure: Structure, fixities: Fixities
                 ) -> None:
        files = structure.files or Files()
        self.form = form
        self.binding = binding
        self.structure = structure
        self.files = files
        self.fixities = fixities
        self.lines = form.lines if form is not None else Lines()
        self.form_name = _last_name(form.file_name) if form is not None else ""
        self.form_digest = bytes.fromhex(form.sha256) if form is not None else b""
        self.list_digests = {bytes.fromhex(each.sha256) for each in form.lists} if form is not None else set()
        self.results = Results(self.lines, binding, files, fixities)
        self.answering = bytearray(len(files))              # files that answer a line, or are named by one
        self.unresolved: list[int] = []                     # positions that differ, or have no file
        self.not_run: dict[str, list[int]] = {}             # reason → positions
        self.findings: list[Finding] = []
        for file_nos in (binding.named, binding.targets):
            for file_no in file_nos:
                if 0 <= file_no < len(files):
                    self.answering[file_no] = 1

    def facts(self, position: int, **facts: str | int) -> dict[str, str | int]:
        """Facts of a finding about a line: its number, and the list that it stands in."""
        line = self.binding.lines[position]
        listed = self.lines.list_of(line)
        return {"line": self.lines.line_nos[line], **({"list": listed} if listed else {}), **facts}

    def path(self, position: int) -> str:
        """The file that a line is bound to; of joined files, as the form calls them."""
        target = self.results.targets[position]
        return self.files.paths[target] if 0 <= target < len(self.files) else self.written(position)

    def size(self, target: int) -> int:
        """The bytes of a file, or of files joined."""
        if target < len(self.files):
            return self.files.sizes[target]
        return sum(self.files.sizes[part] for part in self.binding.joined[target - len(self.files)])

    def written(self, position: int) -> str:
        line = self.binding.lines[position]
        return self.lines.paths[line] or self.lines.package_no(line)

    def place(self, position: int) -> str:
        """Where the path of a line would lie on the carrier, "" where it names none."""
        line = self.binding.lines[position]
        return self.binding.place(self.lines.list_of(line), self.lines.paths[line])

    def algorithm(self, position: int) -> str:
        return self.lines.algorithm(self.binding.lines[position])

    def expected(self, position: int) -> bytes:
        return self.lines.digests[self.binding.lines[position]]

    def is_form(self, file_no: int) -> bool:
        """Whether a file is the form itself, byte for byte."""
        return self.form_digest != b"" and self.fixities.digest(file_no, "sha256") == self.form_digest

    def is_reference(self, file_no: int) -> bool:
        """Whether a file is the form, or a list that was followed."""
        return self.is_form(file_no) or (
            bool(self.list_digests) and self.fixities.digest(file_no, "sha256") in self.list_digests)

    def not_run_for(self, position: int, reason: str) -> None:
        self.not_run.setdefault(reason, []).append(position)

    def find(self, code: str, path: str, **facts: str | int) -> None:
        self.findings.append(Finding(code, path, facts=facts))

    def find_of(self, position: int, code: str, path: str, **facts: str | int) -> None:
        """A finding about a line."""
        self.findings.append(Finding(code, path, facts=self.facts(position, **facts)))


# ------------------------------------------------------------------------------------------------------- lines

def _compare_files(work: _Work, unseen: Unseen) -> None:
    """The lines that are bound to a file, and those that cannot be checked at all."""
    results, fixities, lines = work.results, work.fixities, work.lines
    for position, target in enumerate(results.targets):
        if target >= 0:
            line = work.binding.lines[position]
            state = fixities.states[target]
            if state == ReadState.COMPLETE:
                actual = fixities.digest(target, lines.algorithm(line))
                if not actual:
                    work.not_run_for(position, "algorithm")
                elif actual == lines.digests[line]:
                    results.states[position] = EQUAL
                else:
                    results.states[position] = DIFFERS
                    work.unresolved.append(position)
            else:
                _not_complete(work, unseen, position, target)
        elif target in (UNBOUND, LOST_NAME):
            results.states[position] = MISSING
            work.unresolved.append(position)
        elif target == UNSETTLED:
            work.not_run_for(position, work.binding.unsettled.get(position, "ambiguous"))


def _not_complete(work: _Work, unseen: Unseen, position: int, target: int) -> None:
    """A bound file without digests: three answers, never one for another. An obstacle has its own finding already."""
    state = work.fixities.state(target)
    if state is ReadState.NOT_READ:
        joined = "parts-not-joined" if work.structure.growing is None else "parts-on-tape"
        work.not_run_for(position, "not-read" if target < len(work.files) else joined)
    elif state is ReadState.NOT_ATTEMPTED:
        work.not_run_for(position, "not-attempted")
    elif state is ReadState.NO_CONTENT:
        if work.files.obstacles.get(target) == "structure-damaged":
            work.results.states[position] = STATES.index(unseen.lose(work.files.paths[target]))
    else:
        work.results.states[position] = UNREADABLE
        path = work.path(position)
        code = "file-truncated" if state is ReadState.TRUNCATED else "file-unreadable"
        work.find_of(position, code, path, place=_place(path))


def _compare_carrier(work: _Work, unseen: Unseen) -> CarrierDigest | None:
    """The lines that speak of the whole carrier, or may do so; a match with any range is equal."""
    said: CarrierDigest | None = None
    results = work.results
    if not work.binding.either and WHOLE_CARRIER not in results.targets:
        return None
    for position, target in enumerate(results.targets):
        either = position in work.binding.either
        if not either and target != WHOLE_CARRIER:
            continue
        algorithm, expected = work.algorithm(position), work.expected(position).hex()
        measured = [CarrierDigest(algorithm, digest, range_bytes)
                    for (name, range_bytes), digest in work.fixities.carrier.items() if name == algorithm]
        equal = next((d for d in measured if d.digest == expected), None)
        said = equal or said or (measured[0] if measured else None)
        if either and (equal is None or results.states[position] == EQUAL):
            continue                                            # then the file's own answer stands
        package = work.lines.scope(work.binding.lines[position]) is Scope.PACKAGE
        if package and equal is None and (hidden := unseen.hide("")):
            results.states[position] = STATES.index(hidden)    # it may be the digest of a file that is not seen
            continue
        if equal is not None or measured:
            results.carrier_actuals[position] = (equal or measured[0]).digest
            results.states[position] = EQUAL if equal else DIFFERS
        else:
            folder = work.structure.addressing is Addressing.FILES
            work.not_run_for(position, "folder-digest" if folder else "carrier-digest")
        if results.states[position] == DIFFERS:
            work.find_of(position, "digest-mismatch", work.written(position), algorithm=algorithm, expected=expected,
                         actual=results.carrier_actuals[position], elsewhere="", reason="carrier", place="")
    return said


def _settle(work: _Work, unseen: Unseen) -> None:
    """Lines whose file differs or is not there: say where their content lies instead; let it answer if it may.

    Content is looked for elsewhere only where it is known that nothing stands under the listed name.
    """
    work.unresolved = [p for p in work.unresolved if work.results.states[p] != EQUAL]
    places = _places(work)
    moved: dict[tuple[str, str], int] = {}
    for lost in (True, False):                                  # a name that is known in part goes before none
        for position in work.unresolved:
            if work.results.states[position] == MISSING and (work.results.targets[position] == LOST_NAME) == lost:
                _answer_elsewhere(work, position, places, moved)
        if lost:
            _hide(work, unseen)
    for position in work.unresolved:
        if work.results.states[position] == DIFFERS:
            _tell_difference(work, position, places)
        elif work.results.states[position] == MISSING:
            _tell_missing(work, position)


def _hide(work: _Work, unseen: Unseen) -> None:
    """Lines without a file whose place could not be looked at are not missing."""
    for position in work.unresolved:
        if work.results.states[position] == MISSING:
            state = unseen.hide(work.place(position))
            if state is not None:
                work.results.states[position] = STATES.index(state)


def _places(work: _Work) -> dict[tuple[str, bytes], list[int]]:
    """Where the contents lie that unresolved lines want. Empty files prove nothing and are left out."""
    places: dict[tuple[str, bytes], list[int]] = {}
    for position in work.unresolved:
        places[work.algorithm(position), work.expected(position)] = []
    for algorithm in {name for name, _ in places}:
        column, width = work.fixities.columns.get(algorithm, b""), DIGEST_BYTES[algorithm]
        if not column:
            continue
        for file_no, size in enumerate(work.files.sizes):
            if size and work.fixities.states[file_no] == ReadState.COMPLETE:
                found = places.get((algorithm, bytes(column[file_no * width:(file_no + 1) * width])))
                if found is not None:
                    found.append(file_no)
    return places


def _answer_elsewhere(work: _Work, position: int, places: dict[tuple[str, bytes], list[int]],
                      moved: dict[tuple[str, str], int]) -> None:
    """Let a file that answers no line answer this one, if its content is the listed one.

    A name with lost characters: only a file that may bear it. CRC32 tells too little to find content by.
    """
    results, algorithm, expected = work.results, work.algorithm(position), work.expected(position)
    written, pattern = work.written(position), work.binding.lost.get(position)
    name = work.lines.package_no(work.binding.lines[position]), work.place(position)
    again = moved.get(name)                                     # the same name listed under another algorithm
    if again is not None:
        if work.fixities.digest(again, algorithm) == expected:
            results.targets[position], results.states[position] = again, EQUAL
        return
    if algorithm == "crc32" and pattern is None:
        return
    for file_no in places[algorithm, expected]:
        path = work.files.paths[file_no]
        if work.answering[file_no] or (pattern is not None and not lost_agrees(pattern, path)):
            continue
        guess = undecodable(work.files, file_no, name[1]) if pattern is None else {}
        work.answering[file_no], moved[name] = 1, file_no
        results.targets[position], results.states[position] = file_no, EQUAL
        work.find_of(position, "file-moved" if pattern is None and not guess else "form-name-lost", path,
                     listed=written, found=path, **guess)
        return


def _tell_difference(work: _Work, position: int, places: dict[tuple[str, bytes], list[int]]) -> None:
    file_no, algorithm, expected = work.results.targets[position], work.algorithm(position), work.expected(position)
    path, line = work.path(position), work.binding.lines[position]
    if _is_itself(work, position, file_no):
        _lists_itself(work, position, path)
        return
    elsewhere = next((work.files.paths[n] for n in places[algorithm, expected] if n != file_no), "")
    reason = "list" if work.lines.scope(line) is Scope.LIST else "elsewhere" if elsewhere else ""
    work.find_of(position, "digest-mismatch", path, algorithm=algorithm, expected=expected.hex(),
                 actual=work.fixities.digest(file_no, algorithm).hex(), elsewhere=elsewhere, reason=reason,
                 place=_place(path))


def _is_itself(work: _Work, position: int, file_no: int) -> bool:
    """Whether a line names the list that it stands in: that very file, or a copy of the form."""
    listed = work.lines.list_of(work.binding.lines[position])
    if file_no >= len(work.files):
        return False
    if listed:
        return _same_name(work.files.paths[file_no], listed)
    return work.is_form(file_no) or _last_name(work.files.paths[file_no]) == work.form_name


def _tell_missing(work: _Work, position: int) -> None:
    written = work.written(position)
    if _last_name(written) == work.form_name and not work.lines.list_of(work.binding.lines[position]):
        _lists_itself(work, position, written)
    else:
        work.find_of(position, "file-missing", written, place=_place(relative(written)))


def _lists_itself(work: _Work, position: int, path: str) -> None:
    """No list can hold its own digest: such a line says nothing."""
    work.results.states[position] = NOT_CHECKED
    work.find_of(position, "list-lists-itself", path)


def _same_name(path: str, other: str) -> bool:
    return nfc(path) == nfc(other)


def _last_name(path: str) -> str:
    return nfc(path).replace("\\", "/").rpartition("/")[2].casefold()


def _place(path: str) -> str:
    """Listed litter is judged more mildly."""
    return "litter" if is_litter(path) else ""


# ------------------------------------------------------------------------------------------- the whole carrier

def _tell_unlisted(work: _Work) -> int:
    """Files that no line names: unlisted, litter, or a list; empty files. Returns how many are unlisted."""
    said = len(work.results) > 0 and WHOLE_CARRIER not in work.results.targets
    unlisted = 0
    for file_no, path in enumerate(work.files.paths):
        empty = work.files.sizes[file_no] == 0 and file_no not in work.files.obstacles
        if work.answering[file_no] and not empty:
            continue
        litter = is_litter(path)
        if empty and not litter:
            work.find("file-empty", path)
        if work.answering[file_no]:
            continue
        if litter:
            work.find("file-litter", path)
        elif work.is_reference(file_no) or (is_digest_list(path) and work.files.sizes[file_no] <= _LIST_BYTES):
            work.find("form-on-carrier", path)
        elif said:
            work.find("file-unlisted", path, bytes=work.files.sizes[file_no])
            unlisted += 1
    return unlisted


def _tell_not_run(work: _Work) -> None:
    for reason, positions in sorted(work.not_run.items()):
        examples = "; ".join(map(work.written, positions[:3]))
        work.find("check-not-run", "", check="accuracy", reason=reason, lines=len(positions), examples=examples)


def _tell_weak(work: _Work) -> None:
    """Lines that have a CRC32 and nothing else."""
    if "crc32" not in work.lines.algorithms():
        return
    weak: Counter[tuple[int, str]] = Counter()
    strong = set()
    for position, target in enumerate(work.results.targets):
        if target != UNTRUSTED:
            key = (target, "" if target >= 0 else work.place(position) or work.written(position))
            if work.algorithm(position) == "crc32":
                weak[key] += 1
            else:
                strong.add(key)
    lines = sum(count for key, count in weak.items() if key not in strong)
    if lines:
        work.find("digest-weak", "", lines=lines)


def _tell_sizes(work: _Work) -> None:
    """Declared sizes of lines against their file, or against the carrier."""
    total = sum(work.files.sizes)
    whole = [work.structure.capacity_bytes, total, *sorted({r for _, r in work.fixities.carrier})]
    for position, target in enumerate(work.results.targets):
        declared = work.lines.declared_size(work.binding.lines[position])
        if not declared or (target < 0 and target != WHOLE_CARRIER) or not says_size(declared):
            continue
        if target in work.files.obstacles and not work.size(target):
            continue                                            # its size is lost with its content
        possible = [work.size(target)] if target >= 0 else whole
        if position in work.binding.either:
            possible += whole
        if not any(fits(declared, size) for size in possible):
            work.find_of(position, "form-size-differs", work.path(position), declared=declared, actual=possible[0])


def _tell_counts(work: _Work) -> None:
    """The carrier's row of the 载体目录 against the carrier, with or without litter."""
    row, sizes = work.binding.row, work.files.sizes
    if row is None or (row.file_count is None and row.byte_count is None):
        return
    content = [n for n, path in enumerate(work.files.paths) if not is_litter(path)]
    for what, declared, found in (("files", row.file_count, (len(sizes), len(content))),
                                  ("bytes", row.byte_count, (sum(sizes), sum(sizes[n] for n in content)))):
        if declared is not None and declared not in found:
            work.find("form-count-differs", "", what=what, reason=what, declared=declared, actual=found[1])


def _tell_totals(work: _Work) -> None:
    """The totals of the 情况表 against the only carrier it speaks of: all files, those that count, or all its bytes."""
    form, sizes = work.form, work.files.sizes
    if form is None or not sizes or len(work.results) < len(form.lines) or not knows_one_carrier(form):
        return
    content = [n for n, path in enumerate(work.files.paths) if not is_litter(path)]
    listed = [n for n, answers in enumerate(work.answering) if answers]
    whole = {work.structure.capacity_bytes, work.structure.volume_blocks * work.structure.block_bytes,
             *(r for _, r in work.fixities.carrier)}
    possible = {sum(sizes), *(sum(sizes[n] for n in some) for some in (content, listed)), *whole}
    in_bytes = declared_count(form.fields.get("byte_count", ""))
    for declared in (form.fields.get("declared_gb", ""), "" if in_bytes is None else f"{in_bytes}B"):
        if says_size(declared) and not any(fits(declared, size) for size in possible):
            work.find("form-size-differs", "", line=0, declared=declared, actual=sum(sizes), reason="total")
    count = declared_count(form.fields.get("file_count", ""))
    if count is not None and count not in (len(sizes), len(content), len(listed)):
        work.find("form-count-differs", "", what="files", declared=count, actual=len(content), reason="total")


def _tell_duplicates(work: _Work) -> None:
    """Files whose content is that of an earlier file elsewhere on the carrier."""
    column = work.fixities.columns.get("sha256")
    if not column:
        return
    heads = memoryview(column).cast("Q")[::4].tolist()          # the first eight bytes tell most apart
    whole = [n for n, size in enumerate(work.files.sizes) if size and work.fixities.states[n] == ReadState.COMPLETE]
    whole.sort(key=heads.__getitem__)                           # stable: within a content by file number
    found: list[tuple[int, int]] = []
    firsts: dict[tuple[bytes, int], int] = {}
    for before, file_no in zip(whole, whole[1:], strict=False):
        if heads[before] != heads[file_no]:
            firsts.clear()
            continue
        firsts.setdefault((work.fixities.digest(before, "sha256"), work.files.sizes[before]), before)
        first = firsts.setdefault((work.fixities.digest(file_no, "sha256"), work.files.sizes[file_no]), file_no)
        if first != file_no and work.files.extents(first) != work.files.extents(file_no):
            found.append((file_no, first))
    for file_no, first in sorted(found):
        work.find("file-duplicate", work.files.paths[file_no], first=work.files.paths[first])


# ------------------------------------------------------------------------------------- content, and no content

def content_sha256(structure: Structure, fixities: Fixities, *, with_paths: bool = True) -> str | None:
    """SHA-256 over the sorted lines `size sha256 path` of all files: UTF-8, NFC, LF at the end of each.

    Without paths the lines are `size sha256`: equal for the same content on other media or under other names.
    Returns: None where the content of a file was not had, or the files are not known. Source: domain §10.4.
    """
    files = structure.files
    if files is None or fixities.states.count(ReadState.COMPLETE, 0, len(files)) != len(files):
        return None
    digest = hashlib.sha256()
    for line in sorted(_content_lines(files, fixities, with_paths)):
        digest.update(line)
    return digest.hexdigest()


def _content_lines(files: Files, fixities: Fixities, with_paths: bool) -> Iterator[bytes]:
    for file_no, size in enumerate(files.sizes):
        line = f"{size} {fixities.digest(file_no, 'sha256').hex()}"
        if with_paths:
            line += f" {nfc(files.paths[file_no])}"
        yield line.encode("utf-8", "surrogatepass") + b"\n"
