"""An EFI boot image in a partition behind the volume, named by the boot catalogue; MBR and GPT (trap 8)."""
from __future__ import annotations

from pathlib import Path

from tests.vectors_kit import BLOCK, PLAIN, Case, listed, written, xorriso


def build(folder: Path) -> Case:
    fat = b"\xeb\x3c\x90mkfs.fat".ljust(54, b"\0") + b"FAT12   ".ljust(456, b"\0") + b"\x55\xaa" + b"F" * 300_000
    efi = written(folder, "efi.img", fat)
    image = xorriso(folder, PLAIN, "-J", "-R", "-append_partition", "2", "0xef", str(efi), "-appended_part_as_gpt",
                    "-c", "/boot.cat", "-e", "--interval:appended_partition_2:all::", "-no-emul-boot")
    raw = image.read_bytes()
    at = int.from_bytes(raw[17 * BLOCK + 0x47:17 * BLOCK + 0x4B], "little") * BLOCK
    return Case(image, listed(folder, {**PLAIN, "boot.cat": raw[at:at + BLOCK]}))
