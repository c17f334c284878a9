"""Audit: is everything that the station ever said still what it said?

Takes a home, gives every break with its place; relies on nothing but the files. Writes nothing. Asked both ways: is
what a line vouches for still so, and does a line speak of everything that is there. Every head of the chain that is
printed on a paper kept here, signed in a line, or given by a person must be the hash of a line.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from cryptography import x509

from station.evidence import certificate_of, head_on, lock_holds, paper_problem
from station.home import Home, file_sha256, kept
from station.journal import open_intakes, vouched
from station.on_carrier import LISTS_NAME
from station.register import FIRST, Break, links


class Found(NamedTuple):
    """A head that was asked for, and the line it is the hash of (line 0: the register was empty then)."""

    head: str
    path: str
    line: int


class Report(NamedTuple):
    """lines: checked. heads: the last line's hash of each register file, by its path. found: of the heads asked for.

    unsigned: papers older than the first key; nothing but the chain vouches for them.
    """

    lines: int
    breaks: list[Break]
    heads: dict[str, str]
    found: list[Found]
    unsigned: int = 0


@dataclass(slots=True)
class _Seen:
    """What the lines so far said is there. hashes: of every line → its register file's place in `paths`, its number."""

    home: Home
    paths: list[str] = field(default_factory=list)
    hashes: dict[bytes, tuple[int, int]] = field(default_factory=dict)
    certificates: dict[str, x509.Certificate] = field(default_factory=dict)
    revoked: Callable[[x509.Certificate], datetime | None] = lambda _: None
    year: str = ""
    folders: set[Path] = field(default_factory=set)
    files: set[Path] = field(default_factory=set)
    unsigned: int = 0

    def knows(self, head: str) -> bool:
        """Whether a head is the hash of a line that was there before, or of an empty register."""
        return head == FIRST or bytes.fromhex(head) in self.hashes

    def signed_too_late(self, fingerprint: str, at: str) -> bool:
        """Whether the certificate had been taken back when the line was written."""
        certificate = self.certificates.get(fingerprint)
        since = self.revoked(certificate) if certificate else None
        return since is not None and since <= datetime.fromisoformat(at)


def audit(home: Home, against: Sequence[str] = (),
          revoked: Callable[[x509.Certificate], datetime | None] = lambda _: None, year: str = "") -> Report:
    """Re-check every register, journal, list, form, decision, paper, signature, and the heads asked for.

    against: hashes of lines (64 hex digits, or their first 16 and more) from paper. revoked: since when it is.
    year: of a home that holds the files of this year's lines only (a bag); the chain is checked whole all the same.
    """
    breaks: list[Break] = []
    seen = _Seen(home, revoked=revoked, year=year)
    count, heads = 0, {}
    for path in sorted(home.register.glob("*.jsonl")):
        seen.paths.append(str(path))
        for link in links(path):
            breaks += link.breaks
            if link.line is not None:
                count += 1
                breaks += _of_line(seen, str(path), link.number, link.line)
            if link.sha256:
                seen.hashes[bytes.fromhex(link.sha256)] = (len(seen.paths) - 1, link.number)
                heads[str(path)] = link.sha256
    breaks += [Break(str(path), 0, "break-unspoken") for path in _unspoken(seen)]
    breaks += [Break(str(path), 0, "break-head-on-paper") for path in _strange_papers(seen)]
    found = [_asked(seen, head) for head in against]
    breaks += [Break(head, 0, "break-head") for head, place in zip(against, found, strict=True) if place is None]
    return Report(count, breaks, heads, [place for place in found if place is not None], seen.unsigned)


def _asked(seen: _Seen, head: str) -> Found | None:
    if FIRST.startswith(head):
        return Found(head, "", 0)
    for sha256, (file_no, number) in seen.hashes.items():
        if sha256.hex().startswith(head):
            return Found(head, seen.paths[file_no], number)
    return None


def _of_line(seen: _Seen, path: str, number: int, line: Mapping[str, Any]) -> list[Break]:
    try:
        _note(seen, line)
        if line["type"] != "lock" and not str(line["at"]).startswith(seen.year):
            return []                                          # its files are in the bag of another year
        return [Break(str(where or path), number, what) for where, what in _line(seen, line)]
    except (KeyError, TypeError, ValueError, AttributeError):  # a line that was altered need not be one of ours
        return [Break(path, number, "break-unreadable")]


