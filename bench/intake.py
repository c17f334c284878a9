"""How long an intake of a disc image takes, against `md5sum -c` over the same files, everything in the page cache."""
from __future__ import annotations

from pathlib import Path
from statistics import median

from bench.measure import FileSet, Run, arguments, cache_folder, intake, made_set, measured, say, show, warm

MIB, KIB = 1 << 20, 1 << 10
SETS = (FileSet("s10x100m", 10, 100 * MIB), FileSet("s10kx100k", 10_000, 100 * KIB),
        FileSet("s100kx8k", 100_000, 8 * KIB))
QUICK_SETS = (FileSet("quick-2x20m", 2, 20 * MIB), FileSet("quick-500x100k", 500, 100 * KIB),
              FileSet("quick-2kx8k", 2_000, 8 * KIB))


def md5sum(folder: Path) -> Run:
    """The other side: coreutils over the source files."""
    return measured(["md5sum", "--check", "--quiet", str(folder / "list.md5")], folder / "src")


def main() -> None:
    """Alternate the two over each set; print the ratio of the medians."""
    options = arguments("intake against md5sum -c")
    rows, record = [], []
    with cache_folder(options.cache) as cache:
        for wanted in QUICK_SETS if options.quick else SETS:
            folder = made_set(cache, wanted)
            warm(folder)
            theirs, ours = [], []
            for number in range(1, options.rounds + 1):
                theirs.append(md5sum(folder))
                ours.append(intake(folder))
                say(f"{wanted.name} round {number}: md5sum {theirs[-1].seconds:.2f} s, intake {ours[-1].seconds:.2f} s")
            base, own = (median(run.seconds for run in runs) for runs in (theirs, ours))
            peak_mib = max(run.peak_mib for run in ours)
            rows.append((f"{wanted.files} × {wanted.size_bytes} B", f"{base:.2f}", f"{own:.2f}", f"{own / base:.2f}",
                         f"{median(run.cpu_seconds for run in ours):.2f}", f"{peak_mib:.0f}"))
            record.append({"set": wanted._asdict(), "ratio": round(own / base, 3), "peak_mib": round(peak_mib, 1),
                           "md5sum": [run._asdict() for run in theirs], "intake": [run._asdict() for run in ours]})
    show(("set", "md5sum -c, s", "intake, s", "ratio", "intake CPU, s", "intake peak, MiB"), rows, record)


if __name__ == "__main__":
    main()
