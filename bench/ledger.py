"""Statistics, export and due list over a long register: seconds and memory of each command in a process of its own.

    python -m bench.ledger FOLDER [LINES]

Makes a home under FOLDER with so many register lines (default 100 000), chained as the station chains them, unless it
is there already.
"""
from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

LAYERS, FORMS = ("重点对象", "必须登记", "自愿登记"), ("电子业务数据", "电子公文", "档案数字化成果")
PER_BATCH = 5                            # carriers; a batch is 2 + 3 * PER_BATCH lines


def _records(lines: int) -> Iterator[tuple[str, dict[str, Any]]]:
    for batch in range(lines // (2 + 3 * PER_BATCH)):
        number, form = f"J{batch % 400:03d}-2026-{batch:05d}", hashlib.sha256(b"%d" % batch).hexdigest()
        carriers = [f"{number}-G{n:03d}-A" for n in range(PER_BATCH)]
        yield "batch", {"batch": number, "form_sha256": form, "form_name": "form.xlsx", "form_file": "form.xlsx",
                        "fields": {"fonds_no": f"J{batch % 400:03d}", "unit_name": f"示例县第{batch % 400}局",
                                   "year": "2026", "layer": LAYERS[batch % 3], "data_form": FORMS[batch % 3],
                                   "declared_gb": "4.3", "item_count": "1200", "page_count": "8000"},
                        "layout": "workbook", "encoding": "", "carriers": carriers, "lines": 300}
        intakes = [f"S1-2026-{batch * PER_BATCH + n:06d}" for n in range(PER_BATCH)]
        for intake, carrier in zip(intakes, carriers, strict=True):
            digest = hashlib.sha256(intake.encode()).hexdigest()
            yield "verdict", {
                "intake": intake, "batch": number, "attempt": 1, "replaces": "", "outcome": "passed",
                "carrier_no": carrier, "kind": "disc", "set_code": "A", "volume_label": carrier.replace("-", "_"),
                "serial": "", "fingerprint": digest[:32], "medium": "DVD-R", "codes": [], "unchecked": ["safety"],
                "files": 300, "bytes": 4_300_000_000, "listed": 300, "equal": 300, "anchor": "P3",
                "source": "disc.iso", "form_sha256": form, "content_sha256": digest, "journal_sha256": digest,
                "lines_sha256": digest, "files_sha256": digest, "kept_lists_sha256": "", "verdict_sha256": digest}
        yield "decision", {"batch": number, "number": f"{number}-J01", "outcome": "passed", "operator": "张伟",
                           "reviewer": "李敏", "remark": "", "intakes": intakes, "returned": [],
                           "decision_sha256": form}
        for intake, carrier in zip(intakes, carriers, strict=True):
            yield "print", {"number": f"{carrier}-L", "paper": "label", "batch": number, "decision": f"{number}-J01",
                            "intake": intake, "file": "x.pdf", "sha256": form, "reprint": 0, "copies": 1,
                            "missing_glyphs": []}
            yield "event", {"event": "stored", "batch": number, "carrier_no": carrier, "by": "王芳", "second": "",
                            "method": "named", "place": "1-2-3", "seal_no": f"F{intake[-6:]}"}


def make(path: Path, lines: int) -> None:
    """Write the register."""
    path.parent.mkdir(parents=True)
    before = "0" * 64
    with path.open("wb") as handle:
        for seq, (kind, record) in enumerate(_records(lines), 1):
            at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(1_767_225_600 + seq * 60))
            line = {"seq": seq, "at": at, "station": "S1", "type": kind, **record, "prev": before}
            raw = json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode()
            before = hashlib.sha256(raw).hexdigest()
            handle.write(raw + b"\n")


def main() -> None:
    folder, lines = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 100_000
    home = folder / "home"
    if not home.exists():
        make(home / "register" / "S1.jsonl", lines)
    out = folder / f"out-{os.getpid()}.xlsx"
    for arguments in (["register", "--summary"], ["register", "--export", str(out)], ["due", "--by", "2030-06-30"],
                      ["due", "--by", "2030-06-30", "--sample", "10%"]):
        begun = time.monotonic()
        child = os.posix_spawn(sys.executable, [sys.executable, "-m", "station", *arguments, "--home", str(home)],
                               os.environ, file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)])
        _, status, usage = os.wait4(child, 0)
        print(f"{' '.join(arguments[:4]):<50} exit {os.waitstatus_to_exitcode(status)}  "
              f"{time.monotonic() - begun:5.1f} s  {usage.ru_maxrss >> 10} MB")
    print(f"{out.stat().st_size >> 20} MB of workbook")


if __name__ == "__main__":
    main()
