"""Was this content ever accepted, is this paper ours: proven from the records, never from the index alone."""
import hashlib
import json
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from labels.code import PaperCode, parsed
from station.attest import attest, attest_code, sheet_code
from station.audit import audit
from station.batch import UsageError
from station.evidence import heads_asked
from station.home import RegisterError
from station.index import candidates
from station.papers import load_decision
from station.register import Station
from tests.station.evidence_kit import a_station, told

CONTENTS = {"文书/一.txt": b"one", "文书/二.txt": b"two" * 5000, "c.bin": bytes(range(256)) * 100, "空.txt": b""}


def an_image(folder: Path, contents: dict[str, bytes], name: str = "disc.iso") -> tuple[Path, Path]:
    """A disc image with these files and the md5sum list of them."""
    source = folder / f"{name}.d"
    for path, content in contents.items():
        (source / path).parent.mkdir(parents=True, exist_ok=True)
        (source / path).write_bytes(content)
    form, image = folder / f"{name}.md5", folder / name
    form.write_text("".join(f"{hashlib.md5(c).hexdigest()}  {n}\n" for n, c in contents.items()), encoding="utf-8")
    subprocess.run(["genisoimage", "-quiet", "-J", "-R", "-input-charset", "utf-8", "-V", "J010", "-o", str(image),
                    str(source)], check=True)
    return image, form


