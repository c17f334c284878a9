"""Signed papers, locked heads, and the audit against a head: whatever was altered, cut off or forged on is found."""
import hashlib
import json
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from station.audit import audit
from station.batch import UsageError
from station.evidence import certificate_of, head_on, heads_asked, lock, paper_problem, ready_signer, signed_pdf
from station.home import Home
from station.register import FIRST, Register
from tests.station.evidence_kit import a_drawing, a_p12, a_paper, a_small_register, a_station, told

HEAD = "0123456789abcdef" * 4


def whats(home: Home, against: tuple[str, ...] = ()) -> list[str]:
    return [found.what for found in audit(home, against).breaks]


def test_a_sound_register_is_whole_and_knows_its_heads(tmp_path: Path) -> None:
    station = a_small_register(tmp_path)
    kinds = [line["type"] for line in station.register.lines()]
    assert kinds == ["key", "note", "lock", "print", "note"]
    head = station.register.head()
    report = audit(station.home, (head, head[:16], FIRST))
    assert report.breaks == [] and report.heads == {str(station.register.path): head}
    assert [place.line for place in report.found] == [5, 5, 0]


def altered(whole: bytes) -> Iterator[bytes]:
    """Every byte altered, taken out or doubled; cut at every byte; every line removed, doubled or moved."""
    for at in range(len(whole)):
        yield whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1:]
        yield whole[:at] + bytes([whole[at] ^ 0x20]) + whole[at + 1:]
        yield whole[:at] + whole[at + 1:]
        yield whole[:at] + whole[at:at + 1] + whole[at:]
        yield whole[:at]
    rows = whole.splitlines(keepends=True)
    for number, row in enumerate(rows):
        rest = rows[:number] + rows[number + 1:]
        yield b"".join(rest)
        for place in range(len(rows) + 1):
            yield b"".join([*rest[:place], row, *rest[place:]])
            yield b"".join([*rows[:place], row, *rows[place:]])


def test_a_copy_altered_anywhere_never_passes_against_its_head(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    station = a_small_register(tmp_path)
    whole, head = station.register.path.read_bytes(), station.register.head()
    monkeypatch.setattr("station.audit.paper_problem", lambda *_: "")     # its own test is below; here it costs minutes
    assert whats(station.home, (head,)) == []
    tried = 0
    for copy in altered(whole):
        if copy != whole:
            station.register.path.write_bytes(copy)
            assert whats(station.home, (head,)), copy
            tried += 1
    assert tried > 4 * len(whole)


def test_without_a_head_all_but_the_last_line_is_found_too(tmp_path: Path) -> None:
    station = a_small_register(tmp_path)
    *rows, _ = station.register.path.read_bytes().splitlines(keepends=True)
    for number in range(len(rows)):                             # the tail cut off: papers kept here speak of it
        station.register.path.write_bytes(b"".join(rows[:number]))
        assert whats(station.home), number
    station.register.path.write_bytes(b"".join(rows))
    assert whats(station.home) == []                            # a note that no paper knows needs a head from paper


def forged(station_home: Path, keep: int) -> Register:
    """The work of somebody with the keys: lines cut off, others written and signed in their place."""
    register = Register(Home(station_home), "S1")
    rows = register.path.read_bytes().splitlines(keepends=True)
    register.path.write_bytes(b"".join(rows[:keep]))
    station = a_station(station_home)
    signer = ready_signer(station)
    head = register.append("note", {"text": "伪造"})
    lock(station, signer, head)
    a_paper(station, "P1", head)
    register.append("note", {"text": "后来"})
    return register


def test_a_tail_forged_with_the_keys_is_found_by_a_head_on_any_paper(tmp_path: Path) -> None:
    a_small_register(tmp_path / "true")
    shutil.copytree(tmp_path / "true", tmp_path / "home")
    paper = tmp_path / "true" / "papers" / "P1.pdf"
    forged(tmp_path / "home", 1)
    home = Home(tmp_path / "home")
    assert whats(home) == []                                    # chain, signatures and papers all hold
    assert whats(home, tuple(heads_asked(str(paper)))) == ["break-head"]
    shutil.copy(paper, home.outbox / "P0.pdf")                  # one sheet that was forgotten in the home itself
    assert whats(home) == ["break-head-on-paper"]


def test_a_paper_of_a_line_that_was_cut_off_is_found(tmp_path: Path) -> None:
    station = a_small_register(tmp_path)
    rows = station.register.path.read_bytes().splitlines(keepends=True)
    station.register.path.write_bytes(b"".join(rows[:1]))
    assert whats(station.home) == ["break-unspoken", "break-head-on-paper", "break-head-on-paper"]


def test_a_signature_is_broken_by_every_byte_that_it_covers(tmp_path: Path) -> None:
    station = a_small_register(tmp_path)
    line = next(station.register.lines_of("print"))
    certificates = {row["fingerprint"]: certificate_of(row) for row in station.register.lines_of("key")}
    raw = (station.home.root / line["file"]).read_bytes()
    assert paper_problem(raw, line, certificates) == ""
    contents = raw.index(b"/Contents <")                        # what lies in it is the signature, zeros after its end
    whole = set()
    for at in range(0, len(raw), 61):
        if not contents < at < contents + 11 + len(raw[contents:].split(b">")[0]):
            copy = raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1:]
            whole.add(paper_problem(copy, line, certificates))
    assert whole <= {"break-signature", "break-unsigned"}
    assert paper_problem(raw + b"\n", line, certificates) != ""
    assert paper_problem(raw[:-100], line, certificates) != ""


