"""What every test may lean on. The packages are found through `pythonpath` in pyproject.toml."""
from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(autouse=True)
def _nobody_s_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test finds, or writes into, the station of the person who runs it."""
    for name in [name for name in os.environ if name.startswith("STATION_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "nobody"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "nobody" / "data"))
