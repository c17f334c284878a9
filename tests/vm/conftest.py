"""One virtual workstation for the whole run of the tests; every test leaves it empty."""
from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.vm.building import built
from tests.vm.debian import NoGuest
from tests.vm.kit import ext4
from tests.vm.workstation import Workstation, booted


@pytest.fixture(scope="session")
def _running() -> Iterator[Workstation]:
    """Root can build it, as in CI: there, not to have it is a failure. Others may lack what it needs, and say so."""
    with ExitStack() as stack:
        # a socket's path must be short
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="workstation-")))
        try:
            disk = ext4(folder, "fixed.img", {"a.bin": b"a" * 70_000})
            workstation = stack.enter_context(booted(built(folder), folder, disk))
        except NoGuest as why:
            if os.geteuid():
                pytest.skip(str(why))
            raise
        yield workstation


@pytest.fixture
def workstation(_running: Workstation) -> Iterator[Workstation]:
    """With empty drives and no disks but its own."""
    yield _running
    _running.clear()
