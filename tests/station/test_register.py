"""The register: chained, durable, cut anywhere, altered anywhere."""
import base64
import hashlib
import json
import multiprocessing
from pathlib import Path
from typing import Any

import pytest

from checks.form import read_form
from station.batch import open_batch
from station.config import Config
from station.home import Home, RegisterError
from station.register import FIRST, Break, Register, Station, links

TIMES = [f"2026-01-0{day}T08:00:00Z" for day in range(1, 10)]


def a_register(folder: Path, lines: int = 3) -> Register:
    home = Home(folder)
    home.prepare()
    clock = iter(TIMES)
    register = Register(home, "S1", lambda: next(clock))
    for number in range(lines):
        register.append("verdict", {"intake": f"S1-2026-{number:06d}", "text": "档案\udc80“\n"})
    return register


def check_chain(path: Path) -> tuple[list[Break], list[dict[str, Any]]]:
    """All breaks of a chain, and its readable lines."""
    chain = list(links(path))
    return [b for link in chain for b in link.breaks], [link.line for link in chain if link.line is not None]


def test_lines_are_numbered_and_chained(tmp_path: Path) -> None:
    register = a_register(tmp_path)
    lines = list(register.lines())
    assert [line["seq"] for line in lines] == [1, 2, 3]
    assert lines[0]["prev"] == FIRST
    assert lines[1]["text"] == "档案\udc80“\n"
    assert check_chain(register.path) == ([], lines)
    assert [line["seq"] for line in register.lines_of("verdict")] == [1, 2, 3]
    assert list(register.lines_of("decision")) == []


def test_cut_at_every_byte_of_the_last_line_loses_only_that_line(tmp_path: Path) -> None:
    whole = a_register(tmp_path / "whole").path.read_bytes()
    begin = whole[:-1].rfind(b"\n") + 1
    for cut in range(begin, len(whole)):
        home = Home(tmp_path / "cut")
        home.prepare()
        register = Register(home, "S1", lambda: TIMES[5])
        register.path.write_bytes(whole[:cut])
        assert [line["seq"] for line in register.lines()] == [1, 2]
        assert register.repair() is (cut > begin)
        register.append("note", {})
        kinds = [line["type"] for line in register.lines()]
        assert kinds == (["verdict", "verdict", "repair", "note"] if cut > begin else ["verdict", "verdict", "note"])
        assert [b.what for b in check_chain(register.path)[0]] == (["break-repaired"] if cut > begin else [])


def test_killed_anywhere_no_line_that_was_acknowledged_is_lost(tmp_path: Path) -> None:
    """A power cut leaves the file at any length: what ends in a line feed stays, the rest is kept as torn."""
    whole = a_register(tmp_path / "whole").path.read_bytes()
    home = Home(tmp_path / "cut")
    home.prepare()
    for cut in range(len(whole) + 1):
        register = Register(home, "S1", lambda: TIMES[5])
        register.path.write_bytes(whole[:cut])
        lines, torn = whole[:cut].count(b"\n"), len(whole[:cut].rpartition(b"\n")[2])
        assert register.repair() is (torn > 0)
        register.append("note", {})
        chain = list(links(register.path))
        assert [link.sha256 for link in chain][:lines] == [hashlib.sha256(row).hexdigest()
                                                           for row in whole.split(b"\n")[:lines]]
        assert len(chain) == lines + (2 if torn else 1)
        assert [b.what for link in chain for b in link.breaks] == (["break-repaired"] if torn else [])
        if torn:
            assert base64.b64decode(list(register.lines())[lines]["torn"]) == whole[cut - torn:cut]


def test_only_the_lines_that_name_something_are_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = Home(tmp_path)
    home.prepare()
    register = Register(home, "S1", lambda: TIMES[0])
    for number in range(40):
        register.append("ab"[number % 2], {"name": f"“档案”{number % 5}\\\"\udc80", "seen": '"type":"a"'})
    for part in (1 << 22, 700, 97, 1):                          # lines lie across the parts that are read at once
        monkeypatch.setattr("station.register._PART_BYTES", part)
        assert [line["seq"] for line in register.lines_of("a")] == list(range(1, 41, 2))
        assert [line["seq"] for line in register.lines_of("a", about=('”3\\\"\udc80',))] == [9, 19, 29, 39]
        assert [line["seq"] for line in register.lines_of("a", "b", about=("”3", "”4"))] == [
            n for n in range(1, 41) if n % 5 in (4, 0)]
        assert list(register.lines_of("a", about=("no such",))) == []
        assert len(list(register.lines_of("b", about=("",)))) == 20
        assert all(hashed == link.sha256 for (hashed, _), link in zip(register.hashed_lines_of("a", "b"),
                                                                     links(register.path), strict=True))


