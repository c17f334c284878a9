"""What the virtual machines of the tests are made of: Debian's kernel, its modules, an archive to start from.

Packages are downloaded and unpacked below `CACHE`, never installed.
"""
from __future__ import annotations

import fcntl
import io
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
CACHE = ROOT / ".cache" / "vm"
KERNEL = "linux-image-amd64"                # Debian's name for the newest of its kind
LEFT_OUT = ("sound/*", *(f"kernel/drivers/{kind}/*" for kind in (
    "gpu", "iio", "infiniband", "media", "net", "staging")))


class NoGuest(Exception):
    """The virtual machine cannot be had, and why."""


@contextmanager
def kept(name: str) -> Iterator[tuple[Path, Path | None]]:
    """A folder of `CACHE` and, where it is not there yet, another in which to make it: renamed when that is done.

    One process at a time.
    """
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (CACHE / name).is_dir():
            yield CACHE / name, None
            return
        work = CACHE / "work"
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir()
        yield CACHE / name, work
        for outdated in CACHE.glob(f"{name.rpartition('-')[0]}-*"):
            shutil.rmtree(outdated)
        work.rename(CACHE / name)


def kernel() -> Path:
    """The kernel's package, unpacked without what no test has (a sound card). Raises: NoGuest."""
    with kept(KERNEL) as (folder, work):
        if work is not None:
            deb = _downloaded(work)
            left_out = [f"--exclude={pattern}" for pattern in LEFT_OUT]
            with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", str(deb)], stdout=subprocess.PIPE) as unpacked:
                done = subprocess.run(["tar", "-x", "-C", str(work), *left_out], stdin=unpacked.stdout)
            if done.returncode or unpacked.returncode:
                raise NoGuest(f"{deb.name} cannot be unpacked.")
            deb.unlink()
    return folder


def _downloaded(folder: Path) -> Path:
    for attempt in ("as it is", "with fresh lists"):
        if attempt != "as it is":
            output("apt-get", "update")
        found = re.search(r"Depends: (linux-image-\S+)", output("apt-cache", "depends", KERNEL, wrong=True))
        if found is None:
            continue
        output("apt-get", "download", found[1], cwd=folder, wrong=attempt == "as it is")
        if debs := list(folder.glob("*.deb")):
            return debs[0]
    raise NoGuest(f"apt-get cannot download the package that {KERNEL} names: no network, or no source of Debian main.")


def output(*command: str, cwd: Path | None = None, wrong: bool = False, given: str = "") -> str:
    """What a command prints. wrong: a failure is no reason to stop. given: its input. Raises: NoGuest."""
    try:
        done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, input=given,
                              env={**os.environ, "LC_ALL": "C.UTF-8"})
    except FileNotFoundError as error:
        raise NoGuest(f"{command[0]} is missing: the virtual workstation is made from Debian packages.") from error
    if done.returncode and not wrong:
        raise NoGuest(f"{' '.join(command)}: {done.stderr[-600:]}")
    return done.stdout


def busybox() -> bytes:
    """The program that the initramfs runs. Raises: NoGuest."""
    path = Path(shutil.which("busybox", path="/bin:/usr/bin") or "")
    if not path.is_file():
        raise NoGuest("busybox is missing: install the Debian package busybox-static.")
    return path.read_bytes()


def modules(kernel: Path, names: Sequence[str]) -> list[Path]:
    """The files of these modules and of all that they lean on, in the order of loading."""
    files = {path.stem.replace("-", "_"): path for path in kernel.glob("lib/modules/*/kernel/**/*.ko")}
    order: dict[str, Path] = {}

    def add(name: str) -> None:
        path = files[name]
        found = re.search(rb"\0depends=([^\0]*)\0", path.read_bytes())
        for below in found[1].decode().split(",") if found and found[1] else []:
            add(below.replace("-", "_"))
        order.setdefault(name, path)

    for name in names:
        add(name)
    return list(order.values())


def initramfs(loaded: Sequence[Path], files: Mapping[str, bytes]) -> bytes:
    """An archive with busybox, these modules, their order in /modules/order, and these files. Raises: NoGuest."""
    return cpio({"bin/busybox": busybox(), "modules/order": "".join(f"{path.name}\n" for path in loaded).encode(),
                 **{f"modules/{path.name}": path.read_bytes() for path in loaded}, **files})


def cpio(files: Mapping[str, bytes]) -> bytes:
    """An archive in the format "newc". Source: Linux, Documentation/driver-api/early-userspace/buffer-format.rst."""
    out = io.BytesIO()
    folders = {parent for path in files for parent in _parents(path)}
    entries = [(path, 0o040755, b"") for path in sorted(folders)] + [(p, 0o100755, raw) for p, raw in files.items()]
    for number, (path, mode, raw) in enumerate([*entries, ("TRAILER!!!", 0, b"")]):
        name = path.encode() + b"\0"
        fields = (number, mode, 0, 0, 1, 0, len(raw), 0, 0, 0, 0, len(name), 0)
        out.write(b"070701" + b"".join(b"%08X" % field for field in fields) + name)
        out.write(bytes(-out.tell() % 4) + raw)
        out.write(bytes(-out.tell() % 4))
    return out.getvalue()


def _parents(path: str) -> list[str]:
    parts = path.split("/")[:-1]
    return ["/".join(parts[:i + 1]) for i in range(len(parts))]
