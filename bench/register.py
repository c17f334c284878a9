"""The register at size: start, search, append, one batch; and a look-up among ten million accepted digests."""
from __future__ import annotations

import hashlib
import json
import os
import random
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import median
from typing import Any

import zstandard

from bench.measure import Run, arguments, cache_folder, measured, say, show
from station.home import Home
from station.register import FIRST, Register

VERDICTS, QUICK = 100_000, 5_000
LISTS, ROWS, QUICK_LISTS = 100, 100_000, 2
PER_BATCH = 5
_WORDS = ("文书", "会计", "婚姻登记", "不动产", "城建", "照片", "录音", "录像", "业务数据", "公文")
_MAKE = """
import sys
from pathlib import Path
from bench.register import made, made_lists
made(Path(sys.argv[1]), int(sys.argv[2]))
made_lists(Path(sys.argv[1]), int(sys.argv[3]), int(sys.argv[4]))
"""
_READ = """
import json, sys
rows = [json.loads(raw) for raw in open(sys.argv[1], "rb")]
"""
_ASK = """
import json, sys, time
from pathlib import Path
from station.home import Home
from station.questions import build, search
from station.register import Register
register = Register(Home(Path(sys.argv[1])), "S1")
table = build(register.lines_of("batch", "verdict", "decision"), {"passed": "合格", "failed": "不合格"})
spent = []
for text in ("第777局", "G003-A 不合格", "J123-2026", "合格 照片", "没有的词", "J045-2026-0045-G002-A"):
    begun, worked = time.perf_counter(), time.process_time()
    search(table, text)
    spent.append((time.perf_counter() - begun, time.process_time() - worked))
Path(sys.argv[2]).write_text(json.dumps(spent))
"""
_FOLD = """
import sys
from pathlib import Path
from station.batch import fold
from station.config import Config
from station.home import Home
from station.register import Register, Station
home = Home(Path(sys.argv[1]))
assert len(fold(Station(Config(), home, Register(home, "S1")), sys.argv[2]).readings) == 5
"""


