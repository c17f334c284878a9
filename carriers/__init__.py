"""Facts about carriers: what lies on one, how it is read, what was found. Imports nothing of ours.

Takes a path (device, image file, folder); gives a `Carrier`. Relies on the openers being asked in order.
"""
from __future__ import annotations

from pathlib import Path

from carriers.blocks import BlockSource, refused
from carriers.disc import Disc
from carriers.disk import Disk, is_disk
from carriers.folder import Folder
from carriers.model import Carrier
from carriers.retries import USUAL_LIMITS, Limits


def open_carrier(source: Path, limits: Limits = USUAL_LIMITS) -> Carrier:
    """Open a folder, an image file or a block device for reading only. limits: what errors may cost.

    Raises: CarrierError("source-missing" | "source-denied" | "source-unsupported" | "source-empty"), DriveLost.
    """
    try:
        is_folder = source.is_dir()
    except OSError as error:                    # a directory on the way that must not be searched
        raise refused(source, error) from error
    return Folder(source, retries=limits.retries) if is_folder else carrier_of(BlockSource(source, limits=limits))


def carrier_of(source: BlockSource) -> Carrier:
    """A disc, or a disk where there are signs of one and none of a disc. Raises: DriveLost."""
    return Disk(source) if is_disk(source) else Disc(source)
