"""`decide`, `print` and `printers` as an operator gives them, with a CUPS and without one."""
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from station import printer_words, printing
from station.config import Config
from station.delivery import route
from station.printer_words import queue_words, trouble_words
from station.printing import Queue, page_size
from station.words import Voice
from tests.printers.cups import Printers, free_port
from tests.station.test_commands import a_package, station

Done = subprocess.CompletedProcess[str]
Say = Callable[..., Done]
PEOPLE = ("--operator", "张伟", "--reviewer", "李敏")


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a batch that is ready to be decided."""
    folder = tmp_path_factory.mktemp("checked")
    source, form = a_package(folder, {"a.txt": b"a", "b.txt": b"b"})
    for command in (("batch", form, "--fonds", "J010", "--unit", "某局", "--year", "2026"),
                    ("intake", source, "--form", form)):
        done = station(folder / "home", *command)
        assert done.returncode == 0, done.stderr
    return folder / "home"


def speaker(checked: Path, tmp_path: Path, settings: str) -> Say:
    shutil.copytree(checked, tmp_path / "home")
    config = tmp_path / "station.toml"
    config.write_text(settings, encoding="utf-8")
    return lambda *words, **more: station(tmp_path / "home", words[0], "--config", config, *words[1:], **more)


@pytest.fixture
def say(checked: Path, tmp_path: Path, cups: Printers) -> Say:
    """Commands of a station with both queues configured."""
    return speaker(checked, tmp_path, f'print_server = "{cups.server}"\npaper_queue = "paper"\nlabel_queue = "label"\n'
                                      "print_wait_seconds = 10\n")


def lines(tmp_path: Path, *kinds: str) -> list[dict[str, Any]]:
    [path] = (tmp_path / "home" / "register").glob("*.jsonl")
    rows = [json.loads(row) for row in path.read_text(encoding="utf-8").splitlines()]
    return [row for row in rows if row["type"] in kinds]


def text_of(pdf: Path) -> str:
    return subprocess.run(["pdftotext", str(pdf), "-"], capture_output=True, text=True, check=True).stdout


def test_decided_printed_and_printed_again(say: Say, tmp_path: Path, cups: Printers) -> None:
    done = say("decide", "J010-2026-01", *PEOPLE, "--json")
    assert done.returncode == 0, done.stderr
    [paper] = json.loads(done.stdout)["papers"]
    assert (paper["number"], paper["state"]) == ("J010-2026-01-J01", "completed")
    [first] = cups.printed("paper")
    assert cups.asked(first)["COPIES"] == "2" and "重打" not in text_of(first) and "paper" in text_of(first)
    again = say("print", "J010-2026-01-J01", "--copies", "1")
    assert again.returncode == 0 and "已打印:J010-2026-01-J01,1 份,累计 3 份" in again.stderr
    second = next(path for path in cups.printed("paper") if path != first)
    assert cups.asked(second).get("COPIES", "1") == "1" and "重打" in text_of(second)
    prints, deliveries = lines(tmp_path, "print"), lines(tmp_path, "delivery")
    assert [(p["reprint"], p["copies"], p["queue"], p["state"]) for p in prints] == \
        [(0, 2, "paper", "queued"), (1, 1, "paper", "queued")]
    assert [(d["state"], d["copies"]) for d in deliveries] == [("sent", 2), ("completed", 2), ("sent", 1),
                                                                ("completed", 1)]
    assert [line["type"] for line in lines(tmp_path, "decision", "print", "delivery")][:4] == \
        ["decision", "print", "delivery", "delivery"]
    assert list((tmp_path / "home" / "outbox").iterdir()) == []
    assert say("audit").returncode == 0


def test_not_printed_is_said_and_sent_again_as_it_is(say: Say, tmp_path: Path, cups: Printers) -> None:
    """An A4 sheet on the label printer: CUPS gives the job up."""
    done = say("decide", "J010-2026-01", *PEOPLE, "--to", "label")
    assert done.returncode == 0                                           # the decision stands, whatever it does
    assert "没有打印成功:J010-2026-01-J01" in done.stderr and "station print J010-2026-01-J01" in done.stderr
    assert lines(tmp_path, "delivery")[-1]["state"] in ("canceled", "aborted")
    assert "尚未打出:J010-2026-01-J01" in say("printers").stdout
    failed = say("print", "J010-2026-01-J01", language="en")
    assert failed.returncode == 4 and "NOT printed: J010-2026-01-J01" in failed.stderr
    assert "no paper of this size" in failed.stderr
    assert [path.name for path in (tmp_path / "home" / "outbox").iterdir()] == ["J010-2026-01-J01.pdf"]
    done = say("print", "J010-2026-01-J01", "--to", "paper", "--copies", "3")
    assert done.returncode == 0 and "已打印" in done.stderr
    [pdf] = cups.printed("paper")
    assert "重打" not in text_of(pdf)                                     # none had come out before
    assert cups.asked(pdf)["COPIES"] == "3" and lines(tmp_path, "delivery")[-1]["copies"] == 3
    assert len(lines(tmp_path, "print")) == 1
    assert "尚未打出" not in say("printers").stdout
    assert say("audit").returncode == 0


def test_a_queue_that_is_not_there_makes_nothing(say: Say, tmp_path: Path) -> None:
    for words in (("decide", "J010-2026-01", *PEOPLE, "--to", "nowhere"), ("print", "J010-2026-01-J01", "--to", "no")):
        done = say(*words)
        assert done.returncode == 2 and "label paper" in done.stderr
    assert lines(tmp_path, "decision", "print", "delivery") == []


def test_the_queues_in_words(say: Say, cups: Printers) -> None:
    cups.tell("cupsdisable", "paper")
    cups.tell("cupsreject", "label")
    done = say("printers")
    assert done.returncode == 0
    paper, label = sorted(done.stdout.splitlines(), reverse=True)
    assert paper == "paper(检验表):已暂停,请管理员恢复(cupsenable);排队 0 件"
    assert label == "label(标签):空闲、队列不接收任务,请管理员放开(cupsaccept);排队 0 件"
    known = {queue["name"]: queue for queue in json.loads(say("printers", "--json").stdout)["queues"]}
    assert known["paper"]["state"] == "stopped" and known["label"]["accepting"] is False
    assert "two-sided-long-edge" in known["paper"]["sides"] and known["label"]["sides"] == ["one-sided"]


def test_without_a_queue_the_pdf_lies_in_the_outbox(checked: Path, tmp_path: Path) -> None:
    say = speaker(checked, tmp_path, "")
    done = say("decide", "J010-2026-01", *PEOPLE, "--json")
    assert done.returncode == 0 and json.loads(done.stdout)["papers"][0]["state"] == "outbox"
    assert say("print", "J010-2026-01-J01").returncode == 0
    assert sorted(path.name for path in (tmp_path / "home" / "outbox").iterdir()) == \
        ["J010-2026-01-J01-R01.pdf", "J010-2026-01-J01.pdf"]
    assert [(p["queue"], p["state"], p["media"]) for p in lines(tmp_path, "print")] == [("", "outbox", "A4")] * 2
    assert lines(tmp_path, "delivery") == []


def test_without_a_server_the_decision_and_the_pdf_are_there(checked: Path, tmp_path: Path) -> None:
    say = speaker(checked, tmp_path, f'print_server = "127.0.0.1:{free_port()}"\npaper_queue = "paper"\n')
    done = say("decide", "J010-2026-01", *PEOPLE)
    assert done.returncode == 0 and "没有应答" in done.stderr and "station print J010-2026-01-J01" in done.stderr
    assert say("printers").returncode == 4
    assert say("print", "J010-2026-01-J01").returncode == 4
    assert len(lines(tmp_path, "print")) == 1 and lines(tmp_path, "delivery") == []
    by_hand = say("print", "J010-2026-01-J01", "--to", "outbox")
    assert by_hand.returncode == 0 and "outbox/J010-2026-01-J01.pdf" in by_hand.stdout
    assert say("print", "J010-2026-01-J01", "--to", "outbox").returncode == 0
    assert [p["reprint"] for p in lines(tmp_path, "print")] == [0, 1]
    assert [d["state"] for d in lines(tmp_path, "delivery")] == ["outbox"]


def test_a_missing_tool_is_named_with_its_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(printing.Refused) as refused:
        printing.Cups().queues()
    assert (refused.value.code, refused.value.facts["package"]) == ("print-tool-missing", "cups-ipp-utils")


def test_every_trouble_is_worded_and_an_unknown_one_is_shown() -> None:
    for language in ("zh", "en"):
        voice = Voice(language)
        for reason in printer_words._TROUBLES:
            assert trouble_words((reason,), voice) == voice.phrase(f"trouble-{printer_words._TROUBLES[reason]}")
        assert trouble_words(("media-empty", "media-needed", "moon-phase"), voice).endswith("moon-phase")
    queue = Queue("q", "processing", True, ("media-jam", "toner-low"), "", 1, ())
    assert queue_words(queue, Voice("zh")) == "正在打印、卡纸,请取出卡住的纸、墨粉(碳带)不足"


def test_page_sizes() -> None:
    assert page_size(b"/MediaBox [ 0 0 595.2756 841.8898 ] /MediaBox [0 0 595.2756 841.8898]") == (210, 297)
    assert page_size(b"/MediaBox[0 0 283.46 175.75]") == (100, 62)
    assert route(Config(label_queue="l"), "label", b"/MediaBox [0 0 288 144]")["media"] == "Custom.101.6x50.8mm"
    assert route(Config(paper_queue="p"), "list", b"/MediaBox [0 0 842 595]") == \
        {"queue": "p", "media": "A4", "sides": "one-sided", "state": "queued"}
    for raw in (b"", b"/MediaBox [ 0 0 100 100 ] /MediaBox [ 0 0 100 200 ]"):
        with pytest.raises(ValueError, match="sizes"):
            page_size(raw)
