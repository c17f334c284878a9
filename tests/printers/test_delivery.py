"""Papers on their way to real printers: what goes wrong there, what is recorded, and that nothing is sent twice."""
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from reportlab.pdfgen.canvas import Canvas

from carriers.model import Refused
from station.config import Config
from station.delivery import Delivery, all_to_be_sent, deliver, leave, route, to_be_sent
from station.home import Home, RegisterError, write_durably
from station.printing import Cups, Queue, Status
from station.register import Register, Station
from tests.printers.cups import Printers, until

MM = 72 / 25.4
Tell = Callable[[Status, Queue], None]


def quiet(status: Status, queue: Queue) -> None:
    """Nobody listens."""


@pytest.fixture
def station(cups: Printers, tmp_path: Path) -> Station:
    config = Config(paper_queue="paper", label_queue="label", print_server=cups.server, print_wait_seconds=15.0)
    home = Home(tmp_path / "home")
    home.prepare()
    return Station(config, home, Register(home, "S1"))


def a_paper(station: Station, wide: int, high: int, pages: int = 1, copies: int = 1) -> dict[str, Any]:
    """A paper of this size in millimetres, drawn and on record as `papers` does it."""
    number = f"甲-2026-J{wide}x{high}"
    path = station.home.batches / f"{number}.pdf"
    canvas = Canvas(str(path), (wide * MM, high * MM))
    for page in range(1, pages + 1):
        canvas.drawString(3 * MM, 3 * MM, f"page {page} of {wide}x{high}")
        canvas.showPage()
    canvas.save()
    shutil.copy(path, station.home.outbox)
    kind = "certificate" if wide == 210 else "label"
    station.register.append("print", {
        "number": number, "paper": kind, "batch": "甲-2026", "file": str(path.relative_to(station.home.root)),
        "sha256": write_durably(path, path.read_bytes()), "reprint": 0, "copies": copies,
        **route(station.config, kind, path.read_bytes())})
    line = to_be_sent(station, number)
    assert line is not None
    return dict(line)


def states(station: Station) -> list[tuple[str, int, str]]:
    return [(line["queue"], line["job"], line["state"]) for line in station.register.lines_of("delivery")]


def outbox(station: Station) -> list[str]:
    return sorted(path.name for path in station.home.outbox.iterdir())


def pdf(path: Path) -> tuple[str, str]:
    """Text and page sizes, as poppler reads them."""
    done = [subprocess.run(command, capture_output=True, text=True, check=True).stdout
            for command in (["pdftotext", str(path), "-"], ["pdfinfo", str(path)])]
    size = next(row for row in done[1].splitlines() if row.startswith("Page size"))
    return done[0], size


def test_sheets_go_to_paper_and_labels_to_labels(station: Station, cups: Printers) -> None:
    sheet, label = a_paper(station, 210, 297, pages=3, copies=2), a_paper(station, 62, 100)
    assert (sheet["queue"], sheet["media"], sheet["sides"]) == ("paper", "A4", "two-sided-long-edge")
    assert (label["queue"], label["media"], label["sides"]) == ("label", "Custom.62x100mm", "one-sided")
    assert [line["number"] for line, _ in all_to_be_sent(station)] == [sheet["number"], label["number"]]
    done = [deliver(station, line, line["queue"], quiet) for line in (sheet, label)]
    assert [each.state for each in done] == ["completed", "completed"]
    assert states(station) == [(queue, each.job_id, state) for queue, each in zip(("paper", "label"), done, strict=True)
                               for state in ("sent", "completed")]
    assert outbox(station) == [] and all_to_be_sent(station) == []
    [on_paper], [on_label] = cups.printed("paper"), cups.printed("label")
    asked = cups.asked(on_paper)
    assert (asked["COPIES"], asked["SIDES"]) == ("2", "two-sided-long-edge")
    assert "x-dimension=21000 y-dimension=29700" in asked["MEDIA_COL"]
    text, size = pdf(on_paper)
    assert "page 3 of 210x297" in text and "(A4)" in size
    asked, (text, size) = cups.asked(on_label), pdf(on_label)
    assert asked.get("COPIES", "1") == "1" and asked["SIDES"] == "one-sided"
    assert "page 1 of 62x100" in text
    wide, high = (float(number) for number in size.split()[2:5:2])
    assert (round(wide / MM), round(high / MM)) == (62, 100)


