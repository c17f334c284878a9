"""Facts about carriers: what lies on one, how it is read, what was found. Imports nothing of ours.

Takes a path (device, image file, folder); gives a `Carrier`. Relies on the openers being asked in order.
"""
from __future__ import annotations

from pathlib import Path

from carriers.blocks import BlockSource, refused
from carriers.disc import Disc
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
    return Folder(source, retries=limits.retries) if is_folder else Disc(BlockSource(source, limits=limits))
