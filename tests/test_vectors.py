"""Every vector through the real main flow, compared exactly; the damage sweep; the command line's exit codes.

A vector is a folder of tests/vectors: build.py makes a carrier and a form, expect.toml says what must be said of them.
What every verdict of this station says (no virus scanner, no disc tester) is added here, not in each expect.toml.
"""
from __future__ import annotations

import importlib.util
import io
import json
import os
import random
import subprocess
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import closing
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from carriers import carrier_of, open_carrier
from carriers.blocks import BlockSource
from carriers.folder import Folder
from carriers.model import Carrier, Refused
from checks import catalogue
from checks.lists import read_reference
from checks.verdict import CHECKS, Verdict
from station.__main__ import exit_code
from station.batch import refuse_classified
from station.commands import EXIT
from station.commands.intake import open_known_batch
from station.config import Config
from station.home import Home
from station.intake import intake
from station.journal import read_list_texts
from station.papers import People, decide
from station.progress import Progress
from station.register import Register, Station
from station.verdicts import verdict_json
from station.words import Voice
from tests.vectors_kit import BLOCK, CONTENT, Case, genisoimage, listed

VECTORS = Path(__file__).parent / "vectors"
NAMES = sorted(path.parent.name for path in VECTORS.glob("*/expect.toml"))
# checks that this station cannot make
STANDING = {"disc": ("safety", "quality"), "disk": ("safety", "health"), "folder": ("safety",),
            "tape": ("safety", "health")}
KEYS = {"schema", "outcome", "intake", "batch", "reference", "carrier", "digests", "drive", "host", "clock",
        "read_only", "people", "sittings", "policy_sha256", "catalogue_sha256", "selftest", "resolutions", "counts",
        "lines", "findings", "checks", "coverage", "speed", "versions"}
KEYS_WITHIN = {
    "reference": {"anchor", "form_sha256", "root_offset"},
    "carrier": {"kind", "medium", "volume_label", "serial", "capacity_bytes", "layers", "sessions"},
    "digests": {"content_sha256", "carrier"},
    "drive": {"vendor", "model", "firmware", "serial", "bus", "bridge"},
    "host": {"station", "kernel", "boot_id"}, "clock": {"source", "offset_seconds"},
    "read_only": {"method", "read_back"},
    "counts": {"listed", "equal", "differs", "missing", "unreadable", "not_checked", "unlisted", "files", "bytes"},
    "coverage": {"planned_bytes", "read_bytes", "unreadable_bytes", "not_attempted_bytes"},
    "speed": {"seconds", "mean_mb_s", "min_mb_s", "max_mb_s"}, "versions": {"station"},
}
KEYS_OF_LINE = {"line", "package_no", "path", "algorithm", "expected", "actual", "state", "list"}
KEYS_OF_FINDING = {"code", "severity", "path", "start_lba", "length_bytes", "count", "facts", "text"}


# --- running one -------------------------------------------------------------------------------------------------

@cache
def expectation(name: str) -> Mapping[str, Any]:
    return tomllib.loads((VECTORS / name / "expect.toml").read_text(encoding="utf-8"))