def test_a_broken_line_is_named_by_its_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    register = a_register(tmp_path, lines=5)
    rows = register.path.read_bytes().splitlines(keepends=True)
    register.path.write_bytes(b"".join([*rows[:3], rows[3].replace(b"{", b"[", 1), rows[4]]))
    for part in (1 << 22, 300):
        monkeypatch.setattr("station.register._PART_BYTES", part)
        with pytest.raises(RegisterError) as refusal:
            list(register.lines_of("verdict"))
        assert (refusal.value.code, refusal.value.facts["line"]) == ("register-broken", 4)


def test_two_stations_share_a_folder_and_no_number(tmp_path: Path) -> None:
    numbers = []
    for station_id in ("S1", "S2", "S1"):
        home = Home(tmp_path / "home")
        home.prepare()
        form = tmp_path / f"{len(numbers)}.md5"
        form.write_text(f"{len(numbers):032x}  a.bin\n")
        station = Station(Config(station_id=station_id), home, Register(home, station_id))
        numbers.append(open_batch(station, read_form(form), form, {"fonds_no": "J010", "unit_name": "某局",
                                                                   "year": "2026"}))
    assert numbers == ["J010-2026-01", "J010-2026-02", "J010-2026-03"]
    assert sorted(path.name for path in home.register.glob("*.jsonl")) == ["S1.jsonl", "S2.jsonl"]
    assert [b for path in home.register.glob("*.jsonl") for link in links(path) for b in link.breaks] == []


def test_a_torn_register_takes_no_line_before_it_is_mended(tmp_path: Path) -> None:
    register = a_register(tmp_path)
    register.path.write_bytes(register.path.read_bytes()[:-3])
    assert [b.what for b in check_chain(register.path)[0]] == ["break-torn"]
    with pytest.raises(RegisterError) as refusal:
        register.append("note", {})
    assert refusal.value.code == "register-torn"


def test_any_byte_altered_is_a_break(tmp_path: Path) -> None:
    register = a_register(tmp_path)
    whole = register.path.read_bytes()
    last = whole[:-1].rfind(b"\n") + 1
    for at in range(last):                                    # the last line has no line after it that vouches for it
        register.path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1:])
        assert check_chain(register.path)[0], at


@pytest.mark.parametrize("order", [(0, 2), (1, 2), (1, 0, 2), (0, 1, 1, 2), (0, 2, 1)])
def test_lines_removed_doubled_or_exchanged_are_a_break(tmp_path: Path, order: tuple[int, ...]) -> None:
    register = a_register(tmp_path)
    rows = register.path.read_bytes().splitlines(keepends=True)
    register.path.write_bytes(b"".join(rows[n] for n in order))
    assert check_chain(register.path)[0]


def test_a_clock_behind_the_last_line_refuses_to_write(tmp_path: Path) -> None:
    register = a_register(tmp_path, lines=1)
    behind = Register(register.home, "S1", lambda: "2025-12-31T23:59:59Z")
    with pytest.raises(RegisterError) as refusal:
        behind.append("note", {})
    assert refusal.value.code == "clock-behind"
    assert len(list(register.lines())) == 1


def test_a_read_only_home_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    register = a_register(tmp_path, lines=1)
    monkeypatch.setattr("os.open", _refusing)
    with pytest.raises(RegisterError) as refusal:
        register.append("note", {})
    assert refusal.value.code == "home-read-only"


def _refusing(*_: object, **__: object) -> int:
    raise OSError(30, "Read-only file system")


def test_a_full_disk_leaves_no_half_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    register = a_register(tmp_path, lines=1)
    before = register.path.read_bytes()

    def fills_up(handle: int, raw: memoryview) -> None:
        import os
        os.write(handle, raw[:7])
        raise OSError(28, "No space left on device")
    monkeypatch.setattr("station.home._write_all", fills_up)
    with pytest.raises(RegisterError) as refusal:
        register.append("note", {})
    assert refusal.value.code == "home-full"
    assert register.path.read_bytes() == before


def _append_many(folder: Path, name: str) -> None:
    register = Register(Home(folder), "S1", lambda: TIMES[0])
    for number in range(25):
        register.append("note", {"by": name, "number": number})


def test_several_processes_append_to_one_chain(tmp_path: Path) -> None:
    Home(tmp_path).prepare()
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_append_many, args=(tmp_path, name)) for name in "ab"]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    breaks, lines = check_chain(tmp_path / "register" / "S1.jsonl")
    assert breaks == [] and len(lines) == 50
    assert [n["number"] for n in lines if n["by"] == "a"] == list(range(25))


def test_a_long_last_line_is_read_whole(tmp_path: Path) -> None:
    register = a_register(tmp_path, lines=1)
    register.append("note", {"text": "长" * 100_000})
    register.append("note", {})
    assert check_chain(register.path)[0] == []
    assert json.loads(register.path.read_bytes().splitlines()[2])["seq"] == 3
