"""Carriers for the drives of the virtual workstation, and intakes in it."""
from __future__ import annotations

import hashlib
import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.vectors_kit import BLOCK, LABEL, digest, genisoimage, plant
from tests.vm.debian import output
from tests.vm.workstation import GuestFailed, Medium, Ran, Workstation, until

CRAWL = 200_000                 # bytes a second: what is left of nine megabytes lasts long enough to be disturbed


def content(seed: str, count: int = 8, size: int = 400_000) -> dict[str, bytes]:
    """Files of pseudo-random bytes, none a whole number of blocks."""
    return {f"案卷/{number:04d}.bin": hashlib.shake_128(f"{seed} {number}".encode()).digest(size + 137 * number)
            for number in range(count)}


def ext4(folder: Path, name: str, files: Mapping[str, bytes], *options: str, mib: int = 16) -> Path:
    """An ext4 image by mke2fs."""
    output("mke2fs", "-q", "-t", "ext4", "-d", str(plant(folder, files, f"{name}-content")), *options,
           str(folder / name), f"{mib}M")
    return folder / name


def dirty_ext4(folder: Path, name: str, files: Mapping[str, bytes]) -> Path:
    """An ext4 image that was pulled while mounted: its journal wants to be replayed.

    Source: Linux, fs/ext4/ext4.h: EXT4_FEATURE_INCOMPAT_RECOVER 0x4, at 0x60 of the superblock.
    """
    image = ext4(folder, name, files, "-O", "^metadata_csum")
    with image.open("r+b") as file:
        file.seek(1024 + 0x60)
        flags = int.from_bytes(file.read(4), "little")
        file.seek(1024 + 0x60)
        file.write((flags | 4).to_bytes(4, "little"))
    return image


def iso(folder: Path, name: str, files: Mapping[str, bytes], label: str = LABEL) -> Path:
    """A disc image by genisoimage."""
    (folder / name).mkdir()
    return genisoimage(folder / name, files, label=label)


def fat(folder: Path, name: str, files: Mapping[str, bytes], mib: int = 16) -> Path:
    """A FAT image by mkfs.fat and mcopy."""
    output("mkfs.fat", "-C", str(folder / name), str(mib * 1024))
    content = plant(folder, files, f"{name}-content")
    output("mcopy", "-s", "-i", str(folder / name), *map(str, sorted(content.iterdir())), "::/")
    return folder / name


def block_of(image: Path, file: bytes, block: int, block_bytes: int = BLOCK) -> int:
    """Where a block of a file that lies in one piece is on an image, in blocks."""
    at = image.read_bytes().index(file)
    assert at % block_bytes == 0
    return at // block_bytes + block


def sectors(*blocks: int) -> tuple[int, ...]:
    """The sectors of 512 bytes that make up blocks of 2048."""
    return tuple(block * 4 + part for block in blocks for part in range(4))


@dataclass(frozen=True, slots=True)
class Home:
    """A station's home in the guest, and the lists that are compared there. settings: its station.toml."""

    guest: Workstation
    path: str
    settings: str = ""

    def listed(self, name: str, files: Mapping[str, bytes]) -> str:
        """An MD5 list of these files, in the guest."""
        lines = "".join(f"{digest(raw)}  {path}\n" for path, raw in files.items())
        return self.guest.put(f"{self.path}.lists/{name}.md5", lines.encode())

    def start(self, device: str, form: str, kill: str = "") -> int:
        """Start the intake of a device. kill: shell that runs beside it, with its process as $pid.

        The output goes through files: a process that hangs in the kernel would hold a pipe for ever.
        """
        config = self.guest.put(f"{self.path}.toml", self.settings.encode())
        words = ["python3", "-m", "station", "intake", device, "--form", form, "--home", self.path, "--config", config,
                 "--json"]
        return self.guest.start(f"out=$(mktemp); {shlex.join(words)} > $out 2> $out.err & pid=$!; {kill or ':'}; "
                                "wait $pid; code=$?; cat $out; cat $out.err >&2; exit $code")

    def run(self, device: str, form: str) -> Ran:
        """The intake of a device, to its end."""
        return self.guest.wait(self.start(device, form))

    def wait_until_reading(self, medium: Medium, job: int) -> None:
        """Wait until an intake has begun to read the files of a carrier, and slow it down then.

        Raises: GuestFailed where it has ended before.
        """
        header = shlex.quote(f'"source":"{medium.device}"')
        while self.guest.run(f"grep -q {header} {self.path}/intakes/*/journal.jsonl").code:
            if (ran := self.guest.ended(job)) is not None:
                raise GuestFailed(f"The intake of {medium.device} has ended too soon: {ran}")
        self.guest.set_speed(medium, CRAWL)
        mark = self.guest.bytes_read(medium)
        until(lambda: self.guest.bytes_read(medium) > mark, f"{medium.device} is read")

    def open_intakes(self) -> list[str]:
        """The numbers of the intakes without a verdict."""
        return self._journals("-L", "close")

    def begun_intakes(self) -> list[str]:
        """The numbers of all that were begun; one that was killed before its first line has a number only."""
        return self._journals("-l", "begin")

    def _journals(self, option: str, kind: str) -> list[str]:
        record = shlex.quote(f'^{{"type":"{kind}"')
        journals = self.guest.done(f"cd {self.path}/intakes && grep {option} {record} */journal.jsonl || true")
        return sorted(path.partition("/")[0] for path in journals.split())


def killed_after(device: str, sectors: int, whom: str) -> str:
    """Shell that kills an intake once so much was read of its device. whom: "both" processes of it, or the "child".

    Source: Documentation/block/stat.rst, field 3.
    """
    stat = f"/sys/block/{device.rpartition('/')[2]}/stat"
    doomed = "$(pgrep -P $pid)" + (" $pid" if whom == "both" else "")
    return (f"read a b first c < {stat}; now=$first; "
            f"while [ $((now - first)) -lt {sectors} ] && kill -0 $pid; do sleep 0.05; read a b now c < {stat}; done; "
            f"kill -9 {doomed}")


def verdict(ran: Ran) -> dict[str, Any]:
    """What an intake said. An intake without a verdict fails the test with what it said instead."""
    assert ran.out.startswith("{"), (ran.code, ran.out[-2000:], ran.err[-2000:])
    said: dict[str, Any] = json.loads(ran.out)
    return said


def but_for_the_sitting(said: Mapping[str, Any]) -> dict[str, Any]:
    """A verdict without what must differ between two intakes: numbers, times, hashes over times."""
    return {key: value for key, value in said.items()
            if key not in ("intake", "at", "sittings", "speed", "journal_sha256", "resumed")}


def blocks_named(said: Mapping[str, Any], code: str, block_bytes: int = BLOCK) -> set[tuple[str, int]]:
    """Path and block of every block that findings of a code name."""
    return {(finding["path"], finding["start_lba"] + number) for finding in said["findings"] if finding["code"] == code
            for number in range(-(-finding["length_bytes"] // block_bytes))}


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
