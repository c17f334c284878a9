"""The disks of the virtual workstation: Debian with udev and smartctl, the libraries of .venv, the project as it is.

Gives files for QEMU. The first two are kept in `CACHE` until their recipe changes; making them needs root and takes
half a minute. The third is made for every run of the tests.
"""
from __future__ import annotations

import compileall
import hashlib
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.vm.debian import ROOT, NoGuest, initramfs, kept, kernel, modules, output

INIT = Path(__file__).resolve().parent / "init_workstation"
SUITE = "bookworm"
PACKAGES = ("udev", "kmod", "python3", "iproute2", "procps", "qemu-guest-agent", "libmagic1", "smartmontools",
            "sg3-utils", "eject")
BOOT_MODULES = ("virtio_pci", "virtio_blk", "crc32c_generic", "ext4")      # to the root; udev loads the others
DIRECTORIES = ("carriers", "checks", "labels", "station", "udev-rules")


@dataclass(frozen=True, slots=True)
class Disks:
    """What QEMU boots from, and the two disks that the guest mounts read-only beside its root."""

    kernel: Path
    initramfs: Path
    root: Path
    libraries: Path
    project: Path


def built(folder: Path) -> Disks:
    """The disks. folder: a place for those of this run. Raises: NoGuest."""
    unpacked = kernel()
    release = next((unpacked / "lib" / "modules").iterdir())
    root = _root(release)
    libraries = _libraries()
    project = folder / "project"
    for name in DIRECTORIES:
        shutil.copytree(ROOT / name, project / name)
    compileall.compile_dir(project, quiet=1)               # thirty times slower in the guest
    archive = initramfs(modules(unpacked, BOOT_MODULES), {"init": INIT.read_bytes()})
    (folder / "initramfs").write_bytes(archive)
    return Disks(next((unpacked / "boot").glob("vmlinuz-*")), folder / "initramfs", root, libraries,
                 _disk(project, folder / "project.img"))


def _root(modules_of: Path) -> Path:
    """Debian's smallest system with `PACKAGES` and the kernel's modules, as an ext4 image."""
    recipe = repr((SUITE, PACKAGES, modules_of.name)).encode()
    with kept(f"root-{hashlib.sha256(recipe).hexdigest()[:12]}") as (folder, work):
        if work is not None:
            if os.geteuid():
                raise NoGuest("The virtual workstation is not built yet, and only root can build it.")
            system = work / "system"
            work.chmod(0o755)
            output("mmdebstrap", "--quiet", "--variant=minbase", "--mode=root", "--aptopt=Acquire::Languages \"none\"",
                   *(f"--dpkgopt=path-exclude=/usr/share/{kind}/*" for kind in ("doc", "man", "locale")),
                   f"--include={','.join(PACKAGES)}", SUITE, str(system), "-",
                   given=_sources())
            shutil.copytree(modules_of, system / "usr" / "lib" / "modules" / modules_of.name)
            output("chroot", str(system), "depmod", modules_of.name)
            for name in ("project", "libraries"):
                (system / name).mkdir()
            shutil.rmtree(system / "var" / "cache" / "apt")
            shutil.rmtree(system / "var" / "lib" / "apt" / "lists")
            _disk(system, work / "root.img", free_mib=200)
            shutil.rmtree(system)
    return folder / "root.img"


def _sources() -> str:
    """Where this machine gets Debian from, as lines of a sources.list; apt knows it once it has lists."""
    ask = ("apt-get", "indextargets", "--format", "deb $(REPO_URI) $(RELEASE) $(COMPONENT)", "Created-By: Packages",
           "Origin: Debian")
    lines = output(*ask).splitlines()
    if not lines:
        output("apt-get", "update")
        lines = output(*ask).splitlines()
    return "\n".join(sorted(set(lines)))


def _libraries() -> Path:
    """The packages of .venv, as an ext4 image."""
    if sys.version_info[:2] != (3, 11):
        raise NoGuest("The guest has Python 3.11 as Debian 12 does; the packages of another .venv do not fit it.")
    packages = next(path for path in map(Path, sys.path) if path.name == "site-packages")
    locks = [(ROOT / name).read_bytes() for name in ("requirements.txt", "requirements-dev.txt")]
    with kept(f"libraries-{hashlib.sha256(b''.join(locks)).hexdigest()[:12]}") as (folder, work):
        if work is not None:
            _disk(packages, work / "libraries.img")
    return folder / "libraries.img"


def _disk(content: Path, image: Path, free_mib: int = 0) -> Path:
    """An ext4 image of a folder."""
    kib = int(output("du", "-sk", str(content)).split()[0])
    output("mke2fs", "-q", "-t", "ext4", "-O", "^has_journal", "-m", "0", "-E", "root_owner=0:0", "-d", str(content),
           str(image), f"{kib * 5 // 4 + (free_mib + 8) * 1024}k")
    return image
