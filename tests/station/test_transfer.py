"""Transfers at the desk: classified ones leave no name behind; a later form is held against the same reading."""
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests import transfer_kit as kit
from tests.vectors_kit import SHEET, genisoimage, lines_of, workbook

ROOT = Path(__file__).resolve().parents[2]


def station(home: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "station", str(arguments[0]), "--home", str(home), *map(str, arguments[1:])]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env={**os.environ, "STATION_LANG": "zh"},
                          check=False)


def everything_in(home: Path) -> bytes:
    return b"".join(str(path).encode() + path.read_bytes() for path in sorted(home.rglob("*")) if path.is_file())


@pytest.mark.parametrize("where", ["catalogue", "metadata"])
def test_a_classified_carrier_is_stopped_and_no_name_is_kept(tmp_path: Path, where: str) -> None:
    content = kit.carrier_2012()
    if where == "catalogue":
        content["文件目录.XML"] = kit.catalogue_xml(kit.rows(密级="机密")).encode()
    else:
        content[f"电子档案/2026/文书/电子档案{kit.CODES[0]}元数据.XML"] = kit.metadata(kit.CODES[0], "UTF-8", "机密")
    image, home = genisoimage(tmp_path, content), tmp_path / "home"
    for _ in range(2):                                          # the same command again goes no further
        done = station(home, "intake", image, "--profile", "transfer")
        assert done.returncode == 2 and "机密" in done.stderr and done.stdout == ""
        assert "0001" not in done.stderr and "通知" not in done.stderr
    kept = everything_in(home)
    assert b'"type":"refusal"' in kept and b'"type":"verdict"' not in kept
    assert not any(word.encode() in kept for word in (*kit.CODES, "文书", "通知", "元数据"))


def test_a_later_form_is_held_against_the_kept_catalogue(tmp_path: Path) -> None:
    content, home = kit.carrier_2012(), tmp_path / "home"
    del content[f"电子档案/2026/文书/{kit.CODES[2]}.pdf"]
    image = genisoimage(tmp_path, content, "-J", "-R", "-joliet-long")
    first = json.loads(station(home, "intake", image, "--profile", "transfer", "--json").stdout)
    form = workbook(tmp_path, lines_of(content), sheet={**SHEET, "数量(件)": "4"})
    done = station(home, "recompare", first["intake"], "--form", form, "--profile", "transfer", "--json")

    def said(verdict: dict[str, Any]) -> list[tuple[str, str]]:
        doubts = (f for f in verdict["findings"] if f["severity"] == "doubt")
        return sorted((f["code"], f["facts"].get("reason", "")) for f in doubts)

    assert ("catalogue-differs", "entry-without-file") in said(first)
    assert said(json.loads(done.stdout)) == [("catalogue-differs", "entry-without-file"),
                                             ("form-count-differs", "items")]
    backup = json.loads(station(home, "recompare", first["intake"], "--form", form, "--json").stdout)
    assert said(backup) == [] and backup["outcome"] == "passed"
