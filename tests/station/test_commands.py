"""The commands as a user gives them: answers, exit codes, and the whole job from form to papers."""
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
CONTRACT_KEYS = {"schema", "outcome", "intake", "batch", "reference", "carrier", "digests", "drive", "host", "clock",
                 "read_only", "people", "sittings", "policy_sha256", "catalogue_sha256", "selftest", "resolutions",
                 "counts", "lines", "findings", "checks", "coverage", "speed", "versions"}


def station(home: Path, *arguments: object, language: str = "zh", **more: Any) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "STATION_HOME": str(home), "STATION_LANG": language, "PYTHONPATH": str(ROOT)}
    return subprocess.run([sys.executable, "-m", "station", *map(str, arguments)], capture_output=True, text=True,
                          env=environment, cwd=home.parent, stdin=subprocess.DEVNULL, check=False, **more)


def a_package(folder: Path, contents: dict[str, bytes]) -> tuple[Path, Path]:
    """A folder with these files, and an md5sum list of them beside it."""
    source = folder / "package"
    for name, content in contents.items():
        path = source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    form = folder / "list.md5"
    form.write_text("".join(f"{hashlib.md5(c).hexdigest()}  {n}\n" for n, c in contents.items()), encoding="utf-8")
    return source, form


CONTENTS = {"文书/一.txt": b"one", "文书/二.txt": b"two" * 5000, "c.bin": bytes(range(256)) * 100}


def test_sound_package_passes_with_the_json_of_the_contract(tmp_path: Path) -> None:
    source, form = a_package(tmp_path, CONTENTS)
    done = station(tmp_path / "home", "intake", source, "--form", form, "--json")
    assert done.returncode == 0, done.stderr
    verdict = json.loads(done.stdout)
    assert verdict.keys() >= CONTRACT_KEYS
    assert verdict["outcome"] == "passed" and verdict["schema"] == 1
    assert verdict["counts"]["listed"] == verdict["counts"]["equal"] == len(verdict["lines"]) == 3
    assert {line["state"] for line in verdict["lines"]} == {"equal"}
    rows = sorted(f"{len(c)} {hashlib.sha256(c).hexdigest()} {n}\n".encode() for n, c in CONTENTS.items())
    assert verdict["digests"]["content_sha256"] == hashlib.sha256(b"".join(rows)).hexdigest()
    assert verdict["reference"]["anchor"] == "P3"
    assert verdict["coverage"]["planned_bytes"] == verdict["coverage"]["read_bytes"] > 0


@pytest.mark.parametrize(("change", "code", "outcome", "state"), [
    (lambda s: (s / "c.bin").write_bytes(b"other"), 1, "failed", "differs"),
    (lambda s: (s / "c.bin").unlink(), 1, "failed", "missing"),
    (lambda s: (s / "extra.bin").write_bytes(b"extra"), 3, "undecided", "equal"),
])
def test_exit_codes_of_verdicts(tmp_path: Path, change: Any, code: int, outcome: str, state: str) -> None:
    source, form = a_package(tmp_path, CONTENTS)
    change(source)
    done = station(tmp_path / "home", "intake", source, "--form", form, "--json")
    verdict = json.loads(done.stdout)
    assert (done.returncode, verdict["outcome"]) == (code, outcome)
    assert state in {line["state"] for line in verdict["lines"]}


def test_wrong_usage_and_what_cannot_be_looked_at(tmp_path: Path) -> None:
    source, form = a_package(tmp_path, CONTENTS)
    home = tmp_path / "home"
    foreign = tmp_path / "foreign.txt"
    foreign.write_text("这不是清单\n一点也不是\n", encoding="utf-8")
    for arguments, code in (
            ((), 2), (("nonsense",), 2), (("intake",), 2), (("intake", source, "--form", foreign), 2),
            (("intake", source, "--form", tmp_path / "none.md5"), 2), (("intake", source, "--root", "x"), 2),
            (("intake", tmp_path / "none.iso", "--form", form), 4), (("intake", "/dev/null", "--form", form), 4),
            (("batch", "J010-2026-09"), 2), (("print", "J010-2026-09-J01"), 2), (("help",), 0)):
        done = station(home, *arguments)
        assert done.returncode == code, (arguments, done)
        assert "Traceback" not in done.stderr
        assert (done.stderr + done.stdout).strip()
    assert not any((home / "intakes").iterdir())