def lines(verdicts: int) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Realistic lines: of each batch the form, five verdicts, the decision, its lock, a certificate and labels."""
    rng = random.Random(verdicts)

    def sha256() -> str:
        return rng.randbytes(32).hex()
    for batch_no in range(verdicts // PER_BATCH):
        fonds = f"J{batch_no % 400:03d}"
        batch, form = f"{fonds}-2026-{batch_no:04d}", sha256()
        yield "batch", {"batch": batch, "form_sha256": form, "form_name": "情况表.xlsx", "form_file": "form-1.xlsx",
                        "layout": "workbook", "encoding": "", "lines": 300,
                        "carriers": [f"{batch}-G{n:03d}-A" for n in range(PER_BATCH)],
                        "fields": {"fonds_no": fonds, "unit_name": f"第{batch_no % 900}局", "year": "2026",
                                   "description": f"{rng.choice(_WORDS)}档案数字化成果备份", "backup_mode": "脱机",
                                   "item_count": "12,480", "volume_count": "278", "declared_gb": "6.127"}}
        intakes = [f"S1-2026-{batch_no * PER_BATCH + n + 1:06d}" for n in range(PER_BATCH)]
        for number, intake in enumerate(intakes):
            yield "verdict", {
                "intake": intake, "batch": batch, "attempt": 1, "replaces": "",
                "outcome": "failed" if rng.random() < 0.05 else "passed", "carrier_no": f"{batch}-G{number:03d}-A",
                "kind": "disc", "set_code": "A", "volume_label": f"{batch}_G{number:03d}_A".replace("-", "_"),
                "serial": "", "fingerprint": sha256()[:32], "files": 300, "bytes": rng.randrange(10 ** 9),
                "listed": 300, "equal": 300, "anchor": "P3", "source": "/dev/sr0", "form_sha256": form,
                **{f"{name}_sha256": sha256() for name in ("content", "journal", "lines", "files", "verdict")},
                "kept_lists_sha256": ""}
        certificate = f"{batch}-J01"
        yield "decision", {"batch": batch, "number": certificate, "outcome": "passed",
                           "operator": "张伟", "reviewer": "李敏",
                           "intakes": intakes, "returned": [], "remark": "", "decision_sha256": sha256()}
        yield "lock", {"head": sha256(), "week": "", "certificate": sha256(), "signature": sha256()}
        for paper in range(PER_BATCH + 1):
            name = f"{batch}-L{paper:02d}" if paper else certificate
            yield "print", {"number": name, "paper": "label" if paper else "certificate", "batch": batch,
                            "decision": certificate, "intake": "", "head": sha256(), "reprint": 0, "copies": 2,
                            "missing_glyphs": [], "file": f"batches/{batch}/{name}.pdf", "sha256": sha256(),
                            "signed": sha256()}


def made(folder: Path, verdicts: int) -> Path:
    """A home whose register has these lines, made now if it is not there yet."""
    home = Home(folder / f"register-{verdicts}")
    path = home.register / "S1.jsonl"
    if not path.exists():
        say(f"making a register of {verdicts} verdicts")
        home.register.mkdir(parents=True)
        prev, part = FIRST, path.with_suffix(".part")
        with open(part, "wb") as stream:
            for seq, (kind, record) in enumerate(lines(verdicts), 1):
                line: dict[str, Any] = {"seq": seq, "at": "2026-01-01T08:00:00Z", "station": "S1", "type": kind,
                                        **record, "prev": prev}
                raw = json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode()
                prev = hashlib.sha256(raw).hexdigest()
                stream.write(raw + b"\n")
        part.replace(path)
    return home.root


def appends(root: Path, count: int = 100) -> list[float]:
    """Seconds of each of so many appended lines (each synced to the disk)."""
    register, spent = Register(Home(root), "S1"), []
    for number in range(count):
        begun = time.perf_counter()
        register.append("note", {"number": number})
        spent.append(time.perf_counter() - begun)
    return spent


def made_lists(folder: Path, lists: int, rows: int) -> tuple[Path, Path]:
    """A home with that many accepted intakes, each with a list of files; and a file that the last of them holds."""
    home, wanted = Home(folder / f"attest-{lists}x{rows}"), folder / "wanted.bin"
    wanted.write_bytes(b"wanted")
    path = home.register / "S1.jsonl"
    if path.exists():
        return home.root, wanted
    say(f"making {lists} lists of {rows} files")
    home.prepare()
    register, rng = Register(home, "S1"), random.Random(lists)
    for number in range(1, lists + 1):
        intake, batch = f"S1-2026-{number:06d}", f"J{number:03d}-2026-01"
        (home.intakes / intake).mkdir(exist_ok=True)
        found = [hashlib.sha256(b"wanted").hexdigest() if n == rows - 1 and number == lists else rng.randbytes(32).hex()
                 for n in range(rows)]
        raw = zstandard.compress("".join(
            f'{{"path":"卷{n // 1000:04d}/文件{n:06d}.tif","size":6,"names":[1],"extents":[[{n},6]],'
            f'"state":"complete","sha256":"{sha256}"}}\n' for n, sha256 in enumerate(found)).encode(), 1)
        (home.intakes / intake / "files.jsonl.zst").write_bytes(raw)
        register.append("verdict", {"intake": intake, "carrier_no": "", "content_sha256": None,
                                    "files_sha256": hashlib.sha256(raw).hexdigest()})
        decision = _decision(home, batch, intake)
        register.append("decision", {"batch": batch, "number": f"{batch}-J01", "intakes": [intake], "returned": [],
                                     "decision_sha256": decision})
    return home.root, wanted


def _decision(home: Home, batch: str, intake: str) -> str:
    """The smallest decision that a station reads back. Returns its SHA-256."""
    from checks.verdict import to_record
    from station.batch import record_json
    from tests.labels.paper_samples import sound
    record = to_record(sound()) | {"number": f"{batch}-J01", "batch": batch}
    record["verdicts"] = [record["verdicts"][0] | {"intake": intake}]
    (home.batches / batch).mkdir(exist_ok=True)
    raw = record_json(record)
    (home.batches / batch / f"{batch}-J01.json").write_bytes(raw)
    return hashlib.sha256(raw).hexdigest()


def _row(name: str, runs: list[Run], base: float) -> tuple[str, ...]:
    cpu = median(run.cpu_seconds for run in runs)
    return (name, f"{median(run.seconds for run in runs):.2f}", f"{cpu:.2f}", f"{cpu / base:.1f}",
            f"{max(run.peak_mib for run in runs):.0f}")


def main() -> None:
    """Measure the commands against plain Python that only parses every line."""
    options = arguments("the register at size, and a look-up among accepted digests")
    verdicts = QUICK if options.quick else VERDICTS
    with cache_folder(options.cache) as cache:
        count = QUICK_LISTS if options.quick else LISTS
        # made by a child: what this process once held would be the floor of what is measured
        measured([sys.executable, "-c", _MAKE, str(cache), str(verdicts), str(count), str(ROWS)], cache)
        root, (lists, wanted) = made(cache, verdicts), made_lists(cache, count, ROWS)
        answers = cache / "searches.json"
        station = [sys.executable, "-m", "station"]
        sides = {"python parses every line": [sys.executable, "-c", _READ, str(root / "register" / "S1.jsonl")],
                 "station register, first answer": [*station, "register", "第777局", "--json", "--home", str(root)],
                 "table and six searches": [sys.executable, "-c", _ASK, str(root), str(answers)],
                 "fold one batch": [sys.executable, "-c", _FOLD, str(root), "J123-2026-0123"],
                 "station attest, index made": [*station, "attest", str(wanted), "--home", str(lists)],
                 "station attest, index there": [*station, "attest", str(wanted), "--home", str(lists)]}
        runs: dict[str, list[Run]] = {name: [] for name in sides}
        for number in range(options.rounds):
            for name, command in sides.items():
                if name.endswith("index made"):
                    if number:
                        continue                           # minutes, once
                    for old in (lists / "index").glob("*"):
                        old.unlink()
                runs[name].append(measured(command, cache))
                say(f"{name}: {runs[name][-1]}")
        searches = json.loads(answers.read_text())
        appended = appends(root)
        os.truncate(root / "register" / "S1.jsonl", _whole(root, verdicts))
    base = median(run.cpu_seconds for run in runs["python parses every line"])
    rows = [_row(name, of, base) for name, of in runs.items()]
    waited, worked = zip(*searches, strict=True)
    rows += [("one search, median (slowest)", f"{median(waited):.3f} ({max(waited):.3f})",
              f"{median(worked):.3f} ({max(worked):.3f})", "", ""),
             ("one append, median (slowest)", f"{median(appended):.4f} ({max(appended):.4f})", "", "", "")]
    show((f"{verdicts} verdicts, {count} × {ROWS} digests", "s", "CPU, s", "ratio", "peak, MiB"), rows,
         {"verdicts": verdicts, "searches": searches, "appends": sorted(appended)[-5:],
          "runs": {name: [run._asdict() for run in of] for name, of in runs.items()}})


def _whole(root: Path, verdicts: int) -> int:
    """Where the lines of the generator end: what `appends` added is cut off again."""
    count, size = verdicts // PER_BATCH * (PER_BATCH * 2 + 4), 0
    with open(root / "register" / "S1.jsonl", "rb") as stream:
        for _, raw in zip(range(count), stream, strict=False):
            size += len(raw)
    return size


if __name__ == "__main__":
    main()