def healing(cups: Printers, reason: str, heal: Callable[[], object]) -> tuple[Tell, list[Status]]:
    """Listens until the reason is told, then mends the printer."""
    told: list[Status] = []

    def tell(status: Status, _: Queue) -> None:
        if reason in status.reasons and not any(reason in before.reasons for before in told):
            heal()
        told.append(status)
    return tell, told


@pytest.mark.parametrize(("reason", "harm", "heal"), [
    ("media-empty", lambda c: c.trouble("paper", "media-empty-error"), lambda c: c.trouble("paper")),
    ("cover-open", lambda c: c.trouble("paper", "cover-open-error"), lambda c: c.trouble("paper")),
    ("unreachable", lambda c: c.off("paper"), lambda c: c.on("paper")),
    ("paused", lambda c: c.tell("cupsdisable", "paper"), lambda c: c.tell("cupsenable", "paper")),
])
def test_a_job_waits_for_its_printer_and_goes_on(station: Station, cups: Printers, reason: str,
                                                 harm: Callable[[Printers], None], heal: Callable[[Printers], None]
                                                 ) -> None:
    line = a_paper(station, 210, 297)
    harm(cups)
    tell, told = healing(cups, reason, lambda: heal(cups))
    done = deliver(station, line, "paper", tell)
    assert any(reason in status.reasons for status in told)
    assert done.state == "completed" and len(cups.printed("paper")) == 1
    assert [state for _, _, state in states(station)] == ["sent", "completed"]


def test_a_size_that_the_printer_has_not_is_never_printed(station: Station, cups: Printers) -> None:
    line = a_paper(station, 70, 40)
    done = deliver(station, line, "label", quiet)
    assert done.state in ("canceled", "aborted") and done.reasons == ("options-refused",)
    assert cups.printed("label") == [] and outbox(station) == ["甲-2026-J70x40.pdf"]
    assert to_be_sent(station, line["number"]) == line                    # as it is, not as a reprint
    assert [state for _, _, state in states(station)] == ["sent", done.state]


def test_without_progress_the_job_is_withdrawn(station: Station, cups: Printers) -> None:
    line = a_paper(station, 210, 297)
    cups.off("paper")
    hasty = Station(Config(**{**as_given(station.config), "print_wait_seconds": 1.0}), station.home, station.register)
    done = deliver(hasty, line, "paper", quiet)
    assert (done.state, done.reasons) == ("canceled", ("unreachable",))
    assert Cups(cups.server).queue("paper").waiting == 0                  # nothing comes out later
    cups.on("paper")
    again = deliver(station, line, "paper", quiet)
    assert again.state == "completed" and again.job_id != done.job_id
    assert len(cups.printed("paper")) == 1 and outbox(station) == []


def as_given(config: Config) -> dict[str, Any]:
    return {name: getattr(config, name) for name in Config.__slots__}


def test_a_queue_that_rejects_or_is_not_there(station: Station, cups: Printers) -> None:
    line = a_paper(station, 210, 297)
    cups.tell("cupsreject", "paper")
    for queue, code in (("paper", "queue-rejects"), ("none", "queue-unknown"), ("pa per", "queue-unknown"),
                        ("-h", "queue-unknown"), ("../admin", "queue-unknown")):
        with pytest.raises(Refused, match=code):
            deliver(station, line, queue, quiet)
    assert states(station) == [] and to_be_sent(station, line["number"]) == line
    assert Cups(cups.server).queue("paper").accepting is False


def test_one_side_where_the_printer_has_one(station: Station, cups: Printers) -> None:
    line = a_paper(station, 62, 100) | {"sides": "two-sided-long-edge"}
    done = deliver(station, line, "label", quiet)
    assert (done.state, done.sides) == ("completed", "one-sided")
    assert [each["sides"] for each in station.register.lines_of("delivery")] == ["one-sided", "one-sided"]


