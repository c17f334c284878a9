from collections.abc import Iterator

import pytest

from tests.printers.cups import Printers, printers


@pytest.fixture(scope="session")
def _server() -> Iterator[Printers]:
    with printers() as ours:
        yield ours


@pytest.fixture
def cups(_server: Printers) -> Iterator[Printers]:
    """CUPS with both printers on, without troubles and without jobs."""
    yield _server
    _server.heal()