def test_without_a_form_the_digests_wait_for_it(tmp_path: Path) -> None:
    source, form = a_package(tmp_path, CONTENTS)
    home = tmp_path / "home"
    first = station(home, "intake", source, "--json")
    verdict = json.loads(first.stdout)
    assert (first.returncode, verdict["outcome"], verdict["reference"]["anchor"]) == (3, "undecided", "P5")
    shutil.rmtree(source)                                     # nothing is read again
    second = station(home, "recompare", verdict["intake"], "--form", form, "--json")
    assert second.returncode == 0, second.stderr
    again = json.loads(second.stdout)
    assert again["digests"] == verdict["digests"] and again["intake"] != verdict["intake"]
    assert station(home, "audit").returncode == 0


def test_a_later_form_tells_the_encoding_of_names(tmp_path: Path) -> None:
    """The names as recorded are kept with the reading: Big5, read before anybody knew."""
    _, form = a_package(tmp_path, {"許功蓋/說明.txt": b"x" * 100, "a.bin": b"a"})
    source, home = tmp_path / "big5", tmp_path / "home"
    inside = Path(os.fsdecode(os.fsencode(source) + b"/" + "許功蓋/說明.txt".encode("cp950")))
    inside.parent.mkdir(parents=True)
    inside.write_bytes(b"x" * 100)
    (source / "a.bin").write_bytes(b"a")
    number = json.loads(station(home, "intake", source, "--json").stdout)["intake"]
    done = station(home, "recompare", number, "--form", form, "--json")
    assert done.returncode == 0, done.stderr
    assert {line["path"] for line in json.loads(done.stdout)["lines"]} == {"許功蓋/說明.txt", "a.bin"}
    assert station(home, "audit").returncode == 0


def test_a_list_on_the_carrier_proves_only_that_the_carrier_agrees_with_itself(tmp_path: Path) -> None:
    source, form = a_package(tmp_path, CONTENTS)
    inside = source / "list.md5"
    shutil.move(form, inside)
    done = station(tmp_path / "home", "intake", source, "--form", inside, "--json")
    verdict = json.loads(done.stdout)
    assert (done.returncode, verdict["reference"]["anchor"]) == (3, "P4")
    assert {f["code"] for f in verdict["findings"] if f["severity"] == "doubt"} == {"reference-on-carrier-only"}


def test_a_list_on_the_carrier_proves_no_more_when_it_is_compared_later(tmp_path: Path) -> None:
    source, form = a_package(tmp_path, CONTENTS)
    inside, home = source / "list.md5", tmp_path / "home"
    shutil.move(form, inside)
    number = json.loads(station(home, "intake", source, "--json").stdout)["intake"]
    done = station(home, "recompare", number, "--form", inside, "--json")
    verdict = json.loads(done.stdout)
    assert (done.returncode, verdict["reference"]["anchor"]) == (3, "P4")


@pytest.mark.parametrize(("encoding", "shown"), [("gb18030", "GB18030"), ("utf-16", "UTF-16-LE"), ("utf-8", "")])
def test_where_an_encoding_was_decided_three_names_are_shown(tmp_path: Path, encoding: str, shown: str) -> None:
    source, form = a_package(tmp_path, {f"文书/第{n}页.txt": b"%d" % n for n in range(9)} | {"a.bin": b"a"})
    form.write_bytes(form.read_text(encoding="utf-8").encode(encoding))
    done = station(tmp_path / "home", "intake", source, "--form", form, "--json")
    opened = station(tmp_path / "home", "batch", form, "--fonds", "J010", "--unit", "某局")
    assert (done.returncode, opened.returncode) == (0, 0)
    for said in (done.stderr, opened.stderr):
        lines = said.splitlines()
        assert [line.strip() for line in lines if "页.txt" in line] == (
            [f"文书/第{n}页.txt" for n in (0, 4, 8)] if shown else [])
        assert any(shown in line and "list.md5" in line for line in lines) == bool(shown)
    assert json.loads(done.stdout)["outcome"] == "passed"