def taken_in(home: Path, image: Path, form: Path, year: str) -> str:
    """Open the batch, check the carrier, decide. Returns the number of the 检验表."""
    told(home, "batch", form, "--fonds", "J010", "--unit", "某局", "--year", year)
    told(home, "intake", image, "--form", form, "--carrier", f"J010-{year}-01-G001-A")
    told(home, "decide", f"J010-{year}-01", "--operator", "张伟", "--reviewer", "李敏")
    return f"J010-{year}-01-J01"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with one batch that passed and one that failed, beside it their images."""
    folder = tmp_path_factory.mktemp("made")
    taken_in(folder / "home", *an_image(folder, CONTENTS), "2025")
    image, form = an_image(folder, {"别的.txt": b"other", "一.txt": b"not accepted"}, "failed.iso")
    form.write_text(form.read_text().replace(hashlib.md5(b"other").hexdigest(), "0" * 32))
    taken_in(folder / "home", image, form, "2026")
    return folder


@pytest.fixture
def place(made: Path, tmp_path: Path) -> Iterator[Path]:
    """The same, to be altered."""
    shutil.copytree(made, tmp_path / "made")
    yield tmp_path / "made"


def station_of(folder: Path) -> Station:
    return a_station(folder / "home")


def test_a_file_of_an_accepted_carrier_is_found(place: Path) -> None:
    station, copy = station_of(place), place / "renamed.dat"
    copy.write_bytes(CONTENTS["c.bin"])
    answer = attest(station, copy)
    match, = answer.matches
    assert (answer.count, answer.content_sha256) == (1, "")
    assert match._replace(at="", head="") == ("file", "J010-2025-01-J01", "某局", "J010-2025-01-G001-A", "c.bin", "",
                                              match.intake, "张伟", "李敏", "")
    assert match.head == load_decision(station, match.certificate)[1]
    copy.write_bytes(CONTENTS["c.bin"][:-1] + b"x")
    assert attest(station, copy).count == 0


def test_a_whole_image_is_found_by_its_content(place: Path) -> None:
    again, _ = an_image(place, CONTENTS, "mastered-anew.iso")   # other bytes, the same files
    answer = attest(station_of(place), again)
    assert [match.scope for match in answer.matches] == ["content"]
    assert answer.sha256 != hashlib.sha256((place / "disc.iso").read_bytes()).hexdigest()
    folder = attest(station_of(place), place / "disc.iso.d")
    assert (folder.sha256, folder.count) == ("", 1)
    (place / "disc.iso.d" / "c.bin").write_bytes(b"altered")
    assert attest(station_of(place), place / "disc.iso.d").count == 0


def test_what_was_checked_and_not_accepted_is_not_found(place: Path) -> None:
    wanted = place / "wanted"
    wanted.write_bytes(b"not accepted")
    assert attest(station_of(place), wanted).count == 0
    assert attest(station_of(place), place / "failed.iso").count == 0


def test_an_empty_or_absent_file_is_no_question(place: Path) -> None:
    (place / "empty").touch()
    with pytest.raises(UsageError):
        attest(station_of(place), place / "empty")
    assert told(place / "home", "attest", place / "none")[0] == 4
    assert told(place / "home", "attest")[0] == told(place / "home", "attest", place / "empty", "--code", "a")[0] == 2


def wanted_in(place: Path) -> list[str]:
    digest = hashlib.sha256(CONTENTS["c.bin"]).hexdigest()
    return [found.certificate for found in candidates(station_of(place).home, file_sha256=digest)]


@pytest.mark.parametrize("harm", ["gone", "torn", "foreign", "other-register"])
def test_the_index_may_be_lost_at_any_time(place: Path, harm: str) -> None:
    home = station_of(place).home
    assert wanted_in(place) == ["J010-2025-01-J01"]
    path = next(home.index.glob("*.sqlite"))
    if harm == "gone":
        path.unlink()
    elif harm == "torn":
        path.write_bytes(path.read_bytes()[:5000])
    elif harm == "foreign":
        path.write_bytes(b"no data base at all" * 100)
    else:
        with sqlite3.connect(path) as table:
            table.execute("UPDATE state SET head = ''")
            table.execute("DELETE FROM digest")
    assert wanted_in(place) == ["J010-2025-01-J01"]


def test_the_index_follows_the_register(place: Path) -> None:
    home = station_of(place).home
    whole = (home.register / "S1.jsonl").read_bytes()
    rows = whole.splitlines(keepends=True)
    decided = next(n for n, row in enumerate(rows) if b'"type":"decision"' in row)
    for count in range(len(rows) + 1):                          # grown line by line, torn in between
        torn = rows[count][:9] if count < len(rows) else b""
        (home.register / "S1.jsonl").write_bytes(b"".join(rows[:count]) + torn)
        assert bool(wanted_in(place)) is (count > decided)
    (home.register / "S1.jsonl").write_bytes(b"".join(rows[:decided]))
    assert wanted_in(place) == []                               # cut: what it had learnt is forgotten
    (home.register / "S1.jsonl").unlink()
    assert wanted_in(place) == []


def test_a_home_that_takes_no_index_is_still_asked(place: Path) -> None:
    home = station_of(place).home
    home.index.write_text("in the way")
    assert wanted_in(place) == ["J010-2025-01-J01"]


@pytest.mark.parametrize("victim", ["intakes/*/files.jsonl.zst", "batches/*/J010-2025-01-J01.json"])
def test_a_hit_whose_proof_was_altered_is_no_answer(place: Path, victim: str) -> None:
    station, copy = station_of(place), place / "copy"
    copy.write_bytes(CONTENTS["c.bin"])
    assert attest(station, copy).count == 1
    for path in station.home.root.glob(victim):
        path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(RegisterError) as refusal:
        attest(station, copy)
    assert refusal.value.code == "journal-altered"


def test_a_candidate_that_the_list_does_not_prove_is_dropped(place: Path) -> None:
    station, copy = station_of(place), place / "copy"
    copy.write_bytes(b"never seen")
    assert attest(station, copy).count == 0
    prefix = int.from_bytes(hashlib.sha256(b"never seen").digest()[:8], "big", signed=True)
    with sqlite3.connect(next(station.home.index.glob("*.sqlite"))) as table:
        table.execute("INSERT INTO digest VALUES (?, 1)", (prefix,))
    assert attest(station, copy).count == 0


def codes_of(station: Station) -> list[PaperCode]:
    decision, head = load_decision(station, "J010-2025-01-J01")
    content = (decision.verdicts[0].digests.content_sha256 or "")[:16]
    return [PaperCode(decision.number, "", content, "passed", head[:16]),
            PaperCode(decision.number, "J010-2025-01-G001-A", content, "passed", head[:16])]


def test_a_paper_is_told_by_its_code(place: Path) -> None:
    station = station_of(place)
    for code in codes_of(station):
        assert parsed(code.text()) == code
        answer = attest_code(station, code.text())
        assert answer.wrong == () and answer.facts["operator"] == "张伟"
        for change, wrong in (({"number": "J010-2025-01-J09"}, "code-number-unknown"),
                              ({"carrier": "J010-2025-01-G002-A"}, "code-carrier-unknown"),
                              ({"content": "0" * 16}, "code-content-differs"),
                              ({"content": ""}, "code-content-differs"),
                              ({"outcome": "failed"}, "code-outcome-differs"),
                              ({"head": "0" * 16}, "code-head-differs"), ({"head": ""}, "code-head-differs")):
            assert attest_code(station, code._replace(**change).text()).wrong == (wrong,)
    failed = attest_code(station, codes_of(station)[0]._replace(number="J010-2026-01-J01").text())
    assert {"code-outcome-differs", "code-head-differs", "code-content-differs"} <= set(failed.wrong)
    for text in ("", "a|b", "https://example.org/", "a|b|zz|passed|00"):
        with pytest.raises(UsageError):
            attest_code(station, text)


def code_on(path: Path, folder: Path) -> str:
    import zxingcpp
    from PIL import Image
    subprocess.run(["pdftoppm", "-r", "200", "-f", "1", "-l", "1", "-singlefile", "-png", path, folder / "a"],
                   check=True)
    with Image.open(folder / "a.png") as picture:
        return next(code.text for code in zxingcpp.read_barcodes(picture) if "|" in code.text)


def test_what_is_printed_is_read_back_and_is_ours(place: Path) -> None:
    """Certificate, label, attestation, lock page: scanned from the paper, asked on the command line."""
    home = place / "home"
    copy = place / "copy.bin"
    copy.write_bytes(CONTENTS["c.bin"])
    assert told(home, "attest", copy, "--sheet")[0] == 0
    assert told(home, "attest", place / "failed.iso", "--sheet")[0] == 1
    assert told(home, "audit", "--lock-page")[0] == 0
    papers = sorted(home.rglob("papers/*.pdf")) + sorted(home.rglob("batches/*/*.pdf"))
    assert len(papers) == 3 + 3
    for paper in papers:
        code, said = told(home, "attest", "--code", code_on(paper, place))
        assert code == 0, (paper, said)
        assert told(home, "audit", "--against", paper)[0] == 0
    assert told(home, "attest", "--code", codes_of(station_of(place))[0]._replace(outcome="failed").text())[0] == 1


def test_a_sheet_is_on_record_and_printed_again_with_the_same_words(place: Path) -> None:
    home, copy = place / "home", place / "copy.bin"
    copy.write_bytes(CONTENTS["c.bin"])
    code, said = told(home, "attest", copy, "--sheet", "--json")
    answer: dict[str, Any] = json.loads(said.splitlines()[0])
    assert code == 0 and answer["found"] and answer["matches"][0]["certificate"] == "J010-2025-01-J01"
    station = station_of(place)
    (head, line), = station.register.hashed_lines_of("attest")
    number = line["number"]
    assert (line["found"], line["sha256"]) == (True, hashlib.sha256(CONTENTS["c.bin"]).hexdigest())
    assert heads_asked(str(station.home.papers / f"{number}.pdf")) == [head]
    assert sheet_code(line, head).outcome == "found"
    copy.unlink()
    assert told(home, "print", number)[0] == 0
    texts = [subprocess.run(["pdftotext", "-layout", path, "-"], capture_output=True, text=True, check=True).stdout
             for path in sorted(station.home.papers.glob("*.pdf"), key=lambda path: len(path.name))]
    assert "重打第1次" in texts[1] and "重打" not in texts[0]
    same = [[row for row in text.split() if "重打" not in row and "打印" not in row] for text in texts]
    assert [word for word in same[1] if word not in same[0] and ":" not in word] == []
    assert audit(station.home).breaks == []
