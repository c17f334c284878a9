"""Questions to the 台账: one small row per verdict in an in-memory TinyDB, made from the register's lines.

Takes register lines, gives rows; relies on the register as the truth. The rows are never written anywhere.
"""
from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tinydb import TinyDB
from tinydb.storages import MemoryStorage

ROW = ("intake", "batch", "attempt", "outcome", "carrier_no", "kind", "volume_label", "serial", "files", "bytes", "at")


def build(lines: Iterable[Mapping[str, Any]], words: Mapping[str, str]) -> TinyDB:
    """The table of verdicts, each row with one joined search text (forty fields a row cost 580 MB at 100 000 rows).

    words: what an outcome is called, so that it is found by that too.
    """
    units: dict[str, str] = {}
    batches: dict[str, str] = {}                    # a form → its batch, which may be opened after a reading
    rows: list[dict[str, Any]] = []
    certificates: dict[str, str] = {}
    for line in lines:
        if line["type"] == "batch":
            batches[line["form_sha256"]] = line["batch"]
            units[line["batch"]] = f"{line['fields'].get('fonds_no', '')} {line['fields'].get('unit_name', '')}"
        elif line["type"] == "verdict":
            rows.append({**{key: line[key] for key in ROW}, "form_sha256": line["form_sha256"]})
        elif line["type"] == "decision":
            certificates.update(dict.fromkeys(line["intakes"], line["number"]))
    for row in rows:
        row["batch"] = row["batch"] or batches.get(row["form_sha256"], "")
        row["unit"] = units.get(row["batch"], "")
        row["certificate"] = certificates.get(row["intake"], "")
        row["text"] = " ".join((*map(str, row.values()), words.get(row["outcome"], ""))).casefold()
    table = TinyDB(storage=MemoryStorage)
    table.insert_multiple(rows)
    return table


def search(table: TinyDB, text: str, year: str = "") -> list[Mapping[str, Any]]:
    """The rows whose search text has every word of `text`, oldest first; year: of the verdict."""
    first, *others = text.casefold().split() or [""]

    def asked(row: Mapping[str, Any]) -> bool:                  # TinyDB's own queries take three times as long
        found: str = row["text"]
        return first in found and row["at"].startswith(year) and all(word in found for word in others)
    return list(table.search(asked))
