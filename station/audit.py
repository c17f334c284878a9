"""Audit: is everything that the station ever said still what it said?

Takes a home, gives every break with its place; relies on nothing but the files. Writes nothing. Asked both ways: is
what a line vouches for still so, and does a line speak of everything that is there.
"""
from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from station.home import Home, file_sha256
from station.journal import open_intakes, vouched
from station.on_carrier import LISTS_NAME
from station.register import Break, check_chain


def audit(home: Home, year: str = "") -> tuple[int, list[Break]]:
    """Re-check every register, journal, list, form, decision and paper. Returns (lines checked, breaks).

    year: of a home that holds the files of this year's lines only (a bag); the chain is checked whole all the same.
    """
    breaks: list[Break] = []
    every: list[Mapping[str, Any]] = []
    for path in sorted(home.register.glob("*.jsonl")):
        found, lines = check_chain(path)
        breaks += found
        every += lines
        for line in lines:
            if not str(line["at"]).startswith(year):
                continue
            try:
                breaks += [Break(str(where), line["seq"], what) for where, what in _line(home, line)]
            except (KeyError, TypeError, ValueError):          # a line that was altered need not be one of ours
                breaks.append(Break(str(path), line["seq"], "break-unreadable"))
    breaks += [Break(str(path), 0, "break-unspoken") for path in _unspoken(home, every)]
    return len(every), breaks


def _unspoken(home: Home, lines: Sequence[Mapping[str, Any]]) -> Iterator[Path]:
    """Records that no line speaks of: lines were cut off the register's end, or the power failed just before one."""
    folders = {home.intakes / str(line.get("intake")) for line in lines if line["type"] in ("verdict", "resolution")}
    folders |= {home.intakes / number for number, _ in open_intakes(home)}
    files = {home.batches / str(line.get("batch")) / str(name) for line in lines if line["type"] == "batch"
             for name in (line.get("form_file"), *line.get("lists", {}))}
    files |= {home.batches / str(line.get("batch")) / f"{line.get('number')}.json" for line in lines
              if line["type"] == "decision"}
    files |= {home.root / str(line.get("file")) for line in lines if line["type"] == "print"}
    files |= {home.root / str(line["scan_file"]) for line in lines if line.get("scan_file")}
    yield from sorted({path for path in home.intakes.glob("[!.]*") if path.is_dir()} - folders)
    yield from sorted({path for path in home.batches.glob("*/*") if path.is_file()} - files)


def _line(home: Home, line: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    """What a register line vouches for, and no longer is so."""
    if line.get("scan_file"):
        yield from _file(home.root / line["scan_file"], line["scan_sha256"])
    if line["type"] == "verdict":
        folder = home.intakes / line["intake"]
        yield from _journal(folder / "journal.jsonl", line)
        yield from _file(folder / "lines.jsonl.zst", line["lines_sha256"])
        yield from _file(folder / "files.jsonl.zst", line["files_sha256"])
        if line.get("kept_lists_sha256"):
            yield from _file(folder / LISTS_NAME, line["kept_lists_sha256"])
    elif line["type"] == "batch":
        form = home.batches / line["batch"] / line["form_file"]
        yield from _file(form, line["form_sha256"])
        for place, sha256 in line.get("lists", {}).items():    # of a form that was a folder
            yield from _file(form.parent / place, sha256)
    elif line["type"] == "decision":
        yield from _file(home.batches / line["batch"] / f"{line['number']}.json", line["decision_sha256"])
    elif line["type"] == "print":
        yield from _file(home.root / line["file"], line["sha256"])


def _file(path: Path, sha256: str) -> Iterator[tuple[Path, str]]:
    if not path.is_file():
        yield path, "break-missing"
    elif file_sha256(path) != sha256:
        yield path, "break-altered"


def _journal(path: Path, line: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    closing = vouched(path, line)
    if not path.is_file():
        yield path, "break-missing"
    elif closing is None or closing["verdict"]["outcome"] != line["outcome"]:
        yield path, "break-altered"