def test_another_reader_agrees_that_all_of_it_is_signed(tmp_path: Path) -> None:
    station = a_small_register(tmp_path)
    raw = (station.home.papers / "P1.pdf").read_bytes()
    (tmp_path / "altered.pdf").write_bytes(raw.replace(b"\n2 0 obj", b"\n2 0  bj", 1))
    said = [subprocess.run(["pdfsig", "-nocert", path], capture_output=True, text=True, check=False).stdout
            for path in (station.home.papers / "P1.pdf", tmp_path / "altered.pdf")]
    assert "ETSI.CAdES.detached" in said[0] and "Total document signed" in said[0]
    assert ["Signature is Valid" in text for text in said] == [True, False]


def test_a_paper_signed_again_by_another_key_is_found(tmp_path: Path) -> None:
    station = a_small_register(tmp_path / "home")
    line = next(station.register.lines_of("print"))
    certificates = {row["fingerprint"]: certificate_of(row) for row in station.register.lines_of("key")}
    other = a_station(tmp_path / "other", signing_p12=str(a_p12(tmp_path / "a.p12", b"")))
    signer = ready_signer(other)
    forged_paper = signed_pdf(signer, a_drawing(HEAD), "P1")
    assert paper_problem(forged_paper, line, certificates) == "break-signature-key"
    both = certificates | {row["fingerprint"]: certificate_of(row) for row in other.register.lines_of("key")}
    assert paper_problem(forged_paper, line, both) == "break-signature-key"       # in the chain, and not this paper's
    mine = {**line, "signed": signer.fingerprint}
    assert paper_problem(forged_paper, mine, both) == ""
    assert paper_problem(forged_paper, {**mine, "at": "2001-01-01T00:00:00Z"}, both) == "break-signature-expired"
    twice = signed_pdf(signer, a_drawing(HEAD), "P1") + b"%%EOF\n"
    assert paper_problem(twice, mine, both) != ""
    assert paper_problem(a_drawing(HEAD), mine, both) == "break-unsigned"


def test_a_replaced_key_gets_its_line_and_old_papers_stay_good(tmp_path: Path) -> None:
    before = a_small_register(tmp_path / "home")
    station = a_station(tmp_path / "home", signing_p12=str(a_p12(tmp_path / "a.p12", b"")))
    signer = ready_signer(station)
    assert ready_signer(station).fingerprint == signer.fingerprint
    keys = list(station.register.lines_of("key"))
    assert [line["replaces"] for line in keys] == ["", keys[0]["fingerprint"]]
    assert (keys[0]["own"], keys[1]["own"]) == (True, False)
    a_paper(station, "P2", station.register.head())
    assert whats(before.home) == []


@pytest.mark.parametrize(("change", "what"), [
    ({"signature": "AAAA"}, "break-lock"), ({"certificate": "0" * 64}, "break-lock"),
    ({"week": "2026-W01"}, "break-lock"), ({"head": HEAD}, "break-head-in-line"),
    ({"signature": 7}, "break-unreadable"), ({"head": "zz"}, "break-unreadable")])
def test_a_lock_that_does_not_hold_is_found(tmp_path: Path, change: dict[str, object], what: str) -> None:
    station = a_small_register(tmp_path)
    line = next(station.register.lines_of("lock"))
    record = {key: line[key] for key in ("head", "week", "certificate", "signature")}
    station.register.append("lock", record | change)
    assert what in whats(station.home)


