"""What reading a form of 100 000 lines costs, in each kind of workbook, against plain iteration by python-calamine."""
from __future__ import annotations

import hashlib
import sys
import zipfile
from collections.abc import Callable, Iterator
from multiprocessing import get_context
from pathlib import Path
from statistics import median

import xlsxwriter
import xlwt

from bench.measure import Run, arguments, cache_folder, measured, say, show

ROWS, QUICK_ROWS, XLS_ROWS = 100_000, 2_000, 65_535                # an .xls sheet holds 65 536 rows
HEADER = ("序号", "载体(包)编号", "文件名", "内容说明", "摘要算法", "数字摘要", "字节数", "摘要对象")
_READ = """
import sys
from pathlib import Path
from checks.form import read_form
form = read_form(Path(sys.argv[1]))
sys.exit(0 if len(form.lines) == int(sys.argv[2]) and not form.findings else 1)
"""
_ITERATE = """
import sys
from python_calamine import CalamineWorkbook
rows = sum(1 for _ in CalamineWorkbook.from_path(sys.argv[1]).get_sheet_by_index(0).iter_rows())
sys.exit(0 if rows == int(sys.argv[2]) + 1 else 1)
"""
_ODS = """<?xml version="1.0" encoding="UTF-8"?>
<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" office:version="1.2"
 xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet><table:table
 table:name="s">{rows}</table:table></office:spreadsheet></office:body></office:document-content>"""


def rows_of(count: int) -> Iterator[tuple[str | int, ...]]:
    """The rows of a 续表, the header first."""
    yield HEADER
    for number in range(1, count + 1):
        path, digest = f"案卷{number // 1000:04d}/文件{number:06d}.pdf", hashlib.md5(str(number).encode()).hexdigest()
        yield number, "J010-2026-01-G001-A", path, "2025年度文书档案", "MD5", digest, 1000 + number, "单个文件"


def write_xlsx(path: Path, count: int) -> None:
    with xlsxwriter.Workbook(str(path), {"constant_memory": True}) as book:
        sheet = book.add_worksheet()
        for at, cells in enumerate(rows_of(count)):
            for column, cell in enumerate(cells):
                if isinstance(cell, str):
                    sheet.write_string(at, column, cell)
                else:
                    sheet.write_number(at, column, cell)


def write_xls(path: Path, count: int) -> None:
    book = xlwt.Workbook()
    sheet = book.add_sheet("s")
    for at, cells in enumerate(rows_of(min(count, XLS_ROWS))):
        for column, cell in enumerate(cells):
            sheet.write(at, column, cell)
    book.save(str(path))


def write_ods(path: Path, count: int) -> None:
    def cell(written: str | int) -> str:
        kind = 'string"' if isinstance(written, str) else f'float" office:value="{written}"'
        return f'<table:table-cell office:value-type="{kind}><text:p>{written}</text:p></table:table-cell>'
    rows = "".join(f"<table:table-row>{''.join(map(cell, cells))}</table:table-row>" for cells in rows_of(count))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet", zipfile.ZIP_STORED)
        archive.writestr("content.xml", _ODS.format(rows=rows))
        archive.writestr("META-INF/manifest.xml", "<manifest/>")


WRITERS: dict[str, Callable[[Path, int], None]] = {"xlsx": write_xlsx, "xls": write_xls, "ods": write_ods}


def main() -> None:
    """Measure both sides of every kind in turns."""
    options = arguments("forms of 100 000 lines as workbooks")
    count = QUICK_ROWS if options.quick else ROWS
    runs: dict[str, dict[str, list[Run]]] = {kind: {"read_form": [], "calamine": []} for kind in WRITERS}
    with cache_folder(options.cache) as cache:
        for kind, write in WRITERS.items():
            path = cache / f"form-{count}.{kind}"
            if not path.exists():
                say(f"making {path.name}")
                maker = get_context("spawn").Process(target=write, args=(path, count))   # its memory is not our floor
                maker.start()
                maker.join()
            lines = str(min(count, XLS_ROWS) if kind == "xls" else count)
            for number in range(1, options.rounds + 1):
                for name, program in (("read_form", _READ), ("calamine", _ITERATE)):
                    run = measured([sys.executable, "-c", program, str(path), lines], cache)
                    runs[kind][name].append(run)
                    say(f"{kind} {name} round {number}: {run.seconds:.2f} s, {run.peak_mib:.0f} MiB")
    table = []
    for kind, sides in runs.items():
        ours, plain = (median(run.seconds for run in sides[name]) for name in ("read_form", "calamine"))
        cpu = median(run.cpu_seconds for run in sides["read_form"])
        table.append((kind, f"{ours:.2f}", f"{cpu:.2f}", f"{plain:.2f}", f"{ours / plain:.2f}",
                      f"{max(run.peak_mib for run in sides['read_form']):.0f}"))
    show(("kind", "read_form, s", "CPU, s", "calamine, s", "ratio", "peak, MiB"), table,
         {kind: {name: [run._asdict() for run in of] for name, of in sides.items()} for kind, sides in runs.items()})


if __name__ == "__main__":
    main()
