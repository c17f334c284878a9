"""The bag of a year, told by its tag files: where its records lie and whose they are. What is in it: `bags.py`.

Takes a folder, gives a `YearBag` or nothing; relies on checks for what a bag is. Every command that only reads asks
this first, so nothing heavy is loaded here.
"""
from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from checks.bagit import DECLARATION, BagForm, is_tag_file, read_bag
from station.home import Home

YEAR = re.compile(r"\d{4}")
_SAFE_NAME = re.compile(r"[\w.-]{1,80}", re.ASCII)


@dataclass(frozen=True, slots=True)
class YearBag:
    """A bag of a year as its bag-info says: not verified yet."""

    path: Path
    station: str
    year: str
    head: str

    @property
    def home(self) -> Home:
        return Home(self.path / "data")


def year_bag(path: Path) -> YearBag | None:
    """The bag of a year that lies in a folder, None where there is none."""
    if not (path / DECLARATION).is_file() or not (path / "data" / "register").is_dir():
        return None
    fields = bag_form(path).fields
    told = [fields.get(f"register-{name}", "") for name in ("station", "year", "head")]
    if not _SAFE_NAME.fullmatch(told[0]) or not YEAR.fullmatch(told[1]) or told[0].startswith("."):
        return None
    return YearBag(path, *told)


def bag_form(path: Path) -> BagForm:
    names = [entry.name for entry in os.scandir(path) if entry.is_file(follow_symlinks=False)]
    return read_bag("", names, lambda name: (path / name).read_bytes() if is_tag_file(name) else None)
