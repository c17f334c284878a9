"""How fast a block device is read past the page cache, against `dd iflag=direct` over the same device.

A loop device over an image (root, loop devices), or the device that is named with --device: a disc in a drive.
"""
from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from bench.measure import FileSet, Run, arguments, cache_folder, intake, made_set, measured, say, show

MIB = 1 << 20
SET, QUICK_SET = FileSet("s10x100m", 10, 100 * MIB), FileSet("quick-2x20m", 2, 20 * MIB)
_BLOCKS = """
import sys
from contextlib import closing
from pathlib import Path
from carriers.blocks import BlockSource
from carriers.model import Extent
step = int(sys.argv[2])
with closing(BlockSource(Path(sys.argv[1]))) as source:
    for at in range(0, source.size_bytes, step):
        source.read_extent(Extent(at // source.block_bytes, min(step, source.size_bytes - at)))
"""


def dd(device: Path, step: int) -> Run:
    """The other side: coreutils."""
    return measured(["dd", f"if={device}", "of=/dev/null", f"bs={step}", "iflag=direct", "status=none"], Path("/"))


def blocks(device: Path, step: int) -> Run:
    """Our reading alone, in the same steps."""
    return measured([sys.executable, "-c", _BLOCKS, str(device), str(step)], Path("/"))


@contextmanager
def looped(image: Path) -> Iterator[Path]:
    """A loop device that does not keep what it reads. Raises: SystemExit where this machine has none."""
    if os.geteuid() or not Path("/dev/loop-control").exists():
        raise SystemExit("needs root and loop devices, or --device")
    command = ["losetup", "--find", "--show", "--read-only", "--direct-io=on", str(image)]
    device = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    try:
        yield Path(device)
    finally:
        subprocess.run(["losetup", "--detach", device], check=True)


def compare(device: Path, rounds: int, folder: Path | None) -> None:
    """Take turns, step by step; then a whole intake (of a set) against dd."""
    rows, record = [], []
    sides = [(f"{step // 1024} KiB", step, dd, blocks) for step in (64 << 10, 256 << 10, MIB, 4 * MIB)]
    for name, step, theirs, ours in sides:
        base, own = [], []
        for _ in range(rounds):
            base.append(theirs(device, step).seconds)
            own.append(ours(device, step).seconds)
        say(f"{name}: dd {median(base):.2f} s, ours {median(own):.2f} s")
        rows.append((name, f"{median(base):.2f}", f"{median(own):.2f}", f"{median(own) / median(base):.2f}"))
        record.append({"step": step, "dd": base, "blocks": own})
    if folder is not None:
        base, own = [], []
        for _ in range(rounds):
            base.append(dd(device, MIB).seconds)
            own.append(intake(folder, device).seconds)
        rows.append(("intake, 1024 KiB", f"{median(base):.2f}", f"{median(own):.2f}",
                     f"{median(own) / median(base):.2f}"))
        record.append({"step": MIB, "dd": base, "intake": own})
    show(("step", "dd, s", "ours, s", "ratio"), rows, record)


def main() -> None:
    options = arguments("reading a device against dd", device="a block device that is there, instead of a loop device")
    if options.device:
        compare(options.device, options.rounds, None)
        return
    with cache_folder(options.cache) as cache:
        folder = made_set(cache, QUICK_SET if options.quick else SET)
        with looped(folder / "disc.iso") as device:
            compare(device, options.rounds, folder)


if __name__ == "__main__":
    main()
