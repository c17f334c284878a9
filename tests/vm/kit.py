"""Carriers for the drives of the virtual workstation, and intakes in it."""
from __future__ import annotations

import hashlib
import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.vectors_kit import BLOCK, digest, genisoimage, plant
from tests.vm.debian import output
from tests.vm.workstation import Ran, Workstation


def content(seed: str, count: int = 8, size: int = 400_000) -> dict[str, bytes]:
    """Files of pseudo-random bytes, none a whole number of blocks."""
    return {f"案卷/{number:04d}.bin": hashlib.shake_128(f"{seed} {number}".encode()).digest(size + 137 * number)
            for number in range(count)}


def ext4(folder: Path, name: str, files: Mapping[str, bytes], *options: str, mib: int = 16) -> Path:
    """An ext4 image by mke2fs."""
    output("mke2fs", "-q", "-t", "ext4", "-d", str(plant(folder, files, f"{name}-content")), *options,
           str(folder / name), f"{mib}M")
    return folder / name


def iso(folder: Path, name: str, files: Mapping[str, bytes]) -> Path:
    """A disc image by genisoimage."""
    (folder / name).mkdir()
    return genisoimage(folder / name, files)


def block_of(image: Path, file: bytes, block: int) -> int:
    """Where a block of a file lies on an image, in blocks of 2048 bytes."""
    at = image.read_bytes().index(file[:BLOCK])
    assert at % BLOCK == 0
    return at // BLOCK + block


def sectors(*blocks: int) -> tuple[int, ...]:
    """The sectors of 512 bytes that make up blocks of 2048."""
    return tuple(block * 4 + part for block in blocks for part in range(4))


@dataclass(frozen=True, slots=True)
class Home:
    """A station's home in the guest, and the lists that are compared there."""

    guest: Workstation
    path: str

    def listed(self, name: str, files: Mapping[str, bytes]) -> str:
        """An MD5 list of these files, in the guest."""
        lines = "".join(f"{digest(raw)}  {path}\n" for path, raw in files.items())
        return self.guest.put(f"{self.path}.lists/{name}.md5", lines.encode())

    def start(self, device: str, form: str, *options: str) -> int:
        """Start the intake of a device."""
        words = ["exec", "python3", "-m", "station", "intake", device, "--form", form, "--home", self.path, "--json",
                 *options]
        return self.guest.start(" ".join(map(shlex.quote, words)))

    def open_intakes(self) -> list[str]:
        """The numbers of the intakes that have a journal and no closing line in it."""
        closing = shlex.quote('^{"type":"close"')
        return self.guest.done(f"cd {self.path}/intakes && grep -L {closing} */journal.jsonl || true").split()


def verdict(ran: Ran) -> dict[str, Any]:
    """What an intake said. An intake without a verdict fails the test with what it said instead."""
    assert ran.out.startswith("{"), (ran.code, ran.out[-2000:], ran.err[-2000:])
    said: dict[str, Any] = json.loads(ran.out)
    return said


def blocks_named(said: Mapping[str, Any], code: str) -> set[tuple[str, int]]:
    """Path and block of every block that findings of a code name."""
    return {(finding["path"], finding["start_lba"] + number) for finding in said["findings"] if finding["code"] == code
            for number in range(-(-finding["length_bytes"] // BLOCK))}


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