def built(name: str, folder: Path) -> Case:
    spec = importlib.util.spec_from_file_location(f"vector_{name.replace('-', '_')}", VECTORS / name / "build.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    (folder / "made").mkdir()
    case: Case = module.build(folder / "made")
    return case


def station_in(folder: Path) -> Station:
    home, config = Home(folder / "home"), Config()
    home.prepare()
    return Station(config, home, Register(home, config.station_id))


def opener_of(case: Case) -> Callable[[Path], Carrier]:
    """The way to the carrier, over the case's faults where it has some."""
    pread, clock = case.pread, case.clock or time.perf_counter
    if pread is None:
        return open_carrier
    if case.source.is_dir():
        return lambda path: Folder(path, pread=pread)
    return lambda path: carrier_of(BlockSource(path, pread=pread, clock=clock))


def run(case: Case, station: Station) -> Verdict:
    """What `station intake` does, but for the screen."""
    form = read_reference(case.form) if case.form else None
    refuse_classified(station, form)
    if form is not None and case.form is not None:
        open_known_batch(station, form, case.form)
    progress = Progress(Voice("en", io.StringIO(), io.StringIO()))
    return intake(station, case.source, form, case.choice, progress, opener=opener_of(case),
                  looker=lambda path: case.health, holder=case.holder)


def said(verdict: Verdict, station: Station) -> dict[str, Any]:
    """The verdict's JSON as anybody reads it."""
    texts = read_list_texts(station.home.intakes / verdict.intake / "lines.jsonl.zst")
    record: dict[str, Any] = json.loads("".join(verdict_json(verdict, texts)))
    return record


@pytest.fixture(autouse=True)
def _unsynced(monkeypatch: pytest.MonkeyPatch) -> None:
    """What reaches the disk when is not the matter here, and a hundred syncs take long."""
    monkeypatch.setattr(os, "fsync", lambda fd: None)
    monkeypatch.setattr(os, "fdatasync", lambda fd: None)


# --- the vectors -------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("name", NAMES)
def test_vector(name: str, tmp_path: Path) -> None:
    expect, station = expectation(name), station_in(tmp_path)
    case = built(name, tmp_path)
    for earlier in case.earlier:
        before = run(earlier, station)
        if earlier.decided:
            decide(station, before.batch, People("张伟", "李敏"))
    if "refused" in expect:
        with pytest.raises(Refused) as refusal:
            run(case, station)
        assert (refusal.value.code, exit_code(refusal.value)) == (expect["refused"], expect["exit"])
        assert all(catalogue.words("errors", refusal.value.code, refusal.value.facts).values())
        assert list(station.register.lines_of("verdict")) == []
        return
    verdict = run(case, station)
    record = said(verdict, station)
    assert findings_said(record) == findings_expected(expect, record["carrier"]["kind"])
    assert (record["outcome"], EXIT[verdict.outcome]) == (expect["outcome"], expect["exit"])
    assert {key: count for key, count in record["counts"].items() if count} == expect["counts"]
    is_disk = record["carrier"]["kind"] == "disk" and not record["digests"]["carrier"]
    whole = expect["coverage"]["planned_bytes"] if is_disk else record["carrier"]["capacity_bytes"]
    assert record["coverage"] == coverage_expected(expect, whole)
    for wanted in expect["findings"]:
        assert any(shows(finding, wanted) for finding in record["findings"]), wanted
    if "lines" in expect:
        assert [{key: line[key] for key in wanted} for line, wanted
                in zip(record["lines"], expect["lines"], strict=True)] == expect["lines"]
    for key, value in expect.get("record", {}).items():
        assert {k: record[key][k] for k in value} == value
    check_shape(record)


def findings_said(record: Mapping[str, Any]) -> Counter[tuple[str, str, str, int]]:
    return Counter((f["code"], f["severity"], as_toml(f["path"]), f["count"]) for f in record["findings"])


def as_toml(path: str) -> str:
    """A byte that no encoding explained stands as `\\udcff`, a lone surrogate that TOML cannot hold, as six letters."""
    return path.encode("utf-8", "backslashreplace").decode()


def findings_expected(expect: Mapping[str, Any], kind: str) -> Counter[tuple[str, str, str, int]]:
    wanted = [(f["code"], f["severity"], f.get("path", ""), f.get("count", 1)) for f in expect["findings"]]
    return Counter([*wanted, *(("check-not-run", "note", "", 1) for _ in expect.get("standing", STANDING[kind]))])


def coverage_expected(expect: Mapping[str, Any], whole: int) -> Mapping[str, int]:
    """All of the carrier was planned, a disc to its end, a folder its files; what was not read is as expect.toml says.
    Of a disk without a digest of the whole only the blocks of its files, planned_bytes.

    read_twice_bytes: of files whose extents do not ascend. content_bytes: of an LTFS tape its files, read alone.
    left_bytes: not attempted, for errors had cost enough.
    """
    wanted = expect.get("coverage", {})
    unreadable, lost = wanted.get("unreadable_bytes", 0), wanted.get("not_attempted_bytes", 0)
    planned = wanted.get("content_bytes", whole) + lost + wanted.get("read_twice_bytes", 0)
    left = wanted.get("left_bytes", 0)
    return {"planned_bytes": planned, "read_bytes": planned - unreadable - lost - left, "unreadable_bytes": unreadable,
            "not_attempted_bytes": lost + left}


def shows(finding: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Whether a finding is the one that expect.toml describes, as far as it does."""
    said_of = {**finding, "path": as_toml(finding["path"])}
    return all(said_of[key] == value for key, value in wanted.items() if key != "facts") \
        and all(finding["facts"].get(key) == value for key, value in wanted.get("facts", {}).items())


def check_shape(record: Mapping[str, Any]) -> None:
    """The keys of the contract, every text filled in both languages, every line in one state, the sums right."""
    assert record.keys() >= KEYS and record["schema"] == 1
    assert [key for key, within in KEYS_WITHIN.items() if not record[key].keys() >= within] == []
    assert all(line.keys() == KEYS_OF_LINE for line in record["lines"])
    counts = record["counts"]
    states = Counter(line["state"] for line in record["lines"])
    assert states == {s: counts[s] for s in ("equal", "differs", "missing", "unreadable", "not_checked") if counts[s]}
    assert len(record["lines"]) == counts["listed"]
    for finding in record["findings"]:
        assert finding.keys() >= KEYS_OF_FINDING
        assert finding["text"].keys() == {"zh", "en"} and all(text.strip() for text in finding["text"].values())
        assert not any("{" in text for text in finding["text"].values())
    assert [check["id"] for check in record["checks"]] == list(CHECKS)
    assert {check["result"] for check in record["checks"]} <= {"passed", "failed", "not_checked", "not_applicable"}


def test_every_code_has_a_vector_and_every_vector_a_code() -> None:
    expected = {finding["code"] for name in NAMES for finding in expectation(name).get("findings", ())}
    # tests/station/test_commands.py, test_custody.py, tests/carriers/test_direct.py
    of_no_image = {"reference-corrected", "appearance-defect", "read-cached"}
    assert sorted(set(catalogue.findings()) - expected - of_no_image - {"check-not-run"}) == []
    assert sorted(expected - set(catalogue.findings())) == []


def test_every_reason_of_the_carriers_own_papers_has_a_vector() -> None:
    said = {(f["code"], f.get("facts", {}).get("reason")) for name in NAMES
            for f in expectation(name).get("findings", ())}
    worded = {(code, reason) for code in ("catalogue-differs", "metadata-damaged")
              for reason in catalogue.findings()[code]["by"]}
    assert worded - said == {("metadata-damaged", "too-many")}          # two million elements: see test_catalogues.py


def test_every_vector_is_short() -> None:
    lengths = {name: len((VECTORS / name / "build.py").read_text(encoding="utf-8").splitlines()) for name in NAMES}
    assert {name: length for name, length in lengths.items() if length > 40} == {}


# --- the command line --------------------------------------------------------------------------------------------

@pytest.mark.parametrize("name", ["sound-genisoimage-jr", "name-undecodable", "digest-mismatch", "file-unlisted",
                                  "form-unknown-layout", "source-empty"])
def test_the_command_line_answers_alike(name: str, tmp_path: Path) -> None:
    expect, case = expectation(name), built(name, tmp_path)
    command = [sys.executable, "-m", "station", "intake", "--home", str(tmp_path / "home"), "--json", str(case.source),
               *(["--form", str(case.form)] if case.form else [])]
    done = subprocess.run(command, capture_output=True, cwd=VECTORS.parent.parent, check=False)
    assert done.returncode == expect["exit"], done.stderr.decode()
    if "refused" in expect:
        assert done.stdout == b"" and done.stderr.strip()
    else:
        record = json.loads(done.stdout)
        assert (record["outcome"], findings_said(record)) == (expect["outcome"], findings_expected(expect, "disc"))
        check_shape(record)


# --- the damage sweep --------------------------------------------------------------------------------------------
# One small image; every sector of its structure zeroed, then inverted; a seeded sample of single bytes inverted
# anywhere. What may never be: a program error, or 合格 where a byte that the list vouches for was altered.

SEED, FLIPS = 20260105, 90


class Sweep:
    """An image with its list, and the same image with one place altered."""

    def __init__(self, folder: Path) -> None:
        self.image = genisoimage(folder, CONTENT)
        self.form = listed(folder, CONTENT)
        self.sound = self.image.read_bytes()
        self.homes = (folder / f"{number}" for number in count())       # nobody may read one carrier so often
        self.vouched = [range(at, at + len(raw)) for raw in CONTENT.values() for at in [self.sound.index(raw)]]

    def outcome(self, offset: int, raw: bytes) -> str:
        """"passed" …, or "refused", of the image with these bytes there."""
        self.image.write_bytes(self.sound[:offset] + raw + self.sound[offset + len(raw):])
        try:
            return run(Case(self.image, self.form), station_in(next(self.homes))).outcome.value
        except Refused:
            return "refused"

    def structure_sectors(self) -> list[int]:
        """The sectors that hold the structure: the descriptors, and whatever the structure itself occupies."""
        self.image.write_bytes(self.sound)
        with closing(open_carrier(self.image)) as carrier:
            extents = carrier.structure()[0].structure_extents
        occupied = {e.start_lba + n for e in extents for n in range(-(-e.length_bytes // BLOCK))}
        return sorted(occupied | {16, 17, 18})


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> Sweep:
    return Sweep(tmp_path_factory.mktemp("sweep"))


def inverted(raw: bytes) -> bytes:
    return bytes(byte ^ 0xFF for byte in raw)


@pytest.mark.parametrize("damage", [lambda raw: bytes(len(raw)), inverted], ids=["zeroed", "inverted"])
def test_a_damaged_structure_sector_never_passes(sweep: Sweep, damage: Callable[[bytes], bytes]) -> None:
    sectors = sweep.structure_sectors()
    assert len(sectors) >= 10
    passed = []
    for lba in sectors:
        sector = sweep.sound[lba * BLOCK:(lba + 1) * BLOCK]
        if sector != damage(sector) and sweep.outcome(lba * BLOCK, damage(sector)) == "passed":
            passed.append(lba)
    assert passed == []


def test_an_altered_byte_of_a_listed_file_never_passes(sweep: Sweep) -> None:
    chance = random.Random(SEED)
    places = [chance.choice(sweep.vouched) for _ in range(FLIPS // 3)]
    for offset in (chance.choice(place) for place in places):
        assert sweep.outcome(offset, inverted(sweep.sound[offset:offset + 1])) == "failed", offset


def test_an_altered_byte_anywhere_is_no_program_error(sweep: Sweep) -> None:
    """Half of them in the structure. Bytes that nobody vouches for (time stamps, padding) may change."""
    chance = random.Random(SEED)
    sectors = sweep.structure_sectors()
    inside = [chance.choice(sectors) * BLOCK + chance.randrange(BLOCK) for _ in range(FLIPS // 2)]
    for offset in [*inside, *(chance.randrange(len(sweep.sound)) for _ in range(FLIPS // 2))]:
        outcome = sweep.outcome(offset, inverted(sweep.sound[offset:offset + 1]))
        assert outcome != "passed" or not any(offset in place for place in sweep.vouched), offset


def test_the_sound_image_of_the_sweep_passes(sweep: Sweep) -> None:
    assert sweep.outcome(0, b"") == "passed"