def test_stopped_while_waiting_the_same_job_is_waited_for(station: Station, cups: Printers) -> None:
    line = a_paper(station, 210, 297)
    cups.tell("cupsdisable", "paper")

    def stop(status: Status, queue: Queue) -> None:
        with pytest.raises(Refused, match="print-running"):               # meanwhile somebody else
            deliver(station, line, "paper", quiet)
        raise KeyboardInterrupt
    with pytest.raises(Refused, match="print-left"):
        deliver(station, line, "paper", stop)
    assert [state for _, _, state in states(station)] == ["sent"]
    cups.tell("cupsenable", "paper")
    done = deliver(station, line, "label", quiet)                         # wherever it is asked for now
    assert (done.queue, done.state, len(cups.printed("paper"))) == ("paper", "completed", 1)
    assert {job for _, job, _ in states(station)} == {done.job_id}


@pytest.mark.parametrize("unloaded", [False, True])
def test_handed_over_just_before_a_power_cut_is_not_handed_over_twice(
        station: Station, cups: Printers, monkeypatch: pytest.MonkeyPatch, unloaded: bool) -> None:
    """unloaded: CUPS 2.4 lists ended jobs that it has put away without their names."""
    line = a_paper(station, 210, 297)
    ask = Cups._ask

    def nameless(server: Cups, path: str, operation: str, *more: str) -> list[Any]:
        rows = ask(server, path, operation, *more)
        return [{"job-id": row["job-id"]} for row in rows] if operation == "Get-Jobs" and unloaded else rows
    monkeypatch.setattr(Cups, "_ask", nameless)
    with monkeypatch.context() as cut:
        def fail(*_: object) -> None:
            raise RegisterError("home-full", path="x", reason="")
        cut.setattr(station.register, "append", fail)
        with pytest.raises(RegisterError):
            deliver(station, line, "paper", quiet)
    assert states(station) == []
    until(lambda: cups.printed("paper"), "the job is at the printer")
    done = deliver(station, line, "paper", quiet)
    title = f"{line['number']} {line['sha256'][:12]}"
    assert (done.state, Cups(cups.server).find("paper", title)) == ("completed", [done.job_id])


def test_a_job_that_cups_has_forgotten_is_not_printed_and_not_sent_again(station: Station, cups: Printers) -> None:
    line = a_paper(station, 210, 297)
    cups.tell("cupsdisable", "paper")
    told: list[Status] = []

    def purge(status: Status, queue: Queue) -> None:
        told.append(status)
        cups.tell("cancel", "-a", "-x")
    done = deliver(station, line, "paper", purge)
    assert told and done == Delivery(line["number"], "paper", told[0].job_id, "unknown", 1, "A4",
                                     "two-sided-long-edge")
    assert to_be_sent(station, line["number"]) is None                    # whatever follows is marked as a reprint
    assert outbox(station) == ["甲-2026-J210x297.pdf"]


def test_somebody_else_s_job_of_that_number_is_not_ours(station: Station, cups: Printers) -> None:
    cups.tell("cupsdisable", "paper")
    path = station.home.root / a_paper(station, 210, 297)["file"]
    number = int(cups.tell("lp", "-d", "paper", "-t", "another", str(path)).split("-")[1].split()[0])
    assert Cups(cups.server).status("paper", number, "another").state == "pending"
    assert Cups(cups.server).status("paper", number, "ours").state == "unknown"
    assert Cups(cups.server).find("paper", "another") == [number]


def test_an_altered_paper_is_not_printed(station: Station, cups: Printers) -> None:
    line = a_paper(station, 210, 297)
    path = station.home.root / line["file"]
    path.write_bytes(path.read_bytes() + b"\n")
    with pytest.raises(RegisterError, match="journal-altered"):
        deliver(station, line, "paper", quiet)
    assert Cups(cups.server).queue("paper").waiting == 0 and states(station) == []


def test_a_server_that_is_away_for_a_moment_is_waited_for(station: Station, cups: Printers,
                                                          monkeypatch: pytest.MonkeyPatch) -> None:
    answers, asked = Cups.status, []

    def away(*words: Any) -> Status:
        asked.append(words)
        if len(asked) == 1:
            raise Refused("print-server-gone", server="x", reason="y")
        return answers(*words)
    monkeypatch.setattr(Cups, "status", away)
    assert deliver(station, a_paper(station, 210, 297), "paper", quiet).state == "completed"
    assert len(asked) > 1


def test_printed_by_hand_it_may_have_come_out(station: Station) -> None:
    line = a_paper(station, 210, 297)
    assert leave(station, line).state == "outbox"
    assert to_be_sent(station, line["number"]) is None and all_to_be_sent(station) == []
