"""Facts about carriers: what lies on one, how it is read, what was found. Imports nothing of ours.

Takes a path (device, image file, folder); gives a `Carrier`. Relies on the openers being asked in order.
"""
from __future__ import annotations

from pathlib import Path

from carriers.blocks import BlockSource, refused
from carriers.disc import Disc
from carriers.disk import Disk, is_disk
from carriers.folder import Folder
from carriers.ltfs import LtfsTape, is_ltfs
from carriers.model import Carrier, CarrierError
from carriers.retries import USUAL_LIMITS, Limits
from carriers.tape import Tape, TapeFolder, is_tape_folder
from carriers.tape_drive import TapeDrive, is_tape_device
from carriers.tape_stream import TapeStream
from carriers.tartape import TarFile, is_tar


def open_carrier(source: Path, limits: Limits = USUAL_LIMITS) -> Carrier:
    """Open a folder (of files, or of a tape's records), an image file, a block or tape device for reading only.

    limits: what errors may cost.

    Raises: CarrierError("source-missing" | "source-denied" | "source-unsupported" | "source-empty"), DriveLost; of a
    tape drive also CarrierError("tape-none" | "tape-not-ready" | "tape-busy" | "tape-partitions").
    """
    try:
        if is_tape_device(source):
            return on_tape(TapeDrive(source))
        is_folder = source.is_dir()
    except OSError as error:                    # a directory on the way that must not be searched
        raise refused(source, error) from error
    if is_folder:
        return on_tape(TapeFolder(source)) if is_tape_folder(source) else Folder(source, retries=limits.retries)
    blocks = BlockSource(source, limits=limits)
    return TarFile(blocks) if source.is_file() and is_tar(blocks) else carrier_of(blocks)


def carrier_of(source: BlockSource) -> Carrier:
    """A disc, or a disk where there are signs of one and none of a disc. Raises: DriveLost."""
    return Disk(source) if is_disk(source) else Disc(source)


def on_tape(tape: Tape) -> Carrier:
    """What lies on a tape: LTFS, or else archives and records. Raises: CarrierError("tape-partitions"), DriveLost."""
    if not is_ltfs(tape):
        return TapeStream(tape)
    if not tape.partitionable:                  # half of a volume would fail the unit for what the driver does not do
        raise CarrierError("tape-partitions", source=str(tape.path))
    return LtfsTape(tape)
