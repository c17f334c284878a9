"""Records of a year as a bag: audited when it leaves, verified when it comes in, never overwriting, read-only after."""
import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from carriers import open_carrier
from carriers.model import Refused
from checks.lists import read_reference
from station.audit import audit
from station.bags import check_bag, export_year, import_bag
from station.batch import UsageError
from station.config import Config
from station.evidence import issue, ready_signer
from station.home import Home
from station.register import Register, Station
from station.year_bag import year_bag
from tests.station.evidence_kit import a_drawing
from tests.station.test_commands import CONTENTS, a_package, station


@pytest.fixture(scope="module")
def worked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with one batch from form to papers."""
    folder = tmp_path_factory.mktemp("worked")
    home, (source, form) = folder / "home", a_package(folder, CONTENTS)
    opened = station(home, "batch", form, "--fonds", "J010", "--unit", "甲局", "--year", "2026", "--json")
    assert station(home, "intake", source, "--form", form).returncode == 0
    number = json.loads(opened.stdout)["batch"]
    assert station(home, "decide", number, "--operator", "张伟", "--reviewer", "李敏").returncode == 0
    return home


@pytest.fixture
def desk(worked: Path, tmp_path: Path) -> Station:
    shutil.copytree(worked, tmp_path / "home")
    home = Home(tmp_path / "home")
    return Station(Config(), home, Register(home, "S1"))


def year_of(desk: Station) -> str:
    return str(next(desk.register.lines())["at"][:4])


def a_bag(desk: Station, tmp_path: Path) -> Path:
    export_year(desk, year_of(desk), tmp_path / "bag")
    return tmp_path / "bag"


def test_a_bag_is_read_by_the_reader_of_bags_and_by_the_main_flow(desk: Station, tmp_path: Path) -> None:
    done = export_year(desk, year_of(desk), tmp_path / "bag")
    form = read_reference(tmp_path / "bag")
    assert form.findings == () and form.bags[0].streams == done.files and form.bags[0].octets == done.bytes
    assert {line.path for line in form.lines if line.path.startswith("data/")} == {
        path.relative_to(tmp_path / "bag").as_posix() for path in (tmp_path / "bag" / "data").rglob("*")
        if path.is_file()}
    assert len(open_carrier(tmp_path / "bag").structure()[0].files or ()) == done.files + 4
    again = station(tmp_path / "other", "intake", tmp_path / "bag", "--form", tmp_path / "bag", "--anchor", "P3")
    assert again.returncode == 0, again.stdout + again.stderr
    info = (tmp_path / "bag" / "bag-info.txt").read_text(encoding="utf-8")
    assert f"Register-Head: {desk.register.head()}" in info and f"Payload-Oxum: {done.bytes}.{done.files}" in info


def test_a_bag_holds_what_lines_of_its_year_vouch_for_and_the_chain_from_its_begin(desk: Station, tmp_path: Path
                                                                                  ) -> None:
    year = year_of(desk)
    next_year = Register(desk.home, "S1", lambda: f"{int(year) + 1}-01-02T08:00:00Z")
    head, signer = desk.register.head(), ready_signer(desk)
    issue(replace(desk, register=next_year), signer, desk.home.batches / "J010-2026-01" / "later.pdf", a_drawing(head),
          {"number": "later", "paper": "label", "batch": "J010-2026-01", "decision": "", "intake": "", "head": head,
           "reprint": 0, "copies": 1, "missing_glyphs": []})
    (desk.home.root / "private.key").write_bytes(b"of no line")
    desk.home.index.mkdir(exist_ok=True)
    for folder in (desk.home.keys, desk.home.index):                        # a line has the digest of it
        (folder / "certificate.der").write_bytes(signer.certificate.public_bytes(Encoding.DER))
    first = export_year(desk, year, tmp_path / "first")
    second = export_year(desk, str(int(year) + 1), tmp_path / "second")
    assert (first.first, second.first, second.last) == (1, first.last + 1, first.last + 1)
    inside = {path.name for path in (tmp_path / "second" / "data").rglob("*") if path.is_file()}
    assert inside == {"S1.jsonl", "later.pdf"}
    assert not list(tmp_path.glob("*/data/private.key")) and any(desk.home.keys.iterdir())
    for name in ("keys", "index"):
        assert not list(tmp_path.glob(f"*/data/{name}"))
    assert not list((tmp_path / "first").rglob("certificate.der"))
    for name in ("first", "second"):
        bag = year_bag(tmp_path / name)
        assert bag is not None and check_bag(bag) == [] and audit(bag.home, year=bag.year)[1] == []
    assert audit(Home(tmp_path / "second" / "data"))[1]                     # as a whole home it lacks the other year


def test_what_breaks_the_audit_is_not_exported(desk: Station, tmp_path: Path) -> None:
    form = next(desk.home.batches.glob("*/form-*"))
    form.write_bytes(b"other")
    with pytest.raises(Refused, match="export-broken"):
        a_bag(desk, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["home"]


def test_a_mended_line_is_told_and_exported(desk: Station, tmp_path: Path) -> None:
    with desk.register.path.open("ab") as handle:
        handle.write(b'{"torn')
    desk.register.repair()
    assert export_year(desk, year_of(desk), tmp_path / "bag").repaired == 1
    assert "Register-Repairs: 1" in (tmp_path / "bag" / "bag-info.txt").read_text(encoding="utf-8")
    import_bag(desk, tmp_path / "bag")


def test_nothing_is_overwritten_and_an_empty_year_is_a_sentence(desk: Station, tmp_path: Path) -> None:
    (tmp_path / "bag").mkdir()
    with pytest.raises(Refused, match="output-exists"):
        a_bag(desk, tmp_path)
    with pytest.raises(Refused, match="export-empty"):
        export_year(desk, "1999", tmp_path / "empty")
    with pytest.raises(UsageError, match="year-malformed"):
        export_year(desk, "99", tmp_path / "empty")
    assert not (tmp_path / "empty").exists()


def test_an_imported_bag_is_read_only_audited_and_searched(desk: Station, tmp_path: Path) -> None:
    bag, other = a_bag(desk, tmp_path), tmp_path / "other"
    config = tmp_path / "s2.toml"
    config.write_text('station_id = "S2"\n')
    assert station(other, "import", bag, "--config", config).returncode == 0
    copy = other / "imported" / f"S1-{year_of(desk)}"
    assert all(not path.stat().st_mode & 0o222 for path in (copy, *copy.rglob("*")))
    found = station(other, "register", "甲局", "--home", copy, "--config", config, "--json")
    assert [row["outcome"] for row in json.loads(found.stdout)] == ["passed"]
    summary = json.loads(station(other, "register", "--summary", "--home", copy, "--json").stdout)
    assert summary["total"]["carriers"] == 1
    assert station(other, "audit", copy).returncode == 0
    assert station(other, "import", bag, "--config", config).returncode == 4  # it is there, and stays
    assert station(other, "audit", "--config", config).returncode == 0        # a bag is no part of the station's own


def _add(bag: Path) -> None:
    (bag / "data" / "batches" / "extra.txt").write_bytes(b"extra")


def _cut_line(bag: Path) -> None:
    """The last line of the register cut off, and every manifest made to fit."""
    path = bag / "data" / "register" / "S1.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
    _fit(bag)


def _forge(bag: Path) -> None:
    """The form of the batch exchanged, and every manifest made to fit."""
    next((bag / "data" / "batches").glob("*/form-*")).write_bytes(b"other")
    _fit(bag)


def _fit(bag: Path) -> None:
    files = sorted(path for path in (bag / "data").rglob("*") if path.is_file())
    text = "".join(f"{hashlib.sha256(p.read_bytes()).hexdigest()}  {p.relative_to(bag).as_posix()}\n" for p in files)
    (bag / "manifest-sha256.txt").write_text(text, encoding="utf-8")
    info = (bag / "bag-info.txt").read_text(encoding="utf-8").splitlines()
    oxum = f"Payload-Oxum: {sum(p.stat().st_size for p in files)}.{len(files)}"
    (bag / "bag-info.txt").write_text("\n".join([*info[:-1], oxum]) + "\n", encoding="utf-8")
    tags = [bag / name for name in ("bag-info.txt", "bagit.txt", "manifest-sha256.txt")]
    (bag / "tagmanifest-sha256.txt").write_text(
        "".join(f"{hashlib.sha256(p.read_bytes()).hexdigest()}  {p.name}\n" for p in tags), encoding="utf-8")


@pytest.mark.parametrize("harm", [
    _add, _cut_line, _forge, lambda bag: next((bag / "data").rglob("*.pdf")).unlink(),
    lambda bag: next((bag / "data").rglob("*.pdf")).write_bytes(b"%PDF other"),
    lambda bag: (bag / "bag-info.txt").write_text((bag / "bag-info.txt").read_text().replace("S1-", "S2-")),
    lambda bag: (bag / "tagmanifest-sha256.txt").write_bytes(b"0" * 64 + b"  ../home/register/S1.jsonl\n"),
    lambda bag: (bag / "data" / "link").symlink_to(bag / "bagit.txt"),
    lambda bag: (bag / "data" / "batches").rename(bag / "data" / "batches2"),
])
def test_an_altered_bag_does_not_come_in(desk: Station, tmp_path: Path, harm: Callable[[Path], object]) -> None:
    bag = a_bag(desk, tmp_path)
    harm(bag)
    with pytest.raises(Refused, match=r"bag-altered|bag-unfit"):
        import_bag(desk, bag)
    assert not list((desk.home.root / "imported").iterdir())
    told = station(desk.home.root, "audit", bag)
    assert told.returncode != 0 and "Traceback" not in told.stderr


def test_what_is_no_bag_of_ours_is_a_sentence(desk: Station, tmp_path: Path) -> None:
    bag = a_bag(desk, tmp_path)
    info = (bag / "bag-info.txt").read_text(encoding="utf-8")
    for text in ("", info.replace("S1\n", "../S1\n"), info.replace("Register-Year: 2", "Register-Year: x")):
        (bag / "bag-info.txt").write_text(text, encoding="utf-8")
        with pytest.raises(UsageError, match="bag-foreign"):
            import_bag(desk, bag)
    with pytest.raises(UsageError, match="bag-foreign"):
        import_bag(desk, tmp_path / "nowhere")


def test_a_full_disk_leaves_nothing_half(desk: Station, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bag = a_bag(desk, tmp_path)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")
    monkeypatch.setattr("station.bags.os.fsync", full)
    for act in (lambda: export_year(desk, year_of(desk), tmp_path / "again"), lambda: import_bag(desk, bag)):
        with pytest.raises(Refused, match="home-full"):
            act()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bag", "home"]
    assert not list((desk.home.root / "imported").iterdir())
