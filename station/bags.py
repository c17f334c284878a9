"""The records of a year as a BagIt bag, and back: what leaves the station is audited, what comes in is verified.

Takes a home and a year, gives a bag; takes a bag, gives a read-only copy in `HOME/imported/<station>-<year>/`. The bag
is a home of its own under `data/`: the register from its first line to the last of that year (so that the chain is
proven from its beginning) and every file that a line of that year vouches for. Relies on `audit.py` and, for reading
manifests, on `checks/bagit.py`. Source: RFC 8493 (BagIt 1.0) §2.1-2.2.
"""
from __future__ import annotations

import hashlib
import os
import re
import shutil
import stat
import tempfile
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from carriers.model import Refused
from checks.bagit import DECLARATION
from station import __version__
from station.audit import audit
from station.batch import UsageError
from station.home import Home, RegisterError, file_sha256, kept, sync_folder
from station.register import Break, Station, raw_lines
from station.standing import lines_with_raw
from station.year_bag import YEAR, YearBag, bag_form, year_bag

IMPORTED = "imported"
_KNOWN_BREAK = "break-repaired"                  # a torn line that was mended: it stays, and lost nothing that was said
_DIGEST = re.compile(rb'"([0-9a-f]{64})"')
_FILES_AT_MOST = 2_000_000


@dataclass(frozen=True, slots=True)
class Exported:
    """first, last: the lines of that year; files and bytes of the payload; repaired: mended lines in the chain."""

    first: int
    last: int
    files: int
    bytes: int
    repaired: int


def export_year(station: Station, year: str, out: Path) -> Exported:
    """Write the bag of a year, whole or not at all; out must not exist.

    Raises: UsageError("year-malformed"); Refused("output-exists" | "export-broken" | "export-empty"); RegisterError.
    """
    if not YEAR.fullmatch(year):
        raise UsageError("year-malformed", text=year)
    if os.path.lexists(out):
        raise Refused("output-exists", path=str(out))
    repaired = _audited(audit(station.home).breaks)
    lines, first, digests = 0, 0, set[str]()
    intakes: set[str] = set()
    for number, raw, line in lines_with_raw(station.register.path):
        if line["at"][:4] > year:
            break
        lines, head = number, hashlib.sha256(raw).hexdigest()
        if line["at"][:4] == year:
            first = first or number
            digests.update(found.decode() for found in _DIGEST.findall(raw))
            if line["type"] == "verdict":
                intakes.add(str(line["intake"]))
    if not first:
        raise Refused("export-empty", year=year)
    with _appearing(out) as bag:
        payload = Home(bag / "data")
        for folder in (payload.register, payload.intakes, payload.batches):
            folder.mkdir(parents=True)
        _copy_lines(station.register.path, payload.register / station.register.path.name, lines)
        _copy_vouched(station.home, payload.root, digests, intakes)
        _audited(audit(payload, year=year).breaks)   # what is in it is whole, and nothing that it needs was left behind
        count, size = _tag_files(bag, {
            "Source-Organization": station.config.receiving_org, "External-Identifier":
            f"{station.config.station_id}-{year}", "Bagging-Date": f"{datetime.now(UTC):%Y-%m-%d}",
            "Bag-Software-Agent": f"station {__version__}", "Register-Station": station.config.station_id,
            "Register-Year": year, "Register-Lines": f"{first}-{lines}", "Register-Head": head,
            "Register-Repairs": str(repaired)})
    return Exported(first, lines, count, size, repaired)


def _audited(breaks: Iterable[Break]) -> int:
    """How many mended lines an audit met. Raises: Refused("export-broken") where it met anything else."""
    met = list(breaks)
    worse = [found for found in met if found.what != _KNOWN_BREAK]
    if worse:
        raise Refused("export-broken", count=len(worse), path=worse[0].path, line=worse[0].line)
    return len(met)


