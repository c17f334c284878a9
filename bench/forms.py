"""A list of a million lines read into memory, against reading and hashing the same text; time and peak memory."""
from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

from bench.measure import Run, arguments, cache_folder, measured, say, show

LINES, QUICK = 1_000_000, 10_000
_READ = """
import sys
from pathlib import Path
from checks.form import read_form
form = read_form(Path(sys.argv[1]))
sound = len(form.lines) - len(form.lines.defects)
sys.exit(0 if form.layout == sys.argv[2] and sound == len(form.lines) == int(sys.argv[3]) and not form.findings else 1)
"""
_BASELINE = """
import hashlib, sys
from pathlib import Path
raw = Path(sys.argv[1]).read_bytes()
hashlib.sha256(raw).hexdigest()
lines = [line.split(" ", 1) for line in raw.decode(sys.argv[2]).splitlines()]
"""


def _md5sum(count: int) -> Iterator[str]:
    for number in range(count):
        yield f"{_digest('md5', number)}  {_path(number)}\n"


def _sha256sum(count: int) -> Iterator[str]:
    for number in range(count):
        yield f"{_digest('sha256', number)} *{_path(number)}\r\n"


def _certutil(count: int) -> Iterator[str]:
    for number in range(count):
        yield (f"MD5 的 E:\\备份\\{_path(number)} 哈希:\r\n{_digest('md5', number)}\r\n"
               "CertUtil: -hashfile 命令成功完成。\r\n")


def _digest(algorithm: str, number: int) -> str:
    return hashlib.new(algorithm, b"%d" % number).hexdigest()


def _path(number: int) -> str:
    return f"卷{number // 1000:04d}/文件{number:07d}.pdf"


# layout → (list's name, encoding, its text, lines of text for each line of the list)
KINDS: dict[str, tuple[str, str, Callable[[int], Iterator[str]], int]] = {
    "md5sum, UTF-8": ("list.md5", "utf-8", _md5sum, 1), "sha256sum, GB18030": ("list.sha256", "gb18030", _sha256sum, 1),
    "certutil, GB18030": ("certutil.txt", "gb18030", _certutil, 3)}


def made(folder: Path, kind: str, count: int) -> Path:
    """The list of a kind, written now if it is not there yet."""
    name, encoding, text, per_line = KINDS[kind]
    place = folder / f"{count}-{name}"
    if not place.exists():
        say(f"making {place.name}")
        with open(place, "w", encoding=encoding, newline="") as stream:
            stream.writelines(text(count // per_line))
    return place


def measured_sides(folder: Path, kind: str, count: int, rounds: int) -> dict[str, list[Run]]:
    """Each side `rounds` times, taken in turns, each in a process of its own."""
    _, encoding, _, per_line = KINDS[kind]
    place = str(made(folder, kind, count))
    layout = "certutil" if per_line > 1 else "md5sum"
    sides = {"python alone": ("pass",), "read, hash, split": (_BASELINE, place, encoding),
             "read_form": (_READ, place, layout, str(count // per_line))}
    runs: dict[str, list[Run]] = {name: [] for name in sides}
    for number in range(1, rounds + 1):
        for name, program in sides.items():
            runs[name].append(measured([sys.executable, "-c", *program], folder))
            say(f"{kind}: {name} round {number}: {runs[name][-1].cpu_seconds:.2f} s of processor")
    return runs


def main() -> None:
    """Measure an empty Python, the baseline (read, hash, decode, split) and `read_form`."""
    options = arguments("lists of a million lines of text")
    count = QUICK if options.quick else LINES
    rows, record = [], {}
    with cache_folder(options.cache) as cache:
        for kind in KINDS:
            runs = record[kind] = measured_sides(cache, kind, count, options.rounds)
            base = median(run.cpu_seconds for run in runs["read, hash, split"])
            for name, of in runs.items():
                cpu = median(run.cpu_seconds for run in of)
                rows.append((kind, name, f"{median(run.seconds for run in of):.2f}", f"{cpu:.2f}", f"{cpu / base:.1f}",
                             f"{max(run.peak_mib for run in of):.0f}"))
    show((f"{count} lines of text", "", "s", "CPU, s", "ratio", "peak, MiB"), rows,
         {"lines": count, "runs": {kind: {name: [run._asdict() for run in of] for name, of in runs.items()}
                                   for kind, runs in record.items()}})


if __name__ == "__main__":
    main()
