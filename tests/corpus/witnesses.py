"""Other people's readers: each takes images and gives a `Reading` of every one.

Nothing of ours takes part. A reader that refuses, crashes or hangs says so in its reading; a reader that is not
installed is an error of the tests, never a silent gap.
"""
from __future__ import annotations

import json
import os
import re
import select
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from tests.corpus.reading import UNREAD, Reading, View, md5, md5_of
from tests.vm import guest

ROOT = Path(__file__).resolve().parent.parent.parent
SECONDS = 20                    # for one image
ENVIRONMENT = {**os.environ, "LC_ALL": "C.UTF-8", "TZ": "UTC"}


@dataclass(frozen=True, slots=True)
class Disc:
    """An image for the witnesses. trees: those that it should have, so that a reader that can is asked for each.

    session: the first block of a later UDF session, 0 if there is none.
    """

    image: Path
    trees: tuple[str, ...] = ()
    session: int = 0


Witness = Callable[[Sequence[Disc], Path], list[Reading]]


def one_by_one(look: Callable[[Path, Path], Reading]) -> Witness:
    """A witness from a reader of one image that needs an empty folder."""
    def all_of(discs: Sequence[Disc], folder: Path) -> list[Reading]:
        def one(disc: Disc) -> Reading:
            with tempfile.TemporaryDirectory(dir=folder) as scratch:
                return look(disc.image, Path(scratch))

        with ThreadPoolExecutor(2) as pool:
            return list(pool.map(one, discs))
    return all_of


def in_child(reader: str) -> Witness:
    """A witness from a reader of child.py; a child that crashes or hangs is buried, the next image gets another."""
    def all_of(discs: Sequence[Disc], folder: Path) -> list[Reading]:
        readings: list[Reading] = []
        while len(readings) < len(discs):
            readings += _one_child(reader, [disc.image for disc in discs[len(readings):]])
        return readings
    return all_of


def _one_child(reader: str, images: Sequence[Path]) -> list[Reading]:
    command = [sys.executable, "-m", "tests.corpus.child", reader]
    readings: list[Reading] = []
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          text=True, env=ENVIRONMENT) as child:
        assert child.stdin is not None and child.stdout is not None
        for image in images:
            child.stdin.write(f"{image}\n")
            child.stdin.flush()
            ready, _, _ = select.select([child.stdout], [], [], SECONDS)
            line = child.stdout.readline() if ready else ""
            if not line:
                child.kill()
                readings.append(Reading(failed=True, said="crashes" if ready else f"hangs: no answer in {SECONDS} s"))
                break
            answer = json.loads(line)
            views = tuple(View(tree, _versions_off(tree, files)) for tree, files in answer["views"].items())
            readings.append(Reading(views, answer["failed"], answer["said"]))
        child.stdin.close()
    return readings


def _versions_off(tree: str, files: Mapping[str, str]) -> dict[str, str]:
    """Plain ISO 9660 identifiers as people write them: no ";1", no dot without an extension (ECMA-119 §7.5.1)."""
    if tree != "ISO 9660":
        return dict(files)
    return {re.sub(r"\.?(;\d+)?$", "", path): digest for path, digest in files.items()}


# --- one image at a time ------------------------------------------------------------------------------------------

def seven_zip(image: Path, scratch: Path) -> Reading:
    """7z x: everything unpacked into a folder."""
    done = _run("7z", "x", "-y", "-bd", f"-o{scratch / 'out'}", str(image))
    kind = re.findall(r"^Type = (\S+)", done.stdout.decode("utf-8", "replace"), re.M)
    wrong = [line for line in done.stderr.decode("utf-8", "replace").splitlines() if line and f"{image}" not in line]
    files = dict(_files_below(scratch / "out"))
    if done.returncode and not files:
        return Reading(failed=True, said=wrong[0] if wrong else f"exit {done.returncode}")
    said = f"as {kind[-1]}" if kind else ""
    return Reading((View("UDF" if kind[-1:] == ["Udf"] else "", files),), bool(done.returncode), said)


def _files_below(root: Path) -> Iterator[tuple[str, str]]:
    for above, _, names in os.walk(root):
        for name in names:
            path = Path(above) / name
            if path.is_file() and not path.is_symlink():
                with path.open("rb") as file:
                    yield path.relative_to(root).as_posix(), md5_of(file)


def bsdtar(image: Path, scratch: Path) -> Reading:
    """bsdtar -c @image: the image as a tar archive, so that no name touches a file system."""
    done = _run("bsdtar", "-cf", str(scratch / "tar"), "--format=pax", f"@{image}")
    said = done.stderr.decode("utf-8", "replace").strip().splitlines()
    files: dict[str, str] = {}
    if (scratch / "tar").exists():
        with tarfile.open(scratch / "tar", encoding="utf-8", errors="surrogateescape", ignore_zeros=True) as tar:
            for member in _members(tar):
                if member.isreg() or member.islnk():
                    files[member.name.removeprefix("./")] = _digest_in(tar, member)
    reason = said[-1].removeprefix("bsdtar: ").replace(f"{image}", "image") if said else ""
    if not files and (done.returncode or _is_no_iso(image)):
        return Reading(failed=bool(done.returncode), said=reason or "no archive")
    return Reading((View("", files),), bool(done.returncode), reason)