def _note(seen: _Seen, line: Mapping[str, Any]) -> None:
    """Remember what a line speaks of."""
    home, kind = seen.home, line["type"]
    if line.get("scan_file"):
        seen.files.add(home.root / str(line["scan_file"]))
    if kind in ("verdict", "resolution"):
        seen.folders.add(home.intakes / str(line.get("intake")))
    elif kind == "batch":
        seen.files |= {home.batches / str(line.get("batch")) / str(name)
                       for name in (line.get("form_file"), *line.get("lists", {}))}
    elif kind == "decision":
        seen.files.add(home.batches / str(line.get("batch")) / f"{line.get('number')}.json")
    elif kind == "print":
        seen.files.add(home.root / str(line.get("file")))
    elif kind == "key":
        certificate = certificate_of(line)
        seen.certificates[str(line["fingerprint"])] = certificate


def _unspoken(seen: _Seen) -> Iterator[Path]:
    """Records that no line speaks of: lines were cut off the register's end, or the power failed just before one."""
    home = seen.home
    folders = seen.folders | {home.intakes / number for number, _ in open_intakes(home)}
    yield from sorted({path for path in home.intakes.glob("[!.]*") if path.is_dir() and _is_begun(path)} - folders)
    kept_files = {path for path in (*home.batches.glob("*/[!.]*"), *home.papers.glob("[!.]*")) if path.is_file()}
    yield from sorted(kept_files - seen.files)


def _is_begun(intake: Path) -> bool:
    """Whether an intake's folder holds anything: one killed before its first line has a number only."""
    return any(path.name != "journal.jsonl" or b"\n" in path.read_bytes() for path in intake.iterdir())


def _strange_papers(seen: _Seen) -> Iterator[Path]:
    """Papers kept here that bear a head which is no line's hash: the chain was cut, or forged on from before it."""
    home = seen.home
    for path in sorted({*home.batches.glob("*/*.pdf"), *home.papers.glob("*.pdf"), *home.outbox.glob("*.pdf")}):
        with kept(path):
            head = head_on(path.read_bytes())
        if head and not seen.knows(head):
            yield path


def _line(seen: _Seen, line: Mapping[str, Any]) -> Iterator[tuple[Path | None, str]]:
    """What a register line vouches for, and no longer is so. No path: the line itself."""
    home = seen.home
    if line.get("scan_file"):
        yield from _file(home.root / line["scan_file"], line["scan_sha256"])
    if line["type"] == "verdict":
        folder = home.intakes / line["intake"]
        yield from _journal(folder / "journal.jsonl", line)
        yield from _file(folder / "lines.jsonl.zst", line["lines_sha256"])
        yield from _file(folder / "files.jsonl.zst", line["files_sha256"])
        if line.get("kept_lists_sha256"):
            yield from _file(folder / LISTS_NAME, line["kept_lists_sha256"])
    elif line["type"] == "batch":
        form = home.batches / line["batch"] / line["form_file"]
        yield from _file(form, line["form_sha256"])
        for place, sha256 in line.get("lists", {}).items():    # of a form that was a folder
            yield from _file(form.parent / place, sha256)
    elif line["type"] == "decision":
        yield from _file(home.batches / line["batch"] / f"{line['number']}.json", line["decision_sha256"])
    elif line["type"] == "print":
        yield from _paper(seen, line)
    elif line["type"] == "lock":
        if not seen.knows(line["head"]):
            yield None, "break-head-in-line"
        if not lock_holds(line, seen.certificates):
            yield None, "break-lock"
        if seen.signed_too_late(line["certificate"], line["at"]):
            yield None, "break-signature-revoked"


def _paper(seen: _Seen, line: Mapping[str, Any]) -> Iterator[tuple[Path | None, str]]:
    path = seen.home.root / line["file"]
    wrong = list(_file(path, line["sha256"]))
    yield from wrong
    if not wrong and line.get("signed"):
        problem = paper_problem(path.read_bytes(), line, seen.certificates)
        if problem:
            yield path, problem
        if seen.signed_too_late(line["signed"], line["at"]):
            yield path, "break-signature-revoked"
    elif not wrong and seen.certificates:                      # a station that has a key prints nothing unsigned
        yield path, "break-unsigned"
    elif not wrong:
        seen.unsigned += 1
    if line.get("head") and not seen.knows(line["head"]):
        yield None, "break-head-in-line"


def _file(path: Path, sha256: str) -> Iterator[tuple[Path, str]]:
    if not path.is_file():
        yield path, "break-missing"
    elif file_sha256(path) != sha256:
        yield path, "break-altered"


def _journal(path: Path, line: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    closing = vouched(path, line)
    if not path.is_file():
        yield path, "break-missing"
    elif closing is None or closing["verdict"]["outcome"] != line["outcome"]:
        yield path, "break-altered"
