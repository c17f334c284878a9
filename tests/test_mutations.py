"""A sample of the mutations of `./run mutate`: no exception, no hang, nothing passed that should not be."""
from __future__ import annotations

import signal
from pathlib import Path

from tests.mutations.__main__ import hangs, run, trials

SAMPLE, SEED = 60, 20261124


def test_a_sample_of_every_kind(tmp_path: Path) -> None:
    before = signal.signal(signal.SIGALRM, hangs)
    try:
        names = {name: sum(run(name, trial, range(SAMPLE), SEED).values()) for name, trial in trials(tmp_path, [])}
    finally:
        signal.signal(signal.SIGALRM, before)
    assert len(names) >= 50 and set(names.values()) == {SAMPLE}
