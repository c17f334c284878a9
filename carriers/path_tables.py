"""Path tables: the second record of where the directories of a volume lie, beside the directories themselves.

Takes a volume descriptor and the `Listing` that a walk gave; gives findings. Relies on ECMA-119 §9.4: records of
8 bytes and a name, padded to even; a directory's parent goes before it.
"""
from __future__ import annotations

from dataclasses import replace
from typing import Literal, NamedTuple

from carriers import names
from carriers.blocks import BlockSource
from carriers.iso9660 import VolumeDescriptor, damaged, path_tables
from carriers.model import Extent, Finding
from carriers.volume import Listing

_NAMED_AT_MOST = 20             # directories that were not reached and are named one by one
_DEPTH = 64                     # directories above one that are named


class _Row(NamedTuple):
    """A directory as a path table has it. parent: number of the row of its parent, from 1."""

    lba: int
    parent: int
    name: bytes


def check_path_tables(source: BlockSource, volume: VolumeDescriptor, listing: Listing) -> list[Finding]:
    """Both copies alike, and no directory in them that the walk has missed; a table that is not recorded is left alone.

    Returns: `structure-damaged` for a directory that was not reached, at the path of its parent, where its record was;
             facts name: its path in the table. With Rock Ridge those are other names, and the finding is at "".
    Raises:  DriveLost.
    """
    tables = path_tables(volume)
    little, big = (_rows(source, table, order, volume.base) for table, order in tables)
    findings = [damaged("path-table", extent=table) for (table, _), rows in zip(tables, (little, big), strict=True)
                if rows is None]
    if little and big and little != big:
        findings.append(Finding("descriptor-copies-differ", extent=volume.path_table_m,
                                facts={"what": "path-table", "count": 1}))
    rows = little or big or []
    missed = [row for row in rows if row.lba not in listing.directories]
    together = len(missed) if len(missed) > _NAMED_AT_MOST else 1
    for row in missed[:1] if together > 1 else missed:
        path = _path(row, rows, volume)
        place = "" if together > 1 or listing.iso_paths is not None else path.rpartition("/")[0]
        found = damaged("directory-not-reached", place, Extent(row.lba, source.block_bytes), together)
        findings.append(replace(found, facts={**found.facts, "reason": "named", "name": path or "/"}))
    return findings


def _rows(source: BlockSource, table: Extent, order: Literal["little", "big"], base: int) -> list[_Row] | None:
    """The directories of a path table; [] = not recorded, None = damaged, or more than there can be blocks for."""
    if table.start_lba == 0 or table.length_bytes == 0:
        return []
    if table.start_lba * source.block_bytes + table.length_bytes > source.size_bytes:
        return None
    raw = source.read_blocks(table.start_lba, -(-table.length_bytes // source.block_bytes))
    if raw is None:
        return None
    rows: list[_Row] = []
    at = 0
    while at + 8 <= table.length_bytes and raw[at]:
        if len(rows) > source.blocks:
            return None
        lba = int.from_bytes(raw[at + 2:at + 6], order) - base + raw[at + 1]
        rows.append(_Row(lba, int.from_bytes(raw[at + 6:at + 8], order), raw[at + 8:at + 8 + raw[at]]))
        at += 8 + raw[at] + (raw[at] & 1)
    return rows or None


def _path(row: _Row, rows: list[_Row], volume: VolumeDescriptor) -> str:
    """The path of a directory by the table alone; what is left of it where the parents lead nowhere."""
    parts: list[str] = []
    while row.name != b"\0" and len(parts) < _DEPTH:
        text = row.name.decode("utf-16-be", "replace") if volume.name == "Joliet" else names.decoded(row.name)[0]
        parts.append(names.unsplit(text))
        if not 0 < row.parent <= len(rows):
            break
        row = rows[row.parent - 1]
    return "/".join(reversed(parts))