@contextmanager
def _appearing(out: Path) -> Iterator[Path]:
    """A folder that has its name when it is finished and on the disk, or not at all. Raises: RegisterError."""
    with kept(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    try:
        with kept(out):
            yield scratch
            for folder, _, _ in os.walk(scratch):
                sync_folder(Path(folder))
            scratch.rename(out)
            sync_folder(out.parent)
    finally:
        if scratch.exists():
            for folder, _, _ in os.walk(scratch):
                Path(folder).chmod(0o700)
            shutil.rmtree(scratch)


def _copy_lines(source: Path, target: Path, lines: int) -> None:
    with target.open("wb") as handle:
        for _, raw in zip(range(lines), raw_lines(source), strict=False):
            handle.write(raw + b"\n")
        handle.flush()
        os.fsync(handle.fileno())


def _copy_vouched(home: Home, target: Path, digests: set[str], intakes: set[str]) -> None:
    """Copy the journals of these intakes, and every other file of the home whose SHA-256 a line of the year has.

    Of a journal the line has the hash without its last line; the audit of the copy tells whether it is all there.
    Nothing from the keys, though a `key` line has the digest of a certificate that may lie there.
    """
    apart = {home.register.name, home.intakes.name, home.outbox.name, home.keys.name, home.index.name, IMPORTED}
    for intake in sorted(intakes):
        folder = home.intakes / intake
        for path in sorted(folder.iterdir()):
            if path.name == "journal.jsonl" or path.is_file() and file_sha256(path) in digests:
                _copy(path, target / path.relative_to(home.root))
    for top in sorted(home.root.iterdir()):
        inside = [top] if top.is_file() else sorted(top.rglob("*")) if top.is_dir() and top.name not in apart else []
        for path in inside:
            if path.is_file() and not path.is_symlink() and file_sha256(path) in digests:
                _copy(path, target / path.relative_to(home.root))


def _copy(source: Path, target: Path) -> str:
    """Copy a file, on the disk on return; the SHA-256 of what was written."""
    target.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with source.open("rb") as reader, target.open("xb") as writer:
        while piece := reader.read(1 << 20):
            digest.update(piece)
            writer.write(piece)
        writer.flush()
        os.fsync(writer.fileno())
    return digest.hexdigest()


# --- the tag files -------------------------------------------------------------------------------------------------

def _tag_files(bag: Path, info: Mapping[str, str]) -> tuple[int, int]:
    """Write the declaration, the manifests and bag-info. Returns: files and bytes of the payload."""
    payload = [path for path in sorted((bag / "data").rglob("*")) if path.is_file()]
    size = sum(path.stat().st_size for path in payload)
    told = {**info, "Payload-Oxum": f"{size}.{len(payload)}"}
    _write(bag / DECLARATION, ["BagIt-Version: 1.0", "Tag-File-Character-Encoding: UTF-8"])
    _write(bag / "manifest-sha256.txt", _manifest(bag, payload))
    _write(bag / "bag-info.txt", [f"{name}: {text}" for name, text in told.items()])
    _write(bag / "tagmanifest-sha256.txt", _manifest(bag, sorted(path for path in bag.iterdir() if path.is_file())))
    return len(payload), size


def _manifest(bag: Path, paths: Iterable[Path]) -> list[str]:
    """Lines of a manifest; CR, LF and the percent sign of names are encoded. Source: RFC 8493 §2.1.3."""
    def encoded(path: Path) -> str:
        text = path.relative_to(bag).as_posix()
        return text.replace("%", "%25").replace("\n", "%0A").replace("\r", "%0D")
    return [f"{file_sha256(path)}  {encoded(path)}" for path in paths]


def _write(path: Path, lines: Iterable[str]) -> None:
    with path.open("xb") as handle:
        handle.write("".join(f"{line}\n" for line in lines).encode())
        handle.flush()
        os.fsync(handle.fileno())


# --- reading a bag -------------------------------------------------------------------------------------------------

def check_bag(bag: YearBag) -> list[Path]:
    """The files of a bag that are not as its manifests and its Payload-Oxum say; the register's head is one of them.

    Raises: Refused("bag-unfit"); FormUnreadable.
    """
    form, wrong = bag_form(bag.path), list[Path]()
    listed: set[str] = set()
    if form.findings:
        wrong.append(bag.path / "manifest-sha256.txt")
    for each, lines in form.lists:
        for name, digest in zip(lines.paths, lines.digests, strict=True):
            listed.add(name)
            where = bag.path / name
            climbs = ".." in Path(name).parts or Path(name).is_absolute()
            if climbs or not _is_plain(where) or not digest or file_sha256(where) != digest.hex():
                wrong.append(where)
        if each.path.startswith("tagmanifest"):
            listed.add(each.path)
    sizes = []
    for path in _plain_files(bag.path):
        name = path.relative_to(bag.path).as_posix()
        if name.startswith("data/"):
            sizes.append(path.stat().st_size)
        if name not in listed:
            wrong.append(path)
    if (form.bag.octets, form.bag.streams) != (sum(sizes), len(sizes)):
        wrong.append(bag.path / "bag-info.txt")
    register = bag.home.register / f"{bag.station}.jsonl"
    if hashlib.sha256(next(iter(deque(raw_lines(register), 1)), b"")).hexdigest() != bag.head:
        wrong.append(register)
    return list(dict.fromkeys(wrong))


def _is_plain(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except (OSError, ValueError):
        return False


def _plain_files(folder: Path) -> list[Path]:
    """All files of a folder. Raises: Refused("bag-unfit") for links, devices and too many files."""
    found = []
    for at, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(at, name)
            if not (path.is_dir() if name in folders else _is_plain(path)) or path.is_symlink():
                raise Refused("bag-unfit", path=str(path))
            if name in files:
                found.append(path)
        if len(found) > _FILES_AT_MOST:
            raise Refused("bag-unfit", path=at)
    return found


def import_bag(station: Station, source: Path) -> Path:
    """Copy a bag into the home, verify and audit the copy, make it read-only. Returns where it lies.

    Raises: UsageError("bag-foreign"); Refused("bag-known" | "bag-unfit" | "bag-altered"); RegisterError.
    """
    offered = year_bag(source)
    if offered is None:
        raise UsageError("bag-foreign", path=str(source))
    target = station.home.root / IMPORTED / f"{offered.station}-{offered.year}"
    if os.path.lexists(target):
        raise Refused("bag-known", path=str(target))
    with _appearing(target) as copy:
        try:
            for path in _plain_files(source):
                _copy(path, copy / path.relative_to(source))
        except FileExistsError as failure:
            raise Refused("bag-unfit", path=str(source)) from failure
        bag = year_bag(copy)
        if bag is None or (bag.station, bag.year) != (offered.station, offered.year):
            raise RegisterError("bag-altered", count=1, path=str(source))
        wrong = [str(path.relative_to(copy)) for path in check_bag(bag)]
        wrong += [found.path for found in audit(bag.home, year=bag.year).breaks if found.what != _KNOWN_BREAK]
        if wrong:
            raise Refused("bag-altered", count=len(wrong), path=wrong[0])
        for folder, _, files in os.walk(copy, topdown=False):
            for name in files:
                Path(folder, name).chmod(0o440)
            if folder != str(copy):
                Path(folder).chmod(0o550)
    target.chmod(0o550)
    return target
