"""A virtual workstation with the Linux kernel's own file-system drivers: it fills UDF images, and reads any image.

Takes image files; gives what the kernel shows of them. Debian's cloud kernel is downloaded and unpacked, never
installed; the guest is that kernel, busybox and one script. Emulated in software: it needs no rights and no /dev/kvm.
"""
from __future__ import annotations

import fcntl
import io
import os
import re
import shutil
import subprocess
import tarfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
CACHE = ROOT / ".cache" / "vm"
INIT = Path(__file__).resolve().parent / "init"
KERNEL = "linux-image-cloud-amd64"          # Debian's name for the newest of its kind
MODULES = ("virtio_pci", "virtio_scsi", "sd_mod", "isofs", "udf", "nls_utf8")
ANSWER_BYTES = 64 << 20
LUNS = 100                                  # logical units of a target; from 256 on they are numbered in another way
BOOT_SECONDS, JOB_SECONDS = 120, 10
NOT_MOUNTED = 98                            # what init gives for a mount that failed


class NoGuest(Exception):
    """The virtual workstation cannot be had, and why."""


@dataclass(frozen=True, slots=True)
class Look:
    """Mount `image` read-only and read every file. options: as for mount -o, without ro."""

    image: Path
    type: str
    options: str = "ro"


@dataclass(frozen=True, slots=True)
class Fill:
    """Mount `image` writable and run `script` (busybox sh -e) in its root; `/payload` is the payload."""

    image: Path
    script: str
    type: str = "udf"
    options: str = "rw,iocharset=utf8"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a job. sums: name as recorded by the driver → MD5, None for a file that could not be read."""

    mounted: bool
    failed: bool
    sums: Mapping[bytes, str | None]
    said: str


def kernel_release() -> str:
    """The release of the kernel that answers, e.g. 6.1.0-56-cloud-amd64. Raises: NoGuest."""
    return next((_kernel() / "lib" / "modules").iterdir()).name


def run(jobs: Sequence[Look | Fill], folder: Path, payload: Mapping[str, bytes] | None = None) -> list[Answer]:
    """All jobs in one boot, in order. folder: a place for the boot's own files. Raises: NoGuest."""
    kernel = _kernel()
    folder.mkdir(parents=True, exist_ok=True)
    images = list(dict.fromkeys(job.image for job in jobs))
    writable = {job.image for job in jobs if isinstance(job, Fill)}
    (folder / "initrd").write_bytes(_initrd(kernel, jobs, images, payload or {}))
    with (folder / "answers").open("wb") as file:
        file.truncate(ANSWER_BYTES)
    _boot(kernel, folder, [(image, image in writable) for image in images], BOOT_SECONDS + JOB_SECONDS * len(jobs))
    console = (folder / "console").read_text("utf-8", "replace")
    try:
        with tarfile.open(folder / "answers") as tar:
            said = {m.name.removeprefix("./"): file.read() for m in tar if (file := tar.extractfile(m)) is not None}
    except tarfile.TarError as error:
        raise NoGuest(f"The guest gave no answers. Its console ends: {console[-600:]}") from error
    return [_answer(said, number) for number in range(len(jobs))]


def _answer(said: Mapping[str, bytes], number: int) -> Answer:
    code = int(said[f"{number}.rc"])
    names = [name for name in said.get(f"{number}.names", b"").split(b"\0") if name]
    return Answer(code != NOT_MOUNTED, code != 0, dict(_sums(names, said.get(f"{number}.sums", b""))),
                  said.get(f"{number}.err", b"").decode("utf-8", "replace").strip())


def _sums(names: Iterable[bytes], printed: bytes) -> Iterator[tuple[bytes, str | None]]:
    """md5sum prints in the order of its arguments and leaves out what it could not read; names may hold anything."""
    at = 0
    for name in names:
        end = at + 34 + len(name) + 1
        if printed[at + 32:end] == b"  " + name + b"\n":
            yield name.removeprefix(b"./"), printed[at:at + 32].decode()
            at = end
        else:
            yield name.removeprefix(b"./"), None


# --- the boot ----------------------------------------------------------------------------------------------------

