"""Several readings of one carrier: at most three, all of them on paper, and a failure is undone by none."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest

from carriers.blocks import BlockSource
from carriers.disc import Disc
from carriers.model import Carrier, Finding
from checks.bind import Choice
from checks.lists import read_reference
from checks.verdict import Outcome, Resolution, Verdict
from labels.sentences import final_readings
from station import batch as batches
from station.__main__ import exit_code
from station.commands.intake import open_known_batch
from station.config import Config
from station.home import Home
from station.intake import intake
from station.next_steps import next_steps
from station.papers import People, decide
from station.progress import Progress
from station.register import Register, Station
from station.words import Voice
from tests.faults import FaultySource
from tests.vectors_kit import CONTENT, NUMBER, block_of, disc_in, form_in

PEOPLE = People("张伟", "李敏")
Opener = Callable[[Path], Carrier]


class Desk:
    """A station with one disc and its form."""

    def __init__(self, folder: Path) -> None:
        home = Home(folder / "home")
        self.station = Station(Config(), home, Register(home, "S1"))
        home.prepare()
        self.form, self.image = form_in(folder, "form", {NUMBER: CONTENT}), disc_in(folder, "disc", CONTENT, NUMBER)
        self.bad = block_of(self.image, CONTENT["案卷/0002.bin"]) + 2

    def read(self, *bad: int, doubtful: bool = False) -> Verdict:
        form = read_reference(self.form)
        open_known_batch(self.station, form, self.form)

        def opener(path: Path) -> Carrier:
            inner = Disc(BlockSource(path, pread=FaultySource(bad=bad)))
            if doubtful:
                inner.findings = lambda: (Finding("drive-doubt", facts={"lba": 40, "error_lba": 7}),)  # type: ignore[method-assign]
            return inner
        return intake(self.station, self.image, form, Choice(), Progress(Voice("en", StringIO(), StringIO())),
                      opener=opener)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def codes(verdict: Verdict) -> set[str]:
    return {j.code for j in verdict.findings if j.severity != "note"}


def test_a_fourth_reading_is_refused_with_the_next_step_and_leaves_nothing(desk: Desk) -> None:
    read = [desk.read(desk.bad), desk.read(), desk.read()]
    with pytest.raises(batches.UsageError) as refusal:
        desk.read()
    assert (refusal.value.code, exit_code(refusal.value)) == ("readings-used-up", 2)
    assert all(verdict.intake in str(refusal.value.facts["intakes"]) for verdict in read)
    assert not any((desk.station.home.intakes / ".open").iterdir())
    decide(desk.station, read[0].batch, PEOPLE)                        # returned: it may come again, with three more
    assert desk.read().attempt == 2


def test_a_failure_is_undone_by_no_later_reading(desk: Desk) -> None:
    failed, read = desk.read(desk.bad), desk.read()
    assert (failed.outcome, read.outcome) == (Outcome.FAILED, Outcome.UNDECIDED)
    assert codes(read) == {"block-unstable"}
    decision, papers = decide(desk.station, read.batch, PEOPLE)        # its doubt needs no answer: the disc goes back
    assert decision.outcome is Outcome.FAILED and [paper.kind for paper in papers] == ["certificate"]
    assert [v.intake for v in decision.verdicts] == [failed.intake, read.intake]
    assert final_readings(decision) == (decision.verdicts[0],)


def test_a_failure_after_a_good_reading_is_said_and_counts(desk: Desk) -> None:
    read, failed = desk.read(), desk.read(desk.bad)
    assert (read.outcome, failed.outcome) == (Outcome.PASSED, Outcome.FAILED)
    assert "block-unstable" in codes(failed)
    decision, papers = decide(desk.station, read.batch, PEOPLE)
    assert decision.outcome is Outcome.FAILED and [paper.kind for paper in papers] == ["certificate"]


@pytest.mark.parametrize("damage", [lambda path: path.unlink(), lambda path: path.write_bytes(b"?")])
def test_two_readings_that_cannot_be_compared_are_a_doubt(desk: Desk, damage: Callable[[Path], object]) -> None:
    """Nobody can say then that both read the same; it was passed over in silence."""
    first = desk.read()
    damage(desk.station.home.intakes / first.intake / "files.jsonl.zst")
    second = desk.read()
    assert (first.outcome, second.outcome, codes(second)) == (Outcome.PASSED, Outcome.UNDECIDED, {"check-not-run"})
    assert [j.facts["reason"] for j in second.findings if j.severity == "doubt"] == ["earlier-reading"]


def test_a_reading_in_a_doubtful_drive_is_set_aside_and_stands_on_paper_all_the_same(desk: Desk) -> None:
    doubtful, read = desk.read(desk.bad, doubtful=True), desk.read()
    assert doubtful.outcome is Outcome.UNDECIDED and codes(read) == {"block-unstable"}
    for verdict, code, answer in ((doubtful, "drive-doubt", "recheck"), (read, "block-unstable", "accept")):
        batches.resolve(desk.station, Resolution(verdict.intake, code, "", answer, "张伟", "李敏", "驱动器故障"))
    decision, _ = decide(desk.station, read.batch, PEOPLE)
    assert decision.outcome is Outcome.PASSED
    assert ([v.intake for v in decision.verdicts], [v.intake for v in decision.set_aside]) == (
        [read.intake], [doubtful.intake])
    assert {r.intake for r in decision.resolutions} == {doubtful.intake, read.intake}


def test_another_drive_is_proposed_while_the_attempt_allows_it(desk: Desk) -> None:
    def steps(verdict: Verdict) -> set[str]:
        return {step.what for step in next_steps(desk.station, replace(verdict, drive={"model": "DVD-RAM GH24"}))}
    failed = desk.read(desk.bad)
    assert {"next-return", "next-second-drive"} <= steps(failed)
    assert "next-second-drive" not in {step.what for step in next_steps(desk.station, failed)}   # an image, no drive
    desk.read(desk.bad)
    assert "next-second-drive" not in steps(desk.read(desk.bad))
