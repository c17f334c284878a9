"""A virtual workstation with the Linux kernel's own file-system drivers: it fills UDF images, and reads any image.

Takes image files; gives what the kernel shows of them. The guest is Debian's kernel, busybox and one script. Emulated
in software: it needs no rights and no /dev/kvm.
"""
from __future__ import annotations

import subprocess
import tarfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.vm import debian
from tests.vm.debian import NoGuest

INIT = Path(__file__).resolve().parent / "init_witness"
MODULES = ("virtio_pci", "virtio_scsi", "sd_mod", "isofs", "udf", "nls_utf8")
ANSWER_BYTES = 64 << 20
LUNS = 100                                  # logical units of a target; from 256 on they are numbered in another way
BOOT_SECONDS, JOB_SECONDS = 120, 10
NOT_MOUNTED = 98                            # what init gives for a mount that failed


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
    """The release of the kernel that answers, e.g. 6.1.0-56-amd64. Raises: NoGuest."""
    return next((debian.kernel() / "lib" / "modules").iterdir()).name


def run(jobs: Sequence[Look | Fill], folder: Path, payload: Mapping[str, bytes] | None = None) -> list[Answer]:
    """All jobs in one boot, in order. folder: a place for the boot's own files. Raises: NoGuest."""
    kernel = debian.kernel()
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


def _initrd(kernel: Path, jobs: Sequence[Look | Fill], images: Sequence[Path], payload: Mapping[str, bytes]) -> bytes:
    files = {"init": INIT.read_bytes(), "disks": f"{len(images) + 1} {_address(len(images))}\n".encode()}
    lines = []
    for number, job in enumerate(jobs):
        kind, script = ("fill", f"/scripts/{number}") if isinstance(job, Fill) else ("look", "-")
        lines.append(f"{number} {kind} {_address(images.index(job.image))} {job.type} {job.options} {script}\n")
        if isinstance(job, Fill):
            files[f"scripts/{number}"] = job.script.encode()
    files["jobs"] = "".join(lines).encode()
    files |= {f"payload/{path}": raw for path, raw in payload.items()}
    return debian.initramfs(debian.modules(kernel, MODULES), files)