def test_papers_older_than_the_first_key_are_said(tmp_path: Path) -> None:
    station = a_station(tmp_path / "home")
    (station.home.papers / "P0.pdf").write_bytes(b"%PDF old")
    station.register.append("print", {"number": "P0", "file": "papers/P0.pdf", "reprint": 0,
                                      "sha256": hashlib.sha256(b"%PDF old").hexdigest()})
    a_paper(station, "P1", station.register.head())
    report = audit(station.home)
    assert (report.breaks, report.unsigned) == ([], 1)
    code, said = told(station.home.root, "audit")
    assert code == 0 and "没有签名" in said


def test_what_was_signed_after_the_key_was_revoked_is_found(tmp_path: Path) -> None:
    station = a_small_register(tmp_path)
    now = datetime.now(UTC)
    assert audit(station.home, (), lambda _: now + timedelta(days=1)).breaks == []
    late = audit(station.home, (), lambda _: now - timedelta(days=1)).breaks
    assert [found.what for found in late] == ["break-signature-revoked"] * 2


def test_a_line_of_another_station_is_found(tmp_path: Path) -> None:
    station = a_small_register(tmp_path)
    shutil.copy(station.register.path, station.home.register / "S2.jsonl")
    assert whats(station.home).count("break-station") == 5


def test_a_head_is_taken_as_it_is_printed(tmp_path: Path) -> None:
    pdf, record = tmp_path / "a.pdf", tmp_path / "a.json"
    pdf.write_bytes(a_drawing(HEAD))
    record.write_text(json.dumps({"a": [{"head_sha256": HEAD}, {"head": FIRST}], "head": "none"}))
    assert head_on(pdf.read_bytes()) == HEAD
    assert heads_asked(HEAD.upper()) == heads_asked(str(pdf)) == [HEAD]
    assert heads_asked("0123 4567-89ab CDEF") == [HEAD[:16]]
    assert heads_asked(str(record)) == [FIRST, HEAD]
    pdf.write_bytes(a_drawing(""))
    record.write_text("{}")
    for text in ("0123", "no such file", HEAD + "0", str(pdf), str(record), str(tmp_path)):
        with pytest.raises(UsageError) as refusal:
            heads_asked(text)
        assert refusal.value.code == "head-malformed"


def test_the_commands_say_so(tmp_path: Path) -> None:
    station = a_small_register(tmp_path / "home")
    home, early = station.home.root, station.register.head()
    code, said = told(home, "audit", "--lock-page")
    assert code == 0 and "S1-" in said
    page = next(station.home.papers.glob("S1-*.pdf"))
    assert [line["type"] for line in station.register.lines()][-2:] == ["lock", "print"]
    assert told(home, "audit", "--against", early[:16], "--against", str(page))[0] == 0
    code, said = told(home, "print", page.stem)
    assert code == 0 and (station.home.papers / f"{page.stem}-R01.pdf").is_file()
    code, said = told(home, "audit")
    assert code == 0 and station.register.head() in said
    code, said = told(home, "audit", "--against", HEAD)
    assert code == 1 and HEAD in said
    assert told(home, "audit", "--against", "0123")[0] == 2


def test_a_number_without_a_count_is_given_once(tmp_path: Path) -> None:
    config = tmp_path / "station.toml"
    config.write_text('lock_number = "{station}-{week}"\n')
    assert told(tmp_path / "home", "audit", "--lock-page", "--config", config)[0] == 0
    code, said = told(tmp_path / "home", "audit", "--lock-page", "--config", config)
    assert code == 4 and "{seq}" in said


def test_a_key_that_may_not_sign_leaves_no_line(tmp_path: Path) -> None:
    station = a_small_register(tmp_path / "home")
    config = tmp_path / "station.toml"
    config.write_text(f'signing_p12 = "{a_p12(tmp_path / "a.p12", b"", (-9, -2))}"\n')
    before = station.register.path.read_bytes()
    code, said = told(station.home.root, "audit", "--lock-page", "--config", config)
    assert code == 4 and "有效期" in said and station.register.path.read_bytes() == before


def test_no_key_is_made_where_it_cannot_be_kept(tmp_path: Path) -> None:
    station = a_station(tmp_path)
    station.home.keys.write_text("in the way")
    code, said = told(tmp_path, "audit", "--lock-page")
    assert code == 4 and "Traceback" not in said and not station.register.path.exists()