def test_names_shown_cannot_speak_to_the_terminal(tmp_path: Path) -> None:
    source, form = a_package(tmp_path, {"一.txt": b"one"})
    form.write_bytes((form.read_text(encoding="utf-8") + f"{hashlib.md5(b'x').hexdigest()}  二\x1b[2J.txt\n")
                     .encode("gb18030"))
    done = station(tmp_path / "home", "intake", source, "--form", form)
    assert "二\\x1b[2J.txt" in done.stderr and "\x1b" not in done.stderr


def test_classified_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    import xlsxwriter

    source, _ = a_package(tmp_path, CONTENTS)
    form = tmp_path / "form.xlsx"
    with xlsxwriter.Workbook(str(form)) as workbook:
        sheet = workbook.add_worksheet()
        rows = [["全宗号", "J010"], ["单位名称", "某局"], ["密级", "机密"], [],
                ["载体(包)编号", "文件名", "数字摘要"], ["G1", "c.bin", hashlib.md5(CONTENTS["c.bin"]).hexdigest()]]
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    home = tmp_path / "home"
    done = station(home, "intake", source, "--form", form)
    assert done.returncode == 2 and "R12" in done.stderr
    assert not any((home / "intakes").iterdir())
    lines = [json.loads(row) for row in (home / "register" / "S1.jsonl").read_text().splitlines()]
    assert [line["type"] for line in lines] == ["refusal"]
    assert "c.bin" not in json.dumps(lines)


def decide(home: Path, batch: str, first: str = "张伟", second: str = "李敏") -> subprocess.CompletedProcess[str]:
    return station(home, "decide", batch, "--operator", first, "--reviewer", second, "--json")


def test_the_whole_job_from_list_to_papers_and_reprint(tmp_path: Path) -> None:
    source, form = a_package(tmp_path, CONTENTS)
    home = tmp_path / "home"
    assert station(home, "batch", form).returncode == 2                     # a plain list says not whose it is
    opened = station(home, "batch", form, "--fonds", "J010", "--unit", "某局", "--year", "2026", "--json")
    batch = json.loads(opened.stdout)["batch"]
    assert batch == "J010-2026-01" and json.loads(opened.stdout)["open"] == [{"what": "open-no-reading"}]
    assert decide(home, batch).returncode == 3
    assert json.loads(station(home, "intake", source, "--form", form, "--json").stdout)["batch"] == batch
    assert decide(home, batch, "张伟", " 张 伟").returncode == 2             # the same person
    decided = decide(home, batch)
    assert decided.returncode == 0, decided.stderr
    answer = json.loads(decided.stdout)
    assert (answer["number"], answer["outcome"]) == ("J010-2026-01-J01", "passed")
    assert [p["kind"] for p in answer["papers"]] == ["certificate"]         # a folder has no label
    assert decide(home, batch).returncode == 2                              # nothing new to decide
    again = station(home, "print", answer["number"])
    assert again.returncode == 0 and (home / "outbox" / "J010-2026-01-J01-R01.pdf").is_file()
    assert station(home, "audit").returncode == 0
    for word in ("passed", "合格"):
        found = json.loads(station(home, "register", "某局", word, "--json").stdout)
        assert [row["certificate"] for row in found] == ["J010-2026-01-J01"]
    assert json.loads(station(home, "register", "别局", "--json").stdout) == []