def _boot(kernel: Path, folder: Path, images: Sequence[tuple[Path, bool]], seconds: float) -> None:
    vmlinuz = next((kernel / "boot").glob("vmlinuz-*"))
    command = ["qemu-system-x86_64", "-accel", "tcg,thread=multi,tb-size=256", "-cpu", "max", "-m", "768", "-smp", "1",
               "-nodefaults", "-no-reboot", "-display", "none", "-serial", f"file:{folder / 'console'}",
               "-kernel", str(vmlinuz), "-initrd", str(folder / "initrd"),
               "-append", "console=ttyS0 loglevel=3 panic=-1 mitigations=off tsc=reliable random.trust_cpu=on",
               "-rtc", "base=2026-01-02T03:04:05", "-device", "virtio-scsi-pci,id=scsi"]
    for number, (image, writable) in enumerate([*images, (folder / "answers", True)]):
        only, (target, lun) = "off" if writable else "on", divmod(number, LUNS)
        command += ["-drive", f"if=none,id=d{number},format=raw,cache=unsafe,read-only={only},file={_quoted(image)}",
                    "-device", f"scsi-hd,bus=scsi.0,scsi-id={target},lun={lun},drive=d{number}"]
    try:
        done = subprocess.run(command, capture_output=True, timeout=seconds)
    except FileNotFoundError as error:
        raise NoGuest("qemu-system-x86_64 is missing: install the Debian package qemu-system-x86.") from error
    except subprocess.TimeoutExpired as error:
        console = (folder / "console").read_text("utf-8", "replace")
        raise NoGuest(f"The guest did not finish in {seconds:.0f} s. Its console ends: {console[-600:]}") from error
    if done.returncode:
        raise NoGuest(f"QEMU ended with {done.returncode}: {done.stderr.decode('utf-8', 'replace')[-600:]}")


def _address(number: int) -> str:
    """Where the kernel sees a disk: target and logical unit."""
    return "{}:{}".format(*divmod(number, LUNS))


def _quoted(path: Path) -> str:
    return str(path).replace(",", ",,")


# --- the kernel and the initramfs --------------------------------------------------------------------------------

def _kernel() -> Path:
    """Debian's cloud kernel, unpacked below `CACHE`; downloaded when it is not there. Raises: NoGuest."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (CACHE / "kernel").is_dir():
            shutil.rmtree(CACHE / "work", ignore_errors=True)
            (CACHE / "work").mkdir()
            deb = _downloaded(CACHE / "work")
            _output("dpkg-deb", "-x", str(deb), str(CACHE / "work" / "kernel"))
            (CACHE / "work" / "kernel").rename(CACHE / "kernel")
            shutil.rmtree(CACHE / "work")
    return CACHE / "kernel"


def _downloaded(folder: Path) -> Path:
    for attempt in ("as it is", "with fresh lists"):
        if attempt != "as it is":
            _output("apt-get", "update")
        found = re.search(r"Depends: (linux-image-\S+)", _output("apt-cache", "depends", KERNEL, wrong=True))
        if found is None:
            continue
        _output("apt-get", "download", found[1], cwd=folder, wrong=attempt == "as it is")
        if debs := list(folder.glob("*.deb")):
            return debs[0]
    raise NoGuest(f"apt-get cannot download the package that {KERNEL} names: no network, or no source of Debian main.")


def _output(*command: str, cwd: Path | None = None, wrong: bool = False) -> str:
    """What a command prints; wrong: a failure is no reason to stop."""
    try:
        done = subprocess.run(command, cwd=cwd, capture_output=True, text=True,
                              env={**os.environ, "LC_ALL": "C.UTF-8"})
    except FileNotFoundError as error:
        raise NoGuest(f"{command[0]} is missing: the virtual workstation is made from Debian packages.") from error
    if done.returncode and not wrong:
        raise NoGuest(f"{' '.join(command)}: {done.stderr[-600:]}")
    return done.stdout


def _initrd(kernel: Path, jobs: Sequence[Look | Fill], images: Sequence[Path], payload: Mapping[str, bytes]) -> bytes:
    busybox = Path(shutil.which("busybox", path="/bin:/usr/bin") or "")
    if not busybox.is_file():
        raise NoGuest("busybox is missing: install the Debian package busybox-static.")
    files = {"init": INIT.read_bytes(), "bin/busybox": busybox.read_bytes(),
             "disks": f"{len(images) + 1} {_address(len(images))}\n".encode()}
    modules = _modules(kernel)
    files["modules/order"] = "".join(f"{path.name}\n" for path in modules).encode()
    files |= {f"modules/{path.name}": path.read_bytes() for path in modules}
    lines = []
    for number, job in enumerate(jobs):
        kind, script = ("fill", f"/scripts/{number}") if isinstance(job, Fill) else ("look", "-")
        lines.append(f"{number} {kind} {_address(images.index(job.image))} {job.type} {job.options} {script}\n")
        if isinstance(job, Fill):
            files[f"scripts/{number}"] = job.script.encode()
    files["jobs"] = "".join(lines).encode()
    files |= {f"payload/{path}": raw for path, raw in payload.items()}
    return _cpio(files)


def _modules(kernel: Path) -> list[Path]:
    """The files of `MODULES` and of all that they lean on, in the order of loading."""
    files = {path.stem.replace("-", "_"): path for path in kernel.glob("lib/modules/*/kernel/**/*.ko")}
    order: dict[str, Path] = {}

    def add(name: str) -> None:
        path = files[name]
        found = re.search(rb"\0depends=([^\0]*)\0", path.read_bytes())
        for below in found[1].decode().split(",") if found and found[1] else []:
            add(below.replace("-", "_"))
        order.setdefault(name, path)

    for name in MODULES:
        add(name)
    return list(order.values())


def _cpio(files: Mapping[str, bytes]) -> bytes:
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
