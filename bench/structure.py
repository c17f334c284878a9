"""What half a million files on one image cost: the structure alone, and a whole intake; time and peak memory."""
from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median

from bench.measure import FileSet, Run, arguments, cache_folder, intake, made_set, measured, say, show, warm

WANTED = FileSet("s500kx512", 500_000, 512)
QUICK = FileSet("quick-5kx512", 5_000, 512)
_READ = """
import sys
from pathlib import Path
from carriers import open_carrier
structure, findings = open_carrier(Path(sys.argv[1])).structure()
sys.exit(0 if structure.files is not None and len(structure.files) == int(sys.argv[2]) and not findings else 1)
"""


def structure_only(folder: Path, count: int) -> Run:
    """Open the image and read its structure in a process of its own; it must show every file and no fault."""
    return measured([sys.executable, "-c", _READ, str(folder / "disc.iso"), str(count)], folder)


def main() -> None:
    """Measure an empty Python, the structure, the intake; and bsdtar's list as another tool's figure."""
    options = arguments("structure and intake of an image with very many files")
    wanted = QUICK if options.quick else WANTED
    with cache_folder(options.cache) as cache:
        folder = made_set(cache, wanted)
        warm(folder)
        sides: dict[str, Callable[[], Run]] = {
            "python alone": lambda: measured([sys.executable, "-c", "pass"], folder),
            "bsdtar -tf": lambda: measured(["bsdtar", "-tf", "disc.iso"], folder),
            "structure()": lambda: structure_only(folder, wanted.files),
            "intake": lambda: intake(folder)}
        runs: dict[str, list[Run]] = {name: [] for name in sides}
        for number in range(1, options.rounds + 1):
            for name, side in sides.items():
                runs[name].append(side())
                say(f"{name} round {number}: {runs[name][-1].seconds:.2f} s, {runs[name][-1].peak_mib:.0f} MiB")
    rows = [(name, f"{median(run.seconds for run in of):.2f}", f"{max(run.peak_mib for run in of):.0f}")
            for name, of in runs.items()]
    show((f"{wanted.files} files", "s", "peak, MiB"), rows,
         {"set": wanted._asdict(), "runs": {name: [run._asdict() for run in of] for name, of in runs.items()}})


if __name__ == "__main__":
    main()