def test_a_doubt_is_answered_by_two_people_and_stays_visible(tmp_path: Path) -> None:
    source, form = a_package(tmp_path, CONTENTS)
    (source / "extra.bin").write_bytes(b"extra")
    home = tmp_path / "home"
    station(home, "batch", form, "--fonds", "J010", "--unit", "某局", "--year", "2026")
    verdict = json.loads(station(home, "intake", source, "--form", form, "--json").stdout)
    assert decide(home, verdict["batch"]).returncode == 3

    def resolve(code: str, by: str, other: str, answer: str = "accept") -> int:
        return station(home, "resolve", verdict["intake"], code, "--by", by, "--confirmed-by", other, "--answer",
                       answer, "--reason", "单位盖章说明").returncode
    assert resolve("file-unlisted", "张伟", "张伟") == 2
    assert resolve("digest-mismatch", "张伟", "李敏") == 2                    # not a doubt of this verdict
    assert resolve("file-unlisted", "张伟", "李敏") == 0
    done = decide(home, verdict["batch"])
    assert done.returncode == 0
    lines = (home / "register" / "S1.jsonl").read_text(encoding="utf-8").splitlines()
    kinds = [json.loads(line) for line in lines]
    assert [k["outcome"] for k in kinds if k["type"] == "verdict"] == ["undecided"]
    assert [k["outcome"] for k in kinds if k["type"] == "decision"] == ["passed"]


def test_a_doubt_about_the_list_itself_is_never_accepted(tmp_path: Path) -> None:
    source, form = a_package(tmp_path, CONTENTS)
    form.write_text(form.read_text(encoding="utf-8").replace("  c.bin", "Z  c.bin"), encoding="utf-8")
    home = tmp_path / "home"
    station(home, "batch", form, "--fonds", "J010", "--unit", "某局")
    verdict = json.loads(station(home, "intake", source, "--form", form, "--json").stdout)
    assert verdict["outcome"] == "undecided"
    doubts = {f["code"] for f in verdict["findings"] if f["severity"] == "doubt"}
    answers = {code: station(home, "resolve", verdict["intake"], code, "--by", "甲", "--confirmed-by", "乙", "--answer",
                             "accept", "--reason", "-").returncode for code in doubts}
    assert answers["form-line-malformed"] == 2                              # said at once, not only by `decide`
    assert decide(home, verdict["batch"]).returncode == 3


def test_a_failed_carrier_goes_back_and_comes_again(tmp_path: Path) -> None:
    source, form = a_package(tmp_path, CONTENTS)
    home = tmp_path / "home"
    station(home, "batch", form, "--fonds", "J010", "--unit", "某局", "--year", "2026")
    good = (source / "c.bin").read_bytes()
    (source / "c.bin").write_bytes(b"wrong")
    first = json.loads(station(home, "intake", source, "--form", form, "--json").stdout)
    (source / "c.bin").write_bytes(good)
    second = json.loads(station(home, "intake", source, "--form", form, "--json").stdout)
    assert (first["outcome"], second["outcome"], second["attempt"]) == ("failed", "passed", 1)
    assert decide(home, first["batch"]).returncode == 1                     # a failure is never erased by a reading
    third = json.loads(station(home, "intake", source, "--form", form, "--json").stdout)
    assert (third["outcome"], third["attempt"]) == ("passed", 2)
    done = decide(home, first["batch"])
    assert done.returncode == 0 and json.loads(done.stdout)["number"] == "J010-2026-01-J02"
    assert station(home, "audit").returncode == 0


@pytest.mark.parametrize("victim", ["journal.jsonl", "lines.jsonl.zst", "files.jsonl.zst"])
def test_audit_finds_an_altered_record(tmp_path: Path, victim: str) -> None:
    source, form = a_package(tmp_path, CONTENTS)
    home = tmp_path / "home"
    verdict = json.loads(station(home, "intake", source, "--form", form, "--json").stdout)
    path = home / "intakes" / verdict["intake"] / victim
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    path.write_bytes(raw)
    done = station(home, "audit")
    assert done.returncode == 1 and victim in done.stdout
    path.unlink()
    assert station(home, "audit").returncode == 1


def test_english_is_complete_enough_to_work_with(tmp_path: Path) -> None:
    source, form = a_package(tmp_path, CONTENTS)
    done = station(tmp_path / "home", "intake", source, "--form", form, language="en")
    assert done.returncode == 0 and "Verdict: PASSED" in done.stdout


