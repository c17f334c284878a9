"""The disk is full at any moment of a decision: a sentence, nothing lost, and the same or the next command goes on."""
import shutil
from pathlib import Path

import pytest

from station import home as homes
from station.audit import audit
from station.batch import UsageError
from station.home import RegisterError
from station.papers import People, decide, reprint
from tests.station.evidence_kit import a_station, told
from tests.station.test_attest import CONTENTS, an_image

BATCH = "J010-2025-01"


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a batch that waits for its decision."""
    folder = tmp_path_factory.mktemp("checked")
    image, form = an_image(folder, CONTENTS)
    told(folder / "home", "batch", form, "--fonds", "J010", "--unit", "某局", "--year", "2025")
    told(folder / "home", "intake", image, "--form", form, "--carrier", f"{BATCH}-G001-A")
    return folder / "home"


def test_a_decision_that_the_disk_cuts_off_goes_on(checked: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
                                                   ) -> None:
    write_all, ended = homes._write_all, False
    for good in range(40):
        folder = tmp_path / str(good)
        shutil.copytree(checked, folder)
        station, left = a_station(folder), [good]

        def fills_up(handle: int, raw: bytes, left: list[int] = left) -> None:
            left[0] -= 1
            write_all(handle, raw[:len(raw) // 2] if left[0] < 0 else raw)
            if left[0] < 0:
                raise OSError(28, "No space left on device")
        monkeypatch.setattr("station.home._write_all", fills_up)
        try:
            decide(station, BATCH, People("张伟", "李敏"))
            ended = True
        except RegisterError as refusal:
            assert refusal.code == "home-full"
        monkeypatch.setattr("station.home._write_all", write_all)
        try:
            decide(station, BATCH, People("张伟", "李敏"))
        except UsageError as refusal:                           # the decision stands: its papers are printed
            assert refusal.code == "batch-decided"
            if not ended:
                reprint(station, f"{BATCH}-J01")
        papers = [line["number"] for line in station.register.lines_of("print") if not line["reprint"]]
        assert papers == [f"{BATCH}-J01", f"{BATCH}-L01"]
        assert len(list(station.register.lines_of("lock"))) == 1
        assert [line["number"] for line in station.register.lines_of("decision")] == [f"{BATCH}-J01"]
        assert audit(station.home).breaks == []
        if ended:
            break
    assert ended and good > 5
