"""Seeded mutations of everything that a parser reads: `./run mutate [NAME …] [--count N] [--seed N]`.

No mutation may raise (but a refusal), hang, need more than 64 MiB, or pass what it should not; the first that does is
told with its number, so that it can be made again, and ends the run with 1. A sample of it runs in the tests.
"""
from __future__ import annotations

import argparse
import random
import resource
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from pathlib import Path

from tests.mutations import discs, disks, texts

Trial = Callable[[random.Random], str]
SOURCES: tuple[Callable[[Path], Iterator[tuple[str, Trial]]], ...] = (discs.trials, disks.trials, texts.trials)
SECONDS, MEMORY_KIB = 10, 64 << 10


def trials(folder: Path, wanted: list[str]) -> Generator[tuple[str, Trial], None, None]:
    """All kinds, or those whose names begin with one of `wanted`."""
    for number, source in enumerate(SOURCES):
        place = folder / str(number)
        place.mkdir()
        for name, trial in source(place):
            if not wanted or name.startswith(tuple(wanted)):
                yield name, trial


def run(name: str, trial: Trial, numbers: range, seed: int) -> Counter[str]:
    """Make the mutations of these numbers. Returns what became of them, counted. Raises: what a trial raises."""
    said: Counter[str] = Counter()
    for number in numbers:
        signal.alarm(SECONDS)
        try:
            said[trial(random.Random(f"{name} {seed} {number}"))] += 1
        except BaseException:
            print(f"{name}: mutation {number} of seed {seed}", file=sys.stderr)
            raise
        finally:
            signal.alarm(0)
    return said


def hangs(*_: object) -> None:
    """The alarm's answer."""
    raise TimeoutError(f"more than {SECONDS} s")


def main() -> int:
    parser = argparse.ArgumentParser(prog="./run mutate", description=__doc__)
    parser.add_argument("names", nargs="*", help="kinds, by the beginning of their names; all if none is given")
    parser.add_argument("--count", type=int, default=2000, help="mutations of each kind (100000 before a release)")
    parser.add_argument("--seed", type=int, default=20261124)
    parser.add_argument("--from", type=int, default=0, dest="first", help="number of the first mutation")
    options = parser.parse_args()
    signal.signal(signal.SIGALRM, hangs)
    with tempfile.TemporaryDirectory(prefix="mutations-") as folder, \
            closing(trials(Path(folder), options.names)) as kinds:
        for name, trial in kinds:
            trial(random.Random(0))
            begun, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            try:
                said = run(name, trial, range(options.first, options.first + options.count), options.seed)
            except Exception:  # noqa: BLE001  whatever a trial raises is the answer
                traceback.print_exc()
                return 1
            grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
            seconds = time.perf_counter() - begun
            print(f"{name}: {options.count} in {seconds:.0f} s, {grown >> 10} MiB more; "
                  + ", ".join(f"{what} {count}" for what, count in said.most_common()), flush=True)
            if grown > MEMORY_KIB:
                print(f"{name}: more than 64 MiB", file=sys.stderr)
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