def _members(tar: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    """As far as the archive goes: bsdtar stops in the middle where the image is damaged."""
    try:
        yield from tar
    except tarfile.ReadError:
        return


def _digest_in(tar: tarfile.TarFile, member: tarfile.TarInfo) -> str:
    try:
        content = tar.extractfile(member)
        return UNREAD if content is None else md5(iter(lambda: content.read(1 << 20), b""))
    except (tarfile.ReadError, KeyError):           # the archive ends inside it, or inside what it links to
        return UNREAD


def _is_no_iso(image: Path) -> bool:
    with image.open("rb") as file:
        file.seek(16 * 2048)
        return file.read(6)[1:] != b"CD001"


def udfinfo(image: Path, scratch: Path) -> Reading:
    """udfinfo: revision, label, numbers of files and directories as the integrity descriptor gives them."""
    done = _run("udfinfo", "--utf8", str(image))
    found = dict(line.split("=", 1) for line in done.stdout.decode("utf-8", "replace").splitlines() if "=" in line)
    said = done.stderr.decode("utf-8", "replace").strip().splitlines()
    claims = {key: found[key] for key in ("udfrev", "label", "numfiles", "integrity", "accesstype") if key in found}
    # without a volume it still prints its table, with nothing in it
    if done.returncode or not claims.get("udfrev") or claims["udfrev"] == "0.00":
        return Reading(failed=True, said=said[-1].replace(f"{image}: ", "") if said else "no UDF volume")
    return Reading((), False, "; ".join(said), claims)


def _run(*command: str) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, env=ENVIRONMENT, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 124, b"", f"hangs: no answer in {SECONDS} s".encode())


# --- the kernel ---------------------------------------------------------------------------------------------------

ISO_OPTIONS = {"Joliet": "ro,norock,iocharset=utf8", "Rock Ridge": "ro,nojoliet,iocharset=utf8",
               "ISO 9660": "ro,norock,nojoliet,map=off"}


def kernel(discs: Sequence[Disc], folder: Path) -> list[Reading]:
    """Linux: every image as UDF, and as ISO 9660 with each extension switched off in turn; all in one boot."""
    jobs: list[tuple[int, str, guest.Look]] = []
    for number, disc in enumerate(discs):
        for tree, kind, options in _mounts(disc):
            jobs.append((number, tree, guest.Look(disc.image, kind, options)))
    answers = guest.run([job for _, _, job in jobs], folder / "boot")
    readings = []
    for number in range(len(discs)):
        mine = [(tree, answer) for (n, tree, _), answer in zip(jobs, answers, strict=True) if n == number]
        plain = "" if "Rock Ridge" in discs[number].trees else "ISO 9660"       # what a later session shows
        views = tuple(View(tree, _versions_off(tree or plain, _readable(answer)))
                      for tree, answer in mine if answer.mounted)
        said = "" if views else "; ".join(dict.fromkeys(answer.said.rpartition(": ")[2] for _, answer in mine))
        readings.append(Reading(views, not views or any(UNREAD in view.files.values() for view in views), said))
    return readings


def _readable(answer: guest.Answer) -> dict[str, str]:
    return {os.fsdecode(path): UNREAD if digest is None else digest for path, digest in answer.sums.items()}


def _mounts(disc: Disc) -> Iterator[tuple[str, str, str]]:
    """As UDF always, as ISO 9660 each tree that should be there, by itself; a later session by its address."""
    yield "UDF", "udf", "ro,unhide,iocharset=utf8"
    if disc.session:
        yield "UDF", "udf", f"ro,unhide,iocharset=utf8,session={disc.session}"
    for tree, options in ISO_OPTIONS.items():
        if tree in disc.trees:
            yield tree, "iso9660", options
    if (start := _last_session(disc.image)) is not None:
        yield "", "iso9660", f"ro,iocharset=utf8,map=off,sbsector={start}"


def _last_session(image: Path) -> int | None:
    """The first block of the last session, by its primary volume descriptor; None if there is one session only."""
    block = image.read_bytes().rfind(b"\x01CD001\x01\x00") / 2048 - 16
    return int(block) if block > 16 and block.is_integer() else None


WITNESSES: dict[str, Witness] = {
    "kernel": kernel, "7-Zip": one_by_one(seven_zip), "bsdtar": one_by_one(bsdtar), "pycdlib": in_child("pycdlib"),
    "libudfread": in_child("libudfread"), "udfinfo": one_by_one(udfinfo),
}


def versions() -> dict[str, str]:
    """What answers here. A program that is not installed is named, so that no column is silently empty."""
    asked = {"7-Zip": (["7z", "i"], r"7-Zip.*? (\d[\d.]*)"), "bsdtar": (["bsdtar", "--version"], r"(\d[\d.]*)"),
             "udfinfo": (["dpkg-query", "-W", "-f", "${Version}", "udftools"], r"([\d.]+)"),
             "libudfread": (["dpkg-query", "-W", "-f", "${Version}", "libudfread0"], r"([\d.]+)")}
    found = {"kernel": f"Linux {guest.kernel_release()}", "pycdlib": metadata.version("pycdlib")}
    for name, (command, pattern) in asked.items():
        match = re.search(pattern, _run(*command).stdout.decode("utf-8", "replace"))
        if match is None:
            raise FileNotFoundError(f"{name} does not say its version: ./run test installs what is missing")
        found[name] = match[1]
    return {name: found[name] for name in WITNESSES}
