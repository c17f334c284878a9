"""What the benchmarks share: sets of files with their digest list and disc image, and a child measured to its end.

Takes a cache folder, gives `src/`, `list.md5`, `disc.iso` in it (made once, random content); relies on xorriso.
"""
from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
_FOLDER_FILES = 1000
_PIECE_BYTES = 1 << 18


class FileSet(NamedTuple):
    """A set to be made: `files` of `size_bytes` each."""

    name: str
    files: int
    size_bytes: int


class Run(NamedTuple):
    """A child from its start to its end.

    peak_mib: the largest resident set of the child or of a child of its own; never less than that of this process,
    for Linux counts what the child was before its exec.
    """

    seconds: float
    cpu_seconds: float
    peak_mib: float


def arguments(what: str, **paths: str) -> Namespace:
    """The options that every benchmark has, and paths of its own: name → what it is."""
    parser = ArgumentParser(description=what)
    parser.add_argument("--quick", action="store_true", help="small sets, one round: does it work at all")
    parser.add_argument("--cache", type=Path, help="folder that keeps the sets for the next time (several GB)")
    parser.add_argument("--rounds", type=int, default=3)
    for name, text in paths.items():
        parser.add_argument(f"--{name}", type=Path, help=text)
    options = parser.parse_args()
    if options.quick:
        options.rounds = 1
    return options


@contextmanager
def cache_folder(chosen: Path | None) -> Iterator[Path]:
    """The chosen folder, made if need be, or a temporary one."""
    if chosen is None:
        with tempfile.TemporaryDirectory(prefix="station-bench-") as folder:
            yield Path(folder)
    else:
        chosen.mkdir(parents=True, exist_ok=True)
        yield chosen.resolve()


def made_set(cache: Path, wanted: FileSet) -> Path:
    """The folder of a set, made now if it is not there yet; the image is named last, so it stands for all."""
    folder = cache / wanted.name
    image = folder / "disc.iso"
    if image.exists():
        return folder
    say(f"making {wanted.name}: {wanted.files} files of {wanted.size_bytes} bytes")
    shutil.rmtree(folder, ignore_errors=True)
    _write_files(folder, wanted)
    unfinished = folder / "unfinished.iso"
    subprocess.run(["xorriso", "-as", "mkisofs", "-quiet", "-J", "-joliet-long", "-R", "-V", "BENCH",
                    "-input-charset", "utf-8", "-o", str(unfinished), str(folder / "src")],
                   check=True, stderr=subprocess.DEVNULL, env=os.environ | {"LC_ALL": "C.UTF-8"})
    unfinished.replace(image)
    return folder


def _write_files(folder: Path, wanted: FileSet) -> None:
    rng = random.Random(wanted.name)
    source = folder / "src"
    with _opened(folder / "list.md5") as digest_list:
        for number in range(wanted.files):
            path = f"卷{number // _FOLDER_FILES:04d}/文件{number:06d}.bin"
            place = source / path
            if number % _FOLDER_FILES == 0:
                place.parent.mkdir(parents=True)
            digest_list.write(f"{_write_random(place, wanted.size_bytes, rng)}  {path}\n")


def _write_random(place: Path, size_bytes: int, rng: random.Random) -> str:
    """Fill a file piece by piece (our own memory is the floor of what is measured of a child); return its MD5."""
    md5 = hashlib.md5()
    with open(place, "wb") as stream:
        for begin in range(0, size_bytes, _PIECE_BYTES):
            piece = rng.randbytes(min(_PIECE_BYTES, size_bytes - begin))
            md5.update(piece)
            stream.write(piece)
    return md5.hexdigest()


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    path.parent.mkdir(parents=True)
    with open(path, "w", encoding="utf-8") as stream:
        yield stream


def warm(folder: Path) -> None:
    """Read the image and every file once, so that both sides find them in the page cache."""
    for path in (folder / "disc.iso", *(folder / "src").rglob("*")):
        if path.is_file():
            with open(path, "rb", buffering=0) as stream:
                while stream.read(_PIECE_BYTES):
                    pass


def measured(command: Sequence[str], folder: Path) -> Run:
    """Run a child in a folder and measure it. Raises: SystemExit where it does not exit 0: a failure has no speed."""
    with tempfile.TemporaryFile() as errors:
        begun = time.perf_counter()
        child = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                 stderr=errors, env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONSAFEPATH": "1"})
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - begun
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            errors.seek(0)
            raise SystemExit(f"exit {child.returncode}: {' '.join(command)}\n{errors.read()[-2000:].decode()}")
    return Run(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def intake(folder: Path, source: Path | None = None) -> Run:
    """One whole intake of a set's image, or of a device that holds it, against its list, with a home of its own."""
    with tempfile.TemporaryDirectory(prefix="station-home-", dir=folder.parent) as home:
        return measured([sys.executable, "-m", "station", "intake", str(source or folder / "disc.iso"),
                         "--form", str(folder / "list.md5"), "--home", home, "--json"], folder)


def say(text: str) -> None:
    """A word on what goes on, apart from the results."""
    print(text, file=sys.stderr, flush=True)


def show(headings: Sequence[str], rows: Sequence[Sequence[object]], record: object) -> None:
    """The results: a Markdown table, then one line of JSON."""
    print("| " + " | ".join(headings) + " |")
    print("|" + "---|" * len(headings))
    for row in rows:
        print("| " + " | ".join(str(cell) for cell in row) + " |")
    print(json.dumps(record, ensure_ascii=False))