def test_a_stopped_intake_stays_open_and_goes_on(tmp_path: Path) -> None:
    source, form = a_package(tmp_path, {f"{n:02d}.bin": os.urandom(1 << 20) for n in range(40)})
    home = tmp_path / "home"
    environment = {**os.environ, "STATION_HOME": str(home), "PYTHONPATH": str(ROOT)}
    running = subprocess.Popen([sys.executable, "-m", "station", "intake", str(source), "--form", str(form),
                                "--progress"], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                               env=environment)
    assert running.stderr is not None
    for line in running.stderr:                               # stop it as soon as it reads
        if '"reading"' in line:
            running.send_signal(signal.SIGTERM)
            break
    running.communicate()
    done = station(home, "intake", source, "--form", form, "--json")
    verdict = json.loads(done.stdout)
    assert (done.returncode, verdict["counts"]["equal"]) == (0, 40)
    if running.returncode == 4:                               # it may have been faster than the signal
        assert verdict["intake"].endswith("000001") and len(verdict["sittings"]) == 2
        assert "继续检验" in done.stderr or len(list((home / "intakes").iterdir())) == 2      # stopped before a save
    assert station(home, "audit").returncode == 0


def test_audit_finds_a_second_closing_line(tmp_path: Path) -> None:
    source, form = a_package(tmp_path, CONTENTS)
    home = tmp_path / "home"
    verdict = json.loads(station(home, "intake", source, "--form", form, "--json").stdout)
    path = home / "intakes" / verdict["intake"] / "journal.jsonl"
    *rows, closing = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*rows, closing.replace(b"passed", b"failed"), closing]))
    assert station(home, "audit").returncode == 1
    assert station(home, "recompare", verdict["intake"], "--form", form).returncode == 4


def test_a_batch_number_of_the_form_is_no_path(tmp_path: Path) -> None:
    import xlsxwriter

    form = tmp_path / "form.xlsx"
    with xlsxwriter.Workbook(str(form)) as workbook:
        sheet = workbook.add_worksheet()
        for number, row in enumerate([["批次号", "../../../x"], ["全宗号", "J010"], ["单位名称", "某局"], [],
                                      ["载体(包)编号", "文件名", "数字摘要"], ["G1", "c.bin", "0" * 32]]):
            sheet.write_row(number, 0, row)
    done = station(tmp_path / "home", "batch", form, "--json")
    assert json.loads(done.stdout)["batch"] == "_.._.._x"
    assert [p.name for p in (tmp_path / "home" / "batches").iterdir()] == ["_.._.._x"]


def test_a_carrier_number_that_is_not_on_the_form_never_passes(tmp_path: Path) -> None:
    source, _ = a_package(tmp_path, CONTENTS)
    form = tmp_path / "l.csv"
    rows = [f"J021-2026-01-G001-A,{n},{hashlib.md5(c).hexdigest()}" for n, c in CONTENTS.items()]
    form.write_text("\n".join(["载体(包)编号,文件名,MD5", *rows]), encoding="gb18030")
    for number, code in (("J021-2026-01-G001-A", 0), ("J021-2026-01-G009-A", 3)):
        done = station(tmp_path / "home", "intake", source, "--form", form, "--carrier", number, "--json")
        assert done.returncode == code, done.stderr
        doubts = [f["code"] for f in json.loads(done.stdout)["findings"] if f["severity"] == "doubt"]
        assert doubts == (["carrier-number-differs"] if code else [])


def test_a_disc_read_twice_gets_one_label_set(tmp_path: Path) -> None:
    source, form = a_package(tmp_path, {"a.bin": b"a" * 5000})
    image = tmp_path / "disc.iso"
    subprocess.run(["genisoimage", "-quiet", "-J", "-R", "-V", "J010_2026_01_G001_A", "-o", str(image), str(source)],
                   check=True)
    home = tmp_path / "home"
    station(home, "batch", form, "--fonds", "J010", "--unit", "某局", "--year", "2026")
    for _ in range(2):
        assert station(home, "intake", image, "--form", form, "--carrier", "J010-2026-01-G001-A").returncode == 0
    assert decide(home, "J010-2026-01", "张伟", "张\u200b伟.").returncode == 2
    done = decide(home, "J010-2026-01", "员1", "员2")               # told apart by a number
    assert done.returncode == 0, done.stderr
    assert [p["kind"] for p in json.loads(done.stdout)["papers"]] == ["certificate", "label"]
